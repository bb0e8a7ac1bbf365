"""Where names stand in a figure: at the ends of lines, along curves, above marks; and names that are too long.

May import NumPy, plotly and the standard library only. Places are found in pixels of a figure of a given height and
written as offsets from the data, so that a name stands by its line whatever the figure's width, and within the axis.
"""

import textwrap
import unicodedata
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.style import plain
from analysis.reference.outside_text import shortened

LINE = 15  # pixels from one name to the next
LONGEST = 26  # characters of a name beside a line
_NARROWEST = 300  # pixels: a figure of this width or more has the names of its curves apart
_ALONE = 8  # pixels between a name and the nearest other curve; with less, a line joins the name to its own


def in_lines(text: object, width: int = 60, lines: int = 8) -> str:
    """A name in full for the pointer, in lines; plain text, escaped here.

    Examples
    --------
    >>> in_lines("fox & hound", 6)
    'fox &amp;<br>hound'
    """
    found = textwrap.wrap(str(text), width, max_lines=lines, placeholder=" …") or [""]
    return "<br>".join(plain(line) for line in found)


def text_width(text: str, size: float = 12) -> float:
    """About how many pixels a text takes, rather too many than too few."""
    return size * sum(_em(character) for character in text)


def _em(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    return 0.9 if character in "mwMW@%…" else 0.68 if character.isupper() else 0.56


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """Move positions apart so that neighbours differ by at least `gap`, each as little as possible, order kept.

    For the labels of lines that end close to each other.

    Examples
    --------
    >>> spread([0.5, 0.52], gap=0.1)
    [0.46, 0.56]
    >>> spread([3.0, 1.0], gap=0.5)
    [3.0, 1.0]
    """
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    clusters: list[list[float]] = []  # [sum of wished positions minus offsets, count]: pooled as in isotonic regression
    for rank, i in enumerate(order):
        clusters.append([positions[i] - rank * gap, 1])
        while len(clusters) > 1 and clusters[-2][0] / clusters[-2][1] > clusters[-1][0] / clusters[-1][1]:
            total, count = clusters.pop()
            clusters[-1][0] += total
            clusters[-1][1] += count
    moved = [0.0] * len(positions)
    rank = 0
    for total, count in clusters:
        for _ in range(int(count)):
            moved[order[rank]] = round(total / count + rank * gap, 10)
            rank += 1
    return moved


def spread_within(positions: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """The same, no position below `low` or above `high`; closer together where they do not fit otherwise.

    Examples
    --------
    >>> spread_within([0.0, 1.0, 90.0], 15, 0, 100)
    [0.0, 15.0, 90.0]
    >>> spread_within([100.0, 99.0], 15, 0, 100)
    [100.0, 85.0]
    """
    gap = min(gap, (high - low) / max(len(positions) - 1, 1))
    places = spread(positions, gap)
    order = sorted(range(len(places)), key=lambda i: (places[i], positions[i]))
    for rank, i in enumerate(order):
        places[i] = max(places[i], low + rank * gap)
    for rank, i in enumerate(reversed(order)):
        places[i] = min(places[i], high - rank * gap)
    return places


def name_ends(
    figure: go.Figure,
    ends: Sequence[tuple[float, float, str, str]],
    *,
    span: tuple[float, float],
    pixels: float,
    axes: str = "",
) -> None:
    """Write lines' names beside their last points, each in its colour and apart from the others, and make room.

    A name that had to move is joined to its line's end by a thin line.

    Parameters
    ----------
    ends : sequence of (x, y, name, colour)
        The lines' last points, in data units; names are plain text, escaped and cut here; colours are of `THEMED`.
    span : (float, float)
        The y axis's range.
    pixels : float
        The axis's height.
    axes : str
        Which axes: "" for x and y, "2" for x2 and y2, ...
    """
    low, high = span
    wished = [(high - min(max(y, low), high)) / (high - low) * pixels for _, y, *_ in ends]
    places = spread_within(wished, LINE, 5, pixels - 5)
    moved = any(abs(place - wish) > 0.5 for place, wish in zip(places, wished))
    for (x, y, text, colour), place, wish in zip(ends, places, wished):
        where = {"x": x, "y": min(max(y, low), high), "xref": f"x{axes}", "yref": f"y{axes}", "xanchor": "left"}
        joined = {"showarrow": True, "ax": 22, "ay": place - wish, "arrowhead": 0, "arrowwidth": 1, "standoff": 6}
        shown = shortened(text, LONGEST)
        figure.add_annotation(
            text=plain(shown),
            hovertext=in_lines(text) if shown != text else None,
            font={"color": colour, "size": 12},
            **where,
            **(joined | {"arrowcolor": colour} if moved else {"showarrow": False, "xshift": 8}),
        )
    needed = [(28 if moved else 12) + text_width(shortened(text, LONGEST)) for _, _, text, _ in ends]
    figure.layout.margin.r = max(figure.layout.margin.r or 0, round(max(needed, default=0)))


def name_marks(
    figure: go.Figure, marks: Sequence[tuple[float, str, str]], row: object, span: tuple[float, float]
) -> None:
    """Names above the marks of the topmost row, within the figure; where marks are close, one above the other.

    Parameters
    ----------
    marks : sequence of (x, name, colour)
    row : object
        Where the row stands on the y axis.
    span : (float, float)
        The x axis's range.
    """
    low, high = span
    places = [(x - low) / (high - low) for x, *_ in marks]
    order = sorted(range(len(marks)), key=lambda i: places[i])
    level, before = 0, None
    for i in order:
        (x, text, colour), place = marks[i], places[i]
        level = level + 1 if before is not None and place - before < 0.25 else 0
        before = place
        figure.add_annotation(
            x=x, y=row, text=plain(shortened(text, LONGEST)), showarrow=False, yshift=16 + LINE * level,
            xanchor="left" if place < 0.2 else "right" if place > 0.8 else "center",
            font={"color": colour, "size": 12},
        )  # fmt: skip
    figure.layout.margin.t = max(figure.layout.margin.t or 0, 26 + LINE * (len(marks) - 1))


def heading(x: float, y: float, text: str, up: float = 12) -> dict:
    """An annotation that heads a panel, at the left end of its top; the chart component breaks it into lines."""
    where = {"x": x, "y": y, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "yshift": up}
    return {**where, "name": "heading", "align": "left", "text": plain(text), "showarrow": False}


def name_curves(
    figure: go.Figure,
    curves: Sequence[tuple[str, str, np.ndarray, np.ndarray]],
    *,
    spans: tuple[tuple[float, float], tuple[float, float]],
    pixels: float,
    near: float,
) -> None:
    """Write falling curves' names beside them, each where no other curve and no other name is near.

    A name stands at the upper right of a point of its curve, or at the lower left. A curve that runs together with
    others wherever there is room has its name in the nearest free place, joined to the curve by a thin line.

    Parameters
    ----------
    curves : sequence of (name, colour, x, y)
        Points in data units, x ascending, y falling.
    spans : (range of x, range of y)
    pixels : float
        The height of the y axis.
    near : float
        The x beside which a name stands by preference.
    """
    (left, right), (low, high) = spans
    scale_x, scale_y = _NARROWEST / (right - left), pixels / (high - low)
    drawn = []
    for _, _, x, y in curves:
        points = np.column_stack([(np.asarray(x) - left) * scale_x, (high - np.asarray(y)) * scale_y])
        drawn.append(points[np.isfinite(points).all(axis=1)])
    taken = np.empty((0, 4))
    for number, (text, colour, _, _) in enumerate(curves):
        own = drawn[number]
        if not len(own):
            continue
        others = [_dense(points) for rank, points in enumerate(drawn) if rank != number and len(points)]
        crowd = np.vstack(others) if others else np.empty((0, 2))
        width = text_width(shortened(text, LONGEST))
        boxes, at = _beside(own, width), np.vstack([own, own])
        clear = _clearance(boxes, crowd, taken, pixels)
        best = int(np.argmax(np.round(clear) - 1e-3 * np.abs(at[:, 0] - (near - left) * scale_x)))
        if clear[best] >= _ALONE:
            upper = best < len(own)
            box, point = boxes[best], at[best]
            place = {"showarrow": False, "xshift": 5 if upper else -5, "yshift": 4 if upper else -4,
                     "xanchor": "left" if upper else "right", "yanchor": "bottom" if upper else "top"}  # fmt: skip
        else:
            box, point = _joined(own, crowd, width, taken, pixels)
            place = {"showarrow": True, "ax": box[0] - point[0], "ay": (box[1] + box[3]) / 2 - point[1],
                     "arrowhead": 0, "arrowwidth": 1, "arrowcolor": colour, "xanchor": "left"}  # fmt: skip
        taken = np.vstack([taken, box])
        where = {"x": left + float(point[0]) / scale_x, "y": high - float(point[1]) / scale_y}
        figure.add_annotation(
            text=plain(shortened(text, LONGEST)), font={"color": colour, "size": 12}, **where, **place
        )


# Points are (x, y) and boxes (left, top, right, bottom), in pixels from the upper left corner of the axes.


def _dense(points: np.ndarray, step: float = 6) -> np.ndarray:
    """Points at most `step` pixels apart along a line."""
    lengths = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(points, axis=0)).max(axis=1, initial=0))])
    at = np.linspace(0, lengths[-1], int(lengths[-1] / step) + 2)
    return np.column_stack([np.interp(at, lengths, points[:, 0]), np.interp(at, lengths, points[:, 1])])


def _beside(points: np.ndarray, width: float) -> np.ndarray:
    """Boxes at the upper right of each point, then at the lower left of each."""
    x, y = points.T
    upper = np.column_stack([x + 5, y - 4 - LINE, x + 5 + width, y - 4])
    return np.vstack([upper, np.column_stack([x - 5 - width, y + 4, x - 5, y + 4 + LINE])])


def _clearance(boxes: np.ndarray, points: np.ndarray, taken: np.ndarray, pixels: float) -> np.ndarray:
    """Pixels from each box to the nearest point, 16 at most; -1 where it meets a name or leaves the axes."""
    left, top, right, bottom = (side[:, None] for side in boxes.T)
    x, y = points.T
    apart = np.maximum(np.maximum(left - x, x - right), np.maximum(top - y, y - bottom))
    nearest = np.clip(apart.min(axis=1, initial=16.0), 0, 16)
    meets = (left < taken[:, 2] + 4) & (right > taken[:, 0] - 4) & (top < taken[:, 3]) & (bottom > taken[:, 1])
    outside = (boxes[:, 0] < 0) | (boxes[:, 1] < 0) | (boxes[:, 2] > _NARROWEST) | (boxes[:, 3] > pixels)
    return np.where(meets.any(axis=1) | outside, -1.0, nearest)


def _joined(
    own: np.ndarray, crowd: np.ndarray, width: float, taken: np.ndarray, pixels: float
) -> tuple[np.ndarray, np.ndarray]:
    """A free place for a name, as near to its curve as can be, and the point of the curve to join it to."""
    lefts, tops = np.arange(4, max(_NARROWEST - width, 5), 12.0), np.arange(2, max(pixels - LINE, 3), 5.0)
    left, top = (grid.ravel() for grid in np.meshgrid(lefts, tops))
    boxes = np.column_stack([left, top, left + width, top + LINE])
    clear = _clearance(boxes, np.vstack([crowd, _dense(own)]), taken, pixels)
    far = np.hypot(own[:, 0] - (left - 2)[:, None], own[:, 1] - (top + LINE / 2)[:, None])
    distance = np.hypot(crowd[:, 0] - own[:, :1], crowd[:, 1] - own[:, 1:]).min(axis=1, initial=12.0)
    cost = far - 3 * distance  # where the curve is alone, the line says best which it joins
    place = int(np.argmin(cost.min(axis=1) + np.where(clear < 4, 1e3, 0) + np.where(clear < 0, 1e6, 0)))
    return boxes[place], own[int(np.argmin(cost[place]))]
