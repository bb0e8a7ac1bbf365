"""A figure as PDF: asked for by its menu, made by the server's own browser from the figure that the server made itself.

From outside come a size, a title or none, and the ranges of the axes, each checked here: no markup, no script, no
address. A read-only app makes none, since each takes a processor for a second or two.
"""

import base64
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from analysis.figures.points import Points
from analysis.figures.print_sizes import PrintSize
from analysis.report.pictures import About, picture_bytes
from app.server.read_only import read_only

READ_ONLY = "This app makes no PDF: save the figure as SVG."
_WANTED = "chart-pdf"
_NUMBER = "chart-pdf-number"
_AXIS = re.compile(r"[xy]axis\d{0,2}")
_MOST_POINTS = 5_000  # as many as `picture.js` draws


@dataclass(frozen=True)
class Wish:
    """A PDF that somebody asked for: its size, and what the axes show."""

    size: PrintSize
    ranges: Mapping[str, tuple[float, float]]


def offered() -> bool:
    """Whether figures are saved as PDF here; where no browser is found, asking for one says so."""
    return not read_only()


def wish(sent: object) -> Wish:
    """What the browser sent, if it is a wish.

    Raises
    ------
    TypeError, KeyError, ValueError
        It is none.
    """
    width, font = (_number(sent[name]) for name in ("width", "font"))
    height = None if sent["height"] is None else _number(sent["height"])
    if not isinstance(sent["title"], bool) or (height is not None and not 0.25 * width <= height <= 2 * width):
        raise ValueError
    ranges = {axis: tuple(map(_number, ends)) for axis, ends in dict(sent["ranges"]).items() if _AXIS.fullmatch(axis)}
    if any(len(ends) != 2 for ends in ranges.values()):
        raise ValueError
    return Wish(PrintSize(width, font, height, sent["title"]), ranges)


def _number(value: object) -> float:
    found = float(value)
    if not math.isfinite(found):
        raise ValueError
    return found


def want(key: str, wanted: Wish) -> None:
    """In a callback: the chart of that key sends its PDF when the script runs next."""
    number = st.session_state[_NUMBER] = st.session_state.get(_NUMBER, 0) + 1
    st.session_state.setdefault(_WANTED, {})[key] = number, wanted


def is_wanted(key: str) -> bool:
    """Whether the chart of that key was asked for its PDF."""
    return key in st.session_state.get(_WANTED, {})


def wanted_pdf(key: str, figure: str, about: About, height: int, drawn: Mapping[str, object]) -> dict | None:
    """What is sent to a chart that was asked for its PDF: the file as base64, or the fault; None to all others.

    Parameters
    ----------
    figure : str
        Its JSON.
    height : int
        In pixels, as on screen.
    drawn : mapping
        What is drawn over or behind the figure: `line`, `region`, `points`.
    """
    number, wanted = st.session_state.get(_WANTED, {}).pop(key, (None, None))
    if wanted is None:
        return None
    if not offered():
        return {"number": number, "fault": READ_ONLY}
    more = {"ranges": {axis: list(ends) for axis, ends in wanted.ranges.items()}, **drawn}
    try:
        with st.spinner("Making the PDF …", show_time=False):
            made = picture_bytes(figure, wanted.size, about, "pdf", height=height, more=more)
    except ValueError as error:
        return {"number": number, "fault": f"{str(error)[:1].upper()}{str(error)[1:]}."}
    return {"number": number, "text": base64.b64encode(made).decode()}


def points_drawn(points: Points, how: Mapping[str, object]) -> dict[str, object]:
    """The points of a picture, evenly spaced in the order of the samples, as `picture.js` takes them.

    Parameters
    ----------
    how : mapping
        Colours, size and opacity, as the chart is sent them.
    """
    count = len(points)
    picked = (np.arange(min(count, _MOST_POINTS)) * max(1.0, count / _MOST_POINTS)).astype(np.int64)
    x, y = ([_or_none(value) for value in values[picked]] for values in (points.x, points.y))
    kept = None if points.kept is None else points.kept[picked].astype(int).tolist()
    return {"about": how, "x": x, "y": y, "codes": points.colouring.codes[picked].tolist(), "kept": kept, "of": count}


def _or_none(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None
