"""The sample on screen in another run of the same samples, beside it: found by its id."""

from dataclasses import replace

import numpy as np
import streamlit as st

from analysis.predictors import find_predictor, resolve, usable_predictors
from analysis.run import Run
from app import cache, state
from app.components.controls import control
from app.components.selection.tiles import pictures
from app.components.text import escape
from app.view import View
from app.views.samples.one_sample import one_sample


def other_run_control(view: View) -> None:
    """Which run, among those of the same data set and classes; nothing where there is no other."""
    titles = _runs_of_the_same(view.run)
    if titles or state.get("pin_run"):
        control(
            "pin_run",
            "Beside it, in the run",
            ["", *titles],
            show=lambda key: titles.get(key, "none"),
            widget="selectbox",
            width=220,
        )


def _runs_of_the_same(run: Run) -> dict[str, str]:
    """Ids and titles."""
    return {
        entry.id: entry.title
        for entry in cache.runs()
        if entry.error is None
        and entry.id != run.id
        and (entry.dataset, entry.shape[2]) == (run.dataset, run.n_classes)
    }


def in_other_run(view: View, identity: str) -> tuple[View, int, int] | None:
    """The view of the other run, the sample's row in its split and its position; a note says why there is none."""
    wanted = state.get("pin_run")
    entry = next((one for one in cache.runs() if one.id == wanted), None)
    if not wanted or entry is None:
        return None
    try:
        other = cache.run(entry)
        position = _position(view, other, identity)
        return _view_of(view, other, position)
    except ValueError as error:
        state.note(f"Nothing of the run {wanted} is shown beside it: {error}")
        return None


def _position(view: View, other: Run, identity: str) -> int:
    position = cache.positions_by_id(other).get(identity)
    if position is None:
        raise ValueError(f"it has no sample {identity}.")
    labels = int(other.labels[position]), int(view.run.labels[cache.positions_by_id(view.run)[identity]])
    if min(labels) >= 0 and labels[0] != labels[1]:
        raise ValueError(f"its sample {identity} has another label, so it is another sample.")
    return position


def _view_of(view: View, other: Run, position: int) -> tuple[View, int, int]:
    if view.predictor not in usable_predictors(other.kind):
        raise ValueError(f"it holds {other.kind}, which {find_predictor(view.predictor).name} cannot use.")
    settings = view.settings
    resolve(find_predictor(view.predictor), settings, kind=other.kind, n_exits=other.n_exits)
    split = view.split if position in other.positions(view.split) else "all"
    there = replace(
        view,
        runs=(other,),
        split=split,
        sample=position,
        has_labels=bool((other.labels[other.positions(split)] >= 0).any()),
        unit=view.unit if view.unit in other.costs else next(iter(other.costs), None),
        selected=None,
        only=False,
    )
    return there, int(np.searchsorted(other.positions(split), position)), position


def other_run(there: View, row: int, position: int) -> None:
    """The sample as that run has it."""
    st.markdown(f":material/compare: in the run {escape(there.run.title)}")
    one_sample(there, row, position, pictures(there, [position])[0], prefix="other-", decides=False)
