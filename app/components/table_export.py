"""A quiet menu beside a table: its numbers as CSV, and as people read them in Markdown and LaTeX."""

from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from analysis.report.pictures.about import About
from analysis.report.table_formats import as_latex, as_markdown, csv_text

_KINDS = {
    "csv": ("CSV", "text/csv", "Every number in full, with what it is of: run, split, predictor, settings."),
    "md": ("Markdown", "text/markdown", "As it is shown, for notes, issues and pull requests."),
    "tex": ("LaTeX", "text/x-tex", "As it is shown, for a paper; needs the package booktabs."),
}


def offer_table(
    name: str,
    title: str,
    table: pd.DataFrame | Callable[[], pd.DataFrame],
    *,
    runs: Sequence[str],
    shown: pd.DataFrame | Callable[[], pd.DataFrame] | None = None,
    label: str = "Save table",
) -> None:
    """A menu that saves a table as CSV, Markdown or LaTeX (booktabs); text from files stays text in each.

    Parameters
    ----------
    name : str
        Unique on its page: the widgets are called after it, and, after the runs, the files.
    title : str
        What the table says and of what: its caption, plain text.
    table : pandas.DataFrame, or a callable returning one
        What the CSV holds; a callable is asked when somebody saves.
    runs : sequence of str
        Ids of the runs that it is of.
    shown : pandas.DataFrame, or a callable returning one, optional
        What Markdown and LaTeX hold: cells as people read them. The table itself unless given.
    label : str
        The menu's, where a page has several.
    """
    file = About(" and ".join(dict.fromkeys(runs)), "", name).file
    with st.popover(label, icon=":material/download:", type="tertiary", key=f"table:{name}"):
        for kind, (said, mime, told) in _KINDS.items():
            st.download_button(
                said,
                partial(table_text, kind, title, table, shown),
                file_name=f"{file}.{kind}",
                mime=mime,
                help=told,
                key=f"table:{name}:{kind}",
                on_click="ignore",
                type="tertiary",
                width="stretch",
            )


def table_text(
    kind: str,
    title: str,
    table: pd.DataFrame | Callable[[], pd.DataFrame],
    shown: pd.DataFrame | Callable[[], pd.DataFrame] | None = None,
) -> str:
    """What a file of the menu holds; `kind` is its suffix: csv, md or tex."""
    if kind == "csv":
        return "\ufeff" + csv_text(_made(table))
    read = _made(table if shown is None else shown)
    return (as_markdown if kind == "md" else as_latex)(read, title) + "\n"


def _made(table: pd.DataFrame | Callable[[], pd.DataFrame]) -> pd.DataFrame:
    return table() if callable(table) else table
