"""What every page begins with: the name of its run, small; the browser's tab has it too."""

import streamlit as st

from analysis.reference.outside_text import bare, html_text, isolated
from analysis.run import Run
from app.page_table import Page


def run_heading(run: Run, page: Page) -> None:
    """Show the run's title above the page and name both in the browser's tab."""
    title = " ".join(run.title.split())
    st.set_page_config(page_title=f"{bare(isolated(title))} \N{MIDDLE DOT} {page.title}")
    st.html(f'<p class="xl-run" title="{html_text(title)}">{html_text(title)}</p>')
