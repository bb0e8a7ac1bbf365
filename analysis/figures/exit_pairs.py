"""Where falls happen: from which exit to which the largest falls go."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.selected import light_up_cells
from analysis.figures.style import base_figure, exit_ticks, plain

GAPS_UP_TO = 40  # exits: with more, gaps would be as wide as cells
NUMBERS_UP_TO = 10  # exits: with more, cells are too small to hold a number


def exit_pairs_figure(
    counts: np.ndarray,
    samples: int,
    *,
    exit_names: Sequence[str],
    threshold: float,
    title: str,
    subtitle: str,
    selected: np.ndarray | None = None,
    height: int = 320,
) -> go.Figure:
    """A matrix of exits: a cell holds the percent of samples whose largest fall goes from its row to its column.

    Parameters
    ----------
    counts : int, (exits, exits)
        Samples whose largest fall, above `threshold`, goes from the row's exit to the column's.
    samples : int
        How many samples there are in all.
    exit_names : sequence of str
    threshold : float
    selected : int, (exits, exits), optional
        As `counts`, of the selected samples alone.

    Returns
    -------
    plotly.graph_objects.Figure
        Cells without samples are empty; `customdata` of each cell: [from, to, count], exits from 1.
    """
    n_exits = len(exit_names)
    figure = base_figure(title, subtitle, "to exit", "from exit", height=height, uirevision=str(n_exits))
    percents = 100.0 * counts / max(samples, 1)
    z = np.where(counts > 0, percents, np.nan)
    labels = [plain(name) for name in exit_names]
    gap = 2 if n_exits <= NUMBERS_UP_TO else 1 if n_exits <= GAPS_UP_TO else 0
    figure.add_trace(
        go.Heatmap(
            x=list(range(1, n_exits + 1)),
            y=list(range(1, n_exits + 1)),
            z=[[None if np.isnan(v) else float(v) for v in row] for row in z],
            zmin=0,
            text=[[_short(v) for v in row] for row in z] if n_exits <= NUMBERS_UP_TO else None,
            texttemplate="%{text}" if n_exits <= NUMBERS_UP_TO else None,
            customdata=[
                [[i + 1, j + 1, int(counts[i, j]), labels[i], labels[j]] for j in range(n_exits)]
                for i in range(n_exits)
            ],
            hovertemplate="%{customdata[2]:,} samples (%{z:.2f}%)<br>fall most from exit %{customdata[3]} to "
            f"%{{customdata[4]}},<br>by more than {threshold:g}<br>click to see them<extra></extra>",
            hoverongaps=False,
            xgap=gap,
            ygap=gap,
            colorbar={"ticksuffix": "%"},
            name="largest falls",
        )
    )
    if selected is not None:
        light_up_cells(figure, selected)
    ticks = exit_ticks(exit_names)
    figure.update_xaxes(range=[1.5, n_exits + 0.5], **ticks)
    figure.update_yaxes(range=[n_exits - 0.5, 0.5], showgrid=False, **ticks)
    return figure


def _short(percent: float) -> str:
    if np.isnan(percent):
        return ""
    return f"{percent:.1f}" if percent >= 0.95 else f"{percent:.2f}".lstrip("0") or "0"
