"""What is selected stands out before the rest: parts of bars and cells that hold some in full colour, the rest in grey;
thin lines; ticks.

May import NumPy and plotly only. Whole numbers stay as they are: what is selected is drawn with them, not instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.style import FAINT, INK, predictor_style, rgba

REST = rgba(INK, 0.14)
"""Bars of what is not selected, as points that are not."""
LIT_FILL = 0.65
"""Opacity of a bar's selected part, at which numbers on it can be read."""


@dataclass(frozen=True)
class LitBars:
    """The selected part of a trace of bars.

    Attributes
    ----------
    trace : int
        Which of the figure's traces.
    colour : str
        Hex: the predictor's.
    counts : int, (bars,)
        How many of a bar's samples are selected.
    heights : float, (bars,)
        How high their part is, on the axis.
    base : float, (bars,), optional
        Where it begins, in bars that stand on others; by default at 0.
    """

    trace: int
    colour: str
    counts: np.ndarray
    heights: np.ndarray
    base: np.ndarray | None = None


def light_up(figure: go.Figure, parts: Sequence[LitBars]) -> None:
    """Draw the selected part of bars in full colour, and what is not selected in grey.

    Examples
    --------
    >>> figure = go.Figure(go.Bar(x=[1, 2], y=[10, 20], hovertemplate="%{y}<extra></extra>"))
    >>> light_up(figure, [LitBars(0, "#0072B2", np.array([5, 0]), np.array([5.0, 0.0]))])
    >>> [trace.marker.color for trace in figure.data], figure.data[0].y.tolist()
    (['rgba(0,114,178,0.65)', 'rgba(27,27,31,0.14)'], [5.0, 0.0])
    """
    lit = [_lit(figure.data[part.trace], part) for part in parts]
    count = len(figure.data)
    figure.add_traces(lit)
    figure.data = (*figure.data[count:], *figure.data[:count])  # behind, so that numbers on the bars stay to be read


def light_up_cells(figure: go.Figure, selected: np.ndarray) -> None:
    """Leave in their colours the cells of heatmaps that hold selected samples, and draw the others in grey.

    Parameters
    ----------
    selected : int, (rows, columns)
        How many of a cell's samples are selected.

    Examples
    --------
    >>> figure = go.Figure(go.Heatmap(z=[[3.0, 5.0]], hovertemplate="%{z}<extra></extra>"))
    >>> light_up_cells(figure, np.array([[2, 0]]))
    >>> [trace.z for trace in figure.data], figure.data[0].zmax
    ([([3.0, None],), ([None, 5.0],)], 5.0)
    """
    told = [[f"{int(count):,} of them selected" for count in row] for row in selected]
    cells = []
    for whole in figure.data:
        values = [value for row in whole.z for value in row if value is not None]
        ends = {"zmin": whole.zmin, "zmax": whole.zmax}
        if values and None in ends.values():  # as they are without a selection
            ends = {"zmin": min(values) if whole.zmin is None else whole.zmin, "zmax": max(values)}
        hover = whole.hovertemplate.replace("<extra></extra>", "<br>%{hovertext}<extra></extra>")
        for there, look in ((selected > 0, {}), (selected == 0, _UNSELECTED)):
            kept = {"z": _kept(whole.z, there, None)}
            if whole.text is not None:
                kept["text"] = _kept(whole.text, there, "")
            cells.append(go.Heatmap(whole).update(kept, hovertext=told, hovertemplate=hover, **ends, **look))
    figure.data = ()
    figure.add_traces(cells)


def _kept(cells: Sequence[Sequence], there: np.ndarray, otherwise: object) -> list[list]:
    return [[value if kept else otherwise for value, kept in zip(*row)] for row in zip(cells, there)]


_UNSELECTED = {
    "colorscale": [[0, REST], [1, REST]],
    "showscale": False,
    "opacity": 1,
    "textfont": {"color": INK},
}


def _lit(whole: go.Bar, part: LitBars) -> go.Bar:
    group = f"bars {part.trace}" if part.base is None else None
    lit = go.Bar(
        x=whole.x,
        y=part.heights,
        base=np.zeros(len(part.heights)) if part.base is None else part.base,
        width=whole.width,
        offsetgroup=group,
        xaxis=whole.xaxis,
        yaxis=whole.yaxis,
        name=f"{whole.name}, selected",
        marker={
            "color": rgba(part.colour, LIT_FILL),
            "line": {"color": part.colour, "width": [1.0 if count else 0.0 for count in part.counts]},
        },
        hoverinfo="skip",
    )
    if whole.marker.pattern.shape:
        lit.marker.pattern = whole.marker.pattern
    whole.marker.color = REST
    whole.offsetgroup = group
    whole.hovertext = [f"{int(count):,} of them selected" for count in part.counts]
    whole.hovertemplate = whole.hovertemplate.replace("<extra></extra>", "<br>%{hovertext}<extra></extra>")
    return lit


def stacked(parts: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]], colour: str) -> list[LitBars]:
    """The selected parts of bars that stand on each other, from below; each part: heights, counts, selected counts.

    Each fills its bar from below.

    >>> low, high = stacked([(np.array([2.0]), np.array([2]), np.array([1]))] * 2, "#0072B2")
    >>> low.base.tolist(), low.heights.tolist(), high.base.tolist()
    ([0.0], [1.0], [2.0])
    """
    lit, base = [], 0.0
    for place, (heights, counts, selected) in enumerate(parts):
        height = np.asarray(heights, dtype=np.float64)
        lit.append(LitBars(place, colour, selected, share_of(height, counts, selected), base + np.zeros(len(height))))
        base = base + height
    return lit


def share_of(heights: np.ndarray, counts: np.ndarray, selected: np.ndarray) -> np.ndarray:
    """How high the selected part of bars is, on a linear axis.

    >>> share_of(np.array([40.0, 0.0]), np.array([80, 0]), np.array([20, 0])).tolist()
    [10.0, 0.0]
    """
    return np.asarray(heights, dtype=np.float64) * np.asarray(selected) / np.maximum(np.asarray(counts), 1)


def thin_line(predictor_id: str, x: np.ndarray, y: np.ndarray, told: str, **axes: object) -> go.Scatter:
    """What holds of the selected samples alone: a thin solid line in the predictor's colour."""
    colour = predictor_style(predictor_id)["color"]
    return go.Scatter(
        x=x, y=y, mode="lines", name=f"{predictor_id}, selected", opacity=max(FAINT[colour], 0.9),
        line={"color": colour, "width": 1.25}, hovertemplate=f"{told}<extra></extra>", **axes,
    )  # fmt: skip


def tick_marks(predictor_id: str, x: Sequence[float], y: Sequence, told: str) -> go.Scatter:
    """The same in a row of marks: an upright stroke, for each number that there is."""
    colour = predictor_style(predictor_id)["color"]
    return go.Scatter(
        x=x, y=y, mode="markers", name=f"{predictor_id}, selected",
        marker={"symbol": "line-ns", "size": 14, "color": colour, "line": {"color": colour, "width": 2}},
        hovertemplate=f"{told}<extra></extra>",
    )  # fmt: skip
