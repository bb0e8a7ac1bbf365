"""The line of the selection, in one place on every page: how many samples, which, and what can be done with them."""

import streamlit as st

from analysis.reference.outside_text import html_text
from analysis.words.formats import counted
from app import state
from app.components.controls import control
from app.components.selection.held import can_undo, clear, over_selected, undo
from app.components.selection.slices_box import ask_for_slices
from app.view import View

TEACHES = "click a bar, or draw around points, in a figure: those samples stand out on every page"
"""What one can do while nothing is selected."""


def selection_line(view: View) -> None:
    """Show it: as high whatever is selected; what only a selection needs is left of what stays, which does not move."""
    with st.container(horizontal=True, vertical_alignment="center", key="selection-line", gap="small"):
        st.html(_words(view), width="stretch")
        common = {"type": "tertiary", "width": "content"}
        if view.selected is not None:
            if state.page() in state.CONTROLS["only"].pages:
                control("only", "Only these", disabled=not view.selected.count)
            st.button(
                "Clear", key="selection:clear", on_click=clear,
                icon=":material/close:", help="Select nothing: all samples are alike again.", **common,
            )  # fmt: skip
        if can_undo():
            st.button(
                "Undo", key="selection:undo", on_click=undo,
                icon=":material/undo:", help="Take the last change of the selection back.", **common,
            )  # fmt: skip
        st.button(
            "Slices", key="selection:slices", on_click=ask_for_slices,
            icon=":material/bookmarks:", help="Keep the selection under a name (f), or select what was kept.", **common,
        )  # fmt: skip


def _words(view: View) -> str:
    """The line's text: cut where it is long, the whole for the pointer."""
    total = len(view.run.positions(view.split))
    split = "" if view.split == "all" else f"{view.split} "
    if view.selected is None:
        said = f"<b>All {html_text(counted(total, f'{split}sample'))}</b>"
        return f'<div class="xl-selected" aria-live="polite" title="{TEACHES}">{said} {_muted(TEACHES)}</div>'
    said = f"{view.selected.count:,} of {counted(total, f'{split}sample')}"
    over = '<span class="xl-over">numbers are over these alone</span>' if view.only else ""
    none = '<span class="xl-over">none is selected, so numbers are over all</span>' if _of_none(view) else ""
    words = html_text(view.selected.fault or view.selected.words)
    whole = html_text(f"{said} {view.selected.fault or view.selected.words}")
    return f'<div class="xl-selected" aria-live="polite" title="{whole}"><b>{said}</b> {over}{none}{words}</div>'


def _muted(text: str) -> str:
    return f'<span class="xl-muted">{text}</span>'


def _of_none(view: View) -> bool:
    return not view.selected.count and over_selected()
