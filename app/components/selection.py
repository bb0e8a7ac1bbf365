"""The selection that the address holds: from a mark in a figure to the gallery, to a mask, to a line on the page."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from analysis.predictors import settings_key
from analysis.selection import SampleTable, Selection
from analysis.selection.earlier import read_selection
from analysis.words.formats import exit_labels
from analysis.words.selections import selection_words
from app import cache, state
from app.components.predictor_names import named
from app.components.text import escape
from app.view import View


@dataclass(frozen=True)
class Selected:
    """A selection, which samples of the split it holds, and what it holds in words."""

    selection: Selection
    mask: np.ndarray
    words: str


def sample_table(view: View) -> SampleTable:
    """The table of the samples on screen, in the run's order."""
    return cache.table(
        SampleTable,
        view.run.fingerprint, view.split, settings_key(view.predictor, view.settings), view.poe,
        run=view.run,
        split=view.split,
        predictor=view.predictor,
        poe=view.poe,
        traces=view.traces,
    )  # fmt: skip


def open_gallery(selection: Selection, *, as_query: bool = False) -> None:
    """In a callback: show the Samples page with what is selected, and nothing else that hides samples.

    Parameters
    ----------
    as_query : bool
        Whether the page's query box holds it; else a line above the samples tells it in words, with a button that
        takes it back.
    """
    reset = [name for name, row in state.CONTROLS.items() if row.pages == ("samples",)]
    state.reset("brush", "sample", *(name for name in reset if as_query or name != "axis"))
    state.set("query" if as_query else "brush", selection.text)
    state.open_page("samples")


def clear_selection() -> None:
    """In a callback: forget what is selected."""
    state.reset("brush", "page")


def selection_on_screen(view: View) -> Selected | None:
    """What the address says is selected, resolved over all samples; None, with a note, where it cannot be.

    What an earlier version wrote is understood, and then stands in the address as this one writes it.
    """
    text = state.get("brush")
    if not text:
        return None
    try:
        selection = read_selection(text)
        mask = selection.mask(sample_table(view))
        state.set("brush", selection.text)
    except ValueError as error:
        state.note(f"What was brushed is not shown: {error}")
        state.reset("brush")
        return None
    return Selected(selection, mask, selection_words(selection, named, exit_labels(view.run.exit_names)))


def selection_line(held: Selected | None, *, offer_gallery: bool) -> None:
    """How many samples are selected and how, with a button that forgets it; a fixed place on the page."""
    place = st.container(horizontal=True, vertical_alignment="center", key="brush-line")
    if held is None:
        return
    with place:
        count = int(held.mask.sum())
        st.markdown(
            f":material/gesture_select: **{count:,} {'sample' if count == 1 else 'samples'}** {escape(held.words)}",
            width="content",
        )
        if offer_gallery:
            st.button("Show them in the gallery", on_click=state.open_page, args=("samples",))
        st.button("Clear the brush", on_click=clear_selection, icon=":material/close:")
