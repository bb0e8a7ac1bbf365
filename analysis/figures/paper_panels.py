"""A run beside the paper: filled markers and a line for the run, open markers and a band of its spread for the paper.

Panels stand below each other and share what they run over, exits or thresholds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import heading, name_ends
from analysis.figures.style import COLOURS, FAINT, base_figure, exit_ticks, fitted_range, plain, predictor_style, rgba
from analysis.reference.symlog import PERCENT_UNIT, ticks, to_scale

GAP = 44  # pixels between panels: the heading of the lower one
BAND = 0.2  # opacity of the band of one standard deviation
TOP, BOTTOM = 36, 44  # margins in pixels


@dataclass(frozen=True)
class Beside:
    """One predictor's numbers in a panel.

    Attributes
    ----------
    predictor_id, label : str
    run, published : float (places,)
        NaN draws nothing.
    std : float (places,)
        Of the published values; NaN draws no band.
    differences : str (places,)
        How far the run is from the paper, in words, for the pointer.
    others : sequence of float (places,)
        The same numbers of runs from other seeds.
    """

    predictor_id: str
    label: str
    run: np.ndarray
    published: np.ndarray
    std: np.ndarray
    differences: tuple[str, ...]
    others: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True)
class PaperPanel:
    """One quantity over the shared places.

    Attributes
    ----------
    name : str
        What it is, with its unit.
    beside : sequence of Beside
    unit : str
        What is written after a value: "%", or " points".
    from_zero : bool
        The axis runs over powers of ten down to 0; otherwise it fits the values and its name says where it starts.
    reference : bool
        A line at 0 stands for the baseline, from which values are counted.
    """

    name: str
    beside: tuple[Beside, ...]
    unit: str = "%"
    from_zero: bool = False
    reference: bool = False


def paper_panels_figure(
    panels: Sequence[PaperPanel],
    *,
    places: Sequence[str],
    emphasised: str | None,
    x_title: str,
    title: str,
    subtitle: str,
    name_lines: bool = True,
    name_published: bool = True,
    height: int = 460,
) -> go.Figure:
    """A run's numbers beside the published ones.

    Parameters
    ----------
    panels : sequence of PaperPanel
        From the top down.
    places : sequence of str
        The exits or thresholds, written at the ticks of the lowest panel.
    emphasised : str
        The predictor id that is on screen; others stay faint: the switch moves the emphasis and nothing jumps. None:
        all are alike.
    name_published : bool
        Whether the paper's lines have names of their own at their ends, beside the run's.
    """
    layout, headings = _layout(panels, places, x_title, height)
    figure = base_figure(title, subtitle, height=height, uirevision=x_title, annotations=headings, **layout)
    figure.layout.margin.t = TOP
    for number, panel in enumerate(panels, start=1):
        row = "" if number == 1 else str(number)
        if panel.reference:
            figure.add_trace(_reference(len(places), emphasised == "baseline", row))
        for one in sorted(panel.beside, key=lambda one: one.predictor_id == emphasised):  # what is on screen on top
            full = emphasised in (None, one.predictor_id)
            figure.add_trace(_band(one, panel, full, row))
            figure.add_traces([_other(one, values, panel, full, row) for values in one.others])
            figure.add_trace(_published(one, panel, places, full, row))
            figure.add_trace(_run(one, panel, places, full, row))
        if name_lines:
            pixels = _panel_height(len(panels), height)
            _name_lines(figure, panel, len(places), row, pixels, name_published=name_published)
    return figure


def _panel_height(count: int, height: int) -> float:
    return max((height - TOP - BOTTOM - GAP * (count - 1)) / count, 40)


def _layout(panels: Sequence[PaperPanel], places: Sequence[str], x_title: str, height: int) -> tuple[dict, list[dict]]:
    """Axes below each other that share their x axis, and the panels' headings as annotations."""
    count, inner = len(panels), height - TOP - BOTTOM
    tall, gap = _panel_height(count, height) / inner, GAP / inner
    layout: dict = {
        "xaxis": {
            "range": [0.75, len(places) + 0.25],
            **exit_ticks(places),
            "anchor": f"y{count if count > 1 else ''}",
            "showgrid": False,
            "zeroline": False,
            "title": {"text": plain(x_title)},
        }
    }
    headings = []
    for number, panel in enumerate(panels, start=1):
        top = 1 - (number - 1) * (tall + gap)
        axis, said = _y_axis(panel)
        layout[f"yaxis{'' if number == 1 else number}"] = {
            "domain": [max(top - tall, 0), top],
            "showgrid": True,
            "zeroline": False,
            **axis,
        }
        headings.append(heading(0, top, said, 6))
    return layout, headings


def _y_axis(panel: PaperPanel) -> tuple[dict, str]:
    if panel.from_zero:
        at, labels = ticks(0, 100, PERCENT_UNIT)
        high = float(to_scale(100, PERCENT_UNIT))
        return {"range": [-0.12, high + 0.08], "tickvals": at, "ticktext": [f"{v}%" for v in labels]}, panel.name
    low, high = _range(panel)
    suffix = "%" if panel.unit == "%" else ""
    said = panel.name if low <= 0 else f"{panel.name} (axis from {low:g}%)"
    return {"range": [low, high], "nticks": 5, "ticksuffix": suffix}, said


def _range(panel: PaperPanel) -> tuple[float, float]:
    """Around all values and the paper's bands, on round numbers; 0 is on it where it is the reference."""
    values = [np.zeros(1)] if panel.reference else []
    for one in panel.beside:
        around = np.nan_to_num(one.std)
        values += [one.run, *one.others, one.published - around, one.published + around]
    if panel.reference:
        return fitted_range(values, lowest=-np.inf, room=0.3)
    return fitted_range(values, highest=100.0, room=0.3)


def _at(panel: PaperPanel, values: np.ndarray) -> np.ndarray:
    return to_scale(np.maximum(values, 0), PERCENT_UNIT) if panel.from_zero else np.asarray(values, dtype=np.float64)


def _band(one: Beside, panel: PaperPanel, full: bool, row: str) -> go.Scatter:
    """Published values ± one standard deviation, as one outline."""
    known = np.flatnonzero(np.isfinite(one.published) & np.isfinite(one.std))
    low, high = (_at(panel, one.published[known] + sign * one.std[known]) for sign in (-1, 1))
    return go.Scatter(
        x=[*(known + 1), *(known[::-1] + 1)],
        y=[*low, *high[::-1]],
        name=f"published ± 1 sd, {plain(one.label)}: {plain(panel.name)}",
        mode="lines",
        line={"width": 0, "color": predictor_style(one.predictor_id)["color"]},
        fill="toself",
        fillcolor=rgba(predictor_style(one.predictor_id)["color"], BAND * (1 if full else 0.5)),
        hoverinfo="skip",
        yaxis=f"y{row}",
    )


def _published(one: Beside, panel: PaperPanel, places: Sequence[str], full: bool, row: str) -> go.Scatter:
    style = predictor_style(one.predictor_id)
    said = [f"{value:.4g}{panel.unit}{_plus_minus(std)}" for value, std in zip(one.published, one.std)]
    return go.Scatter(
        x=np.arange(1, len(places) + 1),
        y=_at(panel, one.published),
        name=f"published, {plain(one.label)}: {plain(panel.name)}",
        mode="lines+markers",
        line={"color": style["color"], "width": 1, "dash": style["dash"]},
        marker={"symbol": f"{style['symbol']}-open", "color": style["color"], "size": 11, "line": {"width": 1.8}},
        opacity=1 if full else FAINT[style["color"]],
        customdata=[[plain(place), words] for place, words in zip(places, said)],
        hovertemplate=f"{plain(one.label)}, the paper<br>{plain(panel.name)}: %{{customdata[1]}}"
        "<br>at %{customdata[0]}<extra></extra>",
        yaxis=f"y{row}",
    )


def _plus_minus(std: float) -> str:
    return f" ± {std:.2g}" if np.isfinite(std) else ""


def _other(one: Beside, values: np.ndarray, panel: PaperPanel, full: bool, row: str) -> go.Scatter:
    """The run of another seed."""
    style = predictor_style(one.predictor_id)
    return go.Scatter(
        x=np.arange(1, len(values) + 1),
        y=_at(panel, values),
        name=f"another seed, {plain(one.label)}: {plain(panel.name)}",
        mode="lines",
        line={"color": style["color"], "width": 1, "dash": style["dash"]},
        opacity=FAINT[style["color"]],
        hoverinfo="skip",
        yaxis=f"y{row}",
    )


def _run(one: Beside, panel: PaperPanel, places: Sequence[str], full: bool, row: str) -> go.Scatter:
    style = predictor_style(one.predictor_id)
    return go.Scatter(
        x=np.arange(1, len(places) + 1),
        y=_at(panel, one.run),
        name=f"{plain(one.label)}: {plain(panel.name)}",
        mode="lines+markers",
        line={"color": style["color"], "width": 3 if full else 2, "dash": style["dash"]},
        marker={"symbol": style["symbol"], "color": style["color"], "size": 8 if full else 6},
        opacity=1 if full else FAINT[style["color"]],
        customdata=[
            [plain(place), f"{value:.4g}{panel.unit}", plain(words)]
            for place, value, words in zip(places, one.run, one.differences)
        ],
        hovertemplate=f"{plain(one.label)}, this run<br>{plain(panel.name)}: %{{customdata[1]}}"
        "<br>at %{customdata[0]}<br>%{customdata[2]}<extra></extra>",
        yaxis=f"y{row}",
    )


def _reference(count: int, full: bool, row: str) -> go.Scatter:
    return go.Scatter(
        x=[1, count],
        y=[0, 0],
        name="baseline",
        mode="lines",
        line={"color": COLOURS["baseline"], "dash": "dash", "width": 3 if full else 1.5},
        opacity=1 if full else FAINT[COLOURS["baseline"]],
        hoverinfo="skip",
        yaxis=f"y{row}",
    )


def _name_lines(
    figure: go.Figure, panel: PaperPanel, count: int, row: str, pixels: float, *, name_published: bool
) -> None:
    """Names at the ends of the lines, the run's and the paper's."""
    ends = [(count, 0.0, "Baseline", COLOURS["baseline"])] if panel.reference else []
    for one in panel.beside:
        for said, values in ((one.label, one.run), (f"{one.label}, paper", one.published)):
            if np.isfinite(values[-1]) and (name_published or values is one.run):
                at = float(_at(panel, values[-1:])[0])
                ends.append((count, at, said, predictor_style(one.predictor_id)["color"]))
    name_ends(figure, ends, span=tuple(figure.layout[f"yaxis{row}"].range), pixels=pixels, axes=row)
    for note in figure.layout.annotations:
        if note.xref != "paper":
            note.xref = "x"  # the panels share it
