"""The bar of pages at the top of every page, in groups by what one is about to do: each page is one click away."""

from collections.abc import Mapping
from itertools import groupby

import streamlit as st

from app.page_table import PAGES
from app.server.read_only import read_only


def page_bar(links: Mapping[str, object]) -> None:
    """Show the bar.

    Parameters
    ----------
    links : mapping
        Name of a page -> its `st.Page`.
    """
    shown = [page for page in PAGES if not (page.writes and read_only())]
    with st.container(horizontal=True, key="pages", gap="medium"):
        for group, pages in groupby(shown, key=lambda page: page.group):
            with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", width="content"):
                if group:
                    st.html(f'<span class="xl-group">{group}</span>', width="content")
                for page in pages:
                    st.page_link(links[page.name], label=page.title, width="content")
