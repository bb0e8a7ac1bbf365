"""The screens of a presentation in the browser: all of them are sent once, so that a key never waits for the server.

`stage.js` draws each with the chart component's own script, shows one at a time in a dialog that covers everything,
and keeps its number in the address.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import streamlit as st

from analysis.figures.points import DIMMED, Points
from analysis.presentations import Presentation, Screen, points_of
from analysis.reference.outside_text import isolated
from app.components.chart import charts_within


def _source(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


_charts = charts_within(_source("stage.js"))
_component = st.components.v2.component(
    "exitlens_stage",
    html='<div class="xl-show-host"></div>',
    css=_charts["css"] + _source("stage.css"),
    js=_charts["js"],
    isolate_styles=False,
)


def stage(presentation: Presentation, *, at: int, about: Mapping[str, str], on_leave: Callable[[int], None]) -> None:
    """Show the screens, beginning with one of them.

    Parameters
    ----------
    at : int
        Which is shown first, from 0; then keys decide.
    about : mapping
        Id of a screen -> the line below it.
    on_leave : callable
        Gets the number, from 1, of the screen that was left by Esc, before the script body.
    """
    screens = [_sent(screen, about[screen.id]) for screen in presentation.screens]
    content = hashlib.blake2b(json.dumps(screens, ensure_ascii=False).encode(), digest_size=12).hexdigest()
    _component(
        key="stage",
        data={"name": isolated(presentation.name), "content": content, "screens": screens, "at": at},
        on_leave_change=lambda: _deliver(on_leave, len(screens)),
    )


def _deliver(on_leave: Callable[[int], None], count: int) -> None:
    sent = st.session_state["stage"].get("leave")
    if type(sent) is int and 1 <= sent <= count:
        on_leave(sent)


def _sent(screen: Screen, about: str) -> dict:
    """A screen as the browser gets it: texts that are set as text, and what the chart component is sent."""
    first, *rest = screen.sentence.strip().splitlines() or [""]
    return {
        "id": screen.id,
        "heading": isolated(first),
        "lines": [isolated(line) for line in rest],
        "about": isolated(about),
        "chart": None if screen.figure is None else _chart(screen.figure, screen.id),
        "pictures": [
            {"image": one.image, "title": isolated(one.title), "note": isolated(one.note)} for one in screen.pictures
        ],
    }


def _chart(figure: dict, name: str) -> dict:
    """What `showChart` takes; nothing in it can be clicked."""
    payload = {
        "name": name,
        "figure": json.dumps({"data": figure["data"], "layout": figure["layout"]}, allow_nan=False),
        "height": figure["height"],
        "click": False,
        "select": False,
        "drag": figure["line"],
    }
    if figure["region"] is not None:
        payload["selection"] = figure["region"]
    if figure["points"] is not None:
        payload |= _cloud(points_of(figure["points"]), figure["points"], name)
    return payload


def _cloud(points: Points, kept: dict, name: str) -> dict:
    """How points are drawn, and their columns, which the browser unpacks."""
    shade = points.colouring
    lines = list(points.lines[:1]) + ([shade.line] if shade.line else []) + list(points.lines[1:])
    columns = {f"line{number}": list(line.values) for number, line in enumerate(lines)}
    about = {
        "content": name,
        "colouring": name,
        "colours": shade.colours,
        "scale": shade.scale,
        "rest": shade.rest,
        "dimmed": DIMMED,
        "size": points.size,
        "opacity": shade.opacity,
        "lines": [[line.before, f"line{number}", line.after] for number, line in enumerate(lines)],
        "click": False,
    }
    packed = {key: kept[key] for key in ("x", "y", "codes", "kept")}
    return {"points": about, "packed": packed | {"columns": columns}}
