"""Percent of samples that fall by more than tau, over tau: conditional monotonicity as the paper draws it."""

from __future__ import annotations

import pandas as pd

from analysis.figures.decrease_curve import Curve, decrease_curve_figure, fall_grid
from analysis.metrics.decrease import THRESHOLDS
from analysis.report.ready_made.measured import Measured
from analysis.report.ready_made.table import Made
from analysis.words.falls import curve_finding
from analysis.words.formats import QUANTITY


def falls(numbers: Measured, height: int) -> Made:
    """The figure and its numbers.

    Raises
    ------
    ValueError
        The run has one exit.
    """
    first, grid = numbers.results["baseline"], fall_grid(THRESHOLDS)
    if first.n_exits < 2:
        raise ValueError(f"run {numbers.run.id} has one exit: nothing can fall from one exit to the next")
    curves = [
        Curve(key, numbers.label(key), one.falling_percent(grid), one.falling_percent(THRESHOLDS))
        for key, one in numbers.results.items()
    ]
    figure = decrease_curve_figure(
        curves,
        grid,
        THRESHOLDS,
        x_title="fall by more than, probability",
        y_title="samples",
        title=curve_finding(numbers.difference.falls(first.of, "absolute"), numbers.label(), relative=False),
        subtitle=f"Percent of {numbers.over()} where the {QUANTITY[first.of]}'s probability falls by more than a "
        "threshold between an earlier and a later exit.",
        height=height,
    )
    rows = [pd.DataFrame({"predictor": one.predictor_id, "threshold": grid, "percent": one.percents}) for one in curves]
    return Made(figure, pd.concat(rows, ignore_index=True))
