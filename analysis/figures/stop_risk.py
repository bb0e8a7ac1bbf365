"""Risk by stopping time: what the last exit would have had right, of those that stop at each exit and by each exit."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import name_ends
from analysis.figures.style import FILL, INK, MUTED, base_figure, exit_ticks, fitted_range, plain, predictor_style, rgba

PARTS = ("here", "so far")
"""What a click reports: those that stop at the exit, and those that have stopped by it."""
ENOUGH = 50
"""Samples: the bounds of fewer may leave the axis, which they would fill."""


def stop_risk_figure(
    here: np.ndarray,
    here_bound: np.ndarray,
    here_samples: Sequence[int],
    here_lost: Sequence[int],
    so_far: np.ndarray,
    so_far_bound: np.ndarray,
    so_far_samples: Sequence[int],
    so_far_lost: Sequence[int],
    *,
    exit_names: Sequence[str],
    predictor_id: str,
    level: float,
    opens: bool = True,
    title: str,
    subtitle: str,
    height: int = 320,
) -> go.Figure:
    """A bar per exit with its upper bound as a whisker, and a line of all that have stopped so far with its band.

    Parameters
    ----------
    here, here_bound, so_far, so_far_bound : float, (exits,)
        Percent of the samples that stop there, or by there; NaN where none does.
    here_samples, here_lost, so_far_samples, so_far_lost : sequences of int, one per exit
        How many samples stop, and how many of them are lost to the last exit.
    level : float
        Of the bounds, percent.
    opens : bool
        Whether a click opens the samples.
    """
    n_exits = len(exit_names)
    figure = base_figure(
        title, subtitle, "exit", "lost to the last exit, %", height=height, uirevision="exits", bargap=0.35
    )
    figure.update_xaxes(range=[0.4, n_exits + 0.6], **exit_ticks(exit_names))
    bounds = np.where(np.asarray(here_samples) >= ENOUGH, here_bound, here)
    _, high = fitted_range([bounds, so_far, np.zeros(1)])
    figure.update_yaxes(range=[0, high], ticksuffix="%")
    x, colour = np.arange(1, n_exits + 1), predictor_style(predictor_id)["color"]
    invitation = "<br>click to see them" if opens else ""

    def about(
        values: np.ndarray, samples: Sequence[int], lost: Sequence[int], bounds: np.ndarray, part: str
    ) -> dict[str, object]:
        said = "of those that stop here" if part == PARTS[0] else "of all that have stopped so far"
        return {
            "x": x,
            "y": values,
            "customdata": [
                [number, plain(name), int(count), part, None if np.isnan(bound) else float(bound), int(of)]
                for number, (name, count, bound, of) in enumerate(zip(exit_names, lost, bounds, samples), start=1)
            ],
            "hovertemplate": f"exit %{{customdata[1]}}: %{{y:.2f}}% {said}<br>at most %{{customdata[4]:.2f}}%"
            f" ({level:g}%)<br>%{{customdata[2]:,}} of %{{customdata[5]:,}} samples{invitation}<extra></extra>",
        }

    figure.add_trace(
        go.Bar(
            name="stop here",
            marker={"color": rgba(colour, FILL), "line": {"color": colour, "width": 1}},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": here_bound - here,
                "arrayminus": np.zeros(n_exits),
                "color": MUTED,
                "thickness": 1.5,
                "width": 4,
            },
            **about(here, here_samples, here_lost, here_bound, PARTS[0]),
        )
    )
    figure.add_trace(
        go.Scatter(
            name="stopped so far",
            mode="lines+markers",
            line={"color": INK, "width": 1.5},
            marker={"color": INK, "size": 6},
            **about(so_far, so_far_samples, so_far_lost, so_far_bound, PARTS[1]),
        )
    )
    if np.isfinite(so_far[-1]):
        name_ends(
            figure, [(n_exits + 0.4, float(so_far[-1]), "stopped so far", INK)], span=(0, high), pixels=height - 52
        )
    return figure
