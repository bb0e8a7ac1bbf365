"""Factors exit by exit: bars, their sum, what is infinite, what is undefined."""

import numpy as np

from analysis.figures.exit_factors import exit_factors_figure

ABOUT = {"predictor_id": "pa", "exit_names": ["1", "2", "<3>"], "deciding": 1, "title": "t", "subtitle": "s"}


def drawn(evidence):
    evidence = np.array(evidence, float)
    with np.errstate(invalid="ignore"):
        log_odds = np.cumsum(evidence)
    logs = np.vstack([evidence, np.zeros(3)])
    return exit_factors_figure(evidence, log_odds, np.ones(3), logs, **ABOUT)


def test_bars_are_the_factors_the_line_their_sum_and_what_decides_is_outlined():
    bars, line = drawn([0.5, -2.0, 0.25]).data
    assert list(bars.y) == [0.5, -2.0, 0.25]
    assert list(line.y) == [0.5, -1.5, -1.25]
    assert list(bars.marker.line.width) == [0, 1.5, 0]
    assert bars.customdata[2][0] == "&lt;3&gt;"
    assert bars.customdata[1][4] == "\N{MINUS SIGN}2"


def test_what_is_infinite_ends_within_the_axis_and_says_so():
    figure = drawn([0.5, -np.inf, 1.0])
    bars, line = figure.data
    low, high = figure.layout.yaxis.range
    assert low < bars.y[1] < -1.0
    assert bars.text[1] == "\N{MINUS SIGN}\N{INFINITY}"
    assert all(low <= y <= high for y in line.y)


def test_what_is_undefined_ends_the_line():
    bars, line = drawn([0.5, -np.inf, np.nan]).data
    assert line.y[2] is None
    assert bars.y[2] == 0
    assert bars.customdata[2][4] == "undefined"


def test_factors_that_say_nothing_are_drawn():
    figure = drawn([0.0, 0.0, 0.0])
    assert figure.layout.yaxis.range[0] < 0 < figure.layout.yaxis.range[1]
    drawn([np.nan] * 3)
