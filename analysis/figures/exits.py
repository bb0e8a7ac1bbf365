"""Baseline against a predictor, exit by exit: a few quantities side by side in small panels that share their exits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.figures.names import heading, name_ends
from analysis.figures.selected import thin_line
from analysis.figures.style import FAINT, MARKERS_DRAWN, base_figure, exit_ticks, fitted_range, plain, predictor_style

GAP = 0.09  # between panels, as a share of the figure's width


@dataclass(frozen=True)
class Panel:
    """One quantity.

    Attributes
    ----------
    name : str
        What it is, with its unit: "accuracy, %".
    baseline, predictor : float, (exits,)
    published : (str, (exits,)) pairs, optional
        Published values to set beside a line, by predictor id, drawn as open markers.
    from_zero_to : float, optional
        The axis runs from 0 to this; without, it fits the values and its name says where it starts.
    selected : (str, (exits,)) pairs, optional
        What holds of the selected samples alone, by predictor id: thin lines.
    """

    name: str
    baseline: np.ndarray
    predictor: np.ndarray
    published: tuple[tuple[str, np.ndarray], ...] = ()
    from_zero_to: float | None = None
    selected: tuple[tuple[str, np.ndarray], ...] = ()


def exits_figure(
    panels: Sequence[Panel],
    *,
    predictor_id: str,
    predictor_label: str,
    baseline_label: str,
    predictor_shown: bool,
    exit_names: Sequence[str],
    title: str,
    subtitle: str,
    height: int = 280,
) -> go.Figure:
    """One panel per quantity, the baseline and the predictor in each.

    Parameters
    ----------
    panels : sequence of Panel
    predictor_shown : bool
        Which of the two is drawn in full; the other stays faint: the switch moves the emphasis and nothing jumps.
    exit_names : sequence of str
    title, subtitle : str
    """
    layout, headings = _layout(panels, exit_names)
    figure = base_figure(title, subtitle, height=height, uirevision="exits", annotations=headings, **layout)
    figure.layout.margin.t = 36
    for panel, suffix in zip(panels, _suffixes(panels)):
        lines = [("baseline", baseline_label, panel.baseline, not predictor_shown)]
        lines.append((predictor_id, predictor_label, panel.predictor, predictor_shown))
        figure.add_traces([_line(*line, exit_names, panel.name, suffix) for line in lines])
        figure.add_traces([_published(*pair, exit_names, panel.name, suffix) for pair in panel.published])
        exits, axes = np.arange(1, len(exit_names) + 1), {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
        told = f"of the selected samples<br>{plain(panel.name)}: %{{y:.4g}}"
        figure.add_traces([thin_line(own, exits, values, told, **axes) for own, values in panel.selected])
    _label_last_panel(figure, panels, predictor_id, predictor_label, baseline_label, len(exit_names), height)
    return figure


def _suffixes(panels: Sequence[Panel]) -> list[str]:
    """What plotly adds to x and y: nothing for the first panel, then 2, 3, ..."""
    return ["" if number == 1 else str(number) for number in range(1, len(panels) + 1)]


def _layout(panels: Sequence[Panel], exit_names: Sequence[str]) -> tuple[dict, list[dict]]:
    """Axes side by side, and the panels' headings as annotations."""
    layout, headings = {}, []
    width = (1 - GAP * (len(panels) - 1)) / len(panels)
    for number, (panel, suffix) in enumerate(zip(panels, _suffixes(panels))):
        left = number * (width + GAP)
        low, high = _range(panel)
        layout[f"xaxis{suffix}"] = {
            "domain": [left, min(left + width, 1)],
            "anchor": f"y{suffix}",
            **exit_ticks(exit_names),
            "range": [0.8, len(exit_names) + 0.2],
            "showgrid": False,
            "zeroline": False,
            "title": {"text": "exit"},
        }
        layout[f"yaxis{suffix}"] = {
            "anchor": f"x{suffix}",
            "range": [low, high],
            "showgrid": True,
            "zeroline": False,
            "nticks": 6,
        }
        said = panel.name if low <= 0 else f"{panel.name} (axis from {low:.10g})"
        headings.append(heading(left, 1, said))
    return layout, headings


def _range(panel: Panel) -> tuple[float, float]:
    if panel.from_zero_to is not None:
        return 0.0, panel.from_zero_to
    drawn = [values for _, values in (*panel.published, *panel.selected)]
    return fitted_range([panel.baseline, panel.predictor, *drawn])


def _line(
    own: str, label: str, values: np.ndarray, full: bool, exit_names: Sequence, name: str, suffix: str
) -> go.Scatter:
    style = predictor_style(own)
    return go.Scatter(
        x=np.arange(1, len(exit_names) + 1),
        y=values,
        name=f"{plain(label)}: {plain(name)}",
        mode="lines+markers",
        line={"color": style["color"], "width": 3 if full else 2, "dash": style["dash"]},
        marker={
            "symbol": style["symbol"],
            "color": style["color"],
            "size": 8 if full else 6,
            "maxdisplayed": MARKERS_DRAWN,
        },
        opacity=1 if full else FAINT[style["color"]],
        xaxis=f"x{suffix}",
        yaxis=f"y{suffix}",
        customdata=[plain(exit_name) for exit_name in exit_names],
        hovertemplate=f"{plain(label)}<br>{plain(name)}: %{{y:.4g}}<br>at exit %{{customdata}}<extra></extra>",
    )


def _published(own: str, values: np.ndarray, exit_names: Sequence, name: str, suffix: str) -> go.Scatter:
    style = predictor_style(own)
    return go.Scatter(
        x=np.arange(1, len(values) + 1),
        y=values,
        name=f"published, {own}: {plain(name)}",
        mode="markers",
        marker={"symbol": f"{style['symbol']}-open", "color": style["color"], "size": 9},
        xaxis=f"x{suffix}",
        yaxis=f"y{suffix}",
        customdata=[plain(exit_name) for exit_name in exit_names][: len(values)],
        hovertemplate=f"published<br>{plain(name)}: %{{y:.4g}}<br>at exit %{{customdata}}<extra></extra>",
    )


def _label_last_panel(
    figure: go.Figure,
    panels: Sequence[Panel],
    predictor_id: str,
    predictor_label: str,
    baseline_label: str,
    n_exits: int,
    height: int,
) -> None:
    last, number = panels[-1], len(panels)
    suffix = "" if number == 1 else str(number)
    low, high = _range(last)
    lines = [("baseline", baseline_label, last.baseline[-1])]
    if predictor_id != "baseline":
        lines.append((predictor_id, predictor_label, last.predictor[-1]))
    ends = [
        (n_exits, float(value), label, predictor_style(own)["color"])
        for own, label, value in lines
        if np.isfinite(value)
    ]
    name_ends(figure, ends, span=(low, high), pixels=height - 90, axes=suffix)
