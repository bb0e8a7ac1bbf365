"""What the correction itself computes at each exit, as a share of what the exit computes."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.style import FILL, base_figure, exit_ticks, on_bars, plain, predictor_style, rgba


def correction_overhead_figure(
    shares: np.ndarray,
    operations: Sequence[int],
    bytes_kept: Sequence[int],
    *,
    exit_names: Sequence[str],
    predictor_id: str,
    predictor_shown: bool,
    unit: str | None,
    title: str,
    subtitle: str,
    height: int = 320,
) -> go.Figure:
    """Bars from zero, one per exit.

    Parameters
    ----------
    shares : float, (exits,)
        Operations of the correction over the exit's own cost, a fraction of 1; ignored where `unit` is None: the bars
        are then operations.
    operations, bytes_kept : sequences of int, one per exit
        Per sample, for the hover.
    predictor_shown : bool
        Whether the predictor is on screen; otherwise its bars stay faint.
    """
    n_exits = len(exit_names)
    heights = np.asarray(operations, dtype=float) if unit is None else 100 * np.asarray(shares, dtype=float)
    y_title = "operations per sample" if unit is None else f"correction, % of the exit's {unit}"
    figure = base_figure(title, subtitle, "exit", y_title, height=height, uirevision=unit or "operations", bargap=0.35)
    figure.update_xaxes(range=[0.4, n_exits + 0.6], **exit_ticks(exit_names))
    colour = predictor_style(predictor_id)["color"]
    low, high = float(np.nanmin([*heights, 0])), float(np.nanmax([*heights, 0]))
    figure.update_yaxes(range=[1.25 * low, 1.25 * high] if high > low else [0, 1], zeroline=True, exponentformat="none")
    figure.add_trace(
        go.Bar(
            x=np.arange(1, n_exits + 1),
            y=heights,
            name="correction",
            marker={"color": colour if predictor_shown else rgba(colour, FILL), "line": {"color": colour, "width": 1}},
            text=on_bars([f"{value:,.0f}" if unit is None else _short(value) for value in heights]),
            textposition="outside",
            textangle=0,
            constraintext="none",
            cliponaxis=False,
            customdata=[[plain(n), int(o), int(b)] for n, o, b in zip(exit_names, operations, bytes_kept)],
            hovertemplate="exit %{customdata[0]}<br>%{customdata[1]:,} operations per sample"
            "<br>%{customdata[2]:,} bytes kept until the next exit<extra></extra>",
        )
    )
    return figure


def _short(value: float) -> str:
    return "" if not np.isfinite(value) else f"{value:.2g}"
