"""One sample over the exits: probability and confidence, the baseline behind the predictor, the largest fall marked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.style import FAINT, INK, SURFACE, base_figure, line_end_label, plain, predictor_style, spread

RIGHT, WRONG, UNKNOWN = "circle", "x", "circle-open"


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

    Returns
    -------
    plotly.graph_objects.Figure
        Probabilities from 0 to 1 whatever the sample, so that stepping through samples moves lines and nothing else.
    """
    figure = base_figure(title, subtitle, x_title, "probability", height=height, uirevision=x_title, hoverdistance=60)
    exits_axis(figure, x, exit_names, over_cost)
    figure.update_yaxes(range=[-0.03, 1.05], tickvals=[0, 0.25, 0.5, 0.75, 1])
    if behind is not None:
        figure.add_trace(_probs(behind, x, exit_names, quantity, faint=True))
    figure.add_trace(_confidence(shown, x, exit_names))
    if shown.fall is not None:
        figure.add_trace(_fall(shown, x))
        _fall_label(figure, shown, x)
    figure.add_trace(_probs(shown, x, exit_names, quantity, faint=False))
    ends = [(shown, float(shown.probs[-1]), shown.label)]
    if behind is not None:
        ends.append((behind, float(behind.probs[-1]), behind.label))
    if shown.confidence[-1] - shown.probs[-1] > 0.02:
        ends.append((shown, float(shown.confidence[-1]), "confidence"))
    for (line, _, label), y in zip(ends, label_heights([end[1] for end in ends], height)):
        line_end_label(figure, x[-1], y, label, predictor_style(line.predictor_id)["color"])
    return figure


def exits_axis(figure: go.Figure, x: Sequence[float], exit_names: Sequence[str], over_cost: bool) -> None:
    """Exits by name, evenly; or a cost from 0, with the exits at their cost."""
    if over_cost:
        figure.update_xaxes(range=[0, 1.03 * x[-1]], nticks=6)
    else:
        shown = _some(len(x))
        figure.update_xaxes(
            range=[0.8, len(x) + 0.2], tickvals=[x[i] for i in shown], ticktext=[plain(exit_names[i]) for i in shown]
        )


def label_heights(probs: Sequence[float], height: int) -> list[float]:
    """Where to write the names of lines that end at `probs`: apart from each other, and within the axis.

    Examples
    --------
    >>> [round(y, 2) for y in label_heights([0.0, 0.01, 0.9], 360)]
    [0.0, 0.06, 0.9]
    """
    gap = 18 / max(height - 60, 60)
    places = spread(probs, gap)
    order = sorted(range(len(places)), key=lambda i: places[i])
    for rank, i in enumerate(order):
        places[i] = max(places[i], rank * gap)
    for rank, i in enumerate(reversed(order)):
        places[i] = min(places[i], 1.02 - rank * gap)
    return places


def _some(count: int, most: int = 14) -> list[int]:
    step = -(-count // most)
    return list(range(0, count, step))


def _symbols(right: np.ndarray | None, count: int) -> list[str]:
    return [UNKNOWN] * count if right is None else [RIGHT if one else WRONG for one in right]


def _probs(
    line: Trajectory, x: Sequence[float], exit_names: Sequence[str], quantity: str, *, faint: bool
) -> go.Scatter:
    style = predictor_style(line.predictor_id)
    said = ["label unknown"] * len(x) if line.right is None else ["right" if one else "wrong" for one in line.right]
    return go.Scatter(
        x=x,
        y=line.probs,
        name=f"{plain(line.label)}, {plain(quantity)}",
        mode="lines+markers",
        line={"color": style["color"], "width": 2 if faint else 3, "dash": style["dash"]},
        marker={
            "color": style["color"],
            "size": 8 if faint else 11,
            "symbol": _symbols(line.right, len(x)),
            "line": {"width": 1, "color": SURFACE},
        },
        opacity=1.5 * FAINT if faint else 1,
        customdata=[[plain(name), plain(p), s] for name, p, s in zip(exit_names, line.predicted, said)],
        hovertemplate=f"{plain(line.label)}, exit %{{customdata[0]}}<br>{plain(quantity)} %{{y:.4f}}"
        "<br>predicts %{customdata[1]} (%{customdata[2]})<extra></extra>",
    )


def _confidence(line: Trajectory, x: Sequence[float], exit_names: Sequence[str]) -> go.Scatter:
    return go.Scatter(
        x=x,
        y=line.confidence,
        name=f"{plain(line.label)}, confidence",
        mode="lines",
        line={"color": predictor_style(line.predictor_id)["color"], "width": 1.5, "dash": "2px,3px"},
        customdata=[[plain(name), plain(p)] for name, p in zip(exit_names, line.predicted)],
        hovertemplate=f"{plain(line.label)}, exit %{{customdata[0]}}<br>"
        "confidence %{y:.4f}, in %{customdata[1]}<extra></extra>",
    )


def _fall(line: Trajectory, x: Sequence[float]) -> go.Scatter:
    """A bracket: along the height it falls from, down to where it has fallen."""
    _, start, end = line.fall
    return go.Scatter(
        x=[x[start], x[end], x[end]],
        y=[line.probs[start], line.probs[start], line.probs[end]],
        name="largest fall",
        mode="lines",
        line={"color": INK, "width": 1},
        hoverinfo="skip",
    )


def _fall_label(figure: go.Figure, line: Trajectory, x: Sequence[float]) -> None:
    size, start, end = line.fall
    if size < 0.0005:
        return
    high = line.probs[start] > 0.9  # no room above
    figure.add_annotation(
        x=(x[start] + x[end]) / 2,
        y=float(line.probs[start]),
        text=f"\N{MINUS SIGN}{size:.3f}",
        showarrow=False,
        yshift=-10 if high else 10,
        font={"color": INK, "size": 12},
    )
