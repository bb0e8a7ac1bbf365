"""Accuracy against compute in the anytime setting: a step per exit, one line per predictor, and what a budget buys."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import name_ends
from analysis.figures.style import (
    FAINT,
    INK,
    MARKERS_DRAWN,
    base_figure,
    exit_ticks,
    fitted_range,
    plain,
    predictor_style,
)


@dataclass(frozen=True)
class Curve:
    """One predictor.

    Attributes
    ----------
    predictor_id, label : str
    values : float, (exits,)
        Percent of samples that are right, or another quantity in percent.
    """

    predictor_id: str
    label: str
    values: np.ndarray


def compute_curve_figure(
    x: Sequence[float],
    curves: Sequence[Curve],
    *,
    exit_names: Sequence[str],
    emphasised: str,
    published: Sequence[tuple[Curve, Sequence[float]]] = (),
    answer: tuple[float, float] | None = None,
    unit: str | None,
    quantity: str,
    title: str,
    subtitle: str,
    height: int = 460,
) -> go.Figure:
    """Steps at every exit, markers where an exit is reached.

    Parameters
    ----------
    x : sequence of float, one per exit
        Cumulative cost in `unit`, or the exit number where `unit` is None.
    curves : sequence of Curve
        The baseline first.
    emphasised : str
        The predictor on screen; the others are thinner.
    published : sequence of (Curve, x values)
        Open markers.
    answer : (budget, value), optional
        What the predictor on screen gives at the budget: a ringed point on the step.
    quantity : str
        The y axis's title, with its unit.

    Returns
    -------
    plotly.graph_objects.Figure
        The budget line itself is the chart component's.
    """
    x_title = "exit (this run states no costs)" if unit is None else f"cumulative cost per sample, {unit}"
    figure = base_figure(title, subtitle, x_title, quantity, height=height, uirevision=unit or "exits")
    span = float(x[-1] - x[0]) or 1.0
    if unit is None:
        figure.update_xaxes(**exit_ticks(exit_names, x))
    else:
        figure.update_xaxes(tickformat="~s", hoverformat=",.4s")
    figure.update_xaxes(range=[float(x[0]) - 0.06 * span, float(x[-1]) + 0.04 * span])
    for curve in sorted(curves, key=lambda c: c.predictor_id == emphasised):  # the one on screen is drawn last, on top
        figure.add_trace(_steps(curve, x, exit_names, curve.predictor_id == emphasised, unit))
    for curve, places in published:
        figure.add_trace(_published(curve, places))
    if answer is not None:
        figure.add_trace(_ring(answer))
    low, high = fitted_range([c.values for c in curves] + [c.values for c, _ in published], room=0.3)
    figure.update_yaxes(range=[low, high], ticksuffix="%")
    if low > 0:
        figure.layout.title.subtitle.text += " The vertical axis does not start at 0."
    ends = [
        (float(x[-1]), float(curve.values[-1]), curve.label, predictor_style(curve.predictor_id)["color"])
        for curve in curves
        if np.isfinite(curve.values[-1])
    ]
    name_ends(figure, ends, span=(low, high), pixels=height - 52)
    return figure


def _steps(curve: Curve, x: Sequence[float], exit_names: Sequence[str], full: bool, unit: str | None) -> go.Scatter:
    style = predictor_style(curve.predictor_id)
    cost = "" if unit is None else f"<br>%{{x:.4s}} {plain(unit)}"
    return go.Scatter(
        x=np.asarray(x, dtype=float),
        y=curve.values,
        name=plain(curve.label),
        mode="lines+markers",
        line={"shape": "hv", "color": style["color"], "dash": style["dash"], "width": 3 if full else 1.75},
        marker={
            "symbol": style["symbol"],
            "color": style["color"],
            "size": 10 if full else 7,
            "maxdisplayed": MARKERS_DRAWN,
        },
        opacity=1 if full else FAINT[style["color"]],
        customdata=[[index, plain(name)] for index, name in enumerate(exit_names, start=1)],
        hovertemplate=f"{plain(curve.label)}, exit %{{customdata[1]}}<br>%{{y:.2f}}%{cost}"
        "<br>click to put the budget here<extra></extra>",
    )


def _published(curve: Curve, places: Sequence[float]) -> go.Scatter:
    style = predictor_style(curve.predictor_id)
    return go.Scatter(
        x=np.asarray(places, dtype=float),
        y=curve.values,
        name=f"published, {plain(curve.label)}",
        mode="markers",
        marker={"symbol": f"{style['symbol']}-open", "color": style["color"], "size": 10, "line": {"width": 1.5}},
        hovertemplate=f"published, {plain(curve.label)}<br>%{{y:.2f}}%<br>%{{x:.4s}}<extra></extra>",
    )


def _ring(answer: tuple[float, float]) -> go.Scatter:
    return go.Scatter(
        x=[answer[0]],
        y=[answer[1]],
        name="at the budget",
        mode="markers",
        marker={"symbol": "circle-open", "color": INK, "size": 18, "line": {"width": 2.5}},
        hovertemplate="at the budget: %{y:.2f}%<extra></extra>",
    )
