"""Which classes are taken for which: a matrix of classes by answers, like beside like; right answers stand back."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import in_lines
from analysis.figures.selected import light_up_cells
from analysis.figures.style import FAINT, INK, MUTED, SURFACE, base_figure, plain
from analysis.reference.outside_text import shortened

NAMED_UP_TO = 16  # characters of a class beside its row
ROW, LEAST_HEIGHT = 15, 320  # pixels: of a row, and of few rows together
ACROSS_UP_TO = 12  # classes: names below columns are written across, else upright
GAPS_UP_TO = 25  # classes: with more, gaps would be as wide as cells
RIGHT = "right answers"
SHADES = ((0, SURFACE), (0.5, "#0072B2"), (1, INK))
"""From the page on: of hundreds of rare pairs each would else look nearly as much as a frequent one."""


def confusion_matrix_figure(
    counts: np.ndarray,
    names: Sequence[str],
    samples: Sequence[int],
    *,
    highest: float,
    title: str,
    subtitle: str,
    x_title: str,
    y_title: str,
    selected: np.ndarray | None = None,
) -> go.Figure:
    """Rows are true classes, columns answers; a cell's colour is its percent of the row's samples.

    Parameters
    ----------
    counts : int, (classes, classes)
    names, samples : one per class, in the matrix's order
        Samples are all of a class, whatever they are taken for.
    highest : float
        The percent at which the colours end, so that two matrices can be compared.
    selected : int, (classes, classes), optional
        As `counts`, of the selected samples alone.

    Returns
    -------
    plotly.graph_objects.Figure
        Pairs that never occur are empty. `customdata` of each cell begins with [row, column, count]. The diagonal is a
        trace of its own, in one grey.
    """
    size = len(names)
    figure = base_figure(
        title, subtitle, x_title, y_title, height=150 + max(ROW * size, LEAST_HEIGHT), uirevision=str(size)
    )
    percents = 100.0 * counts / np.maximum(np.asarray(samples), 1)[:, None]
    whole = [in_lines(name) for name in names]
    apart = ~np.eye(size, dtype=bool)
    shades = {"colorscale": SHADES} if selected is None else {}  # else all that is in colour stands out before grey
    for shown, name, said, look in (
        (
            apart & (counts > 0),
            "taken for others",
            "taken for",
            {"zmin": 0, "zmax": highest, "colorbar": {"ticksuffix": "%"}} | shades,
        ),
        (
            ~apart & (counts > 0),
            RIGHT,
            "answered as",
            {"colorscale": [[0, MUTED], [1, MUTED]], "showscale": False, "opacity": FAINT[MUTED]},
        ),
    ):
        figure.add_trace(
            go.Heatmap(
                x=list(range(size)),
                y=list(range(size)),
                z=[[float(v) if there else None for v, there in zip(*row)] for row in zip(percents, shown)],
                customdata=[
                    [
                        [i, j, int(counts[i, j]), whole[i], whole[j], int(samples[i])] if shown[i, j] else None
                        for j in range(size)
                    ]
                    for i in range(size)
                ],
                hovertemplate=f"%{{customdata[3]}}<br>{said} %{{customdata[4]}}:<br>%{{customdata[2]:,}} of "
                "%{customdata[5]:,} samples (%{z:.1f}%)<br>click to see them<extra></extra>",
                hoverongaps=False,
                xgap=1 if size <= GAPS_UP_TO else 0,
                ygap=1 if size <= GAPS_UP_TO else 0,
                name=name,
                **look,
            )
        )
    if selected is not None:
        light_up_cells(figure, selected)
    ticks = {"tickvals": list(range(size)), "ticktext": [plain(shortened(name, NAMED_UP_TO)) for name in names]}
    figure.update_xaxes(range=[-0.5, size - 0.5], tickangle=None if size <= ACROSS_UP_TO else -90, **ticks)
    figure.update_yaxes(range=[size - 0.5, -0.5], showgrid=False, **ticks)
    return figure
