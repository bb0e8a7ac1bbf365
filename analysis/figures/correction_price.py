"""What a correction costs, in two panels: calibration error per exit, and the samples it fixes and breaks."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import heading, name_ends
from analysis.figures.selected import LitBars, light_up
from analysis.figures.style import (
    FAINT,
    FILL,
    MARKERS_DRAWN,
    base_figure,
    exit_ticks,
    on_bars,
    plain,
    predictor_style,
    rgba,
)

UPPER, LOWER = (0.58, 1.0), (0.0, 0.4)  # the two panels' shares of the height


def correction_price_figure(
    lines: Sequence[tuple[str, str, np.ndarray]],
    bars: Sequence[tuple[str, np.ndarray]],
    *,
    line_name: str,
    bar_name: str,
    predictor_id: str,
    predictor_shown: bool,
    exit_names: Sequence[str],
    title: str,
    subtitle: str,
    selected: Sequence[np.ndarray] | None = None,
    height: int = 420,
) -> go.Figure:
    """Above: a price per exit, baseline and predictor. Below: counts of samples per exit.

    Parameters
    ----------
    lines : sequence of (predictor id, label, value per exit)
        Expected calibration error, say; the baseline first.
    bars : sequence of (name, int per exit)
        One or two: the first upwards, filled; the second downwards, hatched.
    line_name, bar_name : str
        What the panels show.
    predictor_shown : bool
        Whether the predictor is on screen; otherwise it stays faint.
    selected : sequence of (int per exit), optional
        How many of the samples of `bars` are selected.

    Returns
    -------
    plotly.graph_objects.Figure
        Bars carry `customdata` [exit from 1, its name, count, name of the bars].
    """
    n_exits = len(exit_names)
    top = 1.08 * max([float(np.nanmax(values)) for *_, values in lines if np.isfinite(values).any()] + [0.05])
    most = 1.35 * max(max((int(counts.max(initial=0)) for _, counts in bars), default=0), 1)
    layout = _layout(exit_names, top, (-most if len(bars) > 1 else 0, most))
    headings = [heading(0, UPPER[1], line_name, 10), heading(0, LOWER[1], bar_name, 10)]
    figure = base_figure(title, subtitle, height=height, uirevision=line_name, annotations=headings, **layout)
    figure.layout.margin.t = 36
    figure.add_traces(
        [_line(*line, (line[0] == predictor_id) == predictor_shown, exit_names, line_name) for line in lines]
    )
    figure.add_traces(
        [
            _bars(counts, sign, name, predictor_id, predictor_shown, exit_names, len(bars) > 1)
            for sign, (name, counts) in zip((1, -1), bars)
        ]
    )
    if selected is not None:
        colour, first = predictor_style(predictor_id)["color"], len(lines)
        light_up(figure, [
            LitBars(first + place, colour, of, sign * np.asarray(of, dtype=np.float64), np.zeros(n_exits))
            for place, (sign, of) in enumerate(zip((1, -1), selected))
        ])  # fmt: skip
    ends = [
        (n_exits, float(values[-1]), label, predictor_style(own)["color"])
        for own, label, values in lines
        if np.isfinite(values[-1])
    ]
    name_ends(figure, ends, span=(0, top), pixels=(UPPER[1] - UPPER[0]) * (height - 80))
    return figure


def _layout(exit_names: Sequence[str], top: float, counts: tuple[float, float]) -> dict:
    n_exits = len(exit_names)
    axis = {"showgrid": False, "zeroline": False, "range": [0.5, n_exits + 0.5], **exit_ticks(exit_names)}
    return {
        "xaxis": {**axis, "showticklabels": False, "anchor": "y"},
        "yaxis": {"domain": UPPER, "range": [0, top], "nticks": 5, "zeroline": False},
        "xaxis2": {**axis, "anchor": "y2", "title": {"text": "exit"}},
        "yaxis2": {"domain": LOWER, "anchor": "x2", "range": counts, "nticks": 5, "zeroline": True},
        "barmode": "relative",
        "bargap": 0.3,
    }


def _line(own: str, label: str, values: np.ndarray, full: bool, exit_names: Sequence[str], name: str) -> go.Scatter:
    style = predictor_style(own)
    return go.Scatter(
        x=np.arange(1, len(exit_names) + 1),
        y=values,
        name=f"{plain(name)}, {plain(label)}",
        mode="lines+markers",
        line={"color": style["color"], "dash": style["dash"], "width": 3 if full else 2},
        marker={
            "symbol": style["symbol"],
            "color": style["color"],
            "size": 8 if full else 6,
            "maxdisplayed": MARKERS_DRAWN,
        },
        opacity=1 if full else FAINT[style["color"]],
        customdata=[plain(exit_name) for exit_name in exit_names],
        hovertemplate=f"{plain(label)}: {plain(name)} %{{y:.4f}}<br>at exit %{{customdata}}<extra></extra>",
    )


def _bars(
    counts: np.ndarray, sign: int, name: str, predictor_id: str, full: bool, exit_names: Sequence[str], opens: bool
) -> go.Bar:
    """Upwards filled and downwards hatched: they differ by shape. The last exit's samples can be opened."""
    colour = predictor_style(predictor_id)["color"]
    pattern = {"shape": "/", "fillmode": "overlay", "size": 6, "solidity": 0.3, "fgcolor": colour} if sign < 0 else None
    n_exits = len(exit_names)
    about = [
        [exit_, plain(exit_name), int(count), name, "<br>click to see them" if opens and exit_ == n_exits else ""]
        for exit_, (exit_name, count) in enumerate(zip(exit_names, counts), start=1)
    ]
    return go.Bar(
        x=np.arange(1, n_exits + 1),
        y=sign * np.asarray(counts, dtype=np.int64),
        name=plain(name),
        marker={
            "color": rgba(colour, 0.1) if sign < 0 else colour if full else rgba(colour, FILL),
            "pattern": pattern,
            "line": {"color": colour, "width": [1 if count else 0 for count in counts]},
        },
        text=on_bars([f"{count:,}" if count else "" for count in counts]),
        textposition="outside",
        textangle=0,
        constraintext="none",
        cliponaxis=False,
        xaxis="x2",
        yaxis="y2",
        customdata=about,
        hovertemplate=f"%{{customdata[2]:,}} samples {plain(name)} at exit %{{customdata[1]}}"
        "%{customdata[4]}<extra></extra>",
    )
