"""Completion of the query: names and values are offered below its box while one types. The browser's half: the .js."""

from pathlib import Path

import streamlit as st

from analysis.selection import SampleTable
from analysis.selection.vocabulary import vocabulary
from app import cache
from app.components.selection import store
from app.view import View

_component = st.components.v2.component(
    "exitlens_query",
    html="<span></span>",
    css=Path(__file__).with_suffix(".css").read_text(encoding="utf-8"),
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def complete_the_query(view: View, table: SampleTable) -> None:
    """Offer what the query may name; takes no room."""
    try:
        slices = tuple(name for name in store.saved() if "`" not in name)
    except ValueError:  # said where slices are
        slices = ()
    known = cache.numbers(
        vocabulary, view.run.fingerprint, view.split, slices, table=table, n_exits=view.run.n_exits, slices=slices
    )
    with st.container(key="query-completion"):
        _component(key="query-completion:offers", data=known)
