"""A film-strip of attributions: the image, then one map per exit over it, each on a scale symmetric about 0.

Colour grows with the square root of an attribution: those of a small probability, at a product's first exits, stay
visible beside those of a large one.
"""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.style import COLOURS, INK, MUTED, base_figure, plain, rgba

AGAINST, FOR = COLOURS["hard-poe"], COLOURS["pa"]
UNDER = 0.45  # opacity of the image below a map
DOUBTFUL = 0.4  # opacity of a map that is crossed out
GAP = 0.012  # between maps, as a share of the width


def film_strip_figure(
    maps: np.ndarray,
    *,
    picture: str,
    under: str,
    exit_names: Sequence[str],
    captions: Sequence[str],
    correlations: Sequence[float],
    limits: Sequence[float],
    title: str,
    subtitle: str,
    doubtful: Sequence[bool] = (),
    cell: int = 1,
    height: int = 230,
) -> go.Figure:
    """The image, then one map per exit over the image in grey.

    Parameters
    ----------
    maps : float, (exits, height, width)
        Positive speaks for the class. NaN throughout where an exit has none.
    picture, under : str
        Data addresses of the image, and of the same in grey, which lies below the maps.
    captions : sequence of str, (exits,)
        Below each map: its score, or why there is none; <= 24 characters or so.
    correlations : sequence of float, (exits - 1,)
        Spearman's correlation of neighbours, written between them; NaN where there is none.
    limits : sequence of float, (exits,)
        Each exit's own colour scale runs from -limit to limit; what lies beyond has the colour of the end.
    doubtful : sequence of bool, (exits,)
        Whose maps are crossed out and drawn faintly: they have not converged. Empty: none.
    cell : int
        Pixels of the image to a side of a map's cell.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    count = len(maps) + 1
    figure = base_figure(title, subtitle, height=height, uirevision=f"strip {count}")
    figure.layout.margin = {"l": 8, "r": 8, "t": 26, "b": 62}
    width = (1 - (count - 1) * GAP) / count
    extent = {"x": -0.5, "y": -0.5, "sizex": maps.shape[2] * cell, "sizey": maps.shape[1] * cell}
    for number in range(count):
        axis, start = "" if number == 0 else str(number + 1), number * (width + GAP)
        _axes(figure, axis, start, width, maps.shape[2] * cell, maps.shape[1] * cell)
        figure.add_layout_image(
            source=under if number else picture,
            opacity=UNDER if number else 1,
            xref=f"x{axis}",
            yref=f"y{axis}",
            sizing="stretch",
            layer="below",
            **extent,
        )
        middle = start + width / 2
        if number == 0:
            _write(figure, middle, 1.0, "image", INK, "bottom")
            continue
        exit_, limit = number - 1, limits[number - 1]
        crossed = bool(len(doubtful)) and doubtful[exit_]
        figure.add_trace(_map(maps[exit_], limit, exit_names[exit_], axis, cell, DOUBTFUL if crossed else 1))
        if crossed:
            figure.add_trace(_cross(axis, maps.shape[2] * cell - 0.5, maps.shape[1] * cell - 0.5))
        _write(figure, middle, 1.0, f"exit {exit_names[exit_]}", INK, "bottom")
        _write(figure, middle, 0.0, captions[exit_], INK if crossed else MUTED, "top")
        if not np.isnan(maps[exit_]).all():
            _write(figure, middle, 0.0, f"\N{PLUS-MINUS SIGN}{limit:.2g}", MUTED, "top", 18)
        if exit_ and np.isfinite(correlations[exit_ - 1]):
            said = f"\N{GREEK SMALL LETTER RHO} {correlations[exit_ - 1]:.2f}"
            _write(figure, start - GAP / 2, 0.0, said, INK, "top", 36)
    return figure


def _axes(figure: go.Figure, axis: str, start: float, width: float, across: int, down: int) -> None:
    hidden = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": "", "constrain": "domain"}
    place = {"domain": [start, start + width], "range": [-0.5, across - 0.5], "anchor": f"y{axis}"}
    figure.layout[f"xaxis{axis}"] = hidden | place
    scaled = {"range": [down - 0.5, -0.5], "scaleanchor": f"x{axis}", "anchor": f"x{axis}"}
    figure.layout[f"yaxis{axis}"] = hidden | scaled


def _cross(axis: str, right: float, bottom: float) -> go.Scatter:
    """Both diagonals of a map."""
    return go.Scatter(
        x=[-0.5, right, None, -0.5, right],
        y=[-0.5, bottom, None, bottom, -0.5],
        xaxis=f"x{axis}",
        yaxis=f"y{axis}",
        mode="lines",
        line={"color": INK, "width": 1.5},
        hoverinfo="skip",
        name="not converged",
    )


def _map(values: np.ndarray, limit: float, exit_name: str, axis: str, cell: int, opacity: float) -> go.Heatmap:
    """On a scale of its own; the nearer to 0, the more of the image is seen."""
    end = float(rooted(limit))
    return go.Heatmap(
        z=[[None if np.isnan(v) else float(v) for v in row] for row in rooted(values)],
        zmin=-end,
        zmax=end,
        x0=(cell - 1) / 2,
        y0=(cell - 1) / 2,
        dx=cell,
        dy=cell,
        xaxis=f"x{axis}",
        yaxis=f"y{axis}",
        colorscale=[[0, AGAINST], [0.5, rgba(AGAINST, 0)], [0.5, rgba(FOR, 0)], [1, FOR]],
        showscale=False,
        opacity=opacity,
        name=plain(exit_name),
        customdata=[[[plain(exit_name), f"{v:.3g}"] for v in row] for row in values],
        hovertemplate="exit %{customdata[0]}<br>row %{y}, column %{x}: %{customdata[1]}<extra></extra>",
    )


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
