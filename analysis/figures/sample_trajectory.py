"""One sample over the exits: probability and confidence, the baseline behind the predictor, the largest fall marked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import in_lines, name_ends
from analysis.figures.probability_axis import LINEAR, ProbabilityAxis
from analysis.figures.style import (
    FAINT,
    INK,
    MARKERS_DRAWN,
    SURFACE,
    base_figure,
    exit_ticks,
    plain,
    predictor_style,
    rgba,
)

MARKER = 12  # pixels
ABOVE = 18  # pixels over the axis: room for the fall of a line that falls from its top
WRONG_KEY = "a cross in the marker: wrong"


@dataclass(frozen=True)
class Trajectory:
    """What one predictor says of one sample.

    Attributes
    ----------
    predictor_id, label : str
    probs : float, (exits,)
        Probability of the class that is followed: the true one, or the final prediction where the label is unknown.
    confidence : float, (exits,)
        Largest probability of any class.
    right : bool, (exits,), or None
        Whether the prediction is right; None where the label is unknown.
    predicted : sequence of str, (exits,)
        Name of the predicted class.
    fall : (float, int, int), optional
        Size of the largest fall and the exits it goes between, from 0; None where it never falls.
    """

    predictor_id: str
    label: str
    probs: np.ndarray
    confidence: np.ndarray
    right: np.ndarray | None
    predicted: Sequence[str]
    fall: tuple[float, int, int] | None = None


def sample_trajectory_figure(
    shown: Trajectory,
    behind: Trajectory | None,
    *,
    x: Sequence[float],
    x_title: str,
    exit_names: Sequence[str],
    quantity: str,
    title: str,
    subtitle: str,
    over_cost: bool = False,
    height: int = 300,
    also: Sequence[tuple[float, str, str]] = (),
    axis: ProbabilityAxis = LINEAR,
) -> go.Figure:
    """The trajectory of one sample.

    Parameters
    ----------
    shown : Trajectory
        Drawn in full, with its confidence and its largest fall.
    behind : Trajectory, optional
        The baseline behind a predictor, faint.
    x : sequence of float, (exits,)
        Where the exits stand: 1, 2, ... or cumulative costs.
    x_title : str
        With the unit.
    exit_names : sequence of str
    quantity : str
        What `probs` is: "P(true class)".
    over_cost : bool
        Whether x is a cost, which then starts at 0.
    also : sequence of (height, name, colour)
        The ends of more lines, to be named with the others.
    axis : ProbabilityAxis
        How probabilities stand; linear, it goes from 0 to 1 whatever the sample, so that stepping through samples moves
        lines and nothing else.
    """
    figure = base_figure(title, subtitle, x_title, axis.title, height=height, uirevision=x_title, hoverdistance=60)
    exits_axis(figure, x, exit_names, over_cost)
    axis.draw_on(figure)
    if behind is not None:
        figure.add_traces(_probs(behind, x, exit_names, quantity, axis, faint=True))
    figure.add_trace(_confidence(shown, x, exit_names, axis))
    if shown.fall is not None:
        figure.add_trace(_fall(shown, x, axis))
        _fall_label(figure, shown, x, axis)
    figure.layout.margin.t = ABOVE  # whatever the sample, so that nothing moves from one to the next
    figure.add_traces(_probs(shown, x, exit_names, quantity, axis, faint=False))
    end, confidence = (float(axis.places(one)[-1]) for one in (shown.probs, shown.confidence))
    ends = [(shown, end, shown.label)]
    if behind is not None:
        ends.append((behind, float(axis.places(behind.probs)[-1]), behind.label))
    if abs(confidence - end) > 0.02 * (axis.span[1] - axis.span[0]):
        ends.append((shown, confidence, "confidence"))
    named = [(x[-1], y, label, predictor_style(line.predictor_id)["color"]) for line, y, label in ends]
    named += [(x[-1], *end) for end in also]
    name_ends(figure, named, span=axis.span, pixels=height - 48 - ABOVE)
    return figure


def exits_axis(figure: go.Figure, x: Sequence[float], exit_names: Sequence[str], over_cost: bool) -> None:
    """Exits by name, evenly; or a cost from 0, with the exits at their cost."""
    if over_cost:
        figure.update_xaxes(range=[0, 1.03 * x[-1]], nticks=6)
    else:
        figure.update_xaxes(range=[0.8, len(x) + 0.2], **exit_ticks(exit_names, x))


def _probs(
    line: Trajectory,
    x: Sequence[float],
    exit_names: Sequence[str],
    quantity: str,
    axis: ProbabilityAxis,
    *,
    faint: bool,
) -> list[go.Scatter]:
    """The line with the predictor's marker at the exits, or at some of many, and a cross in those that are wrong."""
    style = predictor_style(line.predictor_id)
    said = ["label unknown"] * len(x) if line.right is None else ["right" if one else "wrong" for one in line.right]
    size, opacity = (9, FAINT[style["color"]]) if faint else (MARKER, 1)
    bears = np.arange(len(x)) % -(-len(x) // MARKERS_DRAWN) == 0
    name = f"{plain(line.label)}, {plain(quantity)}"
    places = axis.places(line.probs)
    drawn = go.Scatter(
        x=x,
        y=places,
        name=name,
        mode="lines+markers",
        line={"color": style["color"], "width": 1.75 if faint else 3, "dash": style["dash"]},
        marker={
            "color": style["color"],
            "size": np.where(bears, size, 0).tolist(),
            "opacity": 1,  # plotly's default for markers of several sizes is 0.7
            "symbol": style["symbol"],
            "line": {"width": 1, "color": SURFACE},
        },
        opacity=opacity,
        customdata=[
            [plain(name), in_lines(predicted), right, float(prob)]
            for name, predicted, right, prob in zip(exit_names, line.predicted, said, line.probs)
        ],
        hovertemplate=f"{plain(line.label)}, exit %{{customdata[0]}}<br>{plain(quantity)} %{{customdata[3]:.4g}}"
        "<br>%{customdata[2]}: predicts %{customdata[1]}<extra></extra>",
    )
    wrong = np.zeros(len(x), dtype=bool) if line.right is None else ~np.asarray(line.right, dtype=bool) & bears
    crosses = go.Scatter(
        x=np.asarray(x, dtype=float)[wrong],
        y=places[wrong],
        name=f"{name}, wrong",
        mode="markers",
        marker={"symbol": "x-thin", "size": size - 5, "line": {"width": 1.75, "color": SURFACE}},
        hoverinfo="skip",
    )
    return [drawn, crosses]


def _confidence(line: Trajectory, x: Sequence[float], exit_names: Sequence[str], axis: ProbabilityAxis) -> go.Scatter:
    """As thin as it can be: the same predictor's other line."""
    style = predictor_style(line.predictor_id)
    return go.Scatter(
        x=x,
        y=axis.places(line.confidence),
        name=f"{plain(line.label)}, confidence",
        mode="lines",
        line={"color": style["color"], "width": 1.25, "dash": style["dash"]},
        customdata=[
            [plain(name), in_lines(predicted), float(prob)]
            for name, predicted, prob in zip(exit_names, line.predicted, line.confidence)
        ],
        hovertemplate=f"{plain(line.label)}, exit %{{customdata[0]}}<br>"
        "confidence %{customdata[2]:.4g}, in %{customdata[1]}<extra></extra>",
    )


def _fall(line: Trajectory, x: Sequence[float], axis: ProbabilityAxis) -> go.Scatter:
    """A bracket: along the height it falls from, down to where it has fallen."""
    _, start, end = line.fall
    places = axis.places(line.probs)
    return go.Scatter(
        x=[x[start], x[end], x[end]],
        y=[places[start], places[start], places[end]],
        name="largest fall",
        mode="lines",
        line={"color": INK, "width": 1},
        hoverinfo="skip",
    )


def _fall_label(figure: go.Figure, line: Trajectory, x: Sequence[float], axis: ProbabilityAxis) -> None:
    """Above the bracket, where the line itself is never: it falls from its height. Other lines may pass behind it."""
    size, start, end = line.fall
    if size < 0.0005:
        return
    late = x[start] + x[end] > x[0] + x[-1]  # it stays left of the names at the lines' ends
    figure.add_annotation(
        x=x[end] if late else x[start],
        xanchor="right" if late else "left",
        y=float(axis.places(line.probs)[start]),
        yanchor="bottom",
        yshift=MARKER // 2 + 1,
        text=f"\N{MINUS SIGN}{size:.3f}",
        showarrow=False,
        font={"color": INK, "size": 12},
        bgcolor=rgba(SURFACE, 0.85),
    )
