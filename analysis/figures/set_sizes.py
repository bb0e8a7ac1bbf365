"""Coverage of the sets of each size, exit by exit: what the marginal coverage hides."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.style import base_figure, exit_ticks, plain

NUMBERS_UP_TO = 10  # exits: with more, cells are too small to hold a number


def set_sizes_figure(
    samples: np.ndarray,
    coverage: np.ndarray,
    telling: np.ndarray,
    *,
    bins: Sequence[str],
    exit_names: Sequence[str],
    title: str,
    subtitle: str,
    height: int = 300,
) -> go.Figure:
    """A cell per exit and size of set, coloured by its coverage; one without samples is empty.

    Parameters
    ----------
    samples : int, (exits, bins)
    coverage : float, (exits, bins)
        Percent of the labelled samples; NaN without.
    telling : bool, (exits, bins)
        Whose coverage sets the scale of colours: a few samples would stretch it.
    """
    n_exits = len(exit_names)
    figure = base_figure(title, subtitle, "exit", "classes in a set", height=height, uirevision=str(n_exits))
    z = [[None if np.isnan(value) else float(value) for value in of_bin] for of_bin in coverage.T]
    names = [plain(name) for name in exit_names]
    figure.add_trace(
        go.Heatmap(
            x=list(range(1, n_exits + 1)),
            y=list(range(len(bins))),
            z=z,
            zmin=float(coverage[telling].min(initial=100.0)) if telling.any() else 0.0,
            zmax=100,
            text=[["" if v is None else f"{v:.3g}" for v in row] for row in z] if n_exits <= NUMBERS_UP_TO else None,
            texttemplate="%{text}" if n_exits <= NUMBERS_UP_TO else None,
            customdata=[
                [[exit_ + 1, name, int(samples[exit_, place]), names[exit_]] for exit_ in range(n_exits)]
                for place, name in enumerate(bins)
            ],
            hovertemplate="exit %{customdata[3]}: %{customdata[2]:,} sets of %{customdata[1]} classes<br>%{z:.2f}% hold"
            " the true class<br>click to see them<extra></extra>",
            hoverongaps=False,
            xgap=2,
            ygap=2,
            colorbar={"ticksuffix": "%"},
            name="coverage",
        )
    )
    figure.update_xaxes(range=[0.5, n_exits + 0.5], **exit_ticks(exit_names))
    figure.update_yaxes(range=[-0.5, len(bins) - 0.5], showgrid=False, tickvals=list(range(len(bins))),
                        ticktext=list(bins))  # fmt: skip
    return figure
