"""Accuracy against compute: steps where everyone stops at one exit, curves where each sample stops by a rule."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import in_lines, name_curves, name_ends
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


@dataclass(frozen=True)
class RuleCurve:
    """One stopping rule under one predictor.

    Attributes
    ----------
    predictor_id, label, name : whose answers; "PA, threshold"; "threshold", which is written beside the emphasised
    policy : an id, which a click reports
    x, values : float, (points,)
        Mean cost, or mean exit, rising; percent of samples that are right where they stop.
    settings : (points,)
        What the setting that runs is at each, as text; a click reports it.
    about : (points,)
        What the pointer says of each.
    joined : bool
        Whether a line joins the points, else they stand alone.
    marked : bool
        Whether the points of a line are marked too.
    chosen : bool
        Whether it is the rule on screen.
    """

    predictor_id: str
    label: str
    name: str
    policy: str
    x: np.ndarray
    values: np.ndarray
    settings: Sequence[str]
    about: Sequence[str]
    joined: bool = True
    marked: bool = False
    chosen: bool = False


@dataclass(frozen=True)
class Others:
    """Points of one other network, by rising cost: a static model's curve, or what somebody published."""

    name: str
    x: Sequence[float]
    values: Sequence[float]
    """Percent."""
    sources: Sequence[str]


def compute_curve_figure(
    x: Sequence[float],
    curves: Sequence[Curve],
    *,
    rules: Sequence[RuleCurve] = (),
    exit_names: Sequence[str],
    emphasised: str,
    published: Sequence[tuple[Curve, Sequence[float]]] = (),
    others: Sequence[Others] = (),
    answer: tuple[float, float] | None = None,
    answer_name: str = "at the budget",
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
    rules : sequence of RuleCurve
        Thinner than the steps, but for the one on screen. What they have far below the steps is cut off.
    emphasised : str
        The predictor on screen; the others are thinner.
    published : sequence of (Curve, x values)
        Open markers.
    others : sequence of Others
        Open markers in ink, those of one network joined by a thin line; the axis reaches to the dearest.
    answer : (budget, value), optional
        What the title speaks of: a ringed point, on the step at the budget or where a rule stands.
    answer_name : str
        What the pointer says that it is.
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
    dearest = max([float(x[-1]) + 0.04 * span, *(1.02 * float(cost) for one in others for cost in one.x)])
    cheapest = min([float(x[0]) - 0.06 * span, *(0.98 * float(cost) for one in others for cost in one.x)])
    figure.update_xaxes(range=[cheapest, dearest])
    for curve in sorted(curves, key=lambda c: c.predictor_id == emphasised):  # the one on screen is drawn last, on top
        figure.add_trace(_steps(curve, x, exit_names, curve.predictor_id == emphasised, unit))
    for rule in sorted(rules, key=lambda r: (r.predictor_id == emphasised, r.chosen)):
        figure.add_trace(_rule(rule, rule.predictor_id == emphasised, unit))
    for curve, places in published:
        figure.add_trace(_published(curve, places))
    for one in others:
        figure.add_trace(_others(one, unit))
    if answer is not None:
        figure.add_trace(_ring(answer, answer_name))
    steps = [c.values for c in curves] + [c.values for c, _ in published]
    low, high = fitted_range(
        [*steps, *(np.asarray(one.values) for one in others), *(_beside(rule, steps) for rule in rules)], room=0.3
    )
    figure.update_yaxes(range=[low, high], ticksuffix="%")
    if low > 0:
        figure.layout.title.subtitle.text += " The vertical axis does not start at 0."
    ends = [
        (float(x[-1]), float(curve.values[-1]), curve.label, predictor_style(curve.predictor_id)["color"])
        for curve in curves
        if np.isfinite(curve.values[-1])
    ]
    name_ends(figure, ends, span=(low, high), pixels=height - 52)
    span_x = figure.layout.xaxis.range
    named = [_seen(rule, span_x, (low, high)) for rule in rules if rule.predictor_id == emphasised]
    named += [(one.name, INK, np.asarray(one.x), np.asarray(one.values)) for one in others]
    lines = [_seen(rule, span_x, (low, high))[2:] for rule in rules if rule.predictor_id != emphasised]
    lines += [(np.repeat(x, 2)[1:], np.repeat(curve.values, 2)[:-1]) for curve in curves]
    lines += [
        (np.array([at]), np.array([value])) for curve, costs in published for at, value in zip(costs, curve.values)
    ]
    if answer is not None:
        lines.append((np.repeat(answer[0], 2), np.array([low, high])))  # the budget's line
    place = {"spans": (span_x, (low, high)), "pixels": height - 52, "near": float(x[0]) + 0.4 * span}
    name_curves(figure, named, beside=lines, **place)
    return figure


def _beside(rule: RuleCurve, steps: Sequence[np.ndarray]) -> np.ndarray:
    """The values that the axis makes room for: none below all steps, where a budget often ends before any answer."""
    lowest = min((float(np.nanmin(values)) for values in steps if np.isfinite(values).any()), default=0.0)
    return np.maximum(rule.values, lowest)


def _seen(rule: RuleCurve, across: Sequence[float], up: tuple[float, float]) -> tuple[str, str, np.ndarray, np.ndarray]:
    inside = (rule.x >= across[0]) & (rule.x <= across[1]) & (rule.values >= up[0]) & (rule.values <= up[1])
    return rule.name, predictor_style(rule.predictor_id)["color"], rule.x[inside], rule.values[inside]


def _rule(rule: RuleCurve, full: bool, unit: str | None) -> go.Scatter:
    style = predictor_style(rule.predictor_id)
    where = "mean exit %{x:.2f}" if unit is None else f"%{{x:.4s}} {plain(unit)} on average"
    size = (9 if full else 7) if not rule.joined else (5 if full else 4)
    return go.Scatter(
        x=rule.x,
        y=rule.values,
        name=plain(rule.label),
        mode={(True, True): "lines+markers", (True, False): "lines", (False, False): "markers"}[
            rule.joined and len(rule.x) > 1, rule.joined and rule.marked and len(rule.x) > 1
        ],
        line={"color": style["color"], "dash": style["dash"], "width": (3 if rule.chosen else 1.75) if full else 1.25},
        marker={"symbol": style["symbol"], "color": style["color"], "size": size},
        opacity=1 if full else FAINT[style["color"]],
        customdata=[[rule.policy, text, plain(said)] for text, said in zip(rule.settings, rule.about)],
        hovertemplate=f"{plain(rule.label)}, %{{customdata[2]}}<br>%{{y:.2f}}%<br>{where}"
        "<br>click to see whom it stops where<extra></extra>",
    )


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


def _others(one: Others, unit: str | None) -> go.Scatter:
    return go.Scatter(
        x=one.x,
        y=one.values,
        name=plain(one.name),
        mode="lines+markers" if len(one.x) > 1 else "markers",
        line={"color": INK, "width": 1},
        marker={"symbol": "diamond-tall-open", "color": INK, "size": 10, "line": {"width": 1.5}},
        customdata=[[in_lines(one.name), in_lines(source)] for source in one.sources],
        hovertemplate=f"%{{customdata[0]}}<br>%{{y:.2f}}%<br>%{{x:.4s}} {plain(unit)}<br>%{{customdata[1]}}"
        "<extra></extra>",
    )


def _ring(answer: tuple[float, float], name: str) -> go.Scatter:
    return go.Scatter(
        x=[answer[0]],
        y=[answer[1]],
        name=plain(name),
        mode="markers",
        marker={"symbol": "circle-open", "color": INK, "size": 18, "line": {"width": 2.5}},
        hovertemplate=f"{plain(name)}: %{{y:.2f}}%<extra></extra>",
    )
