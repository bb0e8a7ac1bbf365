"""Reliability diagrams in small panels, one per exit: accuracy over confidence, and what would be honest."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import heading, name_in_corner
from analysis.figures.style import FAINT, MUTED, base_figure, plain, predictor_style

ACROSS = 4
"""Panels in a row."""
GAP_X, GAP_Y = 0.045, 78
"""Between panels: a share of the width, and pixels."""
TOP = 46
"""Pixels above the panels: the predictors' names, and below them the headings."""
PANEL = 190
"""Pixels of a panel's height."""
SIZES = (4.0, 13.0)
"""Of a marker: none of the samples, and half of them or more."""


@dataclass(frozen=True)
class Diagram:
    """One predictor at one exit; arrays (bins,), NaN where a bin is empty.

    Attributes
    ----------
    predictor_id, label : str
    low, high : float, percent
        The bins' edges.
    confidence, accuracy : float, percent
        Their means in each bin.
    samples : int
    full : bool
        Whether it is the one on screen.
    """

    predictor_id: str
    label: str
    low: np.ndarray
    high: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    samples: np.ndarray
    full: bool


def panel_rows(panels: int) -> int:
    """How many rows of panels there are."""
    return -(-panels // ACROSS)


def reliability_height(panels: int) -> int:
    """Of the figure, in pixels."""
    rows = panel_rows(panels)
    return TOP + rows * PANEL + (rows - 1) * GAP_Y + 48


def reliability_figure(panels: Sequence[tuple[int, str, Sequence[Diagram]]], *, title: str, subtitle: str) -> go.Figure:
    """A point per bin at its mean confidence and accuracy, larger the more samples it holds; the diagonal is honest.

    Parameters
    ----------
    panels : sequence of (exit from 1, its name, diagrams)
    """
    layout, headings = _layout(panels)
    height = reliability_height(len(panels))
    figure = base_figure(title, subtitle, height=height, uirevision="confidence", annotations=headings, **layout)
    figure.layout.margin.t = TOP
    for number, (exit_, name, diagrams) in enumerate(panels, start=1):
        suffix = "" if number == 1 else str(number)
        figure.add_trace(_honest(suffix))
        for one in sorted(diagrams, key=lambda diagram: diagram.full):
            figure.add_trace(_points(one, exit_, name, suffix))
    names = [(one.label, predictor_style(one.predictor_id)["color"]) for one in reversed(panels[0][2])]
    name_in_corner(figure, names, in_a_row=True)
    return figure


def _layout(panels: Sequence[tuple[int, str, Sequence[Diagram]]]) -> tuple[dict, list[dict]]:
    layout, headings = {}, []
    across, rows = min(len(panels), ACROSS), panel_rows(len(panels))
    inner = rows * PANEL + (rows - 1) * GAP_Y
    width = (1 - GAP_X * (across - 1)) / across
    for number, (_, name, _) in enumerate(panels):
        row, column = divmod(number, ACROSS)
        suffix = "" if number == 0 else str(number + 1)
        left, top = column * (width + GAP_X), 1 - row * (PANEL + GAP_Y) / inner
        axis = {"range": [-2, 102], "tickvals": [0, 50, 100], "zeroline": False}
        layout[f"xaxis{suffix}"] = {
            **axis,
            "domain": [left, min(left + width, 1)],
            "anchor": f"y{suffix}",
            "showgrid": False,
            **({} if number + ACROSS < len(panels) else {"title": {"text": "confidence, %"}}),  # the lowest of a column
        }
        layout[f"yaxis{suffix}"] = {
            **axis,
            "domain": [max(top - PANEL / inner, 0), top],
            "anchor": f"x{suffix}",
            "showgrid": True,
            **({"title": {"text": "accuracy, %"}} if column == 0 else {}),
        }
        headings.append(heading(left, top, name, 6))
    return layout, headings


def _honest(suffix: str) -> go.Scatter:
    return go.Scatter(
        x=[0, 100],
        y=[0, 100],
        name="confidence = accuracy",
        mode="lines",
        line={"color": MUTED, "width": 1},
        hoverinfo="skip",
        xaxis=f"x{suffix}",
        yaxis=f"y{suffix}",
    )


def _points(one: Diagram, exit_: int, name: str, suffix: str) -> go.Scatter:
    style = predictor_style(one.predictor_id)
    held = np.flatnonzero(one.samples > 0)
    share = one.samples[held] / max(int(one.samples.sum()), 1)
    sizes = SIZES[0] + (SIZES[1] - SIZES[0]) * np.sqrt(np.minimum(share / 0.5, 1))
    return go.Scatter(
        x=one.confidence[held],
        y=one.accuracy[held],
        name=f"{plain(one.label)}, {plain(name)}",
        mode="lines+markers",
        line={"color": style["color"], "dash": style["dash"], "width": 2 if one.full else 1.25},
        marker={"symbol": style["symbol"], "color": style["color"], "size": sizes},
        opacity=1 if one.full else FAINT[style["color"]],
        customdata=[
            [exit_, int(b), one.predictor_id, int(one.samples[b]), float(one.low[b]), float(one.high[b])] for b in held
        ],
        hovertemplate=f"{plain(one.label)}, {plain(name)}<br>%{{customdata[3]:,}} samples of confidence "
        "%{customdata[4]:.1f}% to %{customdata[5]:.1f}%<br>mean confidence %{x:.1f}%, right %{y:.1f}%"
        "<br>click to see them<extra></extra>",
        xaxis=f"x{suffix}",
        yaxis=f"y{suffix}",
    )
