"""How a network was trained: its loss, and the held-out accuracy of its exits, epoch by epoch."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.figures.style import INK, base_figure, line_end_label, plain, spread

LOSS_PANEL, ACCURACY_PANEL = [0.0, 0.42], [0.52, 1.0]
FAINTEST = 0.25  # opacity of the first exit's line; the last exit's is 1
_INK_RGB = ",".join(str(int(INK[i : i + 2], 16)) for i in (1, 3, 5))


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
            _heading("training loss", LOSS_PANEL[0]),
            _heading("held-out accuracy, %", ACCURACY_PANEL[0]),
        ],
    )
    figure.layout.margin.t = 36
    for axis, domain in ((figure.layout.xaxis, LOSS_PANEL), (figure.layout.xaxis2, ACCURACY_PANEL)):
        axis.domain, axis.range = domain, [int(epoch[0]), int(epoch[-1])]
    figure.add_trace(_line(epoch, loss, "training loss", "x", "y", 1.0, "%{y:.4g}"))
    for number, (name, values) in enumerate(zip(names, accuracy)):
        depth = FAINTEST + (1 - FAINTEST) * number / max(len(names) - 1, 1)
        line = _line(epoch, 100 * values, f"held-out accuracy, exit {name}", "x2", "y2", depth, "%{y:.2f}%")
        figure.add_trace(line)
    _label_ends(figure, epoch, accuracy, names, height)
    return figure


def _heading(text: str, left: float) -> dict:
    where = {"x": left, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "yshift": 12}
    return {**where, "text": text, "showarrow": False}


def _line(x: np.ndarray, y: np.ndarray, name: str, xaxis: str, yaxis: str, opacity: float, number: str) -> go.Scatter:
    return go.Scatter(
        x=x,
        y=y,
        name=plain(name),
        mode="lines",
        line={"color": f"rgba({_INK_RGB},{opacity:.3f})", "width": 2},
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
    values = [100 * float(accuracy[number, -1]) for number in ends]
    gap = 100 * np.nanmax(accuracy) * 16 / max(height - 80, 60)
    for text, y in zip(ends.values(), spread(values, gap)):
        line_end_label(figure, float(epoch[-1]), y, text, INK, row="y2")
        figure.layout.annotations[-1].xref = "x2"
