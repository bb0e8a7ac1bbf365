"""Numbers of several predictors in panels side by side, each over an axis of its own, with their spread over seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import heading, name_ends
from analysis.figures.style import MARKERS_DRAWN, base_figure, fitted_range, plain, predictor_style, rgba

BAND = 0.2  # opacity of the band of one standard deviation
GAP = 0.12  # between panels, as a share of the figure's width
TOP, BOTTOM = 36, 44  # margins in pixels


@dataclass(frozen=True)
class SpreadLine:
    """One predictor in a panel: a mean (places,), and its spread (places,), 0 where there is none."""

    predictor_id: str
    label: str
    mean: np.ndarray
    spread: np.ndarray


@dataclass(frozen=True)
class SpreadPanel:
    """One quantity over one axis.

    Attributes
    ----------
    name : str
        The quantity, with its unit.
    x_title : str
    x : float (places,)
    lines : sequence of SpreadLine
        The baseline first.
    x_axis : mapping
        What plotly is told of the axis: its ticks.
    from_zero : bool
        0 is on the axis; otherwise it fits the values and its name says where it begins.
    """

    name: str
    x_title: str
    x: np.ndarray
    lines: Sequence[SpreadLine]
    x_axis: Mapping[str, object] = field(default_factory=dict)
    from_zero: bool = False


def spread_panels_figure(panels: Sequence[SpreadPanel], *, title: str, subtitle: str, height: int = 320) -> go.Figure:
    """Lines with a band of one standard deviation; names at the ends of the last panel's lines."""
    layout, headings = _layout(panels)
    figure = base_figure(title, subtitle, height=height, annotations=headings, **layout)
    figure.layout.margin.t = TOP
    for panel, row in zip(panels, _suffixes(panels)):
        figure.add_traces([_band(panel, one, row) for one in panel.lines if one.spread.any()])
        figure.add_traces([_line(panel, one, row) for one in panel.lines])
    _name_lines(figure, panels[-1], _suffixes(panels)[-1], height)
    return figure


def _suffixes(panels: Sequence[SpreadPanel]) -> list[str]:
    """What plotly adds to x and y: nothing for the first panel, then 2, 3, ..."""
    return ["" if number == 1 else str(number) for number in range(1, len(panels) + 1)]


def _layout(panels: Sequence[SpreadPanel]) -> tuple[dict, list[dict]]:
    """Axes side by side, and the panels' headings as annotations."""
    layout, headings = {}, []
    width = (1 - GAP * (len(panels) - 1)) / len(panels)
    for number, (panel, row) in enumerate(zip(panels, _suffixes(panels))):
        left, span = number * (width + GAP), (float(panel.x[-1]) - float(panel.x[0])) or 1.0
        low, high = _range(panel)
        layout[f"xaxis{row}"] = {
            "domain": [left, min(left + width, 1)],
            "anchor": f"y{row}",
            "range": [float(panel.x[0]) - 0.04 * span, float(panel.x[-1]) + 0.04 * span],
            "showgrid": False,
            "zeroline": False,
            "title": {"text": plain(panel.x_title)},
            **panel.x_axis,
        }
        layout[f"yaxis{row}"] = {
            "anchor": f"x{row}",
            "range": [low, high],
            "showgrid": True,
            "zeroline": False,
            "nticks": 6,
        }
        headings.append(heading(left, 1, panel.name if low <= 0 else f"{panel.name} (axis from {low:.10g})"))
    return layout, headings


def _range(panel: SpreadPanel) -> tuple[float, float]:
    values = [one.mean + sign * one.spread for one in panel.lines for sign in (-1, 1)]
    low, high = fitted_range([*values, np.zeros(1)] if panel.from_zero else values, room=0.2)
    return (-0.05 * high if panel.from_zero else low), high  # room for a marker at 0 above the ticks


def _band(panel: SpreadPanel, one: SpreadLine, row: str) -> go.Scatter:
    """The mean and one standard deviation to either side, as one outline."""
    known = np.flatnonzero(np.isfinite(one.mean) & np.isfinite(one.spread))
    low, high = (one.mean[known] + sign * one.spread[known] for sign in (-1, 1))
    x, colour = np.asarray(panel.x, dtype=np.float64)[known], predictor_style(one.predictor_id)["color"]
    return go.Scatter(
        x=[*x, *x[::-1]],
        y=[*low, *high[::-1]],
        name=f"± 1 sd, {plain(one.label)}: {plain(panel.name)}",
        mode="lines",
        line={"width": 0, "color": colour},
        fill="toself",
        fillcolor=rgba(colour, BAND),
        hoverinfo="skip",
        xaxis=f"x{row}",
        yaxis=f"y{row}",
    )


def _line(panel: SpreadPanel, one: SpreadLine, row: str) -> go.Scatter:
    style = predictor_style(one.predictor_id)
    said = [f"{mean:.4g}{f' ± {spread:.2g}' if spread else ''}" for mean, spread in zip(one.mean, one.spread)]
    return go.Scatter(
        x=np.asarray(panel.x, dtype=np.float64),
        y=one.mean,
        name=f"{plain(one.label)}: {plain(panel.name)}",
        mode="lines+markers",
        line={"color": style["color"], "width": 2.5, "dash": style["dash"]},
        marker={"symbol": style["symbol"], "color": style["color"], "size": 8, "maxdisplayed": MARKERS_DRAWN},
        customdata=said,
        hovertemplate=f"{plain(one.label)}<br>{plain(panel.name)}: %{{customdata}}"
        f"<br>{plain(panel.x_title)}: %{{x}}<extra></extra>",
        xaxis=f"x{row}",
        yaxis=f"y{row}",
    )


def _name_lines(figure: go.Figure, panel: SpreadPanel, row: str, height: int) -> None:
    ends = [
        (float(panel.x[-1]), float(one.mean[-1]), one.label, predictor_style(one.predictor_id)["color"])
        for one in panel.lines
        if np.isfinite(one.mean[-1])
    ]
    name_ends(figure, ends, span=_range(panel), pixels=height - TOP - BOTTOM, axes=row)
