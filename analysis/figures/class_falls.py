"""Which classes get worse, or are taken for which: a number per class or pair, baseline and predictor on one row."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import in_lines, name_marks
from analysis.figures.selected import tick_marks
from analysis.figures.style import FAINT, MUTED, base_figure, plain, predictor_style
from analysis.reference.outside_text import shortened


def class_falls_figure(
    names: Sequence[str],
    counts: Sequence[int],
    lines: Sequence[tuple[str, str, np.ndarray]],
    *,
    emphasised: str,
    title: str,
    subtitle: str,
    x_title: str,
    height: int | None = None,
    ticks: Sequence[str] | None = None,
    value: str = "mean largest fall %{x:.4f}",
    selected: Sequence[tuple[str, np.ndarray]] = (),
) -> go.Figure:
    """One row per class, one marker per predictor.

    Parameters
    ----------
    names, counts : sequences, one per class
        Drawn from the top down. `customdata` begins with the row and ends with the predictor's id, for clicks.
    lines : sequence of (predictor id, label, a number of each class)
        The baseline first.
    emphasised : str
        The predictor id that is on screen.
    ticks : sequence of str, one per class, optional
        What stands beside the rows, where it is not the name, which is cut at its end.
    value : str
        The number, as the pointer tells it.
    selected : sequence of (predictor id, a number of each class)
        Of the selected samples alone: upright strokes; NaN draws none.
    """
    rows = list(range(len(names)))
    figure = base_figure(title, subtitle, x_title, height=height or 96 + 22 * len(names), uirevision="classes")
    figure.update_yaxes(
        range=[len(names) - 0.4, -0.9],
        showgrid=False,
        tickvals=rows,
        ticktext=[plain(tick) for tick in ticks or [shortened(name, 28) for name in names]],
        ticks="",
    )
    drawn = [values for *_, values in (*lines, *selected) if np.isfinite(values).any()]
    top = max((float(np.nanmax(values)) for values in drawn), default=0.0) or 1.0
    span = (-0.04 * top, 1.08 * top)  # a mark at 0 leaves the row's name to be read
    figure.update_xaxes(showgrid=True, range=list(span), zeroline=True, nticks=6)
    if len(lines) > 1:
        figure.add_trace(_joins(rows, lines[0][2], lines[-1][2]))
    for predictor_id, label, values in lines:
        about = [[row, in_lines(name), int(count), predictor_id] for row, name, count in zip(rows, names, counts)]
        style = predictor_style(predictor_id)
        figure.add_trace(
            go.Scatter(
                x=values,
                y=rows,
                name=plain(label),
                mode="markers",
                marker={"symbol": style["symbol"], "color": style["color"], "size": 10},
                opacity=1 if predictor_id == emphasised else FAINT[style["color"]],
                customdata=about,
                hovertemplate=f"%{{customdata[1]}}<br>{plain(label)}: {value}"
                "<br>over %{customdata[2]} samples; click to see them<extra></extra>",
            )
        )
    for predictor_id, values in selected:
        figure.add_trace(tick_marks(predictor_id, values, rows, f"of the selected samples: {value}"))
    marks = [(values[0], label, predictor_style(key)["color"]) for key, label, values in lines if len(values)]
    name_marks(figure, marks, 0, span)
    return figure


def _joins(rows: Sequence[int], start: np.ndarray, end: np.ndarray) -> go.Scatter:
    x, y = [], []
    for row, a, b in zip(rows, start, end):
        x += [a, b, None]
        y += [row, row, None]
    line = {"color": MUTED, "width": 1}
    return go.Scatter(
        x=x, y=y, mode="lines", line=line, opacity=FAINT[MUTED], hoverinfo="skip", name="from baseline to predictor"
    )
