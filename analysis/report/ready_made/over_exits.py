"""Accuracy and entropy over the exits, of the baseline, the correction and caching, with their spread over seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.figures.spread_panels import SpreadLine, SpreadPanel, spread_panels_figure
from analysis.figures.style import exit_ticks
from analysis.metrics.uncertainty import ENTROPY_THRESHOLDS
from analysis.report.ready_made.measured import Measured
from analysis.report.ready_made.table import Made
from analysis.words import correction
from analysis.words.formats import exit_labels

SPOKEN_OF = 0.1
"""The rise of entropy, in nats, that the title speaks of."""


def accuracy(numbers: Measured, height: int) -> Made:
    """The figure and its numbers: over the exits and, where the run knows costs, over these."""
    known = "accuracy" if numbers.results["baseline"].has_labels else "answers that are final"
    panels = [_over_exits(numbers, f"{known}, %", "right_percent")]
    if (cost := numbers.run.cost(numbers.unit)) is not None:
        axis = {"tickformat": "~s", "nticks": 6}
        lines = _lines(numbers, "right_percent")
        panels.append(SpreadPanel(f"{known}, %", f"cost per sample, {cost[0]}", np.array(cost[1]), lines, axis))
    if numbers.results["baseline"].has_labels:
        before, after = (numbers.spread(key, "right_percent")[0] for key in ("baseline", numbers.predictor))
        title = correction.accuracy_title(after - before, numbers.clear, numbers.label())
    else:
        title = correction.exits_title(numbers.difference, numbers.label())
    return _made(numbers, panels, title, numbers.over(), height)


def entropy(numbers: Measured, height: int) -> Made:
    """The figure and its numbers: the mean at every exit, and how many samples' grows."""
    places = np.arange(1.0, len(ENTROPY_THRESHOLDS) + 1)
    axis = {"tickvals": places.tolist(), "ticktext": [f"{tau:g}" for tau in ENTROPY_THRESHOLDS]}
    rises = SpreadPanel(
        "samples whose entropy rises by more, %",
        "rise by more than, nats",
        places,
        _lines(numbers, "entropy_rise_percent"),
        axis,
        from_zero=True,
    )
    panels = [_over_exits(numbers, "mean entropy, nats", "entropy", from_zero=True), rises]
    at = ENTROPY_THRESHOLDS.index(SPOKEN_OF)
    rising = [numbers.spread(key, "entropy_rise_percent")[0][at] for key in ("baseline", numbers.predictor)]
    title = correction.entropy_title(*rising, SPOKEN_OF, numbers.label())
    return _made(numbers, panels, title, numbers.over(judged=False), height)


def _lines(numbers: Measured, name: str) -> list[SpreadLine]:
    return [SpreadLine(key, numbers.label(key), *numbers.spread(key, name)) for key in numbers.results]


def _over_exits(numbers: Measured, said: str, name: str, *, from_zero: bool = False) -> SpreadPanel:
    names = exit_labels(numbers.run.exit_names)
    places = np.arange(1.0, len(names) + 1)
    return SpreadPanel(said, "exit", places, _lines(numbers, name), exit_ticks(names), from_zero)


def _made(numbers: Measured, panels: Sequence[SpreadPanel], title: str, over: str, height: int) -> Made:
    figure = spread_panels_figure(panels, title=title, subtitle=f"Over {over}. {numbers.of_seeds}", height=height)
    rows = [
        pd.DataFrame(
            {"predictor": line.predictor_id, "quantity": panel.name, "over": panel.x_title, "at": _at(panel),
             "mean": line.mean, "sd": line.spread, "seeds": len(numbers.numbers)}
        )
        for panel in panels
        for line in panel.lines
    ]  # fmt: skip
    return Made(figure, pd.concat(rows, ignore_index=True))


def _at(panel: SpreadPanel) -> np.ndarray:
    """The values that the axis stands for: thresholds are drawn evenly spaced."""
    return np.array(ENTROPY_THRESHOLDS) if panel.x_title.startswith("rise") else panel.x
