"""How many samples lose their true class at each exit, or through each exit's factor: a row of stacked bars."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.selected import light_up, stacked
from analysis.figures.style import (
    INK,
    READABLE,
    base_figure,
    exit_ticks,
    fitted_range,
    on_bars,
    plain,
    predictor_style,
    rgba,
)

PARTS = {"outvoted": ("outvoted on the support", 0.4, ""), "off support": ("off the support", 0.15, "/")}
"""Cause -> what it is called, the opacity of its bars, their pattern."""
GAPS_UP_TO = 40  # exits: more bars stand without gaps


def lost_classes_figure(
    counts: Mapping[str, np.ndarray],
    *,
    exit_names: Sequence[str],
    predictor_id: str,
    x_title: str,
    title: str,
    subtitle: str,
    selected: Mapping[str, np.ndarray] | None = None,
    height: int = 220,
) -> go.Figure:
    """One bar per exit.

    Parameters
    ----------
    counts : mapping
        Causes among `PARTS`, or "lost" for all together -> int (exits,), samples.
    x_title : str
        What exits stand for.
    selected : mapping, optional
        As `counts`, of the selected samples alone.
    """
    n_exits, colour = len(exit_names), predictor_style(predictor_id)["color"]
    totals = sum(np.asarray(values) for values in counts.values())
    figure = base_figure(
        title,
        subtitle,
        x_title,
        "samples",
        height=height,
        uirevision=x_title,
        barmode="stack",
        uniformtext=READABLE,
        bargap=0.2 if n_exits <= GAPS_UP_TO else 0.0,
    )
    figure.update_xaxes(range=[0.4, n_exits + 0.6], **exit_ticks(exit_names))
    figure.update_yaxes(range=[0, fitted_range([totals, np.zeros(1)], room=0.4)[1]], nticks=4, tickformat=",d")
    written = bool(on_bars([f"{int(max(totals, default=0)):,}"] * n_exits)[0])
    for cause, values in counts.items():
        said, opacity, pattern = PARTS.get(cause, ("lost", 0.4, ""))
        figure.add_trace(
            go.Bar(
                x=np.arange(1, n_exits + 1),
                y=np.asarray(values),
                name=said,
                marker={
                    "color": rgba(colour, opacity),
                    "line": {"color": colour, "width": 1.0 if n_exits <= GAPS_UP_TO else 0.0},
                    "pattern": {"shape": pattern, "fillmode": "overlay", "size": 7, "solidity": 0.2, "fgcolor": colour},
                },
                text=[f"{int(v):,}" if written and v >= 0.1 * max(totals, default=0) > 0 else "" for v in values],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                constraintext="inside",
                textfont={"color": INK},
                customdata=[[m, plain(name), cause] for m, name in enumerate(exit_names, start=1)],
                hovertemplate=f"exit %{{customdata[1]}}: {said}<br>%{{y:,}} samples<br>"
                "click to open them<extra></extra>",
            )
        )
    if selected is not None:
        light_up(figure, stacked([(values, values, selected[cause]) for cause, values in counts.items()], colour))
    return figure
