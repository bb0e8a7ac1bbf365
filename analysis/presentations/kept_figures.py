"""A figure that is kept: plotly's JSON with whatever else the chart was given, checked before it is drawn again.

What comes from a file can hold no code, ask for nothing over the network, and be of no kind that the app does not draw
itself. Texts lose every tag but those of the house style.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import sys
from collections.abc import Mapping
from functools import partial

import numpy as np

from analysis.figures.points import Colouring, Line, Points

TRACES = ("scatter", "bar", "heatmap", "histogram", "box", "violin", "contour")
"""The kinds of traces that are drawn."""
LARGEST = 12_000_000
"""Characters of a figure's JSON."""
MOST_POINTS = 200_000
HEIGHTS = (80, 4_000)
_LAYOUT = re.compile(
    r"title|[xy]axis\d*|annotations|margin|showlegend|legend|(hover|click|bar|box|violin)mode|hoverlabel|font|"
    r"(hover|spike)distance|bar(gap|groupgap|norm)|coloraxis\d*|colorway|uniformtext|uirevision|separators"
)
_LEFT_OUT = ("template", "width", "height", "dragmode", "autosize", "selections", "meta")  # the browser's own matter
_NUMBERS = ("f4", "f8", "i1", "i2", "i4", "u1", "u2", "u4")
_TAG = re.compile(r"<(?!/?(?:b|i|em|br|sub|sup|extra)\s*/?>)", re.IGNORECASE)
# What the page's charts answer to, a screen does not.
_INVITATION = re.compile(r"(?:<br>|; )click to [^<]*|\s?\bA (?:click|box or lasso)\b[^.]*\.")
_NAME = re.compile(r"(?!constructor$|prototype$)[A-Za-z]\w{0,60}")  # none that means more than a property to JavaScript
_AXIS = re.compile(r"[xy]axis\d*")
_DEEPEST = 16
_LARGEST_NUMBER = sys.float_info.max
_OF_POINTS = ("x", "y", "codes", "kept", "colours", "scale", "rest", "shade", "lines")
_FIELDS = ("data", "layout", "height", "line", "region", "points")


def kept_figure(
    figure: str,
    height: int,
    *,
    line: float | None = None,
    region: Mapping | None = None,
    points: Points | None = None,
    zoom: object = None,
) -> dict:
    """What is kept of a chart.

    Parameters
    ----------
    figure : str
        Plotly's JSON.
    height : int
        Of the plot, in pixels, as it was made for.
    line : float, optional
        Where its vertical line stands, in x units.
    region : mapping, optional
        What is drawn as selected: `kind` (box or lasso), `x`, `y`.
    points : Points, optional
        What is drawn behind its axes.
    zoom : mapping, optional
        Axis -> its two ends, as the browser shows them; what is none is left out.

    Raises
    ------
    ValueError
        It is of a kind that is not kept, or too large.
    """
    whole = _uninviting(json.loads(figure))
    layout = {name: value for name, value in whole["layout"].items() if name not in _LEFT_OUT}
    for axis, ends in (zoom if isinstance(zoom, Mapping) else {}).items():
        if axis in layout and _AXIS.fullmatch(axis) and _are_numbers(ends) and len(ends) == 2:
            layout[axis] = {**layout[axis], "range": list(ends), "autorange": False}
    found = {"data": whole["data"], "layout": layout, "height": int(height), "line": line}
    found |= {"region": None if region is None else dict(region)}
    found |= {"points": None if points is None else _written(points)}
    checked = checked_figure(found, "this figure")
    if len(json.dumps(checked, ensure_ascii=False)) > LARGEST:
        raise ValueError(f"this figure takes more than {LARGEST:,} characters: show fewer points, or fewer lines")
    return checked


def checked_figure(found: object, where: str) -> dict:
    """A figure that was kept, from wherever it comes; what comes back is drawn without a further look.

    Raises
    ------
    ValueError
        It holds something that is not drawn: the message says where and what.
    """
    if not isinstance(found, dict) or not set(found) <= set(_FIELDS):
        raise ValueError(f"{where}: a figure holds {', '.join(_FIELDS)} and nothing else")
    data, layout, height = found.get("data"), found.get("layout"), found.get("height")
    if not isinstance(data, list) or not isinstance(layout, dict) or not all(isinstance(one, dict) for one in data):
        raise ValueError(f"{where}: data must be a list of traces, and layout an object")
    if type(height) is not int or not HEIGHTS[0] <= height <= HEIGHTS[1]:
        raise ValueError(f"{where}: height must be a whole number from {HEIGHTS[0]} to {HEIGHTS[1]}")
    for number, trace in enumerate(data):
        if trace.get("type", "scatter") not in TRACES:
            kind = str(trace["type"])[:40]
            raise ValueError(f"{where}: data[{number}] is of type {kind!r}, and only {', '.join(TRACES)} are drawn")
    for name in layout:
        if not _LAYOUT.fullmatch(name):
            raise ValueError(f"{where}: layout.{str(name)[:40]} is not drawn here")
    line, region = found.get("line"), found.get("region")
    if line is not None and not _are_numbers([line]):
        raise ValueError(f"{where}: line must be a finite number")
    points = found.get("points")
    if points is not None:
        points_of(points, where)
    return {
        "data": _checked(data, f"{where}: data"),
        "layout": _checked(layout, f"{where}: layout"),
        "height": height,
        "line": line,
        "region": None if region is None else _region(region, where),
        "points": None if points is None else {name: points[name] for name in _OF_POINTS},  # texts are shown as text
    }


def points_of(found: object, where: str = "points") -> Points:
    """The points of a figure that was kept.

    Raises
    ------
    ValueError
        They are none.
    """
    try:
        x, y = (_array(found[name], "<f4") for name in "xy")
        codes, kept = _array(found["codes"], "u1"), found["kept"]
        scale, rest, colours = found["scale"], found["rest"], tuple(found["colours"])
        lines = tuple(_line(one) for one in found["lines"])
        shade = None if found["shade"] is None else _line(found["shade"])
        kept = None if kept is None else _array(kept, "u1").astype(bool)
        points = Points(x, y, lines, Colouring(codes, colours, shade, scale, rest), kept)
        most = 255 if scale else len(colours) - 1
        sound = (
            type(scale) is bool
            and (rest is None or (type(rest) is int and 0 <= rest <= 255))
            and len(points) <= MOST_POINTS
        )
        sound &= bool(colours) and all(isinstance(one, str) for one in colours)
        sound &= shade is None or len(shade.values) == len(points)
        if not sound or (len(codes) and codes.max() > most):
            raise ValueError
    except (TypeError, KeyError, ValueError, AttributeError):
        raise ValueError(f"{where}: the points are damaged, or more than {MOST_POINTS:,}") from None
    return points


def _uninviting(node: object) -> object:
    if isinstance(node, str):
        return _INVITATION.sub("", node)
    if isinstance(node, dict):
        return {name: _uninviting(value) for name, value in node.items()}
    return [_uninviting(one) for one in node] if isinstance(node, list) else node


# --- what is written -------------------------------------------------------------------------------------------------


def _written(points: Points) -> dict:
    shade = points.colouring
    return {
        "x": _text(np.asarray(points.x, "<f4")),
        "y": _text(np.asarray(points.y, "<f4")),
        "codes": _text(np.asarray(shade.codes, np.uint8)),
        "kept": None if points.kept is None else _text(points.kept.astype(np.uint8)),
        "colours": list(shade.colours),
        "scale": shade.scale,
        "rest": shade.rest,
        "shade": None if shade.line is None else _told(shade.line),
        "lines": [_told(line) for line in points.lines if line.values is not None],  # others say what a click does
    }


def _text(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")


def _told(line: Line) -> list:
    return [line.before, [_plain_value(value) for value in line.values], line.after]


def _plain_value(value: object) -> object:
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float):
        return float(f"{value:.5g}") if math.isfinite(value) else None
    return value if isinstance(value, (bool, int, type(None))) else str(value)


# --- what is read ----------------------------------------------------------------------------------------------------


def _array(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text, validate=True), kind)


def _line(found: list) -> Line:
    before, values, after = found
    if not (isinstance(before, str) and isinstance(after, str) and isinstance(values, list)):
        raise TypeError
    if not all(value is None or isinstance(value, (str, bool)) or _is_number(value) for value in values):
        raise TypeError
    return Line(before, values, after)


def _region(found: object, where: str) -> dict:
    try:
        region = {"kind": found["kind"], "x": found["x"], "y": found["y"]}
        if region["kind"] not in ("box", "lasso") or not all(_are_numbers(region[axis]) for axis in "xy"):
            raise ValueError
        if len(region["x"]) != len(region["y"]) or not 2 <= len(region["x"]) <= 1_000:
            raise ValueError
    except (TypeError, KeyError, ValueError):
        raise ValueError(f"{where}: region must be a box or a lasso") from None
    return region


def _is_number(value: object) -> bool:
    """Whether it is a finite number, also as JavaScript reads it: whole numbers of JSON may have any length."""
    is_one = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_one and -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER


def _are_numbers(values: object) -> bool:
    return isinstance(values, (list, tuple)) and all(map(_is_number, values))


def _checked(node: object, where: str, depth: int = 0) -> object:
    """What JSON holds, its arrays of a known kind, its texts without foreign tags."""
    if depth > _DEEPEST:
        raise ValueError(f"{where[:80]} is nested too deep")
    if isinstance(node, str):
        return _TAG.sub("&lt;", node)
    if isinstance(node, dict):
        if "bdata" in node:
            return _typed(node, where)
        if wrong := next((name for name in node if not _NAME.fullmatch(name)), None):
            raise ValueError(f"{where[:80]}.{wrong[:40]} is no property of a figure")
        return {name: _checked(value, f"{where}.{name[:40]}", depth + 1) for name, value in node.items()}
    if isinstance(node, list):
        inner = partial(_checked, where=where, depth=depth + 1)
        return [one if _is_number(one) else inner(one) for one in node]
    if node is None or isinstance(node, bool) or _is_number(node):
        return node
    raise ValueError(f"{where[:80]} holds {str(node)[:20]!r}, which is no value of a figure")


def _typed(node: dict, where: str) -> dict:
    """Numbers as plotly packs them."""
    try:
        sound = set(node) <= {"dtype", "bdata", "shape"} and node["dtype"] in _NUMBERS
        sound &= re.fullmatch(r"[0-9, ]{0,40}", str(node.get("shape", ""))) is not None
        base64.b64decode(node["bdata"], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error):
        sound = False
    if not sound:
        raise ValueError(f"{where[:80]} holds numbers that are packed in no known way")
    return node
