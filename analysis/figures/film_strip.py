"""A film-strip of attributions: one map per exit, all on one colour scale that is symmetric about 0.

Colour grows with the square root of an attribution: those of a small probability, at a product's first exits, stay
visible beside those of a large one.
"""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.style import COLOURS, INK, MUTED, SURFACE, base_figure, plain

AGAINST, FOR = COLOURS["hard-poe"], COLOURS["pa"]
GAP = 0.012  # between maps, as a share of the width


def film_strip_figure(
    maps: np.ndarray,
    *,
    exit_names: Sequence[str],
    captions: Sequence[str],
    correlations: Sequence[float],
    limit: float,
    title: str,
    subtitle: str,
    cell: int = 1,
    height: int = 230,
) -> go.Figure:
    """One map per exit.

    Parameters
    ----------
    maps : float, (exits, height, width)
        Positive speaks for the class. NaN throughout where an exit has none.
    captions : sequence of str, (exits,)
        Below each map: its score, or why there is none; <= 24 characters or so.
    correlations : sequence of float, (exits - 1,)
        Spearman's correlation of neighbours, written between them; NaN where there is none.
    limit : float
        The colour scale runs from -limit to limit; what lies beyond has the colour of the end.
    cell : int
        Pixels of the image to a side of a map's cell.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    count = len(maps)
    figure = base_figure(title, subtitle, height=height, uirevision=f"strip {count}")
    figure.layout.margin = {"l": 8, "r": 8, "t": 26, "b": 44}
    width = (1 - (count - 1) * GAP) / count
    for number in range(count):
        axis = "" if number == 0 else str(number + 1)
        start = number * (width + GAP)
        figure.add_trace(
            go.Heatmap(
                z=[[None if np.isnan(v) else float(v) for v in row] for row in rooted(maps[number])],
                x0=(cell - 1) / 2,
                y0=(cell - 1) / 2,
                dx=cell,
                dy=cell,
                xaxis=f"x{axis}",
                yaxis=f"y{axis}",
                coloraxis="coloraxis",
                name=plain(exit_names[number]),
                customdata=[[[plain(exit_names[number]), f"{v:.3g}"] for v in row] for row in maps[number]],
                hovertemplate="exit %{customdata[0]}<br>row %{y}, column %{x}: %{customdata[1]}<extra></extra>",
            )
        )
        hidden = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": ""}
        figure.layout[f"xaxis{axis}"] = hidden | {"domain": [start, start + width], "constrain": "domain"}
        figure.layout[f"yaxis{axis}"] = hidden | {
            "autorange": "reversed",
            "scaleanchor": f"x{axis}",
            "constrain": "domain",
            "anchor": f"x{axis}",
        }
        middle = start + width / 2
        _write(figure, middle, 1.0, f"exit {exit_names[number]}", INK, "bottom")
        _write(figure, middle, 0.0, captions[number], MUTED, "top")
        if number and np.isfinite(correlations[number - 1]):
            _write(
                figure,
                start - GAP / 2,
                0.0,
                f"\N{GREEK SMALL LETTER RHO} {correlations[number - 1]:.2f}",
                INK,
                "top",
                18,
            )
    ticks = [-limit, -limit / 10, 0.0, limit / 10, limit]
    figure.layout.coloraxis = {
        "cmin": float(rooted(-limit)),
        "cmax": float(rooted(limit)),
        "colorscale": [[0, AGAINST], [0.5, SURFACE], [1, FOR]],
        "colorbar": {
            "thickness": 10,
            "len": 1,
            "tickvals": [float(rooted(tick)) for tick in ticks],
            "ticktext": [f"{tick:.2g}" for tick in ticks],
        },
    }
    figure.layout.margin.r = 70
    return figure


def rooted(values: np.ndarray | float) -> np.ndarray:
    """The square root of the size, with the sign.

    Examples
    --------
    >>> rooted(np.array([-4.0, 0.0, 9.0])).tolist()
    [-2.0, 0.0, 3.0]
    """
    return np.sign(values) * np.sqrt(np.abs(values))


def _write(figure: go.Figure, x: float, y: float, text: str, colour: str, anchor: str, down: int = 0) -> None:
    figure.add_annotation(
        x=x,
        y=y,
        xref="paper",
        yref="paper",
        yshift=-down,
        text=plain(text),
        showarrow=False,
        xanchor="center",
        yanchor=anchor,
        font={"color": colour, "size": 12},
    )
