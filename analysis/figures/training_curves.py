"""How a network was trained: its loss, and the held-out accuracy of its exits, epoch by epoch."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import heading, name_ends
from analysis.figures.style import FAINT, INK, base_figure, plain, rgba

LOSS_PANEL, ACCURACY_PANEL = [0.0, 0.42], [0.52, 1.0]


def training_curves_figure(
    epoch: np.ndarray,
    loss: np.ndarray,
    accuracy: np.ndarray,
    *,
    exit_names: Sequence[str],
    title: str,
    height: int = 280,
) -> go.Figure:
    """Training loss on the left, held-out accuracy on the right, a line per exit, deeper exits darker.

    Parameters
    ----------
    epoch : int, (epochs,)
    loss : float, (epochs,)
        NaN where it is not known.
    accuracy : float, (exits, epochs)
        On held-out images, 0 to 1, NaN where it is not known; may have no rows.
    exit_names : sequence of str, (exits,)
        Short names; exits beyond them are numbered.
    height : int
        In pixels.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    names = [exit_names[i] if i < len(exit_names) else str(i + 1) for i in range(len(accuracy))]
    figure = base_figure(
        title,
        "Left: mean training loss of each epoch. Right: accuracy on training images held out for calibration, "
        "a line per exit, deeper exits darker.",
        "epoch",
        uirevision="epochs",
        height=height,
        xaxis2={"title": {"text": "epoch"}, "showgrid": False, "zeroline": False, "anchor": "y2"},
        yaxis2={"showgrid": True, "zeroline": False, "anchor": "x2", "rangemode": "tozero", "nticks": 6},
        annotations=[
            heading(LOSS_PANEL[0], 1, "training loss"),
            heading(ACCURACY_PANEL[0], 1, "held-out accuracy, %"),
        ],
    )
    figure.layout.margin.t = 36
    for axis, domain in ((figure.layout.xaxis, LOSS_PANEL), (figure.layout.xaxis2, ACCURACY_PANEL)):
        axis.domain, axis.range = domain, [int(epoch[0]), int(epoch[-1])]
    figure.add_trace(_line(epoch, loss, "training loss", "x", "y", 1.0, "%{y:.4g}"))
    for number, (name, values) in enumerate(zip(names, accuracy)):
        depth = FAINT[INK] + (1 - FAINT[INK]) * number / max(len(names) - 1, 1)
        line = _line(epoch, 100 * values, f"held-out accuracy, exit {name}", "x2", "y2", depth, "%{y:.2f}%")
        figure.add_trace(line)
    _label_ends(figure, epoch, accuracy, names, height)
    return figure


def _line(x: np.ndarray, y: np.ndarray, name: str, xaxis: str, yaxis: str, opacity: float, number: str) -> go.Scatter:
    return go.Scatter(
        x=x,
        y=y,
        name=plain(name),
        mode="lines",
        line={"color": rgba(INK, opacity), "width": 2},
        xaxis=xaxis,
        yaxis=yaxis,
        text=[plain(name)] * len(x),
        hovertemplate=f"%{{text}}<br>after epoch %{{x}}: {number}<extra></extra>",
    )


def _label_ends(figure: go.Figure, epoch: np.ndarray, accuracy: np.ndarray, names: Sequence[str], height: int) -> None:
    """The first and the last exit are named: the lines between them are read off by hovering."""
    ends = (
        {0: "first exit", len(names) - 1: "last exit"} if len(names) > 1 else dict.fromkeys(range(len(names)), "exit")
    )
    ends = {i: text for i, text in ends.items() if 0 <= i < len(names) and np.isfinite(accuracy[i, -1])}
    if not ends:
        return
    high = 105 * float(np.nanmax(accuracy)) or 1.0
    figure.layout.yaxis2.range = [0, high]
    named = [(float(epoch[-1]), 100 * float(accuracy[number, -1]), text, INK) for number, text in ends.items()]
    name_ends(figure, named, span=(0, high), pixels=height - 80, axes="2")
