"""How large the largest falls are: a histogram over several powers of ten, the baseline behind the predictor."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.decrease_curve import percent_axis, percent_places
from analysis.figures.names import name_in_corner
from analysis.figures.selected import LitBars, light_up, share_of
from analysis.figures.style import FILL, base_figure, plain, predictor_style, rgba
from analysis.reference.symlog import FALL_UNIT, ticks, to_scale


@dataclass(frozen=True)
class Bars:
    """One predictor's histogram: how many samples, percent of samples, and how many that are selected, per bin."""

    predictor_id: str
    label: str
    counts: np.ndarray
    percents: np.ndarray
    emphasised: bool
    selected: np.ndarray | None = None


def fall_histogram_figure(
    bars: Sequence[Bars],
    edges: np.ndarray,
    *,
    x_title: str,
    y_title: str,
    title: str,
    subtitle: str,
    log_percent: bool = True,
    height: int = 320,
) -> go.Figure:
    """Percent of samples per bin of the largest fall.

    Parameters
    ----------
    bars : sequence of Bars
        The one behind first.
    edges : float, (bins + 1,)
        In probability, ascending from 0 to 1.

    Returns
    -------
    plotly.graph_objects.Figure
        `customdata` of each bar: [low, high, count, percent, predictor id].
    """
    figure = base_figure(
        title,
        subtitle,
        x_title,
        y_title,
        height=height,
        barmode="overlay",
        uirevision="log" if log_percent else "linear",
    )
    places, labels = ticks(0, 1, FALL_UNIT)
    figure.update_xaxes(tickvals=places, ticktext=labels, range=[-0.06, places[-1] + 0.06])
    highest = max((float(np.nanmax(one.percents, initial=0.0)) for one in bars), default=0.0)
    percent_axis(figure, log_percent, max(highest, 1.0) * (1 if log_percent else 1.1))
    left = to_scale(edges, FALL_UNIT)
    for one in bars:
        colour = predictor_style(one.predictor_id)["color"]
        figure.add_trace(
            go.Bar(
                x=(left[:-1] + left[1:]) / 2,
                y=percent_places(one.percents, log_percent),
                width=np.diff(left) * 0.94,
                name=plain(one.label),
                marker={
                    "color": rgba(colour, 0.85 if one.emphasised else FILL),
                    "line": {"color": colour, "width": 0 if one.emphasised else 1},
                },
                customdata=[
                    [float(low), float(high), int(count), float(percent), one.predictor_id]
                    for low, high, count, percent in zip(edges, edges[1:], one.counts, one.percents)
                ],
                hovertemplate=f"{plain(one.label)}: %{{customdata[2]:,}} samples (%{{customdata[3]:.2f}}%)"
                "<br>fall by %{customdata[0]:.3g} to %{customdata[1]:.3g}<br>click to see them<extra></extra>",
            )
        )
    parts = [
        LitBars(place, predictor_style(one.predictor_id)["color"], one.selected,
                percent_places(share_of(one.percents, one.counts, one.selected), log_percent))
        for place, one in enumerate(bars) if one.selected is not None
    ]  # fmt: skip
    light_up(figure, parts)
    # in the upper right corner, where falls near 1 are few
    name_in_corner(figure, [(one.label, predictor_style(one.predictor_id)["color"]) for one in reversed(bars)])
    return figure
