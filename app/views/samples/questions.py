"""Triage: ready-made questions about the samples, one click each with its count; and slices that are found."""

import streamlit as st

from analysis.predictors import settings_key
from analysis.selection import SampleTable
from analysis.selection.found import slices_that_differ
from analysis.selection.triage import Question, counted
from app import cache, state
from app.components.predictor_names import label_of
from app.components.selection import select
from app.components.selection.found_rows import found_rows
from app.components.text import escape
from app.view import View

SHORT = {
    "worst-falls": "Worst falls",
    "still-falls": "Falls under {label}",
    "lost": "Right, then wrong",
    "broken": "Broken by {label}",
    "fixed": "Fixed by {label}",
    "collapsed": "Collapsed",
    "confident-and-wrong": "Confident and wrong",
    "unsettled": "Never settle",
}
_FOUND = "found-wanted"


def questions_row(view: View, table: SampleTable) -> None:
    """A button for each question that this run can answer; the one that is asked is marked."""
    key = view.run.fingerprint, view.split, settings_key(view.predictor, view.settings)
    with st.spinner("Counting the samples that each question finds …"):
        asked = cache.numbers(_counted, *key, table=table, n_exits=view.run.n_exits)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="questions"):
        for question, count in asked:
            now = state.get("brush") == question.selection.text
            name = escape(SHORT[question.name].format(label=label_of(view.predictor)))
            st.button(
                f"{name} **{count:,}**",
                key=f"question:{question.name}",
                type="primary" if now else "secondary",
                disabled=not count,
                help=f"{question.asks}: `{question.selection.text}`",
                on_click=_ask,
                args=(question,),
            )
        if view.has_labels:
            st.button(
                "Where answers differ …",
                key="question:found",
                type="tertiary",
                icon=":material/troubleshoot:",
                help="Classes and column values where the baseline and the correction differ most.",
                on_click=lambda: st.session_state.update({_FOUND: True}),
            )
    if st.session_state.pop(_FOUND, False) and view.has_labels:
        _found_box(view, table)


def _counted(table: SampleTable, n_exits: int) -> tuple[tuple[Question, int], ...]:
    return tuple(counted(table, n_exits))


def _ask(question: Question) -> None:
    select(question.selection)
    state.set("sort", question.sort)
    state.set("order", "down" if question.descending else "up")


# --- slices that are found -------------------------------------------------------------------------------------------


@st.dialog("Where answers differ", width="large", icon=":material/troubleshoot:")
def _found_box(view: View, table: SampleTable) -> None:
    difference = view.difference()
    search = cache.numbers(
        slices_that_differ, *difference.a.key, *difference.b.key, run=view.run, table=table, difference=difference
    )
    label = label_of(view.predictor)
    if found_rows(search, ("baseline", label), ("the baseline", label), lambda one: select(one.selection)):
        st.rerun()
