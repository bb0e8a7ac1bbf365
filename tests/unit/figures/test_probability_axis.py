"""Where probabilities stand on each of the three axes."""

import numpy as np
import plotly.graph_objects as go
import pytest

from analysis.figures.probability_axis import LINEAR, LOWEST, ProbabilityAxis, probability_axis

PROBS = np.array([0.0, 0.02, 0.5])


def test_a_log_axis_goes_down_to_the_smallest_probability_and_holds_zeros_at_its_foot():
    axis = probability_axis("log", [PROBS, np.array([0.9])])
    assert axis.foot == -2
    np.testing.assert_allclose(axis.places(PROBS), [-2, np.log10(0.02), np.log10(0.5)])
    assert probability_axis("log", [np.array([1e-30])]).foot == LOWEST
    assert probability_axis("log", [np.zeros(3), np.empty(0)]).foot == -1


def test_shares_are_of_a_line_s_own_maximum():
    axis = probability_axis("share", [PROBS])
    np.testing.assert_allclose(axis.places(PROBS), [0, 0.04, 1])
    assert axis.places(np.zeros(2)).tolist() == [0, 0]


def test_the_linear_axis_is_the_probability_itself():
    assert LINEAR.places(PROBS).tolist() == PROBS.tolist()


@pytest.mark.parametrize("axis", [LINEAR, ProbabilityAxis("share"), *(ProbabilityAxis("log", -n) for n in (1, 5, 12))])
def test_ticks_lie_within_the_span(axis):
    figure = go.Figure()
    axis.draw_on(figure)
    low, high = figure.layout.yaxis.range
    assert all(low <= tick <= high for tick in figure.layout.yaxis.tickvals)
    assert 2 <= len(figure.layout.yaxis.tickvals) <= 8
    if axis.scale == "log":
        assert len(figure.layout.yaxis.ticktext) == len(figure.layout.yaxis.tickvals)
        assert figure.layout.yaxis.ticktext[0] == "1"
