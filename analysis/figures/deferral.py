"""Accuracy over the share of answers that are handed to an oracle, the least confident first."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import name_ends
from analysis.figures.style import FAINT, base_figure, fitted_range, plain, predictor_style


@dataclass(frozen=True)
class DeferralLine:
    """One predictor: percents of the answers that are handed over, their number, and percents that are right then."""

    predictor_id: str
    label: str
    shares: np.ndarray
    counts: np.ndarray
    accuracies: np.ndarray
    full: bool


def deferral_figure(lines: Sequence[DeferralLine], *, title: str, subtitle: str, height: int = 320) -> go.Figure:
    """A line per predictor, each point of which stands for one threshold of the confidence."""
    figure = base_figure(title, subtitle, "least confident answers handed over, %", "accuracy, %", height=height,
                         uirevision="share")  # fmt: skip
    figure.update_xaxes(range=[-1, 51], ticksuffix="%")
    low, high = fitted_range([line.accuracies for line in lines], highest=100, room=0.3)
    figure.update_yaxes(range=[low, high], ticksuffix="%")
    if low > 0:
        figure.layout.title.subtitle.text += " The vertical axis does not start at 0."
    ends = []
    for line in sorted(lines, key=lambda one: one.full):
        style = predictor_style(line.predictor_id)
        figure.add_trace(
            go.Scatter(
                x=line.shares,
                y=line.accuracies,
                name=plain(line.label),
                mode="lines+markers",
                line={"color": style["color"], "dash": style["dash"], "width": 3 if line.full else 2},
                marker={"symbol": style["symbol"], "color": style["color"], "size": 6 if line.full else 5},
                opacity=1 if line.full else FAINT[style["color"]],
                customdata=[[place, line.predictor_id, int(count)] for place, count in enumerate(line.counts)],
                hovertemplate=f"{plain(line.label)}<br>%{{customdata[2]:,}} answers (%{{x:.2f}}%) handed over:"
                " %{y:.2f}% right<br>click to see them<extra></extra>",
            )
        )
        if len(line.shares):
            ends.append((float(line.shares[-1]), float(line.accuracies[-1]), line.label, style["color"]))
    name_ends(figure, ends, span=(low, high), pixels=height - 52)
    return figure
