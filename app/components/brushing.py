"""What was brushed in a figure of falls: from the address to a mask over all samples, and its line on the page."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from analysis.predictors import available_predictors
from analysis.selection.brush import Brush, brushed, describe, parse_brush, text_of
from analysis.words.formats import exit_labels
from app import state
from app.components.text import escape
from app.view import View


@dataclass(frozen=True)
class Brushed:
    """A brush, which samples of the split it holds, and what it holds in words."""

    brush: Brush
    mask: np.ndarray
    words: str


def open_brush(brush: Brush) -> None:
    """In a callback: show the gallery with what was brushed, and nothing else that hides samples."""
    filters = [name for name, row in state.CONTROLS.items() if row.pages == ("samples",) and name != "axis"]
    state.reset("sample", *filters)
    state.set("brush", text_of(brush))
    state.open_page("samples")


def clear_brush() -> None:
    """In a callback: forget what was brushed."""
    state.reset("brush", "page")


def current_brush(view: View) -> Brushed | None:
    """What the address says was brushed, resolved over all samples; None, with a note, where it cannot be."""
    text = state.get("brush")
    if not text:
        return None
    try:
        brush = parse_brush(text)
        if brush.predictor not in available_predictors():
            raise ValueError(f"brush: there is no predictor {brush.predictor!r} here")
        if brush.of == "true_class" and not view.has_labels:
            raise ValueError("brush: this run has no labels, so its true classes are unknown")
        mask = _mask(view, brush)
    except ValueError as error:
        state.note(f"What was brushed is not shown: {error}")
        state.reset("brush")
        return None
    label = "the baseline" if brush.predictor == "baseline" else available_predictors()[brush.predictor].label
    return Brushed(brush, mask, describe(brush, label, exit_labels(view.run.exit_names)))


def _mask(view: View, brush: Brush) -> np.ndarray:
    falls = view.traces(brush.predictor).falls[brush.of, brush.size]
    baseline = view.traces("baseline").falls[brush.of, brush.size].size if brush.needs_baseline else None
    return brushed(brush, falls.size, baseline, falls.from_exit, falls.to_exit)


def brush_line(held: Brushed | None, *, offer_gallery: bool) -> None:
    """How many samples are brushed and how, with a button that forgets it; a fixed place on the page."""
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
        st.button("Clear the brush", on_click=clear_brush, icon=":material/close:")
