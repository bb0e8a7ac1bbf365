"""The picture people know from the paper, twice: the same samples under the baseline and under a correction.

Thin lines are samples over the exits, the bold one the mean of all. Both panels share their y axis.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import heading, in_lines
from analysis.figures.style import FAINT, INK, MARKERS_DRAWN, MUTED, base_figure, exit_ticks, plain, predictor_style

SAMPLES = "samples"
"""Name of the traces whose points are samples; their customdata: id, id as text, name, exit, fall, predictor id."""
PROBABILITIES = (-0.02, 1.02)  # the y axis, whatever is drawn
UNSELECTED = 0.3  # opacity
GAP = 0.04  # between the panels, as a share of the figure's width


@dataclass(frozen=True)
class Trajectories:
    """What one panel draws.

    Attributes
    ----------
    predictor_id, heading : str
    samples : float, (exits, drawn samples)
        Probability of the true class, or of the own final prediction, 0 to 1.
    fall, from_exit, to_exit : (drawn samples,)
        Each drawn sample's largest fall and its exits, from 0.
    mean : float, (exits,)
        Over all samples, not only those drawn.
    """

    predictor_id: str
    heading: str
    samples: np.ndarray
    fall: np.ndarray
    from_exit: np.ndarray
    to_exit: np.ndarray
    mean: np.ndarray


def trajectories_figure(
    panels: Sequence[Trajectories],
    *,
    ids: Sequence[str],
    names: Sequence[str],
    followed: int | None,
    rest: Sequence[int] = (),
    exit_names: Sequence[str],
    quantity: str,
    threshold: float,
    title: str,
    subtitle: str,
    height: int = 400,
) -> go.Figure:
    """Trajectories of the same samples, a panel for each predictor.

    Parameters
    ----------
    panels : sequence of Trajectories
        From left to right: thin lines, their falls of more than `threshold` thicker, the mean bold.
    ids, names : sequences of str, one per drawn sample
        Sample ids, and what to call the sample in the hover (its label).
    followed : int, optional
        Which of the drawn samples is followed: it is drawn in ink.
    rest : sequence of int
        Which of them are not selected, where some are: grey behind the others, whose lines are then stronger.
    exit_names : sequence of str
    quantity : str
        "probability of the true class" or "probability of the final prediction".
    threshold : float
        Falls above it are drawn thicker.
    title, subtitle : str

    Returns
    -------
    plotly.graph_objects.Figure
        The y axes always run from 0 to 1 and zoom together.
    """
    width = (1 - GAP * (len(panels) - 1)) / len(panels)
    lefts = [number * (width + GAP) for number in range(len(panels))]
    headings = [heading(left, 1, panel.heading, up=4) for left, panel in zip(lefts, panels)]
    axes = _axes(lefts, width, exit_names, quantity)
    figure = base_figure(
        title, subtitle, height=height, uirevision="exits", hoverdistance=60, annotations=headings, **axes
    )
    figure.layout.margin.t = 30
    chosen = [place for place in range(len(ids)) if place != followed and place not in rest]
    for number, panel in enumerate(panels, start=1):
        colour = predictor_style(panel.predictor_id)["color"]
        about = (panel, ids, names, exit_names)
        falls = _falls(panel, threshold, colour, [place for place in range(len(ids)) if place not in rest])
        traces = [_sample_lines(*about, chosen, colour), falls, _mean(panel, exit_names)]
        if rest:
            traces = [_behind(_sample_lines(*about, rest, MUTED)), _selected(traces[0]), *traces[1:]]
        if followed is not None:
            traces.append(_followed(_sample_lines(*about, [followed], INK)))
        suffix = "" if number == 1 else str(number)
        figure.add_traces([trace.update(xaxis=f"x{suffix}", yaxis=f"y{suffix}") for trace in traces])
    return figure


def _axes(lefts: Sequence[float], width: float, exit_names: Sequence[str], quantity: str) -> dict[str, dict]:
    """Axes side by side; only the first y axis is labelled, the others follow it."""
    axes = {}
    for number, left in enumerate(lefts, start=1):
        suffix = "" if number == 1 else str(number)
        axes[f"xaxis{suffix}"] = {
            "domain": [left, min(left + width, 1)],
            "anchor": f"y{suffix}",
            **exit_ticks(exit_names),
            "range": [0.9, len(exit_names) + 0.1],
            "showgrid": False,
            "zeroline": False,
            "title": {"text": "exit"},
        }
        axes[f"yaxis{suffix}"] = {
            "anchor": f"x{suffix}",
            "range": PROBABILITIES,
            "tickformat": ".1f",
            "showgrid": True,
            "zeroline": False,
        }
        axes[f"yaxis{suffix}"] |= {"title": {"text": plain(quantity)}} if number == 1 else {"matches": "y"}
        axes[f"yaxis{suffix}"]["showticklabels"] = number == 1
    return axes


def _sample_lines(
    drawn: Trajectories,
    ids: Sequence[str],
    names: Sequence[str],
    exit_names: Sequence[str],
    chosen: Sequence[int],
    colour: str,
) -> go.Scatter:
    """Samples as one trace, cut by gaps: forty traces take longer to draw than to see."""
    n_exits = len(exit_names)
    x, y, about = [], [], []
    for sample in chosen:
        fall = _fall_text(drawn, sample, exit_names)
        x += [*np.arange(1.0, n_exits + 1), np.nan]
        y += [*drawn.samples[:, sample], np.nan]
        about += [
            [str(ids[sample]), plain(ids[sample]), in_lines(names[sample]), plain(name), fall, drawn.predictor_id]
            for name in exit_names
        ]
        about.append([""] * 6)
    return go.Scatter(
        x=np.array(x or [np.nan]),
        y=np.array(y or [np.nan]),
        name=SAMPLES,
        mode="lines+markers",
        line={"color": colour, "width": 1},
        marker={"color": colour, "size": 4},
        opacity=FAINT[colour],
        connectgaps=False,
        customdata=about,
        hovertemplate="sample %{customdata[1]}, %{customdata[2]}<br>%{y:.3f} at exit %{customdata[3]}"
        "<br>%{customdata[4]}<br>click to open it<extra></extra>",
    )


def _behind(line: go.Scatter) -> go.Scatter:
    """The same lines, grey and as faint as points that are not selected."""
    line.line.width, line.mode, line.opacity = 0.75, "lines", UNSELECTED
    return line


def _selected(line: go.Scatter) -> go.Scatter:
    """The same lines, before grey ones."""
    line.line.width, line.opacity = 1.75, 1
    return line


def _followed(line: go.Scatter) -> go.Scatter:
    """The same line, to stand out."""
    line.line.width, line.marker.size, line.opacity = 2.5, 7, 1
    return line


def _fall_text(drawn: Trajectories, sample: int, exit_names: Sequence[str]) -> str:
    if not drawn.fall[sample] > 0:
        return "never falls"
    start, end = (plain(exit_names[int(e[sample])]) for e in (drawn.from_exit, drawn.to_exit))
    return f"largest fall {drawn.fall[sample]:.3f}, exit {start} to {end}"


def _falls(drawn: Trajectories, threshold: float, colour: str, among: Sequence[int]) -> go.Scatter:
    """The stretch of each sample's largest fall, where it exceeds the threshold."""
    x, y = [], []
    for sample in (place for place in among if drawn.fall[place] > threshold):
        stretch = np.arange(int(drawn.from_exit[sample]), int(drawn.to_exit[sample]) + 1)
        x += [*(stretch + 1.0), np.nan]
        y += [*drawn.samples[stretch, sample], np.nan]
    return go.Scatter(
        x=x or [None],
        y=y or [None],
        name=f"falls by more than {threshold:g}",
        mode="lines",
        line={"color": colour, "width": 2.5},
        connectgaps=False,
        hoverinfo="skip",
    )


def _mean(drawn: Trajectories, exit_names: Sequence[str]) -> go.Scatter:
    style = predictor_style(drawn.predictor_id)
    return go.Scatter(
        x=np.arange(1, len(exit_names) + 1),
        y=drawn.mean,
        name=f"mean, {plain(drawn.heading)}",
        mode="lines+markers",
        line={"color": style["color"], "width": 5, "dash": style["dash"]},
        marker={
            "symbol": style["symbol"],
            "color": style["color"],
            "size": 11,
            "line": {"color": INK, "width": 1},
            "maxdisplayed": MARKERS_DRAWN,
        },
        customdata=[plain(name) for name in exit_names],
        hovertemplate="mean of all samples<br>%{y:.3f} at exit %{customdata}<extra></extra>",
    )
