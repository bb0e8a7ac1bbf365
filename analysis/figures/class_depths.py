"""How deep each class goes under a stopping rule, and what it loses by that against the last exit."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import in_lines, name_curves
from analysis.figures.style import MUTED, base_figure, fitted_range, predictor_style, rgba

NAMED = 4
"""Classes whose names are written: the extremes."""


def class_depths_figure(
    mean_exit: np.ndarray,
    gap: np.ndarray,
    samples: Sequence[int],
    *,
    class_names: Sequence[str],
    predictor_id: str,
    n_exits: int,
    title: str,
    subtitle: str,
    height: int = 340,
) -> go.Figure:
    """A point per class: the mean exit where it stops across, the accuracy that it loses against the last exit up.

    Parameters
    ----------
    mean_exit, gap : float, (classes,)
        From 1; points, negative where stopping early is better. NaN where a class has no sample: it is not drawn.
    samples : sequence of int, one per class
    """
    figure = base_figure(
        title, subtitle, "mean exit", "lost to the last exit, points", height=height, uirevision="classes"
    )
    drawn = np.flatnonzero(np.isfinite(mean_exit) & np.isfinite(gap))
    across = fitted_range([mean_exit[drawn]], lowest=1.0, highest=float(max(n_exits, 2)), room=0.3)
    low, high = _around(gap[drawn])
    figure.update_xaxes(range=across)
    figure.update_yaxes(range=[low, high], zeroline=True, zerolinecolor=MUTED)
    colour = predictor_style(predictor_id)["color"]
    figure.add_trace(
        go.Scatter(
            x=mean_exit[drawn],
            y=gap[drawn],
            name="classes",
            mode="markers",
            marker={"color": rgba(colour, 0.55), "size": 8, "line": {"color": colour, "width": 1}},
            customdata=[[int(index), in_lines(class_names[index]), int(samples[index])] for index in drawn],
            hovertemplate="%{customdata[1]}<br>mean exit %{x:.2f}<br>%{y:.2f} points lost to the last exit"
            "<br>%{customdata[2]:,} samples<br>click to see them<extra></extra>",
        )
    )
    order = drawn[np.argsort(gap[drawn], kind="stable")]
    named = [int(index) for index in dict.fromkeys([*order[::-1][: NAMED - 1], *order[:1]])]
    marks = [(class_names[i], colour, mean_exit[[i]], gap[[i]]) for i in named]
    name_curves(figure, marks, spans=(across, (low, high)), pixels=height - 52, near=float(np.mean(across)))
    return figure


def _around(gaps: np.ndarray) -> tuple[float, float]:
    """A range around the gaps and zero, with room for names."""
    most = max(float(np.abs(gaps).max(initial=0.0)), 1.0)
    low, high = min(float(gaps.min(initial=0.0)), 0.0), max(float(gaps.max(initial=0.0)), 0.0)
    return low - 0.15 * most, high + 0.2 * most
