"""What a page about a run begins with: the name of its run, small; the browser's tab has it too."""

import streamlit as st

from analysis.reference.outside_text import bare, html_text, isolated
from analysis.run import Run
from app.page_table import Page


def tab_title(page: Page, run: Run | None) -> None:
    """Name the page in the browser's tab, after its run where it is about one."""
    title = " ".join(run.title.split()) if run is not None and page.needs_run else ""
    st.set_page_config(page_title=f"{bare(isolated(title)) or 'Exitlens'} \N{MIDDLE DOT} {page.title}")


def run_heading(run: Run) -> None:
    """Show the run's title above the page."""
    title = " ".join(run.title.split())
    st.html(f'<p class="xl-run" title="{html_text(title)}">{html_text(title)}</p>')
