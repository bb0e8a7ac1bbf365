"""The likeliest classes of one sample at its last exit, and how their probabilities came about over the exits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.sample_trajectory import exits_axis, label_heights
from analysis.figures.style import FAINT, MUTED, base_figure, line_end_label, plain, predictor_style
from analysis.reference.outside_text import shortened

DASHES = ("solid", "longdash", "dash", "dashdot", "dot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross")


@dataclass(frozen=True)
class ClassLine:
    """One class: its name, its probability at every exit under the shown predictor and under the baseline behind it."""

    name: str
    probs: np.ndarray
    behind: np.ndarray | None
    is_true: bool


def top_classes_figure(
    classes: Sequence[ClassLine],
    *,
    predictor_id: str,
    x: Sequence[float],
    x_title: str,
    exit_names: Sequence[str],
    title: str,
    subtitle: str,
    over_cost: bool = False,
    height: int = 300,
) -> go.Figure:
    """One line per class; the true class in the predictor's colour, the others grey, each with its own dash and marker.

    Parameters
    ----------
    classes : sequence of ClassLine
        The likeliest at the last exit first; those with a baseline behind are drawn over it, faint.
    x, x_title, exit_names, over_cost
        As in `sample_trajectory_figure`.
    """
    figure = base_figure(title, subtitle, x_title, "probability", height=height, uirevision=x_title, hoverdistance=60)
    exits_axis(figure, x, exit_names, over_cost)
    figure.update_yaxes(range=[-0.03, 1.05], tickvals=[0, 0.25, 0.5, 0.75, 1])
    colours = [predictor_style(predictor_id)["color"] if one.is_true else MUTED for one in classes]
    for rank, (one, colour) in enumerate(zip(classes, colours)):
        if one.behind is not None:
            figure.add_trace(_line(one, one.behind, colour, rank, x, exit_names, faint=True))
    for rank, (one, colour) in reversed(list(enumerate(zip(classes, colours)))):
        figure.add_trace(_line(one, one.probs, colour, rank, x, exit_names, faint=False))
    places = label_heights([float(one.probs[-1]) for one in classes], height)
    for one, colour, y in zip(classes, colours, places):
        line_end_label(figure, x[-1], y, shortened(one.name, 16) + (", true" if one.is_true else ""), colour)
    return figure


def _line(
    one: ClassLine,
    probs: np.ndarray,
    colour: str,
    rank: int,
    x: Sequence[float],
    exit_names: Sequence[str],
    *,
    faint: bool,
) -> go.Scatter:
    said = "baseline: " if faint else ""
    return go.Scatter(
        x=x,
        y=probs,
        name=said + plain(one.name),
        mode="lines" if faint else "lines+markers",
        line={"color": colour, "width": 1.5 if faint else 3 if one.is_true else 2, "dash": DASHES[rank % len(DASHES)]},
        marker={"color": colour, "size": 8, "symbol": SYMBOLS[rank % len(SYMBOLS)]},
        opacity=FAINT if faint else 1,
        customdata=[[plain(name), said + plain(one.name)] for name in exit_names],
        hovertemplate="%{customdata[1]}<br>%{y:.4f} at exit %{customdata[0]}<extra></extra>",
    )
