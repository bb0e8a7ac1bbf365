"""What a rule promised and what holds, over severities of a corruption: a line for each, with an interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import name_ends
from analysis.figures.style import FAINT, INK, base_figure, fitted_range, plain, predictor_style, rgba

BAND = 0.2


@dataclass(frozen=True)
class ShiftLine:
    """One predictor's rule over severities; arrays (severities,), NaN draws nothing.

    Attributes
    ----------
    predictor_id, label : str
    promised, realised, low, high : float, in the unit of the axis
    told : what the pointer says of each, plain text
    emphasised : whether it is on screen in full
    """

    predictor_id: str
    label: str
    promised: np.ndarray
    realised: np.ndarray
    low: np.ndarray
    high: np.ndarray
    told: Sequence[str]
    emphasised: bool


def shift_figure(
    lines: Sequence[ShiftLine],
    severities: Sequence[int],
    *,
    y_title: str,
    percent: bool,
    title: str,
    subtitle: str,
    height: int = 320,
) -> go.Figure:
    """Realised values as the predictors' lines, promised ones as thin solid lines in ink.

    Parameters
    ----------
    severities : of the points, rising; 0 is clean
    percent : whether the axis is in percent
    """
    suffix = "%" if percent else ""
    figure = base_figure(title, subtitle, "severity of the corruption", y_title, height=height, uirevision=y_title)
    room = 0.25 if len(severities) > 1 else 0.75
    span = (severities[0] - room, severities[-1] + room)
    ticks = ["clean" if severity == 0 else str(severity) for severity in severities]
    figure.update_xaxes(range=span, tickvals=list(severities), ticktext=ticks)
    values = [np.zeros(1)] if not percent else []
    for line in lines:
        values += [line.promised, line.realised, line.low, line.high]
    low, high = fitted_range(values, room=0.4, highest=100.0 if percent else np.inf)
    figure.update_yaxes(range=[low, high], ticksuffix=suffix, nticks=6)
    ends = []
    for line in sorted(lines, key=lambda line: line.emphasised):
        style, full = predictor_style(line.predictor_id), line.emphasised
        known = np.flatnonzero(np.isfinite(line.low) & np.isfinite(line.high))
        x = np.asarray(severities, np.float64)
        if full and len(known):
            figure.add_trace(
                go.Scatter(
                    x=[*x[known], *x[known[::-1]]],
                    y=[*line.low[known], *line.high[known[::-1]]],
                    name=f"95% interval, {plain(line.label)}",
                    mode="lines",
                    line={"width": 0, "color": style["color"]},
                    fill="toself",
                    fillcolor=rgba(style["color"], BAND),
                    hoverinfo="skip",
                )
            )
        if full:
            figure.add_trace(
                go.Scatter(
                    x=x,
                    y=line.promised,
                    name="promised",
                    mode="lines",
                    line={"color": INK, "width": 1.5},
                    hovertemplate=f"promised: %{{y:.4g}}{suffix}<extra></extra>",
                )
            )
            ends.append((x[-1], float(line.promised[-1]), "promised", INK))
        figure.add_trace(
            go.Scatter(
                x=x,
                y=line.realised,
                name=plain(line.label),
                mode="lines+markers",
                line={"color": style["color"], "width": 3 if full else 2, "dash": style["dash"]},
                marker={"symbol": style["symbol"], "color": style["color"], "size": 9 if full else 6},
                opacity=1 if full else FAINT[style["color"]],
                customdata=[[plain(told), number] for number, told in enumerate(line.told)],
                hovertemplate="%{customdata[0]}<br>click to open it<extra></extra>",
            )
        )
        if np.isfinite(line.realised[-1]):
            ends.append((x[-1], float(line.realised[-1]), line.label, style["color"]))
    name_ends(figure, ends, span=(low, high), pixels=height - 52)
    return figure
