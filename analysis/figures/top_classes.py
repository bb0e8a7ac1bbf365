"""The likeliest classes of one sample at its last exit, and how their probabilities came about over the exits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import in_lines, name_ends
from analysis.figures.probability_axis import LINEAR, ProbabilityAxis
from analysis.figures.sample_trajectory import exits_axis
from analysis.figures.style import FAINT, INK, SURFACE, base_figure, plain, predictor_style
from analysis.reference.outside_text import shortened

NUMBERED = 12  # exits of a line that bear its number, at most


@dataclass(frozen=True)
class ClassLine:
    """One class: its name, its probability at every exit under the shown predictor and under the baseline behind it."""

    name: str
    probs: np.ndarray
    behind: np.ndarray | None
    is_true: bool


def top_classes_figure(
    classes: Sequence[ClassLine],
    *,
    predictor_id: str,
    x: Sequence[float],
    x_title: str,
    exit_names: Sequence[str],
    title: str,
    subtitle: str,
    over_cost: bool = False,
    height: int = 300,
    axis: ProbabilityAxis = LINEAR,
) -> go.Figure:
    """One line per class, told apart by numbers on it, in the predictor's dash; the true class in its colour too.

    Parameters
    ----------
    classes : sequence of ClassLine
        The likeliest at the last exit first; those with a baseline behind are drawn over it, which looks as
        the baseline always does and bears the same number.
    x, x_title, exit_names, over_cost, axis
        As in `sample_trajectory_figure`.
    """
    figure = base_figure(title, subtitle, x_title, axis.title, height=height, uirevision=x_title, hoverdistance=60)
    exits_axis(figure, x, exit_names, over_cost)
    axis.draw_on(figure)
    style = predictor_style(predictor_id)
    colours = [style["color"] if one.is_true else INK for one in classes]
    for rank, one in enumerate(classes, start=1):
        if one.behind is not None:
            figure.add_trace(_behind(one, rank, rank * len(x) // (len(classes) + 1), x, exit_names, axis))
    for rank, (one, colour) in reversed(list(enumerate(zip(classes, colours), start=1))):
        figure.add_trace(_line(one, colour, style["dash"], rank, x, exit_names, axis))
    ends = [
        (
            x[-1],
            float(axis.places(one.probs)[-1]),
            f"{rank}: {shortened(one.name, 16)}" + (", true" if one.is_true else ""),
            colour,
        )
        for rank, (one, colour) in enumerate(zip(classes, colours), start=1)
    ]
    name_ends(figure, ends, span=axis.span, pixels=height - 56)
    for note, one in zip(figure.layout.annotations, classes):
        note.hovertext = in_lines(one.name)
    return figure


def _line(
    one: ClassLine,
    colour: str,
    dash: str,
    rank: int,
    x: Sequence[float],
    exit_names: Sequence[str],
    axis: ProbabilityAxis,
) -> go.Scatter:
    """A line whose markers are rings around the class's number."""
    bears = [place % max(1, -(-len(x) // NUMBERED)) == 0 for place in range(len(x))]
    return go.Scatter(
        x=x,
        y=axis.places(one.probs),
        name=plain(one.name),
        mode="lines+markers+text",
        line={"color": colour, "width": 3 if one.is_true else 1.5, "dash": dash},
        marker={
            "color": SURFACE,
            "size": [15 if there else 0 for there in bears],
            "opacity": 1,  # plotly's default for markers of several sizes is 0.7
            "line": {"color": colour, "width": 2 if one.is_true else 1},
        },
        text=[str(rank) if there else "" for there in bears],
        textposition="middle center",
        textfont={"color": colour, "size": 10},
        **_hover("", one, one.probs, exit_names),
    )


def _behind(
    one: ClassLine, rank: int, numbered: int, x: Sequence[float], exit_names: Sequence[str], axis: ProbabilityAxis
) -> go.Scatter:
    """As the baseline looks everywhere, its class's number at one exit."""
    style = predictor_style("baseline")
    return go.Scatter(
        x=x,
        y=axis.places(one.behind),
        name=f"baseline: {plain(one.name)}",
        mode="lines+text",
        line={"color": style["color"], "width": 1.25, "dash": style["dash"]},
        opacity=FAINT[style["color"]],
        text=[str(rank) if place == numbered else "" for place in range(len(x))],
        textposition="top center",
        textfont={"color": style["color"], "size": 10},
        **_hover("baseline: ", one, one.behind, exit_names),
    )


def _hover(said: str, one: ClassLine, probs: np.ndarray, exit_names: Sequence[str]) -> dict:
    return {
        "customdata": [[plain(name), said + in_lines(one.name), float(prob)] for name, prob in zip(exit_names, probs)],
        "hovertemplate": "%{customdata[1]}<br>%{customdata[2]:.4g} at exit %{customdata[0]}<extra></extra>",
    }
