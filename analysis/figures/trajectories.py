"""The picture people know from the paper: some samples' probability over the exits, thin, and the mean of all, bold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import in_lines, name_ends
from analysis.figures.style import FAINT, INK, MARKERS_DRAWN, base_figure, exit_ticks, plain, predictor_style

SAMPLES = "samples"  # name of the trace whose points are samples; its customdata begins with the sample's id
PROBABILITIES = (-0.02, 1.02)  # the y axis, whatever is drawn


@dataclass(frozen=True)
class Trajectories:
    """What is drawn of one predictor.

    Attributes
    ----------
    predictor_id, label : str
    samples : float, (exits, drawn samples)
        Probability of the true class, or of the own final prediction, 0 to 1.
    fall, from_exit, to_exit : (drawn samples,)
        Each drawn sample's largest fall and its exits, from 0.
    mean : float, (exits,)
        Over all samples, not only those drawn.
    """

    predictor_id: str
    label: str
    samples: np.ndarray
    fall: np.ndarray
    from_exit: np.ndarray
    to_exit: np.ndarray
    mean: np.ndarray


def trajectories_figure(
    shown: Trajectories,
    behind: Trajectories | None,
    *,
    ids: Sequence[str],
    names: Sequence[str],
    exit_names: Sequence[str],
    quantity: str,
    threshold: float,
    title: str,
    subtitle: str,
    height: int = 440,
) -> go.Figure:
    """Trajectories of a few samples under the predictor on screen, over the baseline's mean.

    Parameters
    ----------
    shown : Trajectories
        Drawn in full: thin lines, their falls of more than `threshold` thicker, the mean bold.
    behind : Trajectories, optional
        The baseline behind a predictor: its mean alone, faint, so that the lines that move stay readable.
    ids, names : sequences of str, one per drawn sample
        Sample ids, and what to call the sample in the hover (its label).
    exit_names : sequence of str
    quantity : str
        "probability of the true class" or "probability of the final prediction".
    threshold : float
        Falls above it are drawn thicker.
    title, subtitle : str

    Returns
    -------
    plotly.graph_objects.Figure
        The y axis always runs from 0 to 1, so that switching the predictor moves lines and nothing else.
    """
    n_exits = len(exit_names)
    figure = base_figure(title, subtitle, "exit", quantity, height=height, uirevision="exits", hoverdistance=60)
    x, y = figure.layout.xaxis, figure.layout.yaxis
    x.update(exit_ticks(exit_names))
    x.range, y.range, y.tickformat = [0.9, n_exits + 0.1], PROBABILITIES, ".1f"
    colour = predictor_style(shown.predictor_id)["color"]
    lines = [_sample_lines(shown, ids, names, exit_names, colour), _falls(shown, threshold, colour)]
    if behind is not None:
        lines.append(_mean(behind, exit_names, faint=True))
    figure.add_traces([*lines, _mean(shown, exit_names, faint=False)])
    means = [shown] if behind is None else [shown, behind]
    ends = [
        (n_exits, float(one.mean[-1]), f"{one.label}, mean", predictor_style(one.predictor_id)["color"])
        for one in means
    ]
    name_ends(figure, ends, span=PROBABILITIES, pixels=height - 56)
    return figure


def add_followed(
    figure: go.Figure, followed: Trajectories, *, identity: str, name: str, exit_names: Sequence[str]
) -> None:
    """Draw the sample that is followed over those drawn at random, in ink; a click opens it as it does any other.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Of `trajectories_figure`.
    followed : Trajectories
        Of this sample alone.
    identity, name : str
        Its id, and what to call it in the hover.
    """
    line = _sample_lines(followed, [identity], [name], exit_names, INK)
    line.line.width, line.marker.size, line.opacity = 2.5, 7, 1
    figure.add_trace(line)


def _sample_lines(drawn: Trajectories, ids: Sequence, names: Sequence, exit_names: Sequence, colour: str) -> go.Scatter:
    """All samples as one trace, cut by gaps: forty traces take longer to draw than to see."""
    n_exits, n_drawn = drawn.samples.shape
    x = np.tile(np.append(np.arange(1.0, n_exits + 1), np.nan), n_drawn)
    y = np.vstack([drawn.samples, np.full(n_drawn, np.nan)]).T.reshape(-1)
    about = []
    for sample in range(n_drawn):
        fall = _fall_text(drawn, sample, exit_names)
        about += [
            [str(ids[sample]), plain(ids[sample]), in_lines(names[sample]), plain(name), fall] for name in exit_names
        ]
        about.append(["", "", "", "", ""])
    return go.Scatter(
        x=x,
        y=y,
        name=SAMPLES,
        mode="lines+markers",
        line={"color": colour, "width": 0.75},
        marker={"color": colour, "size": 3},
        opacity=FAINT[colour],
        connectgaps=False,
        customdata=about,
        hovertemplate="sample %{customdata[1]}, %{customdata[2]}<br>%{y:.3f} at exit %{customdata[3]}"
        "<br>%{customdata[4]}<br>click to open it<extra></extra>",
    )


def _fall_text(drawn: Trajectories, sample: int, exit_names: Sequence[str]) -> str:
    if not drawn.fall[sample] > 0:
        return "never falls"
    start, end = (plain(exit_names[int(e[sample])]) for e in (drawn.from_exit, drawn.to_exit))
    return f"largest fall {drawn.fall[sample]:.3f}, exit {start} to {end}"


def _falls(drawn: Trajectories, threshold: float, colour: str) -> go.Scatter:
    """The stretch of each sample's largest fall, where it exceeds the threshold."""
    x, y = [], []
    for sample in np.flatnonzero(drawn.fall > threshold):
        stretch = np.arange(int(drawn.from_exit[sample]), int(drawn.to_exit[sample]) + 1)
        x += [*(stretch + 1.0), np.nan]
        y += [*drawn.samples[stretch, sample], np.nan]
    return go.Scatter(
        x=x or [None],
        y=y or [None],
        name=f"falls by more than {threshold:g}",
        mode="lines",
        line={"color": colour, "width": 2},
        connectgaps=False,
        hoverinfo="skip",
    )


def _mean(drawn: Trajectories, exit_names: Sequence[str], *, faint: bool) -> go.Scatter:
    style = predictor_style(drawn.predictor_id)
    return go.Scatter(
        x=np.arange(1, len(exit_names) + 1),
        y=drawn.mean,
        name=f"mean, {plain(drawn.label)}",
        mode="lines+markers",
        line={"color": style["color"], "width": 2 if faint else 5, "dash": style["dash"]},
        marker={
            "symbol": style["symbol"],
            "color": style["color"],
            "size": 7 if faint else 11,
            "line": {"color": INK, "width": 0 if faint else 1},
            "maxdisplayed": MARKERS_DRAWN,
        },
        opacity=FAINT[style["color"]] if faint else 1,
        customdata=[plain(name) for name in exit_names],
        hovertemplate=f"mean of all samples, {plain(drawn.label)}<br>%{{y:.3f}} at exit %{{customdata}}<extra></extra>",
    )
