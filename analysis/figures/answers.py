"""What stopping at each exit gives up: answers right there, wrong there but right deeper, and wrong from there on."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.style import FAINT, INK, MUTED, SURFACE, base_figure, plain, predictor_style, spread

# key of the counts -> (name in two lines, opacity, pattern): one colour, told apart by fill and hatching
PARTS = {
    "right": ("right", 1.0, ""),
    "right_deeper": ("right only<br>deeper", 0.55, "/"),
    "wrong_from_here": ("wrong from<br>here on", 0.12, ""),
}


def answers_figure(
    counts: Mapping[str, np.ndarray],
    *,
    exit_names: Sequence[str],
    predictor_id: str,
    answering: int | None,
    opens: bool = True,
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
    opens : bool
        Whether a click opens the samples.
    """
    n_exits = len(exit_names)
    totals = sum(np.asarray(counts[key]) for key in PARTS)
    figure = base_figure(
        title,
        subtitle,
        "exit",
        "samples, %",
        height=height,
        uirevision="exits",
        barmode="stack",
        bargap=0.2,
        uniformtext={"mode": "hide", "minsize": 9},  # no shares where bars are too narrow for them
    )
    figure.update_xaxes(
        tickvals=list(range(1, n_exits + 1)), ticktext=[plain(n) for n in exit_names], range=[0.4, n_exits + 0.6]
    )
    figure.update_yaxes(range=[0, 100], ticksuffix="%")
    colour = predictor_style(predictor_id)["color"]
    emphasis = [1.0 if answering is None or index == answering else FAINT + 0.2 for index in range(n_exits)]
    invitation = "<br>click to open them" if opens else ""
    for key, (name, opacity, pattern) in PARTS.items():
        values = np.asarray(counts[key])
        shares = 100 * values / np.maximum(totals, 1)
        figure.add_trace(
            go.Bar(
                x=np.arange(1, n_exits + 1),
                y=shares,
                name=name.replace("<br>", " "),
                marker={
                    "color": [_faded(colour, opacity * e) for e in emphasis],  # the legend shows the first
                    "pattern": {"shape": pattern, "fillmode": "overlay", "size": 7, "solidity": 0.25},
                },
                text=[f"{share:.0f}%" if share >= 6 else "" for share in shares],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                constraintext="inside",
                textfont={"color": [SURFACE if opacity * e > 0.8 else INK for e in emphasis]},
                customdata=[
                    [index, plain(exit_name), int(value), key]
                    for index, (exit_name, value) in enumerate(zip(exit_names, values), start=1)
                ],
                hovertemplate=f"exit %{{customdata[1]}}: {name.replace('<br>', ' ')}"
                f"<br>%{{customdata[2]:,}} samples, %{{y:.2f}}%{invitation}<extra></extra>",
            )
        )
    _name_parts(figure, counts, totals, n_exits)
    return figure


def _name_parts(figure: go.Figure, counts: Mapping[str, np.ndarray], totals: np.ndarray, n_exits: int) -> None:
    """The parts' names beside the last bar, at their heights there."""
    shares = [100 * float(counts[key][-1]) / max(float(totals[-1]), 1) for key in PARTS]
    middles = [sum(shares[:index]) + share / 2 for index, share in enumerate(shares)]
    for (name, *_), y in zip(PARTS.values(), spread(middles, gap=14)):
        figure.add_annotation(
            x=n_exits + 0.45,
            y=y,
            text=name,
            showarrow=False,
            xanchor="left",
            align="left",
            font={"color": MUTED, "size": 12},
        )
    figure.layout.margin.r = 92


def _faded(colour: str, opacity: float) -> str:
    """A hex colour with an opacity of its own, which leaves the text on it alone."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:.3g})"
