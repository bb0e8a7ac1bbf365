"""What Streamlit runs: page config, the shared controls, one view per question. Opened by `main.py` and by AppTest."""

import sys
from importlib import import_module
from pathlib import Path

import streamlit as st

PROJECT = Path(__file__).resolve().parents[1]
if str(PROJECT) not in sys.path:
    sys.path.insert(0, str(PROJECT))

from app import state  # noqa: E402
from app.components.frame.history import one_step_a_page  # noqa: E402
from app.components.frame.navigation import page_bar  # noqa: E402
from app.components.frame.run_heading import run_heading, tab_title  # noqa: E402
from app.components.frame.sidebar import shared_controls  # noqa: E402
from app.components.keys import page_keys  # noqa: E402
from app.components.presenting import ask_to_add  # noqa: E402
from app.components.selection.held import with_selection  # noqa: E402
from app.components.selection.line import selection_line  # noqa: E402
from app.components.selection.slices_box import slices_box  # noqa: E402
from app.components.text import escape  # noqa: E402
from app.page_table import PAGES, Page  # noqa: E402
from app.server.garbage import freeze_what_stays  # noqa: E402
from app.server.redirect import UNKNOWN  # noqa: E402
from app.view import View  # noqa: E402

ICON = (
    (Path(__file__).parent / "icon.svg").read_text(encoding="utf-8").strip()
)  # a named icon would be fetched from a CDN
WORDMARK = str(Path(__file__).parent / "wordmark.svg")
STYLE = f"<style>{Path(__file__).with_name('page.css').read_text(encoding='utf-8')}</style>"


def _show(page: Page, content: object, given: dict[str, View | None]) -> None:
    """The shared controls, then the page itself, which is imported when it is opened: the first waits for no other.

    What every page shares is drawn by the script, not within the page: Streamlit then knows it for the same on the next
    page, and the browser keeps it instead of making it anew.
    """
    state.begin(page.name)
    if (asked := st.query_params.pop(UNKNOWN, None)) is not None:
        state.note(f"There is no page {asked}: this is the overview.")
    notes = st.empty()  # a fixed slot: what appears in it moves nothing below, which would remount the charts
    try:
        given["view"] = view = shared_controls()
        tab_title(page, view.run if view is not None else None)
        if view is not None:
            if page.needs_run:
                run_heading(view.run)
            given["view"] = view = with_selection(view)
            if page.needs_run:
                selection_line(view)
        if view is not None or not page.needs_run:
            state.begin_page()
            content.run()
        if view is not None:
            page_keys()
            slices_box(view)
        ask_to_add(view)
    except ValueError as error:  # the library's errors say what is wrong and what to do
        st.error(escape(error))
    finally:
        if lines := state.notes():
            notes.info("\n\n".join(escape(line) for line in lines))
        state.finish()
        freeze_what_stays()


def main() -> None:
    """Show the page that the address names, or the one that a callback asked for."""
    st.set_page_config(page_title="Exitlens", page_icon=ICON, layout="wide")
    st.logo(WORDMARK, size="large")
    st.html(STYLE)
    one_step_a_page()
    given: dict[str, View | None] = {}
    pages = {
        page.name: st.Page(
            lambda page=page: import_module(f"app.views.{page.name}.page").render(given["view"]),
            title=page.title, url_path=page.name, default=page is PAGES[0],
        )
        for page in PAGES
    }  # fmt: skip
    chosen = st.navigation(list(pages.values()), position="hidden")
    wanted = state.wanted_page()
    if wanted is not None and pages[wanted] != chosen:
        st.switch_page(pages[wanted])
    page_bar(pages)
    _show(next(page for page in PAGES if pages[page.name] == chosen), chosen, given)


main()
