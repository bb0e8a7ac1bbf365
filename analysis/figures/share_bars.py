"""Bars side by side: what share of the samples falls into each of a few groups, under the baseline and a predictor."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import name_in_corner
from analysis.figures.selected import LitBars, light_up, share_of
from analysis.figures.style import (
    FAINT,
    FILL,
    base_figure,
    exit_ticks,
    fitted_range,
    on_bars,
    plain,
    predictor_style,
    rgba,
)


@dataclass(frozen=True)
class ShareBars:
    """One predictor's bars.

    Attributes
    ----------
    predictor_id, label : str
    counts : int, (groups,)
    percents : float, (groups,)
        Of the samples.
    full : bool
        Whether it is the one on screen.
    selected : int, (groups,), optional
        How many of the samples are selected.
    """

    predictor_id: str
    label: str
    counts: np.ndarray
    percents: np.ndarray
    full: bool
    selected: np.ndarray | None = None


def share_bars_figure(
    bars: Sequence[ShareBars],
    groups: Sequence[str],
    *,
    x_title: str,
    said: Sequence[str],
    title: str,
    subtitle: str,
    y_title: str = "samples, %",
    opens: bool = True,
    height: int = 300,
) -> go.Figure:
    """A bar per group and predictor, from 0.

    Parameters
    ----------
    bars : sequence of ShareBars
    groups : sequence of str
        What stands at the ticks.
    said : sequence of str, one per group
        The group within the pointer's sentence: "change their answer twice".
    """
    figure = base_figure(title, subtitle, x_title, y_title, height=height, uirevision=f"{x_title} {len(groups)}",
                         barmode="group", bargap=0.3, bargroupgap=0.05)  # fmt: skip
    figure.update_xaxes(range=[0.4, len(groups) + 0.6], **exit_ticks(groups))
    high = fitted_range([*(one.percents for one in bars), np.zeros(1)], highest=100, room=0.5)[1]
    figure.update_yaxes(range=[0, high], ticksuffix="%")
    for one in bars:
        style = predictor_style(one.predictor_id)
        texts = [f"{value:.1f}" if value >= 0.95 else f"{value:.2g}" if value else "" for value in one.percents]
        labels = on_bars([text for _ in bars for text in texts])[: len(texts)]
        figure.add_trace(
            go.Bar(
                x=np.arange(1, len(groups) + 1),
                y=one.percents,
                name=plain(one.label),
                text=labels,
                textposition="outside",
                cliponaxis=False,
                marker={
                    "color": rgba(style["color"], FILL if one.full else FILL / 3),
                    "line": {"color": style["color"], "width": 1.5 if one.full else 1},
                },
                opacity=1 if one.full else FAINT[style["color"]],
                customdata=[
                    [place, plain(words), one.predictor_id, int(count)]
                    for place, (words, count) in enumerate(zip(said, one.counts))
                ],
                hovertemplate=f"{plain(one.label)}: %{{customdata[3]:,}} samples (%{{y:.2f}}%)<br>%{{customdata[1]}}"
                + ("<br>click to see them" if opens else "")
                + "<extra></extra>",
            )
        )
    parts = [
        LitBars(place, predictor_style(one.predictor_id)["color"], one.selected,
                share_of(one.percents, one.counts, one.selected))
        for place, one in enumerate(bars) if one.selected is not None
    ]  # fmt: skip
    light_up(figure, parts)
    name_in_corner(figure, [(one.label, predictor_style(one.predictor_id)["color"]) for one in bars])
    return figure
