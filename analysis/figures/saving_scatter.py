"""What confidences save over how good they are: a point per predictor, joined to the same at fitted temperatures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import name_curves
from analysis.figures.style import FAINT, base_figure, fitted_range, plain, predictor_style


@dataclass(frozen=True)
class SavingPoint:
    """One confidence.

    Attributes
    ----------
    predictor_id, label : str
    measure, saved : float
        How good it is, and percent of the last exit's cost; NaN draws nothing.
    about : str
        What the pointer says further.
    tempered : bool
        Whether it is the predictor at its fitted temperatures.
    full : bool
        Whether the predictor is the one on screen.
    """

    predictor_id: str
    label: str
    measure: float
    saved: float
    about: str
    tempered: bool = False
    full: bool = False


def saving_scatter_figure(
    points: Sequence[SavingPoint], *, x_title: str, y_title: str, title: str, subtitle: str, height: int = 380
) -> go.Figure:
    """Points, and a thin line from each predictor to the same tempered, whose marker is smaller."""
    figure = base_figure(title, subtitle, x_title, y_title, height=height, uirevision=x_title)
    drawn = [one for one in points if np.isfinite(one.measure) and np.isfinite(one.saved)]
    across = fitted_range([np.array([one.measure for one in drawn])], room=0.6)
    up = fitted_range([np.array([one.saved for one in drawn])], lowest=-np.inf, room=0.6)
    figure.update_xaxes(range=list(across))
    figure.update_yaxes(range=list(up), ticksuffix="%")
    if min(across[0], up[0]) > 0:
        figure.layout.title.subtitle.text += " Neither axis need start at 0."
    places = {(one.predictor_id, one.tempered): one for one in drawn}
    for (predictor_id, tempered), one in places.items():
        if tempered and (plain_one := places.get((predictor_id, False))) is not None:
            figure.add_trace(_joint(plain_one, one))
    for one in sorted(drawn, key=lambda point: point.full):
        figure.add_trace(_point(one))
    named = [
        (one.label, predictor_style(one.predictor_id)["color"], np.array([one.measure]), np.array([one.saved]))
        for one in drawn
    ]
    if named:
        joints = [(_inner(trace.x), _inner(trace.y)) for trace in figure.data if trace.mode == "lines"]
        place = {"spans": (across, up), "pixels": height - 52, "near": float(np.mean(across))}
        name_curves(figure, named, beside=joints, **place)
    return figure


def _inner(ends: Sequence[float]) -> np.ndarray:
    """A line less what lies beside the marks at its ends, where their own names stand."""
    return np.interp([0.1, 0.9], [0, 1], ends)


def _joint(start: SavingPoint, end: SavingPoint) -> go.Scatter:
    colour = predictor_style(start.predictor_id)["color"]
    return go.Scatter(
        x=[start.measure, end.measure],
        y=[start.saved, end.saved],
        mode="lines",
        name=f"{plain(start.label)} to {plain(end.label)}",
        line={"color": colour, "width": 1},
        opacity=FAINT[colour],
        hoverinfo="skip",
    )


def _point(one: SavingPoint) -> go.Scatter:
    style = predictor_style(one.predictor_id)
    size = (13 if one.full else 10) - (4 if one.tempered else 0)
    click = "" if one.tempered else "<br>click to see who stops before the last exit"
    return go.Scatter(
        x=[one.measure],
        y=[one.saved],
        name=plain(one.label),
        mode="markers",
        marker={"symbol": style["symbol"], "color": style["color"], "size": size},
        customdata=[[one.predictor_id, int(one.tempered), plain(one.about)]],
        hovertemplate=f"{plain(one.label)}<br>%{{x:.4f}}, saves %{{y:.2f}}%<br>%{{customdata[2]}}{click}"
        "<extra></extra>",
    )
