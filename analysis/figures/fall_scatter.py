"""Each sample's largest fall, baseline against predictor: below the diagonal, the predictor falls less."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.points import Line, Points, add_ring, one_colour
from analysis.figures.style import FAINT, MUTED, base_figure, plain, predictor_style
from analysis.reference.symlog import FALL_UNIT, ticks, to_scale


def fall_scatter_figure(
    *,
    predictor_id: str,
    chosen: tuple[float, float] | None = None,
    x_title: str,
    y_title: str,
    title: str,
    subtitle: str,
    height: int = 360,
) -> go.Figure:
    """What the points of `fall_points` stand in: both axes from exactly 0 over several powers of ten.

    Parameters
    ----------
    predictor_id : str
        Whose falls stand on the y axis.
    chosen : (float, float), optional
        The sample on screen, ringed: its falls under the baseline and the predictor.

    Returns
    -------
    plotly.graph_objects.Figure
        Axes of log10(1 + v / 0.0001), the diagonal.
    """
    figure = base_figure(title, subtitle, x_title, y_title, height=height, uirevision=predictor_id, dragmode="lasso")
    places, labels = ticks(0, 1, FALL_UNIT)
    axis = {"tickvals": places, "ticktext": labels, "range": [-0.08, places[-1] + 0.08]}
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    ends, line = [0, places[-1]], {"color": MUTED, "width": 1}
    figure.add_trace(go.Scatter(x=ends, y=ends, name="equal falls", mode="lines", line=line, hoverinfo="skip"))
    if chosen is not None and np.isfinite(chosen).all():
        add_ring(figure, *to_scale(chosen, FALL_UNIT))
    return figure


def fall_points(
    baseline: np.ndarray,
    predictor: np.ndarray,
    names: tuple[Line, ...],
    *,
    predictor_label: str,
    colour_of: str,
    kept: np.ndarray | None = None,
) -> Points:
    """One point for each sample.

    Parameters
    ----------
    baseline, predictor : float, (samples,)
        Largest falls, 0 to 1; NaN, unknown, is not drawn.
    names : lines
        What to call each sample.
    predictor_label : str
        Plain text.
    colour_of : str
        The predictor that is shown: points bear its colour.
    kept : bool, (samples,), optional
        Those that are selected.
    """
    lines = (
        *names,
        Line("falls by ", np.asarray(baseline, np.float32), " under the baseline"),
        Line("and by ", np.asarray(predictor, np.float32), f" under {predictor_label}"),
        Line("click to open it"),
    )
    x, y = (to_scale(falls, FALL_UNIT).astype(np.float32) for falls in (baseline, predictor))
    return Points(x, y, lines, one_colour(len(x), predictor_style(colour_of)["color"]), kept)


def drawn_points(
    baseline: np.ndarray,
    predictor: np.ndarray,
    ids: Sequence[str],
    names: Sequence[str],
    predictor_label: str,
    colour_of: str,
) -> go.Scatter:
    """The same as a trace of plotly's own, for a file that stands alone: so many samples as it draws.

    Parameters
    ----------
    baseline, predictor : float, (samples,)
        Largest falls, 0 to 1; NaN, unknown, is not drawn.
    ids, names : sequences of str, one per sample
        Sample ids, and what to call the sample in the hover (its label).
    predictor_label : str
        Plain text.
    colour_of : str
        The predictor that is shown: points bear its colour.
    """
    colour = predictor_style(colour_of)["color"]
    x, y = (to_scale(np.asarray(falls, np.float64), FALL_UNIT).round(4) for falls in (baseline, predictor))
    told = [
        [plain(identity), plain(name), f"{before:.4f}", f"{after:.4f}"]
        for identity, name, before, after in zip(ids, names, baseline, predictor)
    ]
    return go.Scatter(
        x=x,
        y=y,
        name="samples",
        mode="markers",
        marker={"color": colour, "size": 5, "line": {"width": 0}},
        opacity=FAINT[colour],
        customdata=told,
        hovertemplate="sample %{customdata[0]}<br>%{customdata[1]}<br>falls by %{customdata[2]} under the baseline<br>"
        f"and by %{{customdata[3]}} under {plain(predictor_label)}<extra></extra>",
    )
