"""Bars of lost classes: stacked, named, and safe whatever exits are called."""

import numpy as np

from analysis.figures.lost_classes import lost_classes_figure


def drawn(counts, names=("1", "2", "<b>3</b>")):
    return lost_classes_figure(
        counts, exit_names=names, predictor_id="pa", x_title="exit", title="a title", subtitle="how"
    )


def test_causes_are_stacked_and_told_apart_by_a_pattern():
    figure = drawn({"outvoted": np.array([0, 5, 40]), "off support": np.array([0, 2, 0])})
    assert figure.layout.barmode == "stack"
    assert [trace.name for trace in figure.data] == ["outvoted on the support", "off the support"]
    assert [trace.marker.pattern.shape for trace in figure.data] == ["", "/"]
    assert figure.layout.yaxis.range[1] >= 40
    assert figure.data[0].customdata[2][1] == "&lt;b&gt;3&lt;/b&gt;"
    assert list(figure.data[0].text) == ["", "5", "40"]


def test_nothing_lost_is_an_empty_row_of_bars():
    figure = drawn({"lost": np.zeros(3, int)})
    assert list(figure.data[0].text) == [""] * 3
    assert figure.layout.yaxis.range[1] > 0
