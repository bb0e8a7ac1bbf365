"""Each sample's largest fall, baseline against predictor: below the diagonal, the predictor falls less."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.style import FAINT, INK, MUTED, base_figure, plain, predictor_style
from analysis.reference.symlog import FALL_UNIT, ticks, to_scale

SAMPLES = "samples"  # name of the trace whose points are samples; its customdata begins with the row of the sample


def fall_scatter_figure(
    baseline: np.ndarray,
    predictor: np.ndarray,
    rows: np.ndarray,
    names: Sequence[str],
    *,
    predictor_id: str,
    predictor_label: str,
    colour_of: str,
    lit: np.ndarray | None = None,
    chosen: tuple[float, float] | None = None,
    x_title: str,
    y_title: str,
    title: str,
    subtitle: str,
    height: int = 360,
) -> go.Figure:
    """One point per drawn sample, both axes from exactly 0 over several powers of ten (log10(1 + v / 0.0001)).

    Parameters
    ----------
    baseline, predictor : float, (points,)
        Largest falls, 0 to 1.
    rows : int, (points,)
        What a click hands back.
    names : sequence of str, (points,)
        What to call each sample.
    predictor_id, predictor_label : str
        Whose falls stand on the y axis.
    colour_of : str
        The predictor that is shown: points bear its colour.
    lit : bool, (points,), optional
        Which stand out as selected, the rest faint; None while all are alike.
    chosen : (float, float), optional
        The sample on screen, ringed: its falls under the baseline and the predictor.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    figure = base_figure(title, subtitle, x_title, y_title, height=height, uirevision=predictor_id, dragmode="lasso")
    places, labels = ticks(0, 1, FALL_UNIT)
    axis = {"tickvals": places, "ticktext": labels, "range": [-0.08, places[-1] + 0.08]}
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    x, y = to_scale(baseline, FALL_UNIT), to_scale(predictor, FALL_UNIT)
    style = predictor_style(colour_of)
    figure.add_trace(
        go.Scatter(
            x=x.astype(np.float32),
            y=y.astype(np.float32),
            name=SAMPLES,
            mode="markers",
            marker={"color": style["color"], "size": 5, "opacity": FAINT[style["color"]]},
            selected={"marker": {"opacity": 0.9}},
            unselected={"marker": {"opacity": 0.35, "color": MUTED}},
            selectedpoints=None if lit is None else np.flatnonzero(lit),
            customdata=np.column_stack([rows, baseline, predictor]).astype(np.float64),
            text=np.array([plain(name) for name in names], dtype=object),  # plotly checks each item of a list
            hovertemplate="%{text}<br>falls by %{customdata[1]:.4f} under the baseline,"
            f"<br>by %{{customdata[2]:.4f}} under {plain(predictor_label)}<br>click to open it<extra></extra>",
        )
    )
    figure.add_trace(_diagonal(places[-1]))
    if chosen is not None and np.isfinite(chosen).all():
        figure.add_trace(_ring(*to_scale(chosen, FALL_UNIT)))
    return figure


def _diagonal(end: float) -> go.Scatter:
    line = {"color": MUTED, "width": 1}
    return go.Scatter(x=[0, end], y=[0, end], name="equal falls", mode="lines", line=line, hoverinfo="skip")


def _ring(x: float, y: float) -> go.Scatter:
    return go.Scatter(
        x=[x],
        y=[y],
        name="sample on screen",
        mode="markers",
        marker={"symbol": "circle-open", "size": 15, "color": INK, "line": {"width": 2}},
        unselected={"marker": {"opacity": 1}},  # a box around other points does not dim it
        cliponaxis=False,
        hovertemplate="the sample on screen<extra></extra>",
    )
