"""The controls that every page shares: run, predictor, PoE switch, settings; and what they come to, a `View`."""

import os
import re
import shlex
from collections.abc import Mapping, Sequence

import streamlit as st

from analysis.predictors import (
    Predictor,
    available_predictors,
    first_correction,
    predictor_errors,
    usable_predictors,
    why_unusable,
)
from analysis.reference.outside_text import distinct
from analysis.run import Run
from analysis.storage import RunEntry
from app import cache, state
from app.components.address import copy_address
from app.components.controls import control
from app.components.predictor_settings import chosen_settings
from app.components.text import escape, plain_text
from app.view import View

SEEN = 24
"""Characters of a title that the sidebar has room for."""
IMPORT_EXAMPLE = "python -m analysis import logits.npz --out cached_runs/my-run"


class NoRun(Exception):
    """There is no run to show: what is the matter, what to do, and a command that does it."""


def shared_controls() -> View | None:
    """Make the sidebar and return the view; None where no run can be shown: the page then says why and what to do."""
    try:
        return _view()
    except NoRun as reason:
        matter, remedy, command = reason.args
        with st.sidebar:
            copy_address()
        st.subheader(escape(matter))
        for line in remedy.splitlines():
            plain_text(line)
        st.code(command, language="bash")
    return None


def _view() -> View:
    with st.sidebar:
        run = _chosen_run()
        for error in predictor_errors():
            state.note(error)
        predictors = {key: p for key, p in available_predictors().items() if key != "baseline"}
        predictor = _chosen_predictor(run, predictors)
        poe = control("poe", "PoE", help="On: the chosen predictor, over a faint baseline. Off: the baseline alone.")
        settings = chosen_settings(run, predictors[predictor])
        split, unit = _split_and_unit(run)
        copy_address()
    return View(
        runs=(run,),
        predictor=predictor,
        settings=settings,
        poe=poe,
        shown=predictor if poe else "baseline",
        shown_settings=settings if poe else {},
        split=split,
        sample=_sample(run, split),
        has_labels=bool((run.labels[run.positions(split)] >= 0).any()),
        unit=unit,
    )


def _chosen_run() -> Run:
    entries = {}
    for entry in cache.runs():
        entries.setdefault(entry.id, entry)  # of two of the same name the library opens the first
    if not entries:
        _no_runs()
    first = next((entry.id for entry in entries.values() if entry.error is None), next(iter(entries)))
    if state.get("run") == "":
        state.set("run", first)
    chosen = state.narrow("run", entries, first)
    opened, error = _opened(entries[chosen])
    sound = [key for key, entry in entries.items() if entry.error is None and not (error and key == chosen)]
    labels = run_labels({key: entries[key].title for key in sound})
    title = "" if opened is None else opened.title
    control(
        "run",
        "Run",
        list(entries),
        widget="selectbox",
        show=lambda key: labels.get(key, f"{key} (damaged)"),
        help=f"A cached run: the logits of every exit for every sample. This one: {escape(title or chosen)}",
    )
    if opened is None:
        _damaged(chosen, error)
    return opened


def _opened(entry: RunEntry) -> tuple[Run | None, str]:
    """A run, or why it cannot be opened."""
    try:
        return (None, entry.error) if entry.error else (cache.run(entry), "")
    except ValueError as error:
        return None, str(error)


def run_labels(titles: Mapping[str, str]) -> dict[str, str]:
    """What runs are called in a narrow list, no two alike: of titles that begin alike what differs comes first.

    Parameters
    ----------
    titles : mapping
        Run id -> title.

    Examples
    --------
    >>> run_labels({"a": "MSDNet on CIFAR-10, 18 epochs, seed 0", "b": "MSDNet on CIFAR-10, 18 epochs, seed 1"})
    {'a': 'seed 0 · MSDNet on CIFAR-10, 18 epochs', 'b': 'seed 1 · MSDNet on CIFAR-10, 18 epochs'}
    """
    whole = dict(zip(titles, distinct(list(titles.values()), list(titles).__getitem__)))
    return {key: _differing_first(title, list(whole.values())) for key, title in whole.items()}


def _differing_first(title: str, titles: Sequence[str]) -> str:
    alike = [other for other in titles if other[:SEEN] == title[:SEEN]]
    if len(alike) < 2:
        return title
    first, last = min(alike), max(alike)
    begin = first[: next((place for place, (a, b) in enumerate(zip(first, last)) if a != b), len(first))]
    shared = re.split(r"[^,(]*$", begin)[0] or re.split(r"\S*$", begin)[0]  # whole parts, else whole words
    differs = title[len(shared) :].strip().removesuffix(")" if shared.endswith("(") else "")
    return f"{differs} \N{MIDDLE DOT} {shared.rstrip(' ,;:(-')}" if shared.strip() and differs else title


def _no_runs() -> None:
    folders = os.environ.get("EXITLENS_RUNS") or "cached_runs"
    raise NoRun(
        f"There is no run in {folders}",
        "Import the logits of a network, and the run appears here without a restart:",
        IMPORT_EXAMPLE,
    )


def _damaged(name: str, message: str) -> None:
    raise NoRun(
        f"The run {name} cannot be opened",
        f"{message}\nChoose another run in the sidebar, or import this one again. "
        "Everything that is wrong with a run is listed by:",
        f"python -m analysis validate {shlex.quote(name)}",
    )


def _chosen_predictor(run: Run, predictors: Mapping[str, Predictor]) -> str:
    usable = {key: row for key, row in usable_predictors(run.kind).items() if key in predictors}
    chosen = state.get("predictor")
    if chosen in predictors and (reason := why_unusable(predictors[chosen], run.kind)) is not None:
        instead = first_correction(run.kind)
        state.set("predictor", instead)
        state.note(f"{predictors[chosen].name} {reason}: showing {predictors[instead].name} instead.")
    return control(
        "predictor",
        "Predictor",
        list(usable),
        widget="selectbox",
        show=lambda key: _predictor_label(usable[key]),
        help=None,
        on_change=lambda: state.reset("set"),
    )


def _predictor_label(predictor: Predictor) -> str:
    return predictor.label if predictor.label == predictor.name else f"{predictor.label}: {predictor.name}"


def _split_and_unit(run: Run) -> tuple[str, str | None]:
    splits = [name for name in state.CONTROLS["split"].choices if name == "all" or len(run.positions(name))]
    units = list(run.costs)
    split, unit = splits[0], units[0] if units else None
    if len(splits) > 2 or len(units) > 1:
        with st.expander("Samples and cost"):
            if len(splits) > 2:
                split = control("split", "Samples", splits, widget="selectbox")
            if len(units) > 1:
                unit = control("unit", "Cost in", units, default=units[0], widget="selectbox")
    return split, unit


def _sample(run: Run, split: str) -> int:
    identity, positions = state.get("sample"), cache.positions_by_id(run)
    if identity in positions:
        return positions[identity]
    if identity:
        state.note(state.fallback_note("sample", identity, "is not a sample of this run"))
        state.reset("sample")
    chosen = run.positions(split)
    return int(chosen[0]) if len(chosen) else 0
