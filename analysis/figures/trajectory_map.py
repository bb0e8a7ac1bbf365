"""The map of all samples by their trajectories: what its points stand in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.points import add_colour_bar, add_legend, add_ring
from analysis.figures.style import base_figure


def trajectory_map_figure(
    places: np.ndarray,
    *,
    legend: Sequence[tuple[str, str]] = (),
    legend_title: str = "",
    bar: dict | None = None,
    chosen: tuple[float, float] | None = None,
    x_title: str,
    y_title: str,
    title: str,
    subtitle: str,
    unit: bool,
    height: int,
    uirevision: str,
) -> go.Figure:
    """Both axes in the same unit, so that what looks near is near.

    Parameters
    ----------
    places : float, (samples, 2)
        Of all samples: the axes hold them.
    legend, bar
        What the colours mean, of `points.by_category` or `points.by_number`.
    chosen : (float, float), optional
        Where the sample on screen is, ringed.
    unit : bool
        Whether numbers along the axes mean something.
    """
    figure = base_figure(title, subtitle, x_title, y_title, height=height, uirevision=uirevision, dragmode="lasso")
    for letter, values in zip("xy", places.T):
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        room = 0.04 * (high - low) or 0.5
        axis = {"range": [low - room, high + room], "showticklabels": unit, "showgrid": unit}
        figure.layout[f"{letter}axis"].update(axis)
    figure.update_yaxes(scaleanchor="x", scaleratio=1)
    if bar is not None:
        add_colour_bar(figure, bar)
    if legend:
        add_legend(figure, legend, legend_title)
    if chosen is not None:
        add_ring(figure, *chosen)
    return figure
