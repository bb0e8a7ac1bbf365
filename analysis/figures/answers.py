"""What stopping at each exit gives up: answers right there, wrong there but right deeper, and wrong from there on."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.style import FAINT, base_figure, plain, predictor_style

# key of the counts -> (name, opacity, pattern): one colour, told apart by fill and hatching
PARTS = {
    "right": ("right", 1.0, ""),
    "right_deeper": ("wrong, a deeper exit is right", 0.55, "/"),
    "wrong_from_here": ("wrong here and deeper", 0.12, ""),
}


def answers_figure(
    counts: Mapping[str, np.ndarray],
    *,
    exit_names: Sequence[str],
    predictor_id: str,
    answering: int | None,
    title: str,
    subtitle: str,
    height: int = 320,
) -> go.Figure:
    """One bar per exit, its three parts adding up to all samples.

    Parameters
    ----------
    counts : mapping
        `right`, `right_deeper` and `wrong_from_here`, each int (exits,).
    predictor_id : str
        Whose colour the bars have.
    answering : int, optional
        The exit that the budget reaches, from 0: its bar is drawn in full, the others faint.
    """
    n_exits = len(exit_names)
    totals = sum(np.asarray(counts[key]) for key in PARTS)
    figure = base_figure(
        title, subtitle, "exit", "samples, %", height=height, uirevision="exits", barmode="stack", bargap=0.28
    )
    figure.update_xaxes(
        tickvals=list(range(1, n_exits + 1)), ticktext=[plain(n) for n in exit_names], range=[0.4, n_exits + 0.6]
    )
    figure.update_yaxes(range=[0, 100], ticksuffix="%")
    figure.layout.showlegend = True
    figure.layout.margin.t = 34
    colour = predictor_style(predictor_id)["color"]
    emphasis = [1.0 if answering is None or index == answering else FAINT + 0.2 for index in range(n_exits)]
    for key, (name, opacity, pattern) in PARTS.items():
        values = np.asarray(counts[key])
        shares = 100 * values / np.maximum(totals, 1)
        figure.add_trace(
            go.Bar(
                x=np.arange(1, n_exits + 1),
                y=shares,
                name=name,
                marker={
                    "color": colour,
                    "opacity": [opacity * e for e in emphasis],
                    "pattern": {"shape": pattern, "fillmode": "overlay", "size": 7, "solidity": 0.3},
                },
                text=[f"{share:.1f}%" if share >= 4 else "" for share in shares],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                customdata=[
                    [index, plain(n), int(v), key] for index, (n, v) in enumerate(zip(exit_names, values), start=1)
                ],
                hovertemplate=f"exit %{{customdata[1]}}: {name}<br>%{{customdata[2]:,}} samples, %{{y:.2f}}%"
                "<br>click to open them<extra></extra>",
            )
        )
    return figure
