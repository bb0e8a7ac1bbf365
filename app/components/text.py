"""Names and texts that come from files or addresses, shown as text: never as markdown, HTML or an icon."""

import pandas as pd
import streamlit as st

from analysis.reference.outside_text import html_text
from analysis.reference.outside_text import markdown_text as escape

__all__ = ["escape", "plain_table", "plain_text"]


def plain_text(text: object, *, role: str = "body") -> None:
    """Show text exactly as it is.

    Parameters
    ----------
    role : str
        "body", or "caption" for small and muted.
    """
    look = "font-size:0.875rem;opacity:0.75" if role == "caption" else ""
    st.html(f'<div style="overflow-wrap:break-word;{look}">{html_text(text)}</div>')


def plain_table(table: pd.DataFrame) -> None:
    """A small table, its cells and headings shown exactly as they are: no data grid, whose script is 1.2 MB."""
    heads = "".join(f"<th>{html_text(name)}</th>" for name in table.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{html_text(_cell(value))}</td>" for value in row) + "</tr>"
        for row in table.itertuples(index=False)
    )
    look = (
        "<style>.xl-table{border-collapse:collapse;width:100%;font-size:0.875rem}.xl-table th{text-align:left;"
        "font-weight:600}.xl-table th,.xl-table td{padding:0.3rem 1rem 0.3rem 0;"
        "border-bottom:1px solid var(--st-border-color,#8884);vertical-align:top}</style>"
    )
    body = f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>"
    st.html(f'{look}<div style="overflow-x:auto"><table class="xl-table">{body}</table></div>')


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:,.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
