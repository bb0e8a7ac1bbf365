"""How many samples get worse: the share that falls by more than each threshold, baseline and predictor on one row."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import name_marks
from analysis.figures.selected import tick_marks
from analysis.figures.style import FAINT, MUTED, base_figure, fitted_range, plain, predictor_style


def decrease_share_figure(
    thresholds: Sequence[float],
    lines: Sequence[tuple[str, str, np.ndarray]],
    *,
    published: Sequence[tuple[str, np.ndarray]] = (),
    emphasised: str,
    title: str,
    subtitle: str,
    x_title: str,
    does: str = "fall",
    selected: Sequence[tuple[str, np.ndarray]] = (),
    height: int = 300,
) -> go.Figure:
    """One row per threshold, one marker per predictor, joined to show what the correction moves.

    Parameters
    ----------
    thresholds : sequence of float
        From small to large; drawn from the top down.
    lines : sequence of (predictor id, label, percent per threshold)
        The baseline first.
    published : sequence of (predictor id, percent per threshold)
        Open markers; NaN draws none.
    emphasised : str
        The predictor id that is on screen; others stay faint.
    x_title : str
        What the percentages count.
    does : str
        What these samples do by more than a threshold: fall, or rise.
    selected : sequence of (predictor id, percent per threshold)
        Of the selected samples alone: upright strokes.
    """
    rows = [f"> {threshold:g}" for threshold in thresholds]
    figure = base_figure(title, subtitle, x_title, f"{does}s by", height=height, uirevision=f"{does}s")
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category", tickvals=rows)
    shares = [np.asarray(percents, dtype=float) for *_, percents in (*lines, *published, *selected)]
    high = fitted_range([*shares, np.zeros(1)], highest=100)[1]
    span = (-0.04 * high, 1.04 * high)
    figure.update_xaxes(showgrid=True, range=list(span), ticksuffix="%", nticks=6)
    if len(lines) > 1:
        figure.add_trace(_joins(rows, lines[0][2], lines[-1][2]))
    for predictor_id, label, percents in lines:
        style = predictor_style(predictor_id)
        figure.add_trace(
            go.Scatter(
                x=percents,
                y=rows,
                name=plain(label),
                mode="markers",
                marker={"symbol": style["symbol"], "color": style["color"], "size": 12},
                opacity=1 if predictor_id == emphasised else FAINT[style["color"]],
                customdata=[[float(threshold), predictor_id] for threshold in thresholds],
                hovertemplate=f"{plain(label)}: %{{x:.2f}}% of samples<br>{does} by %{{y}}"
                "<br>click to see them<extra></extra>",
            )
        )
    for predictor_id, percents in published:
        style = predictor_style(predictor_id)
        figure.add_trace(
            go.Scatter(
                x=percents,
                y=rows,
                name=f"published, {predictor_id}",
                mode="markers",
                marker={
                    "symbol": f"{style['symbol']}-open",
                    "color": style["color"],
                    "size": 12,
                    "line": {"width": 1.5},
                },
                hovertemplate=f"published: %{{x:.2f}}% of samples<br>{does} by %{{y}}<extra></extra>",
            )
        )
    for predictor_id, percents in selected:
        told = f"%{{x:.2f}}% of the selected samples<br>{does} by %{{y}}"
        figure.add_trace(tick_marks(predictor_id, percents, rows, told))
    marks = [(percents[0], label, predictor_style(key)["color"]) for key, label, percents in lines]
    name_marks(figure, marks, rows[0], span)
    return figure


def _joins(rows: Sequence[str], start: np.ndarray, end: np.ndarray) -> go.Scatter:
    x, y = [], []
    for row, a, b in zip(rows, start, end):
        x += [a, b, None]
        y += [row, row, None]
    line = {"color": MUTED, "width": 1}
    return go.Scatter(
        x=x, y=y, mode="lines", line=line, opacity=FAINT[MUTED], hoverinfo="skip", name="from baseline to predictor"
    )
