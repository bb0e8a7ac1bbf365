"""What stopping at each exit gives up: answers right there, wrong there but right deeper, and wrong from there on."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import name_ends
from analysis.figures.selected import light_up, stacked
from analysis.figures.style import (
    FAINT,
    INK,
    MUTED,
    READABLE,
    base_figure,
    exit_ticks,
    fitted_range,
    on_bars,
    plain,
    predictor_style,
    rgba,
)

# key of the counts -> (name, opacity, opacity without numbers on it, pattern): one colour, told apart by fill and
# hatching. Outlines are drawn in full, and numbers reach 4.5:1 on a fill of no higher opacity.
PARTS = {
    "right": ("right here", 0.4, 1.0, ""),
    "right_deeper": ("right at a deeper exit", 0.2, 0.2, "/"),
    "wrong_from_here": ("wrong from here on", 0.06, 0.06, ""),
}
GAPS_UP_TO = 40  # exits: more bars stand without gaps and outlines, as areas
ELSEWHERE = 0.5  # of a part's opacity: exits that do not answer


def answers_figure(
    counts: Mapping[str, np.ndarray],
    *,
    exit_names: Sequence[str],
    predictor_id: str,
    answering: int | None,
    whole: int | None = None,
    title: str,
    subtitle: str,
    selected: Mapping[str, np.ndarray] | None = None,
    height: int = 320,
) -> go.Figure:
    """One bar per exit, its three parts adding up to all samples; or, with `whole`, to those that stop there.

    Parameters
    ----------
    counts : mapping
        `right`, `right_deeper` and `wrong_from_here`, each int (exits,).
    predictor_id : str
        Whose colour the bars have.
    answering : int, optional
        The exit that the budget reaches, from 0: its bar is drawn in full, the others faint.
    whole : int, optional
        How many samples 100% are; by default those of each bar, whose parts are then named beside the last.
    selected : mapping, optional
        As `counts`, of the selected samples alone.
    """
    n_exits = len(exit_names)
    totals = sum(np.asarray(counts[key]) for key in PARTS)
    high = 100
    if whole is not None:
        high = min(100, fitted_range([100 * totals / max(whole, 1), np.zeros(1)])[1])
        totals = np.full(n_exits, whole)
    figure = base_figure(
        title,
        subtitle,
        "exit",
        "samples, %",
        height=height,
        uirevision="exits",
        barmode="stack",
        uniformtext=READABLE,
        bargap=0.2 if n_exits <= GAPS_UP_TO else 0.0,
    )
    figure.update_xaxes(range=[0.4, n_exits + 0.6], **exit_ticks(exit_names))
    figure.update_yaxes(range=[0, high], ticksuffix="%")
    colour = predictor_style(predictor_id)["color"]
    written = bool(on_bars(["100%"] * n_exits)[0])
    elsewhere, outline = (ELSEWHERE, 1.0) if written else (FAINT[colour], 0.5 if n_exits <= GAPS_UP_TO else 0.0)
    emphasis = [1.0 if answering is None or index == answering else elsewhere for index in range(n_exits)]
    for key, (name, numbered, bare, pattern) in PARTS.items():
        opacity = numbered if written else bare
        values = np.asarray(counts[key])
        shares = 100 * values / np.maximum(totals, 1)
        figure.add_trace(
            go.Bar(
                x=np.arange(1, n_exits + 1),
                y=shares,
                name=name,
                marker={
                    "color": [rgba(colour, opacity * e) for e in emphasis],
                    "line": {
                        "color": colour,
                        "width": [2.0 if index == answering else outline for index in range(n_exits)],
                    },
                    "pattern": {"shape": pattern, "fillmode": "overlay", "size": 7, "solidity": 0.2, "fgcolor": colour},
                },
                text=[f"{share:.0f}%" if share >= 0.06 * high and written else "" for share in shares],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                constraintext="inside",
                textfont={"color": INK},
                customdata=[
                    [index, plain(exit_name), int(value), key]
                    for index, (exit_name, value) in enumerate(zip(exit_names, values), start=1)
                ],
                hovertemplate=f"exit %{{customdata[1]}}: {name}"
                f"<br>%{{customdata[2]:,}} samples, %{{y:.2f}}%<br>click to see them<extra></extra>",
            )
        )
    if selected is not None:
        shares = [100 * np.asarray(counts[key]) / np.maximum(totals, 1) for key in PARTS]
        parts = [(high_, counts[key], selected[key]) for high_, key in zip(shares, PARTS)]
        light_up(figure, stacked(parts, colour))
    if whole is not None:
        return figure  # the last bar is often the lowest: no names fit beside it
    shares = [100 * float(counts[key][-1]) / max(float(totals[-1]), 1) for key in PARTS]
    ends = [
        (n_exits + 0.4, sum(shares[:index]) + share / 2, name, MUTED)
        for index, (share, (name, *_)) in enumerate(zip(shares, PARTS.values()))
    ]
    name_ends(figure, ends, span=(0, high), pixels=height - 52)
    return figure
