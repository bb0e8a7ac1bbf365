"""What each exit's factor of a product adds to the log odds of one class over another, and what that comes to."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import name_ends
from analysis.figures.style import FAINT, INK, base_figure, exit_ticks, plain, predictor_style

ROOM = 1.15  # of the largest finite height: where what is infinite ends
SIGNS = {True: "\N{INFINITY}", False: "\N{MINUS SIGN}\N{INFINITY}"}


def exit_factors_figure(
    evidence: np.ndarray,
    log_odds: np.ndarray,
    weights: np.ndarray,
    log_activations: np.ndarray,
    *,
    predictor_id: str,
    exit_names: Sequence[str],
    deciding: int,
    title: str,
    subtitle: str,
    height: int = 260,
) -> go.Figure:
    """A bar for each exit's factor, up for the class that is followed, and a thin line of their sum so far.

    Parameters
    ----------
    evidence, log_odds, weights : float, (exits,)
        As `analysis.results.factors.Factors`; what is infinite ends at the axis's end, what is NaN is left out.
    log_activations : float, (2, exits)
        Of the class that is followed and of its rival.
    deciding : int
        The exit, from 0, whose bar is in full colour.
    """
    figure = base_figure(title, subtitle, "exit", "log odds, nats", height=height, uirevision="exits", hoverdistance=60)
    count, style = len(exit_names), predictor_style(predictor_id)
    x = np.arange(1.0, count + 1)
    finite = np.abs(np.concatenate([evidence, log_odds]))
    end = ROOM * max(float(finite[np.isfinite(finite)].max(initial=0.0)), 0.1)
    bars = np.clip(np.nan_to_num(evidence, nan=0.0, posinf=end, neginf=-end), -end, end)
    line = np.where(np.isnan(log_odds), None, np.clip(np.nan_to_num(log_odds, posinf=end, neginf=-end), -end, end))
    heights = np.concatenate([bars, line[np.not_equal(line, None)].astype(float)])
    low, high = min(heights.min(), -0.15 * end) - 0.05 * end, max(heights.max(), 0.15 * end) + 0.05 * end
    figure.add_trace(
        go.Bar(
            x=x,
            y=bars,
            name="factors",
            width=0.55,
            text=[SIGNS[value > 0] if np.isinf(value) else "" for value in evidence],
            textposition="inside",
            marker={
                "color": style["color"],
                "opacity": [1.0 if exit_ == deciding else FAINT[style["color"]] for exit_ in range(count)],
                "line": {"color": INK, "width": [1.5 if exit_ == deciding else 0 for exit_ in range(count)]},
            },
            customdata=[
                [plain(name), *(_said(float(v)) for v in values)]
                for name, *values in zip(exit_names, weights, *log_activations, evidence)
            ],
            hovertemplate="exit %{customdata[0]}: %{customdata[4]}<br>weight %{customdata[1]} times the difference of"
            "<br>log activations %{customdata[2]} and %{customdata[3]}<extra></extra>",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=x,
            y=line.tolist(),
            name="all so far",
            mode="lines",
            line={"color": INK, "width": 1.25},
            customdata=[[plain(name), _said(float(v))] for name, v in zip(exit_names, log_odds)],
            hovertemplate="all factors up to exit %{customdata[0]}: %{customdata[1]}<extra></extra>",
        )
    )
    known = [place for place in range(count) if line[place] is not None]
    if known:
        name_ends(
            figure, [(x[known[-1]], float(line[known[-1]]), "all so far", INK)], span=(low, high), pixels=height - 56
        )
    figure.update_xaxes(range=[0.5, count + 0.5], **exit_ticks(exit_names))
    figure.update_yaxes(range=[low, high], zeroline=True, nticks=6)
    return figure


def _said(value: float) -> str:
    if np.isnan(value):
        return "undefined"
    return SIGNS[value > 0] if np.isinf(value) else f"{value:.3g}".replace("-", "\N{MINUS SIGN}")
