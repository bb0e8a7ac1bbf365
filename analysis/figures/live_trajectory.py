"""An image's trajectory while it runs: the exits reached so far, the time each took, and the same image undistorted."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.sample_trajectory import Trajectory, sample_trajectory_figure
from analysis.figures.style import INK, plain


def live_trajectory_figure(
    shown: Trajectory,
    behind: Trajectory | None,
    clean: np.ndarray | None,
    *,
    latency_ms: Sequence[float],
    exit_names: Sequence[str],
    quantity: str,
    title: str,
    subtitle: str,
    height: int = 340,
) -> go.Figure:
    """The trajectory up to the last exit that has run.

    Parameters
    ----------
    shown, behind : Trajectory
        Of the exits that have run: what is shown, and the baseline behind a predictor.
    clean : float, (at least those exits,), optional
        The same probability for the image before it was distorted.
    latency_ms : float, (at least those exits,)
        When each exit was reached; written below its name.
    exit_names : sequence of str
        Of all exits of the network.
    quantity : str
        What the probabilities are of: "P(true class)".

    Returns
    -------
    plotly.graph_objects.Figure
        Its axes are the same whatever was reached, so that exits add to it and nothing moves.
    """
    reached = len(shown.probs)
    x = np.arange(1.0, reached + 1)
    figure = sample_trajectory_figure(
        shown,
        behind,
        x=x,
        x_title="exit, and the time until it answered",
        exit_names=exit_names[:reached],
        quantity=quantity,
        title=title,
        subtitle=subtitle,
        height=height,
        also=() if clean is None else [(float(clean[reached - 1]), "undistorted", INK)],
    )
    if clean is not None:
        figure.add_trace(
            go.Scatter(
                x=x,
                y=clean[:reached],
                name=f"undistorted, {plain(quantity)}",
                mode="lines",
                line={"color": INK, "width": 1.25},
                hovertemplate=f"undistorted<br>{plain(quantity)} %{{y:.4f}}<extra></extra>",
            )
        )
    count = len(exit_names)
    figure.update_xaxes(
        range=[0.8, count + 0.2],
        tickvals=list(range(1, count + 1)),
        ticktext=[
            plain(name) + (f"<br>{latency_ms[number]:.1f} ms" if number < reached else "")
            for number, name in enumerate(exit_names)
        ],
    )
    figure.layout.margin.b = 62
    return figure
