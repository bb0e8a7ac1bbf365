"""Triage: ready-made questions about the samples, one click each with its count; and slices that are found."""

import streamlit as st

from analysis.predictors import settings_key
from analysis.reference.outside_text import html_text, shortened
from analysis.selection import SampleTable
from analysis.selection.found import LEAST, slices_that_differ
from analysis.selection.triage import Question, counted
from analysis.words.found import found_cells, search_sentence
from app import cache, state
from app.components.predictor_names import label_of
from app.components.selection import select
from app.components.text import escape, plain_text
from app.view import View

SHORT = {
    "worst-falls": "Worst falls",
    "still-falls": "Falls {label} leaves",
    "lost": "Right, then wrong",
    "broken": "Broken by {label}",
    "fixed": "Fixed by {label}",
    "collapsed": "Collapsed",
    "confident-and-wrong": "Confident and wrong",
    "unsettled": "Never settles",
}
_FOUND = "found-wanted"


def questions_row(view: View, table: SampleTable) -> None:
    """A button for each question that this run can answer; the one that is asked is marked."""
    key = view.run.fingerprint, view.split, settings_key(view.predictor, view.settings)
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
    if not search.found:
        plain_text(f"No class and no column's value has {LEAST} samples with labels, so none was tried.")
        return
    plain_text(search_sentence(search, label), role="caption")
    with st.container(key="found-rows", gap=None):
        _cells(["samples", "baseline", label, "difference, points (95 %)", "p, Holm"])
        for number, one in enumerate(search.found):
            name = f"{one.column}: {shortened(one.value, 40)}"
            if _cells(found_cells(one), name, on_click=select, args=(one.selection,), key=f"found:{number}"):
                st.rerun()


def _cells(texts: list[str], name: str = "", **button: object) -> bool:
    """A row of the table; whether its name was clicked."""
    clicked = False
    places = st.columns([5, 1.5, 1.5, 1.5, 4, 1.5], vertical_alignment="center")
    with places[0]:
        if name:
            clicked = st.button(escape(name), type="tertiary", **button)
    for place, text in zip(places[1:], texts):
        place.html(f'<div class="xl-cell">{html_text(text)}</div>')
    return clicked
