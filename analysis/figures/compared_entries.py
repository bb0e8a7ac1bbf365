"""Runs and predictors side by side: accuracy over exits or cost, and how many samples fall by more than tau."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.decrease_curve import LABEL_AT, percent_axis, percent_places
from analysis.figures.names import in_lines, name_curves, name_ends
from analysis.figures.style import MARKERS_DRAWN, base_figure, exit_ticks, fitted_range, plain, rgba
from analysis.reference.symlog import FALL_UNIT, ticks, to_scale

BAND = 0.18
LONGEST = 36
"""Characters of an entry with what it reaches, a predictor's and a run's: the figure is wide."""
MOST_NAMED = 5
"""Falling curves that are named beside them: of more, names would lie on other curves."""


@dataclass(frozen=True)
class ComparedLine:
    """One entry, or the mean of several seeds.

    Attributes
    ----------
    name : what it is called at the line's end
    style : `color`, `dash` and `symbol`
    x : float (points,)
    values : float (points,), percent of samples
    spread : float (points,), optional
        Half the band's height, percent of samples.
    marked : float (marks,), optional
        Of the figure of falls: the values at the marked thresholds.
    """

    name: str
    style: Mapping[str, str]
    x: np.ndarray
    values: np.ndarray
    spread: np.ndarray | None = None
    marked: np.ndarray | None = None


def compared_accuracy_figure(
    lines: Sequence[ComparedLine],
    *,
    exit_names: Sequence[str],
    unit: str | None,
    title: str,
    subtitle: str,
    height: int = 380,
) -> go.Figure:
    """Percent of samples that are right at every exit, over the exits or over one unit of cost.

    Parameters
    ----------
    lines : sequence of ComparedLine
        Named at their ends with what they reach there.
    exit_names : sequence of str
        Of the entry with the most exits; not drawn over a cost.
    unit : str, optional
        Of the cost that `x` is in; None for exits.
    """
    x_title = "exit" if unit is None else f"cumulative cost per sample, {unit}"
    figure = base_figure(title, subtitle, x_title, "samples that are right", height=height, uirevision=unit or "exits")
    first, last = (float(end([end(line.x) for line in lines])) for end in (min, max))
    span = (last - first) or 1.0
    if unit is None:
        figure.update_xaxes(**exit_ticks(exit_names))
    else:
        figure.update_xaxes(tickformat="~s", hoverformat=",.4s")
    figure.update_xaxes(range=[first - 0.04 * span, last + 0.04 * span])
    low, high = fitted_range([one for line in lines for one in _ends(line)], highest=100.0, room=0.3)
    figure.update_yaxes(range=[low, high], ticksuffix="%")
    if low > 0:
        figure.layout.title.subtitle.text += " The vertical axis does not start at 0."
    where = "at exit %{x:.0f}" if unit is None else f"at %{{x:,.4s}} {plain(unit)}"
    for line in lines:
        if line.spread is not None:
            figure.add_trace(_band(line.x, line.values - line.spread, line.values + line.spread, line.style["color"]))
    for line in lines:
        figure.add_trace(
            go.Scatter(
                x=line.x,
                y=line.values,
                name=plain(line.name),
                mode="lines+markers",
                line={"color": line.style["color"], "dash": line.style["dash"], "width": 2.5},
                marker=_marker(line.style) | {"maxdisplayed": MARKERS_DRAWN},
                hovertemplate=f"{in_lines(line.name)}<br>%{{y:.2f}}% right {where}<extra></extra>",
            )
        )
    ends = [
        (float(line.x[-1]), float(line.values[-1]), f"{line.name} ({line.values[-1]:.2f}%)", line.style["color"])
        for line in lines
        if np.isfinite(line.values[-1])
    ]
    name_ends(figure, ends, span=(low, high), pixels=height - 52, longest=LONGEST)
    return figure


def compared_falls_figure(
    lines: Sequence[ComparedLine],
    thresholds: np.ndarray,
    marked: Sequence[float],
    *,
    title: str,
    subtitle: str,
    height: int = 380,
) -> go.Figure:
    """Percent of samples whose true class falls by more than tau, over tau.

    Parameters
    ----------
    lines : sequence of ComparedLine
        `values` at `thresholds`; `marked` at the paper's, where a marker stands.
    thresholds : float (thresholds,)
        Ascending, from 0 to 1.
    marked : sequence of float
    """
    figure = base_figure(
        title, subtitle, "fall by more than, probability", "samples", height=height, uirevision="falls"
    )
    places, labels = ticks(0, 1, FALL_UNIT)
    figure.update_xaxes(tickvals=places, ticktext=labels, range=[-0.06, places[-1] + 0.06])
    percent_axis(figure, True)
    across, marks = to_scale(thresholds, FALL_UNIT), np.asarray(marked)
    for line in lines:
        if line.spread is not None:
            low, high = (percent_places(np.clip(line.values + sign * line.spread, 0, 100), True) for sign in (-1, 1))
            figure.add_trace(_band(across, low, high, line.style["color"]))
    for line in lines:
        said = (
            f"{in_lines(line.name)}<br>%{{customdata[1]:.2f}}% of samples<br>fall by more than %{{customdata[0]:.4g}}"
            "<extra></extra>"
        )
        look = {"line": {"color": line.style["color"], "dash": line.style["dash"], "width": 2.5}}
        for taus, percents, mode, drawn in (
            (thresholds, line.values, "lines", look),
            (marks, line.marked, "markers", {"marker": _marker(line.style)}),
        ):
            figure.add_trace(
                go.Scatter(
                    x=to_scale(taus, FALL_UNIT),
                    y=percent_places(percents, True),
                    mode=mode,
                    name=plain(line.name),
                    customdata=np.column_stack([taus, percents]).tolist(),
                    hovertemplate=said,
                    **drawn,
                )
            )
    if len(lines) > MOST_NAMED:
        return figure
    named = [(line.name, line.style["color"], across, percent_places(line.values, True)) for line in lines]
    spans = tuple(figure.layout.xaxis.range), tuple(figure.layout.yaxis.range)
    name_curves(figure, named, spans=spans, pixels=height - 60, near=float(to_scale(LABEL_AT, FALL_UNIT)))
    return figure


def _marker(style: Mapping[str, str]) -> dict[str, object]:
    return {"color": style["color"], "symbol": style["symbol"], "size": 8}


def _ends(line: ComparedLine) -> list[np.ndarray]:
    return [line.values] if line.spread is None else [line.values - line.spread, line.values + line.spread]


def _band(x: np.ndarray, low: np.ndarray, high: np.ndarray, colour: str) -> go.Scatter:
    return go.Scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=rgba(colour, BAND),
        hoverinfo="skip",
    )
