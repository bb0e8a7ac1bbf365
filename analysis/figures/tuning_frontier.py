"""Accuracy against falls of every setting that was tried: what no other beats is joined, the chosen one ringed."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import name_curves
from analysis.figures.style import FAINT, INK, MUTED, base_figure, fitted_range, plain, predictor_style
from analysis.settings import number_text

NEAR = 5.0
"""Points of accuracy below the most accurate setting that the axis holds, and no more than it needs for the defaults
and the chosen setting: bad ones would flatten the rest."""


def below_axis(accuracy: np.ndarray, chosen: int) -> int:
    """How many settings are too inaccurate for the axis; zooming out shows them."""
    return int((accuracy < _least(accuracy, chosen)).sum())


def _least(accuracy: np.ndarray, chosen: int) -> float:
    return min(accuracy.max() - NEAR, accuracy[0], accuracy[chosen])


def tuning_frontier_figure(
    falling: np.ndarray,
    accuracy: np.ndarray,
    frontier: np.ndarray,
    chosen: int,
    told: Sequence[str],
    *,
    predictor_id: str,
    max_falling: float,
    x_title: str,
    y_title: str,
    title: str,
    subtitle: str,
    height: int = 340,
) -> go.Figure:
    """A point for each setting, the first of them the defaults.

    Parameters
    ----------
    falling, accuracy : (settings,), percent of the samples fitted on
    frontier : bool (settings,), which no other setting beats in both
    chosen : the place of the chosen one
    told : the settings in words, plain text
    subtitle : says how many lie below the axis, as `below_axis` counts them: it ends `NEAR` points under the best,
        or at the chosen setting or the defaults
    max_falling : percent of samples that may fall
    """
    style = predictor_style(predictor_id)
    colour, symbol = style["color"], style["symbol"]
    across = fitted_range([np.append(falling, max_falling), np.zeros(1)], room=0.3, highest=100.0)
    up = fitted_range([accuracy[accuracy >= _least(accuracy, chosen)]], room=0.4, highest=100.0)
    figure = base_figure(title, subtitle, x_title, y_title, height=height, uirevision=x_title)
    figure.update_xaxes(range=[across[0] - 0.02 * (across[1] - across[0]), across[1]], ticksuffix="%")
    figure.update_yaxes(range=up, ticksuffix="%", nticks=6)
    figure.add_trace(
        go.Scatter(
            x=[max_falling, max_falling],
            y=list(up),
            name="limit",
            mode="lines",
            line={"color": MUTED, "width": 1},
            hovertemplate=f"at most {number_text(max_falling)}% may fall<extra></extra>",
        )
    )

    def points(places: np.ndarray, name: str, **look: object) -> go.Scatter:
        return go.Scatter(
            x=falling[places],
            y=accuracy[places],
            name=name,
            customdata=[[int(place), plain(told[place])] for place in places],
            hovertemplate="%{customdata[1]}<br>%{y:.2f}% accurate, %{x:.2f}% fall<br>click to use it<extra></extra>",
            **look,
        )

    beaten, best = np.flatnonzero(~frontier), np.flatnonzero(frontier)
    best = best[np.lexsort((accuracy[best], falling[best]))]
    marker = {"symbol": f"{symbol}-open", "color": colour, "size": 6}
    figure.add_trace(points(beaten, "beaten by another", mode="markers", marker=marker, opacity=FAINT[colour]))
    line = {"color": colour, "width": 2, "dash": style["dash"]}
    marker = {"symbol": symbol, "color": colour, "size": 8}
    figure.add_trace(points(best, "beaten by none", mode="lines+markers", line=line, marker=marker))
    ring = {"symbol": "circle-open", "color": INK, "size": 16, "line": {"width": 2}}
    figure.add_trace(points(np.array([chosen]), "chosen", mode="markers", marker=ring))
    shown = _named(chosen)
    others = [place for place in range(len(falling)) if place not in dict(shown) and accuracy[place] >= up[0]]
    name_curves(
        figure,
        [(said, INK, falling[[place]], accuracy[[place]]) for place, said in shown],
        spans=(tuple(figure.layout.xaxis.range), up),
        pixels=height - 52,
        near=across[1],
        beside=[(falling[best], accuracy[best]), *((falling[[place]], accuracy[[place]]) for place in others)],
    )
    return figure


def _named(chosen: int) -> list[tuple[int, str]]:
    return [(0, "defaults"), (chosen, "chosen")] if chosen else [(0, "defaults, chosen")]
