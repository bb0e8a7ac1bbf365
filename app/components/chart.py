"""The one way to show a figure: plotly.js in a component of our own, which keeps its zoom and reports what is done.

`st.plotly_chart` loses zoom and selection whenever the data changes, sends nothing for heatmap cells and bars, and
never tells Python of a dragged line. The browser's half is `chart.js`, after what dresses figures
(`analysis/figures/dress.js`), served by `chart_script.py`; plotly.js itself by `plotly_route.py`. What the browser
sends is checked here before a view sees it. Points that are too many for plotly are drawn by `canvas/points.js`, on a
canvas behind its axes.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa
import streamlit as st

from analysis.figures.points import DIMMED, Line, Points
from analysis.report.pictures import About
from analysis.report.table_formats import csv_text
from app import state
from app.cache import Drawing
from app.components.chart_script import chart_loader, chart_script, chart_style
from app.components.saving import pdf
from app.server.read_only import read_only

DEFAULT_HEIGHT = 360
STORE = (Path(__file__).parent / "canvas/store.js").read_text(encoding="utf-8")
AS_DRAWN = object()  # `selection`: leave in the browser whatever box or lasso was drawn there
_CSV_WANTED = "chart-csv"
_TAKING, _TAKEN = "chart-taking", "chart-taken"


def charts_within(script: str) -> dict[str, str]:
    """The styles, and the script with that of charts before it, of a component that shows charts by `showChart`."""
    return {
        "css": chart_style(),
        "js": chart_script().replace("export default function", "function showChart") + script,
    }


_component = st.components.v2.component(
    "exitlens_chart", html='<div class="xl-chart"></div>', css=chart_style(), js=chart_loader(), isolate_styles=False
)
_store = st.components.v2.component(
    "exitlens_points", html='<div class="xl-store"></div>', js=STORE, isolate_styles=False
)


def chart(
    figure: go.Figure | Drawing,
    *,
    name: str,
    data: Callable[[], pd.DataFrame],
    height: int | None = None,
    on_click: Callable[[dict], None] | None = None,
    on_select: Callable[[dict | None], None] | None = None,
    on_drag: Callable[[float], None] | None = None,
    draggable: float | None = None,
    selection: dict | object | None = AS_DRAWN,
    points: Points | None = None,
    on_point: Callable[[int], None] | None = None,
    predictor: str | None = None,
    of: About | None = None,
) -> None:
    """Show a figure.

    Callbacks run before the script body, like every Streamlit callback: they set `state`, and the page reruns with it.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure or Drawing
        Made by `analysis.figures`, from `style.base_figure`; by `cache.drawn` where reruns show it again. It holds no
        shapes: plotly makes all of them draggable or none, so fixed lines are traces. `layout.uirevision` may name what
        the axes show ("exits", "MACs"): each keeps its own zoom.
    name : str
        The chart's name, unique on its page and the same on every rerun: zoom is kept under it, files are named after
        the run, the predictor and it.
    data : callable returning a pandas.DataFrame
        What the CSV download holds, made only when it is asked for: the numbers, never how they are drawn.
    height : int, optional
        Of the plot, in pixels; by default the figure's, or 360.
    on_click : callable, optional
        Gets a dict: `curve` (trace name), `number` (trace index), `x`, `y`, `z`, `row` and `column` (heatmap cell),
        `customdata`, `points` (indices of the points, up to 1000 of a histogram's bar).
    on_select : callable, optional
        Gets `{"kind": "box", "x": [x0, x1], "y": [y0, y1]}`, `{"kind": "lasso", "x": [...], "y": [...]}` with numbers
        of 5 significant digits, or None when the selection was cleared. The figure then offers box and lasso beside
        zoom.
    on_drag : callable, optional
        Gets the new place of the draggable line, in x units.
    draggable : float, optional
        Where the draggable vertical line stands.
    selection : dict or None, optional
        The region to draw, as `on_select` gave it; None draws none. By default what was drawn in the browser stays.
    points : Points, optional
        Drawn behind the figure's axes, which are linear and have ranges: all of them on screen and in a PNG, at most
        5,000 in an SVG, which says so.
    on_point : callable, optional
        Gets the place, from 0, of the point that was clicked.
    predictor : str, optional
        Whose figure it is, by id, in the names of its files, where it is of one; empty: of none. By default it is of
        the chosen one beside the baseline, and named after both while PoE is off.
    of : About, optional
        What it is of, where that is not what the sidebar says: other runs, predictors or settings.
    """
    drawing = figure if isinstance(figure, Drawing) else Drawing.of(figure)
    if drawing.shapes:
        raise ValueError(
            f"chart {name!r}: the figure holds shapes, which would all become draggable: draw fixed lines as traces"
        )
    key, about = f"chart:{name}", of or _about(name, predictor)
    payload = {
        "name": name,
        "about": {"file": about.file, "title": about.title, "text": about.text},
        "offers_pdf": pdf.offered(),
        "figure": drawing.json,
        "height": height or drawing.height or DEFAULT_HEIGHT,
        "click": on_click is not None,
        "select": on_select is not None,
        "drag": draggable if on_drag is not None else None,
        "take": not read_only(),
    }
    if selection is not AS_DRAWN:
        payload["selection"] = selection
    if key in st.session_state.get(_CSV_WANTED, {}):
        payload["csv"] = {"number": st.session_state[_CSV_WANTED].pop(key), "text": csv_text(data())}
    if key in st.session_state.get(_TAKING, {}):
        zoom = st.session_state[_TAKING].pop(key)
        st.session_state[_TAKEN] = Taken(name, payload, points, zoom, of)
        if not state.drawing():  # a part of the page alone: who takes it comes with the rest
            st.rerun()
    count = 0 if points is None else len(points)
    if points is not None:
        payload["points"], payload["colouring"] = _bring(name, points, clicked=on_point is not None)
    drawn = {"line": payload["drag"], "region": None if selection is AS_DRAWN else selection}
    if points is not None and pdf.is_wanted(key):
        drawn["points"] = pdf.points_drawn(points, payload["points"])
    if (made := pdf.wanted_pdf(key, payload["figure"], about, payload["height"], drawn)) is not None:
        payload["pdf"] = made
    _component(
        key=key,
        data=payload,
        on_click_change=lambda: _deliver(key, "click", _point, on_click),
        on_select_change=lambda: _deliver(key, "select", _region, on_select),
        on_drag_change=lambda: _deliver(key, "drag", _place, on_drag),
        on_point_change=lambda: _deliver(key, "point", partial(_index, count=count), on_point),
        on_csv_change=lambda: _want_csv(key),
        on_pdf_change=lambda: _deliver(key, "pdf", pdf.wish, partial(pdf.want, key)),
        on_take_change=lambda: _take(key),
    )


def _about(name: str, predictor: str | None) -> About:
    """What a figure is of, as the address says."""
    if not (run := state.get("run")):
        return About("", "", name)
    chosen = state.get("predictor")
    both = chosen if state.get("poe") or chosen == "baseline" else f"baseline and {chosen}"
    settings = state.get("set") if predictor in (None, chosen) else ""
    return About(run, both if predictor is None else predictor, name, settings)  # its subtitle says which samples


@dataclass(frozen=True)
class Taken:
    """A chart that was taken out of its page, as it was shown: its name, what it was sent, its points, its zoom.

    `of` is what it is of, where the sidebar does not say that.
    """

    name: str
    payload: dict
    points: Points | None
    zoom: object
    """As the browser sent it."""
    of: About | None = None


def taken() -> Taken | None:
    """The chart whose menu added it to a presentation, once."""
    return st.session_state.pop(_TAKEN, None)


def _take(key: str) -> None:
    sent = st.session_state[key].get("take")
    st.session_state.setdefault(_TAKING, {})[key] = sent.get("value") if isinstance(sent, dict) else None


def _bring(name: str, points: Points, *, clicked: bool) -> tuple[dict, pa.Table]:
    """How points are drawn, and their colours; where they are and what is told of them an element of its own brings.

    So that a switch, a selection or other colours send no more than changes: a byte for each point.
    """
    coloured = points.colouring
    x, y = (np.asarray(places, np.float32) for places in (points.x, points.y))
    places, told = _columns({"x": x, "y": y}, points.lines, "line")
    colours, told_too = _columns({"code": coloured.codes}, [coloured.line] if coloured.line else [], "colour")
    if points.kept is not None:
        colours["kept"] = points.kept.astype(np.uint8)
    table, colouring = pa.table(places), pa.table(colours)
    content = _digest(table)
    _store(key=f"points:{name}", data={"content": content, "table": table})
    about = {
        "content": content,
        "colouring": _digest(colouring),
        "colours": coloured.colours,
        "scale": coloured.scale,
        "rest": coloured.rest,
        "dimmed": DIMMED,
        "size": points.size,
        "opacity": coloured.opacity,
        "lines": told[:1] + told_too + told[1:],
        "click": clicked,
    }
    return about, colouring


def _columns(first: dict, lines: Sequence[Line], name: str) -> tuple[dict, list]:
    """Arrow's columns, and for each line its text, the column of its values, its text."""
    columns, told = dict(first), []
    for number, line in enumerate(lines):
        column = None if line.values is None else f"{name}{number}"
        if column:
            values = pa.array(line.values)
            if pa.types.is_string(values.type):
                once = values.dictionary_encode()
                values = once if 2 * len(once.dictionary) < len(values) else values
            columns[column] = values
        told.append([line.before, column, line.after])
    return columns, told


def _digest(table: pa.Table) -> str:
    found = hashlib.blake2b(digest_size=12)
    for column in table.columns:
        for chunk in column.chunks:
            parts = (chunk.dictionary, chunk.indices) if isinstance(chunk, pa.DictionaryArray) else (chunk,)
            for buffer in (buffer for part in parts for buffer in part.buffers() if buffer is not None):
                found.update(buffer)
    return found.hexdigest()


def _deliver(key: str, event: str, check: Callable, callback: Callable | None) -> None:
    """Hand what the browser sent to a view, if it is what this event sends; anything else is dropped."""
    sent = st.session_state[key].get(event)
    try:
        value = check(sent["value"])
    except (TypeError, KeyError, ValueError, OverflowError):
        return
    if callback is not None:
        callback(value)


def _point(sent: object) -> dict:
    if not isinstance(sent, dict):
        raise TypeError
    return {
        name: sent.get(name) for name in ("curve", "number", "x", "y", "z", "row", "column", "customdata", "points")
    }


def _region(sent: object) -> dict | None:
    if sent is None:
        return None
    x, y = ([_place(v) for v in sent[axis]] for axis in "xy")
    if len(x) != len(y) or sent["kind"] not in ("box", "lasso") or len(x) < (2 if sent["kind"] == "box" else 3):
        raise ValueError
    return {"kind": sent["kind"], "x": x, "y": y}


def _index(sent: object, count: int) -> int:
    if not isinstance(sent, int) or isinstance(sent, bool) or not 0 <= sent < count:
        raise ValueError
    return sent


def _place(sent: object) -> float:
    value = float(sent)
    if not math.isfinite(value):
        raise ValueError
    return value


def _want_csv(key: str) -> None:
    """A rerun sends a table once, to the chart whose menu asked for it: tables do not travel with every figure."""
    wanted = st.session_state.setdefault(_CSV_WANTED, {})
    number = st.session_state["chart-csv-number"] = st.session_state.get("chart-csv-number", 0) + 1
    wanted[key] = number
