"""How many samples fall by more than tau, over tau: conditional monotonicity as the paper draws it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import name_curves
from analysis.figures.selected import thin_line
from analysis.figures.style import FAINT, base_figure, plain, predictor_style
from analysis.reference.symlog import FALL_UNIT, PERCENT_UNIT, from_scale, ticks, to_scale

LABEL_AT = 0.03  # the tau at which a curve is named by preference: where most fall steeply


@dataclass(frozen=True)
class Curve:
    """One predictor's curve: percent of samples at every threshold of the grid, and at the marked thresholds; of the
    selected samples at every threshold of the grid."""

    predictor_id: str
    label: str
    percents: np.ndarray
    marked: np.ndarray
    emphasised: bool = True
    selected: np.ndarray | None = None


def fall_grid(marked: Sequence[float]) -> np.ndarray:
    """Thresholds from 0 to 1, evenly spaced on the axis, and the marked ones."""
    even = from_scale(np.linspace(0, 4, 81), FALL_UNIT)
    return np.unique([float(f"{value:.6g}") for value in (*even, *marked, 1.0)])


def decrease_curve_figure(
    curves: Sequence[Curve],
    thresholds: np.ndarray,
    marked: Sequence[float],
    *,
    published: Sequence[tuple[str, str, np.ndarray]] = (),
    x_title: str,
    y_title: str,
    title: str,
    subtitle: str,
    log_percent: bool = True,
    height: int = 360,
) -> go.Figure:
    """Percent of samples that fall by more than tau.

    Parameters
    ----------
    curves : sequence of Curve
    thresholds : float, (thresholds,)
        The grid, ascending, from 0 to 1.
    marked : sequence of float
        The thresholds that get a marker: the paper's.
    published : sequence of (predictor id, label, percents at `marked`)
        Open markers, no line. NaN draws none.
    log_percent : bool
        Both axes run from exactly 0 over several powers of ten (log10(1 + v / c)); False makes the percents linear.

    Returns
    -------
    plotly.graph_objects.Figure
        `customdata` of the markers and the lines: [tau, percent, predictor id].
    """
    figure = base_figure(
        title, subtitle, x_title, y_title, height=height, uirevision="log" if log_percent else "linear"
    )
    places, labels = ticks(0, 1, FALL_UNIT)
    figure.update_xaxes(tickvals=places, ticktext=labels, range=[-0.06, places[-1] + 0.06])
    percent_axis(figure, log_percent)
    for curve in curves:
        figure.add_traces(_curve(curve, thresholds, marked, log_percent))
        if curve.selected is not None:
            line = thin_line(
                curve.predictor_id,
                to_scale(thresholds, FALL_UNIT),
                percent_places(curve.selected, log_percent),
                f"{plain(curve.label)}: %{{customdata[1]:.2f}}% of the selected<br>fall by more than "
                "%{customdata[0]:.4g}",
            )
            line.customdata = [[float(tau), float(percent)] for tau, percent in zip(thresholds, curve.selected)]
            figure.add_trace(line)
    for predictor_id, label, percents in published:
        figure.add_trace(_published(predictor_id, label, percents, marked, log_percent))
    places_of = to_scale(thresholds, FALL_UNIT)
    named = [
        (one.label, predictor_style(one.predictor_id)["color"], places_of, percent_places(one.percents, log_percent))
        for one in curves
    ]
    spans = tuple(figure.layout.xaxis.range), tuple(figure.layout.yaxis.range)
    name_curves(figure, named, spans=spans, pixels=height - 60, near=float(to_scale(LABEL_AT, FALL_UNIT)))
    return figure


def percent_axis(figure: go.Figure, log_percent: bool, highest: float = 100.0) -> None:
    """The y axis of percents of samples, 0 on it in either form."""
    if log_percent:
        places, labels = ticks(0, 100, PERCENT_UNIT)
        figure.update_yaxes(tickvals=places, ticktext=[f"{label}%" for label in labels])
        figure.update_yaxes(range=[-0.04, float(to_scale(highest, PERCENT_UNIT)) + 0.08])
    else:
        figure.update_yaxes(range=[-0.015 * highest, 1.04 * highest], ticksuffix="%", nticks=6)


def percent_places(percents: np.ndarray, log_percent: bool) -> np.ndarray:
    """Where percents stand on the axis of `percent_axis`."""
    return to_scale(percents, PERCENT_UNIT) if log_percent else np.asarray(percents, dtype=np.float64)


def _curve(curve: Curve, thresholds: np.ndarray, marked: Sequence[float], log_percent: bool) -> list[go.Scatter]:
    style = predictor_style(curve.predictor_id)
    said = "%{customdata[1]:.2f}% of samples<br>fall by more than %{customdata[0]:.4g}"
    common = {
        "name": plain(curve.label),
        "opacity": 1 if curve.emphasised else FAINT[style["color"]],
        "hovertemplate": f"{plain(curve.label)}: {said}<br>click to see them<extra></extra>",
    }
    line = {"color": style["color"], "dash": style["dash"], "width": 3 if curve.emphasised else 2}
    marker = {"color": style["color"], "symbol": style["symbol"], "size": 9 if curve.emphasised else 7}
    drawn = []
    for mode, taus, percents in (("lines", thresholds, curve.percents), ("markers", np.asarray(marked), curve.marked)):
        drawn.append(
            go.Scatter(
                x=to_scale(taus, FALL_UNIT),
                y=percent_places(percents, log_percent),
                mode=mode,
                customdata=[[float(t), float(p), curve.predictor_id] for t, p in zip(taus, percents)],
                **({"line": line} if mode == "lines" else {"marker": marker}),
                **common,
            )
        )
    return drawn


def _published(
    predictor_id: str, label: str, percents: np.ndarray, marked: Sequence[float], log_percent: bool
) -> go.Scatter:
    style = predictor_style(predictor_id)
    return go.Scatter(
        x=to_scale(marked, FALL_UNIT),
        y=percent_places(percents, log_percent),
        name=f"published, {plain(label)}",
        mode="markers",
        marker={"color": style["color"], "symbol": f"{style['symbol']}-open", "size": 12, "line": {"width": 2}},
        customdata=[[float(t), float(p)] for t, p in zip(marked, percents)],
        hovertemplate=f"{plain(label)}, published: %{{customdata[1]:.2f}}% of samples"
        "<br>fall by more than %{customdata[0]:.4g}<extra></extra>",
    )
