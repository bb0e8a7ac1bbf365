"""The box that asks into which presentation a figure, or samples, of the page go, and what stands above them."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlencode

import streamlit as st

from analysis.figures.points import Points
from analysis.predictors import available_predictors
from analysis.presentations import Screen, Source, kept_figure
from analysis.presentations.presentations import now
from analysis.presentations.screens import LONGEST_NAME, LONGEST_NOTE, LONGEST_SENTENCE
from analysis.report.pictures import About
from app import state
from app.components.chart import taken
from app.components.figure_table import settings_text
from app.components.presenting import store
from app.components.presenting.samples import samples_screen
from app.components.text import escape, plain_text
from app.server.read_only import read_only
from app.view import View

_LAST, _FAULT, _DONE, _SAMPLES = "present-last", "present-fault", "present-done", "present-samples"
GONE = "it is not there any more: another window has renamed or deleted it"
NEW = ""
"""Stands for a presentation that is yet to be named, in the list."""


def add_samples(name: str = "", note: str = "") -> None:
    """In a callback: what is selected then becomes a screen, called by the name of its slice and with its note."""
    st.session_state[_SAMPLES] = "\n".join(part for part in (name, note) if part)[:LONGEST_SENTENCE]


def ask_to_add(view: View | None) -> None:
    """Open the box if a chart's menu, or the slices, asked for it: after the page is drawn."""
    if said := st.session_state.pop(_DONE, ""):
        st.toast(said, icon=":material/co_present:")
    chart, samples = taken(), st.session_state.pop(_SAMPLES, None)
    if read_only() or (chart is None and (samples is None or view is None)):
        return
    try:
        if chart is None:
            screen = samples_screen(view, source_of(view, ""), samples)
        else:
            screen = Screen(
                "figure",
                source=source_of(view, chart.name, chart.of),
                figure=_kept(chart.payload, chart.points, chart.zoom),
            )
        _box(screen, list(store.saved().counts()))
    except ValueError as error:
        state.note(f"Not added to a presentation: {error}")


def _kept(payload: dict, points: Points | None, zoom: object) -> dict:
    line, region = payload["drag"], payload.get("selection")
    return kept_figure(payload["figure"], payload["height"], line=line, region=region, points=points, zoom=zoom)


def source_of(view: View | None, chart: str, of: About | None = None) -> Source:
    """What a screen says of itself: the page, and what it was about; `of` where the sidebar does not say that."""
    about = {"page": state.page(), "chart": chart, "address": urlencode(state.address()), "made": now()}
    if view is None:
        return Source(**about)
    row = available_predictors()[view.predictor]
    name = row.name if row.label == row.name else f"{row.label}, {row.name}"
    found = Source(
        **about,
        run=view.run.id,
        title=" ".join(view.run.title.split()),
        fingerprint=view.run.fingerprint,
        predictor=name if view.poe else f"baseline (correction: {name})",
        settings=settings_text(view, view.predictor, view.settings),
        split=view.split,
        selected="" if view.selected is None else f"{view.selected.count:,} samples {view.selected.words}".strip(),
    )
    if of is None:
        return found
    found = replace(found, predictor=of.predictor, settings=of.settings[:LONGEST_NOTE], selected="")
    return found if of.run == view.run.id else replace(found, run="", fingerprint="", title=of.run[:LONGEST_NOTE])


@st.dialog("Add to a presentation", icon=":material/co_present:")
def _box(screen: Screen, names: list[str]) -> None:
    if fault := st.session_state.pop(_FAULT, ""):
        st.error(escape(fault))
    last = st.session_state.get(_LAST, names[0] if names else NEW)
    options = [*names, NEW]
    chosen = st.selectbox(
        "Presentation",
        options,
        index=options.index(last) if last in options else 0,
        format_func=lambda name: name or "A new presentation",
        key="present-which",
        help="Where this becomes the last screen.",
    )
    if chosen == NEW:
        st.text_input(
            "Its name",
            max_chars=LONGEST_NAME,
            placeholder="group meeting",
            key="present-new",
            help="What it is called in the list.",
        )
    st.text_area(
        "Sentence above it",
        value=screen.sentence,
        max_chars=LONGEST_SENTENCE,
        placeholder="in large type; without one the figure's own title stands there",
        key=f"present-sentence-{screen.id}",
        height=80,
        help="What is said above it, in large type.",
    )
    plain_text("It keeps what it shows now, and says of which run, with which settings, and when.", role="caption")
    st.button(
        "Add",
        type="primary",
        key="present-add",
        on_click=_add,
        args=(screen,),
        help="It can be moved and deleted on Present.",
    )
    if st.session_state.get(_DONE):
        st.rerun()


def _add(screen: Screen) -> None:
    """In a callback: keep the screen at the end of the presentation that is chosen."""
    chosen = st.session_state["present-which"]
    name = chosen or st.session_state.get("present-new", "").strip()
    sentence = st.session_state[f"present-sentence-{screen.id}"]

    def keep() -> None:
        if chosen == NEW and name in store.saved().counts():
            raise ValueError(f"there is a presentation {name!r} already: choose it in the list, or another name")
        added = Screen(screen.kind, sentence, screen.source, screen.figure, screen.pictures)
        number = store.changeable().add(name, added)
        st.session_state[_LAST] = name
        st.session_state[_DONE] = f"Screen {number} of {escape(name)}, on the page Present."

    said(keep, _FAULT)


def said(action: Callable[[], object], fault: str) -> None:
    """In a callback: do it; why it could not be done is kept in the session under `fault`."""
    try:
        action()
    except (ValueError, KeyError) as error:  # KeyError: another window has deleted or renamed it
        st.session_state[fault] = GONE if isinstance(error, KeyError) else str(error)
