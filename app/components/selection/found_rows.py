"""Slices that were found: a row for each, whose name selects its samples."""

from collections.abc import Callable

import streamlit as st

from analysis.reference.outside_text import html_text, shortened
from analysis.selection.found import LEAST, Found, Search
from analysis.words.found import found_cells, search_sentence
from app.components.text import escape, plain_text

PICK = "These samples become the selection, which every page shows."


def found_rows(
    search: Search, heads: tuple[str, str], names: tuple[str, str], on_pick: Callable[[Found], None]
) -> bool:
    """What was tried, and the rows; whether one was clicked in this run of the script.

    Parameters
    ----------
    heads, names : of the two answers, above their columns and within the sentence
    on_pick : called with the row that was clicked, in a callback
    """
    if not search.found:
        plain_text(f"No class and no column's value has {LEAST} samples with labels, so none was tried.")
        return False
    plain_text(search_sentence(search, *names), role="caption")
    clicked = False
    with st.container(key="found-rows", gap=None):
        _cells(["samples", *heads, "difference, points (95%)", "p, Holm"])
        for number, one in enumerate(search.found):
            name = f"{one.column}: {shortened(one.value, 40)}"
            clicked |= _cells(found_cells(one), name, on_click=on_pick, args=(one,), key=f"found:{number}", help=PICK)
    return clicked


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
