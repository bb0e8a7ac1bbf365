"""The race of one sample's likeliest classes: which rank each has at every exit, its probability in its ring."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import in_lines, name_ends
from analysis.figures.sample_trajectory import exits_axis
from analysis.figures.style import FAINT, INK, SURFACE, base_figure, plain, predictor_style
from analysis.reference.outside_text import shortened

NUMBERED = 12  # exits of a line that bear its probability, at most
RING = 22  # pixels


@dataclass(frozen=True)
class Racer:
    """One class: its probabilities and ranks (1: the likeliest of all; NaN: none left) at every exit.

    `behind` are its ranks under the baseline, drawn behind a predictor's; None draws none.
    """

    name: str
    probs: np.ndarray
    ranks: np.ndarray
    behind: np.ndarray | None
    is_true: bool


def class_race_figure(
    racers: Sequence[Racer],
    *,
    lowest: int,
    predictor_id: str,
    x: Sequence[float],
    x_title: str,
    exit_names: Sequence[str],
    title: str,
    subtitle: str,
    over_cost: bool = False,
    height: int = 300,
) -> go.Figure:
    """A bump chart: one line per class over its ranks, the true class in the predictor's colour.

    Parameters
    ----------
    racers : sequence of Racer
        The likeliest at the last exit first.
    lowest : int
        The last rank that has a row of its own; the lower ones share one below it, where no ring is drawn.
    x, x_title, exit_names, over_cost
        As in `sample_trajectory_figure`.
    """
    figure = base_figure(title, subtitle, x_title, "rank", height=height, uirevision=x_title, hoverdistance=60)
    exits_axis(figure, x, exit_names, over_cost)
    low, high = figure.layout.xaxis.range
    figure.update_xaxes(range=[low - 0.03 * (high - low), high])
    span = (lowest + 1.4, 0.4)  # whatever the sample, so that stepping through samples moves lines and nothing else
    texts = [*(str(rank) for rank in range(1, lowest + 1)), "lower"]
    figure.update_yaxes(range=span, tickvals=list(range(1, lowest + 2)), ticktext=texts, showgrid=False)
    style = predictor_style(predictor_id)
    for one in racers:
        if one.behind is not None:
            figure.add_trace(_behind(one, lowest, x, exit_names))
    for one in reversed(racers):
        figure.add_trace(_line(one, style["color"] if one.is_true else INK, style["dash"], lowest, x, exit_names))
    ends = [
        (
            x[-1],
            span[0] + span[1] - _rows(one.ranks, lowest)[-1],
            shortened(one.name, 18) + (", true" if one.is_true else ""),
            style["color"] if one.is_true else INK,
        )
        for one in racers
    ]
    name_ends(figure, ends, span=(span[1], span[0]), pixels=height - 56)
    for note, one in zip(figure.layout.annotations, racers):  # ranks grow downwards
        note.y = _rows(one.ranks, lowest)[-1]
        note.hovertext = in_lines(one.name)
        note.xshift = None if note.showarrow else 14
    return figure


def _rows(ranks: np.ndarray, lowest: int) -> np.ndarray:
    """The row of each rank; what has none is below all."""
    return np.minimum(np.nan_to_num(np.asarray(ranks, dtype=float), nan=np.inf), lowest + 1)


def _line(one: Racer, colour: str, dash: str, lowest: int, x: Sequence[float], exit_names: Sequence[str]) -> go.Scatter:
    rows = _rows(one.ranks, lowest)
    step = max(1, -(-len(x) // NUMBERED))
    bears = [place % step == 0 and row <= lowest for place, row in enumerate(rows)]
    return go.Scatter(
        x=x,
        y=rows,
        name=plain(one.name),
        mode="lines+markers+text",
        line={"color": colour, "width": 3 if one.is_true else 1.25, "dash": dash, "shape": "spline", "smoothing": 0.5},
        marker={
            "color": SURFACE,
            "size": [RING if there else 0 for there in bears],
            "opacity": 1,  # plotly's default for markers of several sizes is 0.7
            "line": {"color": colour, "width": 2 if one.is_true else 1},
        },
        text=[_percent(prob) if there else "" for there, prob in zip(bears, one.probs)],
        textposition="middle center",
        textfont={"color": colour, "size": 10},
        **_hover("", one, one.ranks, exit_names),
    )


def _percent(prob: float) -> str:
    """A probability in a ring: whole percents, a point for less than a half of one."""
    return "\N{MIDDLE DOT}" if prob < 0.005 else f"{100 * prob:.0f}"


def _behind(one: Racer, lowest: int, x: Sequence[float], exit_names: Sequence[str]) -> go.Scatter:
    style = predictor_style("baseline")
    said = _hover("baseline: ", one, one.behind, exit_names)
    said["hovertemplate"] = "%{customdata[1]}<br>rank %{customdata[3]} at exit %{customdata[0]}<extra></extra>"
    return go.Scatter(
        x=x,
        y=_rows(one.behind, lowest),
        name=f"baseline: {plain(one.name)}",
        mode="lines",
        line={"color": style["color"], "width": 1.75, "dash": style["dash"], "shape": "spline", "smoothing": 0.5},
        opacity=FAINT[style["color"]],
        **said,
    )


def _hover(said: str, one: Racer, ranks: np.ndarray, exit_names: Sequence[str]) -> dict:
    return {
        "customdata": [
            [plain(name), said + in_lines(one.name), float(prob), "none" if np.isnan(rank) else f"{rank:.0f}"]
            for name, prob, rank in zip(exit_names, one.probs, ranks)
        ],
        "hovertemplate": "%{customdata[1]}<br>%{customdata[2]:.4g} at exit %{customdata[0]}"
        "<br>rank %{customdata[3]}<extra></extra>",
    }
