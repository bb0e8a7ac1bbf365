"""Lines over the exits: one quantity of several predictors, or a few kindred ones, each point opening its samples."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import name_ends
from analysis.figures.style import (
    FAINT,
    INK,
    MARKERS_DRAWN,
    MUTED,
    base_figure,
    exit_ticks,
    fitted_range,
    plain,
    predictor_style,
    rgba,
)

LOG_TICKS = [float(f"{digit}e{power}") for power in range(-4, 5) for digit in (1, 2, 5)]
BAND = 0.12
"""How opaque a band is."""
ROOM = 0.02
"""Above the highest value, as a share of the axis: a marker there is seen whole."""


@dataclass(frozen=True)
class ExitLine:
    """One line.

    Attributes
    ----------
    key : str
        What a click reports.
    label : str
        What stands at its end.
    values : float, (exits,)
        NaN leaves a gap.
    predictor_id : str, optional
        Whose colour, dash and marker it has; without one it is ink.
    full : bool
        Whether it is emphasised; the others stay faint.
    thin : bool
        Whether it is a second quantity of the same predictor: thinner, its markers smaller.
    about : sequence of str, one per exit
        What the pointer says further of each point.
    """

    key: str
    label: str
    values: np.ndarray
    predictor_id: str | None = None
    full: bool = True
    thin: bool = False
    about: Sequence[str] = ()


def exit_lines_figure(
    lines: Sequence[ExitLine],
    *,
    exit_names: Sequence[str],
    y_title: str,
    title: str,
    subtitle: str,
    unit: str = "",
    reference: tuple[float, str] | None = None,
    around: tuple[float, float] | None = None,
    from_zero: bool = False,
    highest: float = np.inf,
    log: bool = False,
    opens: str = "",
    height: int = 320,
) -> go.Figure:
    """Lines with a marker at each exit and their names at their ends.

    Parameters
    ----------
    lines : sequence of ExitLine
    unit : str
        Written after a value: "%".
    reference : (value, name), optional
        A thin line across, which the axis includes: what is promised, or where nothing would change.
    around : (low, high), optional
        A band across behind all lines, which the axis includes: where chance alone leaves values.
    from_zero : bool
        Whether 0 is on the axis; else it fits the values and the subtitle says where it starts.
    highest : float
        The axis goes no further.
    log : bool
        Whether the axis runs over powers of ten.
    opens : str
        What a click opens, in words; empty: nothing.
    """
    figure = base_figure(title, subtitle, "exit", y_title, height=height, uirevision=f"exits {y_title}")
    n_exits = len(exit_names)
    figure.update_xaxes(range=[0.8, n_exits + 0.2], **exit_ticks(exit_names))
    across = [*([] if reference is None else reference[:1]), *(around or ())]
    values = [line.values for line in lines] + [np.array([value]) for value in across]
    low, high = _range(values, from_zero, highest, log)
    figure.update_yaxes(range=[low, high], ticksuffix=unit, nticks=6)
    if log:
        at = [value for value in LOG_TICKS if low <= np.log10(value) <= high]
        figure.update_yaxes(type="log", tickvals=at, ticktext=[f"{value:g}" for value in at])
    elif low > 0:
        figure.layout.title.subtitle.text += " The vertical axis does not start at 0."
    if around is not None:
        figure.add_trace(_band(around, n_exits))
    if reference is not None:
        figure.add_trace(_reference(reference, n_exits, unit))
    for line in sorted(lines, key=lambda one: one.full):
        figure.add_trace(_line(line, exit_names, unit, opens))
    ends = [(n_exits, _at(line.values[-1], log), line.label, _colour(line)) for line in lines if _ends(line, log)]
    if reference is not None:
        ends.append((n_exits + 0.2, _at(reference[0], log), reference[1], MUTED))
    name_ends(figure, ends, span=(low, high), pixels=height - 52)
    return figure


def _ends(line: ExitLine, log: bool) -> bool:
    return bool(np.isfinite(line.values[-1]) and (line.values[-1] > 0 or not log))


def _at(value: float, log: bool) -> float:
    """Where an annotation stands: on a logarithmic axis plotly takes the exponent."""
    return float(np.log10(value)) if log else float(value)


def _range(values: Sequence[np.ndarray], from_zero: bool, highest: float, log: bool) -> tuple[float, float]:
    if log:
        known = np.concatenate([np.asarray(one, float)[np.asarray(one, float) > 0] for one in values])
        known = known[np.isfinite(known)] if len(known) else np.ones(1)
        low, high = np.log10(known.min()), np.log10(known.max())
        room = max(0.08 * (high - low), 0.05)
        return float(low - room), float(high + room)
    low, high = fitted_range([*values, np.zeros(1)] if from_zero else values, highest=highest, room=0.3)
    low = 0.0 if from_zero else low
    return low, high + ROOM * (high - low)


def _colour(line: ExitLine) -> str:
    return INK if line.predictor_id is None else predictor_style(line.predictor_id)["color"]


def _line(line: ExitLine, exit_names: Sequence[str], unit: str, opens: str) -> go.Scatter:
    style = {"dash": "solid", "symbol": "circle"} if line.predictor_id is None else predictor_style(line.predictor_id)
    colour, about = _colour(line), line.about or [""] * len(exit_names)
    width = 1.25 if line.thin else 3 if line.full else 2
    further = "<br>%{customdata[3]}" if line.about else ""
    return go.Scatter(
        x=np.arange(1, len(exit_names) + 1),
        y=line.values,
        name=plain(line.label),
        mode="lines+markers",
        line={"color": colour, "width": width, "dash": style["dash"]},
        marker={
            "symbol": style["symbol"],
            "color": colour,
            "size": 5 if line.thin else 8 if line.full else 6,
            "maxdisplayed": MARKERS_DRAWN,
        },
        opacity=1 if line.full else FAINT[colour],
        customdata=[
            [number, plain(name), line.key, plain(said)]
            for number, (name, said) in enumerate(zip(exit_names, about), start=1)
        ],
        hovertemplate=f"{plain(line.label)}, exit %{{customdata[1]}}<br>%{{y:.4g}}{unit}{further}"
        + (f"<br>click to see {plain(opens)}" if opens else "")
        + "<extra></extra>",
    )


def _band(around: tuple[float, float], n_exits: int) -> go.Scatter:
    low, high = around
    return go.Scatter(
        x=[0.8, n_exits + 0.2, n_exits + 0.2, 0.8],
        y=[low, low, high, high],
        name="by chance alone",
        mode="lines",
        line={"width": 0, "color": MUTED},
        fill="toself",
        fillcolor=rgba(MUTED, BAND),
        hoverinfo="skip",
    )


def _reference(reference: tuple[float, str], n_exits: int, unit: str) -> go.Scatter:
    return go.Scatter(
        x=[0.8, n_exits + 0.2],
        y=[reference[0]] * 2,
        name=plain(reference[1]),
        mode="lines",
        line={"color": MUTED, "width": 1},
        hovertemplate=f"{plain(reference[1])}: %{{y:.4g}}{unit}<extra></extra>",
    )
