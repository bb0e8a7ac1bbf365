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
_WIDEST = 4  # times as wide: up to there names stay clear of each other
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


def cut_apart(names: Sequence[str], most: int) -> list[str]:
    """Names as `shortened` cuts them; where what is left begins alike, the middle goes and the end stays.

    Examples
    --------
    >>> cut_apart(["Baseline, mine-corrected-a (88.0%)", "Baseline, mine-corrected-b (87.0%)", "PA"], 26)
    ['Baseline…rected-a (88.0%)', 'Baseline…rected-b (87.0%)', 'PA']
    """
    shown = [shortened(name, most) for name in names]
    begins = [text.partition("…")[0] for text in shown]
    for place, name in enumerate(names):
        if shown[place] != name and begins.count(begins[place]) > 1:
            told = shown[place].partition("…")[2]
            whole, half = name.removesuffix(told), max((most - len(told) - 1) // 2, 4)
            shown[place] = f"{whole[:half].rstrip(' ,')}…{whole[-half:].lstrip()}{told}"
    return shown


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
    [0, 15, 90.0]
    >>> spread_within([100.0, 99.0], 15, 0, 100)
    [100, 85]
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
    longest: int = LONGEST,
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
    longest : int
        Characters of a name that is not cut.
    """
    low, high = span
    names = cut_apart([text for _, _, text, _ in ends], longest)
    wished = [(high - min(max(y, low), high)) / (high - low) * pixels for _, y, *_ in ends]
    places = spread_within(wished, LINE, 5, pixels - 5)
    moved = any(abs(place - wish) > 0.5 for place, wish in zip(places, wished))
    for (x, y, text, colour), shown, place, wish in zip(ends, names, places, wished):
        where = {"x": x, "y": min(max(y, low), high), "xref": f"x{axes}", "yref": f"y{axes}", "xanchor": "left"}
        joined = {"showarrow": True, "ax": 22, "ay": place - wish, "arrowhead": 0, "arrowwidth": 1, "standoff": 6}
        figure.add_annotation(
            text=plain(shown),
            hovertext=in_lines(text) if shown != text else None,
            font={"color": colour, "size": 12},
            **where,
            **(joined | {"arrowcolor": colour} if moved else {"showarrow": False, "xshift": 8}),
        )
    needed = [(28 if moved else 12) + text_width(shown) for shown in names]
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


def name_in_corner(figure: go.Figure, names: Sequence[tuple[str, str]], *, in_a_row: bool = False) -> None:
    """Names beside a square of their colours in the upper right corner, one below the other; or `in_a_row` above it.

    Parameters
    ----------
    names : sequence of (name, colour)
        Plain text, escaped and cut here.
    """
    shift = 0
    for rank, (text, colour) in enumerate(names):
        where = {"yanchor": "bottom", "yshift": 24, "xshift": -shift} if in_a_row else {"yanchor": "top",
                                                                                      "yshift": -17 * rank}  # fmt: skip
        shown = f"\N{BLACK SQUARE} {shortened(text, LONGEST)}"
        figure.add_annotation(
            x=1, y=1, xref="paper", yref="paper", xanchor="right", showarrow=False,
            text=plain(shown), font={"color": colour, "size": 12}, **where,
        )  # fmt: skip
        shift += round(text_width(shown)) + 10


def name_curves(
    figure: go.Figure,
    curves: Sequence[tuple[str, str, np.ndarray, np.ndarray]],
    *,
    spans: tuple[tuple[float, float], tuple[float, float]],
    pixels: float,
    near: float,
    beside: Sequence[tuple[np.ndarray, np.ndarray]] = (),
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
    beside : sequence of (x, y)
        Further lines that names keep clear of.
    """
    (left, right), (low, high) = spans
    scale_x, scale_y = _NARROWEST / (right - left), pixels / (high - low)
    drawn = []
    for x, y in [*((x, y) for _, _, x, y in curves), *beside]:
        points = np.column_stack([(np.asarray(x) - left) * scale_x, (high - np.asarray(y)) * scale_y])
        drawn.append(points[np.isfinite(points).all(axis=1)])
    taken, written = np.empty((0, 6)), []
    names = cut_apart([text for text, *_ in curves], LONGEST)
    for number, (text, (_, colour, _, _)) in enumerate(zip(names, curves)):
        own = drawn[number]
        if not len(own):
            continue
        others = [_dense(points) for rank, points in enumerate(drawn) if rank != number and len(points)]
        crowd = np.vstack(others) if others else np.empty((0, 2))
        width = text_width(text)
        places = _beside(own, width)
        clear = _clearance(places, crowd, taken, pixels)
        best = int(np.argmax(np.round(clear) - 1e-3 * np.abs(places[:, 0] - (near - left) * scale_x)))
        joined = clear[best] < _ALONE
        place = _joined(own, crowd, width, taken, pixels) if joined else places[best]
        taken = np.vstack([taken, place])
        x, y, start, top, end, bottom = (float(value) for value in place)
        look = {"showarrow": False, "xshift": start if start > 0 else end, "yshift": -bottom if start > 0 else -top,
                "xanchor": "left" if start > 0 else "right", "yanchor": "bottom" if start > 0 else "top"}  # fmt: skip
        if joined:
            look = {"showarrow": True, "ax": start if start > 0 else end, "ay": (top + bottom) / 2, "arrowhead": 0,
                    "arrowwidth": 1, "arrowcolor": colour, "xanchor": "left" if start > 0 else "right"}  # fmt: skip
        font = {"color": colour, "size": 12}
        where = {"x": left + x / scale_x, "y": high - y / scale_y}
        written.append({**where, "text": plain(text), "font": font, **look})
    if written:  # at once: each that is added alone has all others checked again
        figure.layout.annotations = [*figure.layout.annotations, *written]


# Points are (x, y) in pixels from the upper left corner of axes that are `_NARROWEST` wide. A place of a name is a
# point and, in pixels from it, its box: (x, y, left, top, right, bottom). In wider figures points move apart.


def _dense(points: np.ndarray, step: float = 6) -> np.ndarray:
    """Points at most `step` pixels apart along a line."""
    lengths = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(points, axis=0)).max(axis=1, initial=0))])
    at = np.linspace(0, lengths[-1], int(lengths[-1] / step) + 2)
    return np.column_stack([np.interp(at, lengths, points[:, 0]), np.interp(at, lengths, points[:, 1])])


def _places(points: np.ndarray, boxes: Sequence[tuple[float, float, float, float]]) -> np.ndarray:
    """Every box at every point, box by box."""
    return np.vstack([np.column_stack([points, np.tile(box, (len(points), 1))]) for box in boxes])


def _beside(points: np.ndarray, width: float) -> np.ndarray:
    """At the upper right of each point, then at the lower left of each."""
    return _places(points, [(5, -4 - LINE, 5 + width, -4), (-5 - width, 4, -5, 4 + LINE)])


def _clearance(
    places: np.ndarray, points: np.ndarray, taken: np.ndarray, pixels: float, wider: float = 1.0
) -> np.ndarray:
    """Pixels from each place to the nearest point, 16 at most; -1 where it meets a name or leaves the axes."""
    boxes = np.tile(places[:, :2] * [wider, 1], 2) + places[:, 2:]
    left, top, right, bottom = (side[:, None] for side in boxes.T)
    x, y = (points * [wider, 1]).T
    apart = np.maximum(np.maximum(left - x, x - right), np.maximum(top - y, y - bottom))
    nearest = np.clip(apart.min(axis=1, initial=16.0), 0, 16)
    meets = _meet(places, taken)
    outside = (left < 0) | (top < 0) | (right > wider * _NARROWEST) | (bottom > pixels)
    return np.where(meets.any(axis=1) | outside[:, 0], -1.0, nearest)


def _meet(places: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """Whether each place meets each name in a figure of any width: points that move apart can bring boxes together."""
    x, y, left, top, right, bottom = (side[:, None] for side in places.T)
    other_x, other_y, other_left, other_top, other_right, other_bottom = taken.T
    apart = np.sort([x - other_x, _WIDEST * (x - other_x)], axis=0)  # the least and the most that the points are
    across = (apart[0] < other_right - left + 4) & (apart[1] > other_left - right - 4)
    return across & (y + top < other_y + other_bottom) & (y + bottom > other_y + other_top)


def _joined(own: np.ndarray, crowd: np.ndarray, width: float, taken: np.ndarray, pixels: float) -> np.ndarray:
    """A place that is free at every width, near to where its curve is most alone; a farther one where none is free."""
    points, crowd = own[::6], crowd[::2]  # enough to see where it is free
    both = np.vstack([crowd, _dense(own, 12)])
    alone = np.hypot(crowd[:, 0] - points[:, :1], crowd[:, 1] - points[:, 1:]).min(axis=1, initial=12.0)
    for across, up in (((8, 20, 36), (14, 34, 60)), ((8, 20, 36, 64), (14, 34, 60, 90))):
        boxes = [
            (start, middle - LINE / 2, start + width, middle + LINE / 2)
            for start in (*across, *(-width - start for start in across))
            for middle in (*(-middle for middle in reversed(up)), *up)
        ]
        places = _places(points, boxes)
        clear = np.min([_clearance(places, both, taken, pixels, wider) for wider in (1.0, 1.6, 3.0)], axis=0)
        joint = np.where(places[:, 2] > 0, places[:, 2], places[:, 4])
        length = np.hypot(joint, (places[:, 3] + places[:, 5]) / 2)
        cost = length - 3 * np.tile(alone, len(boxes))  # where the curve is alone, the line says best which it joins
        best = int(np.argmin(cost + np.where(clear < 3, 1e3, 0) + np.where(clear < 0, 1e6, 0)))
        if clear[best] >= 0:
            break
    return places[best]
