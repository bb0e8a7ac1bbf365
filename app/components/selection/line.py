"""The line of the selection, in one place on every page: how many samples, which, and what can be done with them."""

import streamlit as st

from analysis.reference.outside_text import html_text
from analysis.words.formats import counted
from analysis.words.selections import slice_name
from app import state
from app.components.controls import control
from app.components.selection.held import can_undo, clear, over_selected, undo
from app.components.selection.slices_box import ask_for_slices
from app.view import View

TEACHES = "click or draw in a figure to select some", ": they stand out on every page"
"""What one can do while nothing is selected, and, where there is room, what for."""
OVER_ALL = dict.fromkeys(("calibration", "sets", "paper", "ablation", "compare", "figures"), "numbers are over all") | {
    "compute": "curves are over all"
}
"""Pages that show no more of a selection than its samples, unless numbers are over these alone, and what they say."""


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
        first, then = TEACHES
        taught = f'<span class="xl-muted">· {first}<span class="xl-roomy">{then}</span></span>'
        return _line(f"{said} {taught}", f"{first}{then}")
    count = f"{view.selected.count:,} of {counted(total, f'{split}sample')}"
    words = view.selected.words
    if view.selected.fault:  # below the query itself it is said in full
        words = "" if state.page() == "samples" else f"· {view.selected.fault}"
    said, whole = f"<b>{count}</b> {html_text(words)}", f"{count} {words}"
    if (name := slice_name(view.selected.selection)) and not view.selected.fault:
        said, whole = f"Slice “{html_text(name)}”: <b>{count}</b>", f"Slice “{name}”: {count}"
    over = "" if view.selected.fault else OVER_ALL.get(state.page(), "")
    over = "numbers are over these alone" if view.only else over
    over = "none is selected, so numbers are over all" if _of_none(view) else over
    return _line(said, html_text(whole), f'<span class="xl-over">{over}</span>' if over else "")


def _line(said: str, whole: str, after: str = "") -> str:
    """A sentence, and a note that stands after it however much of it is cut; HTML."""
    return f'<div class="xl-selected" aria-live="polite" title="{whole}"><span>{said}</span>{after}</div>'


def _of_none(view: View) -> bool:
    return not view.selected.count and over_selected()
