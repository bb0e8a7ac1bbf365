"""Names and texts that come from files or addresses, shown as text: never as markdown, HTML or an icon."""

import html
import re

import streamlit as st

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_PICTURES = re.compile(r"(?<=:)(?=[\w+-])|(?<=[<>=~-])(?=[<>=~-])")  # in :smile: and ->, which escaping leaves alone
_JOINER = "\N{WORD JOINER}"  # invisible, no width


def escape(text: object) -> str:
    """Text for a place where Streamlit reads markdown: labels, captions, options of segmented controls.

    Examples
    --------
    >>> escape("*a* 0.5")
    '\\\\*a\\\\* 0\\\\.5'
    """
    return _PUNCTUATION.sub(r"\\\1", _PICTURES.sub(_JOINER, " ".join(str(text).split())))


def plain_text(text: object, *, role: str = "body") -> None:
    """Show text exactly as it is.

    Parameters
    ----------
    role : str
        "body", or "caption" for small and muted.
    """
    look = "font-size:0.875rem;opacity:0.75" if role == "caption" else ""
    st.html(f'<div style="overflow-wrap:anywhere;{look}">{html.escape(str(text))}</div>')
