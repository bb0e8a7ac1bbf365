"""What is set side by side: entries in the address, the controls that choose them, and their results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

import streamlit as st

from analysis.predictors import available_predictors
from analysis.results import Results
from analysis.results.comparison import MOST
from analysis.results.seeds import trained_alike
from analysis.run import Run
from analysis.storage import RunEntry
from analysis.words.comparing import entry_names
from app import cache, state
from app.components.controls import control
from app.components.frame.run_choice import listed_once, natural, run_labels
from app.components.predictor_names import label_of
from app.components.setting_widgets import parse_settings, settings_text
from app.components.text import escape
from app.components.traced import traced
from app.view import View

_SAFE = ":=+"


@dataclass(frozen=True)
class Entry:
    """A run under a predictor; `settings` are the texts that differ from its defaults."""

    run: str
    predictor: str
    settings: str = ""

    @property
    def text(self) -> str:
        """What stands in the address: no comma, which separates entries."""
        parts = (self.run, self.predictor, *([self.settings] if self.settings else []))
        return "/".join(quote(part, safe=_SAFE) for part in parts)

    @classmethod
    def parse(cls, text: str) -> "Entry":
        """The inverse of `text`.

        Raises
        ------
        ValueError
            It is none.
        """
        parts = [unquote(part) for part in text.split("/")]
        if len(parts) not in (2, 3) or not all(parts):
            raise ValueError(f"{text!r} is no entry: give run/predictor or run/predictor/settings")
        return cls(*parts)


@dataclass(frozen=True, eq=False)
class Shown:
    """An entry with its numbers, and what it is called beside the others."""

    entry: Entry
    results: Results
    name: str

    @property
    def run(self) -> Run:
        """The entry's run."""
        return self.results.run

    @property
    def told(self) -> str:
        """The settings that differ from the predictor's defaults, as `--set` takes them."""
        return _told(self.entry)


def run_ids(shown: Sequence[Shown]) -> list[str]:
    """The runs of the entries, each once."""
    return list(dict.fromkeys(one.run.id for one in shown))


def sound_runs() -> dict[str, RunEntry]:
    """What can be compared, by id."""
    return {key: entry for key, entry in listed_once().items() if entry.error is None}


def chosen_entries(view: View, runs: Mapping[str, RunEntry]) -> list[Entry]:
    """The control, and what it says; what cannot be is noted and left out."""
    _drop_unknown(runs)
    first = (Entry(view.run.id, "baseline").text, _on_screen(view).text)
    labels = run_labels({key: entry.title for key, entry in runs.items()})
    written = {
        Entry(run, key).text: f"{label_of(key)} \N{MIDDLE DOT} {labels[run]}"
        for run in sorted(runs, key=lambda key: natural(labels[key]))
        for key in available_predictors()
    }
    for text in (*state.get("entries"), *first):
        one = Entry.parse(text)
        told = f" ({one.settings})" if one.settings else ""
        written.setdefault(text, f"{label_of(one.predictor)}{told} \N{MIDDLE DOT} {labels[one.run]}")
    texts = control(
        "entries",
        "Compared",
        list(written),
        show=written.__getitem__,
        default=first,
        max_selections=MOST,
        select_all=False,  # Enter after a few letters would take the first that match, whatever they are
        placeholder="Type a run's title or a predictor",
    )
    return [Entry.parse(text) for text in texts]


def _drop_unknown(runs: Mapping[str, RunEntry]) -> None:
    """Entries of runs and predictors that do not exist here go, each with a line."""
    kept = []
    for text in state.get("entries"):
        try:
            one = Entry.parse(text)
            if one.run not in runs:
                raise ValueError(f"there is no sound run {one.run!r} here")
            if one.predictor not in available_predictors():
                raise ValueError(f"there is no predictor {one.predictor!r} here")
            kept.append(text)
        except ValueError as error:
            state.note(f"An entry of the comparison is left out: {error}")
    unique = tuple(dict.fromkeys(kept))[:MOST]
    if unique != state.get("entries"):
        state.set("entries", unique)


def _on_screen(view: View) -> Entry:
    """What the sidebar shows."""
    return Entry(view.run.id, view.predictor, settings_text(parse_settings(state.get("set"))))


def adding(view: View, runs: Mapping[str, RunEntry], entries: Sequence[Entry]) -> None:
    """Buttons that add what the sidebar shows, and the other seeds of its run."""
    texts, on_screen = [one.text for one in entries], _on_screen(view)
    st.button(
        "Add the sidebar's choice",
        disabled=on_screen.text in texts or len(texts) >= MOST,
        on_click=_add,
        args=(texts, [on_screen.text]),
        help="The run and the predictor that the sidebar shows, with the settings that are chosen there.",
    )
    alike = [
        key
        for key, entry in runs.items()
        if key != view.run.id
        and (entry.dataset, entry.model) == (view.run.dataset, view.run.model)
        and trained_alike(view.run.provenance, entry.provenance)
    ]
    own = [one for one in entries if one.run == view.run.id]
    seeds = [
        text for key in alike for one in own if (text := Entry(key, one.predictor, one.settings).text) not in texts
    ]
    if seeds:
        st.button(
            "Add its seeds",
            disabled=len(texts) + len(seeds) > MOST,
            on_click=_add,
            args=(texts, seeds),
            help="Runs of the same recipe that were trained from other seeds, under the same predictors.",
        )


def _add(texts: Sequence[str], more: Sequence[str]) -> None:
    state.set("entries", (*texts, *more))


# --- their numbers ---------------------------------------------------------------------------------------------------


def opened_entries(view: View, runs: Mapping[str, RunEntry], entries: Sequence[Entry]) -> list[Shown] | None:
    """The entries with their results; those that cannot be shown are said and left out. None: some are being made."""
    results, kept = [], []
    for one in entries:
        try:
            found = _results(view, one, runs[one.run])
            if found is None:
                return None
            _check_new(one, found, kept, results)
        except ValueError as error:
            st.info(f"{escape(label_of(one.predictor))} on {escape(one.run)} is left out: {escape(error)}")
            continue
        kept.append(one)
        results.append(found)
    if not kept:
        return []
    titles = [runs[one.run].title for one in kept]
    labels, settings = [label_of(one.predictor) for one in kept], [_told(one) for one in kept]
    names = entry_names([one.run for one in kept], titles, labels, settings)
    return [Shown(*each) for each in zip(kept, results, names)]


def _check_new(one: Entry, found: Results, kept: Sequence[Entry], results: Sequence[Results]) -> None:
    """Refuse an entry whose settings, complete and typed, are those of one before it."""
    for other, own in zip(kept, results):
        if (one.run, one.predictor, found.settings) == (other.run, other.predictor, own.settings):
            settings = " and ".join(_told(each) or "the defaults" for each in (other, one))
            raise ValueError(f"{settings} come to the same settings, so that it stands here already")


def _told(one: Entry) -> str:
    return " ".join(f"{name}={value}" for name, value in parse_settings(one.settings).items())


def _results(view: View, one: Entry, entry: RunEntry) -> Results | None:
    run = cache.run(entry)
    if not len(run.positions(view.split)):
        raise ValueError(f"the run has no samples in the split {view.split}: choose another under “Samples and cost”")
    settings = parse_settings(one.settings)
    if not traced("compare-traces", run, one.predictor, settings, view.split):
        return None
    found = cache.results(run, one.predictor, settings, view.split)
    if not found.has_labels:
        raise ValueError("the run has no labels here: import it again with --labels to compare")
    return found
