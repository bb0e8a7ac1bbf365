"""The controls that every page shares: run, predictor, PoE switch, settings; and what they come to, a `View`."""

from collections.abc import Mapping

import streamlit as st

from analysis.predictors import (
    Predictor,
    available_predictors,
    first_correction,
    predictor_errors,
    usable_predictors,
    why_unusable,
)
from analysis.run import Run
from app import cache, state
from app.components.controls import control
from app.components.frame.address import copy_address
from app.components.frame.run_choice import NoRun, chosen_run
from app.components.predictor_settings import chosen_settings
from app.components.text import escape, plain_text
from app.view import View


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
        run = chosen_run()
        for error in predictor_errors():
            state.note(error)
        predictors = {key: p for key, p in available_predictors().items() if key != "baseline"}
        predictor = _chosen_predictor(run, predictors)
        poe = _switch(predictors[predictor])
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


def _chosen_predictor(run: Run, predictors: Mapping[str, Predictor]) -> str:
    usable = {key: row for key, row in usable_predictors(run.kind).items() if key in predictors}
    chosen = state.get("predictor")
    if chosen in predictors and (reason := why_unusable(predictors[chosen], run.kind)) is not None:
        instead = first_correction(run.kind)
        state.set("predictor", instead)
        said = f"{predictors[chosen].name} {reason}: showing {predictors[instead].name} instead."
        state.note(said[:1].upper() + said[1:])
    return control(
        "predictor",
        "Predictor",
        list(usable),
        widget="selectbox",
        show=lambda key: _predictor_label(usable[key]),
        on_change=lambda: state.reset("set"),
    )


def _predictor_label(predictor: Predictor) -> str:
    return predictor.label if predictor.label == predictor.name else f"{predictor.label}: {predictor.name}"


def _switch(predictor: Predictor) -> bool:
    """The switch that applies the chosen correction, by its name; below it what that is, and where it comes from."""
    poe = control("poe", f"{'PoE' if predictor.is_product else 'Correction'}: {escape(predictor.name)}")
    paper = f" [arXiv {predictor.arxiv}](https://arxiv.org/abs/{predictor.arxiv})" if predictor.arxiv else ""
    with st.container(key="what-it-applies"):
        st.markdown(escape(predictor.summary) + paper)
    return poe


def _split_and_unit(run: Run) -> tuple[str, str | None]:
    splits = [name for name in state.CONTROLS["split"].choices if name == "all" or len(run.positions(name))]
    units = list(run.costs)
    split, unit = splits[0], units[0] if units else None
    if len(splits) > 2 or len(units) > 1:
        with st.expander("Samples and cost"):
            if len(splits) > 2:
                split = control("split", "Split of samples", splits, widget="selectbox")
            if len(units) > 1:
                unit = control("unit", "Unit of cost", units, default=units[0], widget="selectbox")
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
