"""The strip: below a figure, the samples that were just selected in it; opening them all is a further click."""

import streamlit as st

from analysis.reference.outside_text import html_text
from analysis.words.formats import counted
from app import state
from app.components.selection.gallery import gallery
from app.components.selection.held import open_gallery, sample_table, selected_rows
from app.components.selection.tiles import tiles_of
from app.components.text import escape
from app.view import View

MOST = 24


def strip(view: View, *figures: str, hint: str) -> None:
    """The place below a row of figures where their samples are shown: as high while it is empty, so that nothing moves.

    Parameters
    ----------
    view : View
    figures : str
        Names of the charts above it.
    hint : str
        What to do in them, while there is nothing to show.
    """
    with st.container(key=f"strip-{figures[0]}", gap=None):
        if view.selected is None or state.get("strip") not in figures:
            st.html(f'<div class="xl-strip-hint">{html_text(hint)}</div>')
            return
        table = sample_table(view)
        rows = selected_rows(view, table)
        shown = rows[:MOST]
        with st.container(horizontal=True, vertical_alignment="center", height=40, border=False):
            more = f"; the first {MOST} by {escape(state.get('sort'))}" if len(rows) > MOST else ""
            st.markdown(f"**{counted(len(rows), 'sample')}** selected{more}", width="content")
            st.button(
                f"Open all {len(rows):,} on Samples",
                key=f"open-strip:{figures[0]}",
                type="tertiary",
                icon=":material/grid_view:",
                disabled=not len(rows),
                help="All of them as pictures on Samples, each with its trajectory.",
                on_click=open_gallery,
            )
        positions = table["position"].to_numpy()[shown].tolist()
        identities = dict(zip(positions, table["id"].iloc[shown].astype(str).tolist()))
        gallery(
            tiles_of(view, table, shown),
            name=f"strip-{figures[0]}",
            selected=None,
            shown=view.shown,
            on_open=lambda position: open_sample(identities[position]),
            in_a_row=True,
        )


def open_sample(identity: str) -> None:
    """In a callback: show the Samples page with this one on screen."""
    state.set("sample", identity)
    state.open_page("samples")
