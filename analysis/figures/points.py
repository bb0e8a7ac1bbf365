"""Points that are too many for plotly: all samples of a run, which the app draws on a canvas behind a figure's axes.

A figure of that kind holds linear axes with fixed ranges and what is drawn over the points. May import NumPy and plotly
only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import plotly.graph_objects as go

from analysis.figures.style import COLOURS, CUSTOM_COLOURS, FAINT, INK, SURFACE, plain, rgba
from analysis.reference.outside_text import isolated, shortened
from analysis.reference.symlog import FALL_UNIT, ticks, to_scale

CATEGORY_COLOURS = (*(COLOURS[key] for key in ("pa", "hard-poe", "softmax-poe", "moe", "ca")), CUSTOM_COLOURS[0], INK)
"""Of categories by their frequency: told apart by colour-blind readers, on either page, at the size of a point."""
REST = rgba(INK, 0.3)
"""What has no colour of its own: rarer categories, unknown values. Drawn behind the others."""
DIMMED = rgba(INK, 0.14)
"""What is not selected."""
SCALE_STEPS = 255
"""Codes 0 to 254 of a number are places on the sequential scale, which the browser has for each page."""
ENDS = "ends of the scale"
_LONGEST = 28


@dataclass(frozen=True)
class Line:
    """A line of what is told of a point: a text, its value where there is one, a text. No line where it is missing."""

    before: str
    values: Sequence | None = None
    after: str = ""


@dataclass(frozen=True)
class Colouring:
    """A colour for each point.

    `codes` (points,), uint8, are places in `colours`; or on the sequential scale, with `scale`, where `SCALE_STEPS`
    stands for `colours[0]`. The code `rest` is drawn behind all others.
    """

    codes: np.ndarray
    colours: tuple[str, ...]
    line: Line | None = None
    scale: bool = False
    rest: int | None = None

    @property
    def opacity(self) -> float:
        """The faintest at which the faintest colour can be seen."""
        return max(FAINT.get(colour, 0.9) for colour in self.colours)


@dataclass(frozen=True)
class Points:
    """All points of a figure, in the order of the samples, in which they are drawn.

    `x` and `y` (points,) are places on linear axes, as float32; NaN is not drawn. `kept` (points,), bool, are those
    that are selected: the others are dimmed.
    """

    x: np.ndarray
    y: np.ndarray
    lines: Sequence[Line]
    colouring: Colouring
    kept: np.ndarray | None = field(default=None)

    def __post_init__(self):
        counts = {len(self.x), len(self.y), len(self.colouring.codes)}
        counts |= {len(line.values) for line in self.lines if line.values is not None}
        if len(counts | ({len(self.kept)} if self.kept is not None else set())) > 1:
            raise ValueError(f"points: x, y, codes, values and selection differ in length: {sorted(counts)}")

    def __len__(self) -> int:
        return len(self.x)

    @property
    def size(self) -> float:
        """Of a point, in pixels."""
        return 5 if len(self) <= 2_000 else 4 if len(self) <= 20_000 else 3


def one_colour(count: int, colour: str) -> Colouring:
    """All points in one colour."""
    return Colouring(np.zeros(count, np.uint8), (colour,))


def by_category(codes: np.ndarray, names: Sequence[str], what: str) -> tuple[Colouring, list[tuple[str, str]]]:
    """Categories in colours by their frequency; the rarest, if there are too many, in grey.

    Parameters
    ----------
    codes : int, (points,)
        Places in `names`, -1 where it is unknown.
    names : sequence of str
        Plain text.
    what : str
        What the categories are of.

    Returns
    -------
    Colouring
    list of (colour, text)
        What the colours mean: a legend's entries.

    Examples
    --------
    >>> colouring, legend = by_category(np.array([1, 1, 0, -1]), ["fox", "wolf"], "label")
    >>> colouring.codes.tolist(), [text for _, text in legend]
    ([0, 0, 1, 2], ['wolf (2)', 'fox (1)', 'unknown (1)'])
    """
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    order = [int(i) for i in np.argsort(-counts, kind="stable") if counts[i]]
    own = order if len(order) <= len(CATEGORY_COLOURS) else order[: len(CATEGORY_COLOURS)]
    place = np.full(len(names) + 1, len(own), np.uint8)  # the last for -1
    place[own] = np.arange(len(own))
    legend = [(CATEGORY_COLOURS[i], f"{names[j]} ({counts[j]:,})") for i, j in enumerate(own)]
    others, unknown = len(order) - len(own), int((codes < 0).sum())
    if others:
        legend.append((REST, f"{others:,} others ({int(counts[order[len(own) :]].sum()):,})"))
    if unknown:
        legend.append((REST, f"unknown ({unknown:,})"))
    colours = (*CATEGORY_COLOURS[: len(own)], REST)
    shown = np.array([isolated(name) for name in [*names, "unknown"]], dtype=object)
    return Colouring(place[codes], colours, Line(f"{what}: ", shown[codes]), rest=len(own)), legend


def by_number(values: np.ndarray, what: str, *, falls: bool = False) -> tuple[Colouring, dict]:
    """Numbers along the sequential scale, from the lowest to the highest; those that are not finite in grey.

    Parameters
    ----------
    values : float, (points,)
    what : str
        What the numbers are.
    falls : bool
        Whether they are falls of a probability: then along log10(1 + v / 0.0001), from 0 to 1.

    Returns
    -------
    Colouring
    dict
        The colour bar: plotly's `coloraxis`.

    Examples
    --------
    >>> colouring, bar = by_number(np.array([2.0, 4.0, np.nan]), "margin")
    >>> colouring.codes.tolist(), bar["cmin"], bar["cmax"]
    ([0, 254, 255], 2.0, 4.0)
    """
    values = np.asarray(values, dtype=np.float64)
    known = np.isfinite(values)
    places = to_scale(np.where(known, values, 0), FALL_UNIT) if falls else np.where(known, values, 0)
    low, high = (float(end(places[known])) if known.any() else 0.0 for end in (np.min, np.max))
    bar = {"title": {"text": plain(shortened(what, _LONGEST)), "side": "right"}, "thickness": 12, "outlinewidth": 0}
    if falls:
        tickvals, ticktext = ticks(0, 1, FALL_UNIT)
        low, high, bar = 0.0, tickvals[-1], bar | {"tickvals": tickvals, "ticktext": ticktext}
    span = high - low or 1.0
    codes = np.where(known, np.clip((places - low) / span * (SCALE_STEPS - 1), 0, SCALE_STEPS - 1), SCALE_STEPS)
    line = Line(f"{what}: ", np.where(known, values, np.nan).astype(np.float32))
    colouring = Colouring(np.rint(codes).astype(np.uint8), (REST,), line, scale=True, rest=SCALE_STEPS)
    return colouring, {"cmin": low, "cmax": low + span, "colorbar": bar}


def add_legend(figure: go.Figure, legend: Sequence[tuple[str, str]], title: str) -> None:
    """What the colours mean, beside the figure: entries that nothing is drawn for."""
    for colour, text in legend:
        marker = {"color": colour, "size": 9}
        name = plain(shortened(text, _LONGEST))
        figure.add_trace(go.Scatter(x=[None], y=[None], mode="markers", marker=marker, name=name, hoverinfo="skip"))
    figure.layout.showlegend = True
    figure.layout.legend = {
        "title": {"text": plain(shortened(title, _LONGEST)), "font": {"size": 12}},
        **{"orientation": "v", "x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top"},
        **{"itemclick": False, "itemdoubleclick": False},
    }


def add_colour_bar(figure: go.Figure, bar: dict) -> None:
    """The sequential scale, beside the figure; its colours are the browser's."""
    marker = {"color": [bar["cmin"], bar["cmax"]], "coloraxis": "coloraxis", "opacity": 0}
    figure.add_trace(go.Scatter(x=[None] * 2, y=[None] * 2, mode="markers", marker=marker, name=ENDS, hoverinfo="skip"))
    figure.layout.coloraxis = bar


def add_ring(figure: go.Figure, x: float, y: float) -> None:
    """A ring around the sample on screen, with a rim that sets it off from points of its colour."""
    for colour, width, name in ((SURFACE, 6, "rim"), (INK, 2, "sample on screen")):
        figure.add_trace(
            go.Scatter(
                x=[x],
                y=[y],
                name=name,
                mode="markers",
                showlegend=False,
                marker={"symbol": "circle-open", "size": 15, "color": colour, "line": {"width": width}},
                unselected={"marker": {"opacity": 1}},  # a box around other points does not dim it
                cliponaxis=False,
                hoverinfo="skip",
            )
        )
