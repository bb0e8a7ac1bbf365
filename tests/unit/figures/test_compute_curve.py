"""Accuracy against compute: what the subtitle says of the axis."""

import numpy as np
import pytest

from analysis.figures.compute_curve import Curve, RuleCurve, compute_curve_figure
from tests.unit.figures.test_names import boxes


@pytest.mark.parametrize(("lowest", "said"), [(60.0, True), (0.2, False), (0.0, False)])
def test_the_axis_is_said_not_to_start_at_zero_only_where_it_does_not(lowest, said):
    figure = compute_curve_figure(
        [1.0, 2.0],
        [Curve("baseline", "Baseline", np.array([lowest, 70.0]))],
        exit_names=["1", "2"],
        emphasised="baseline",
        unit=None,
        quantity="accuracy, %",
        title="t",
        subtitle="Steps.",
    )
    assert (figure.layout.yaxis.range[0] > 0) == said
    assert figure.layout.title.subtitle.text == "Steps." + (" The vertical axis does not start at 0." if said else "")


@pytest.mark.parametrize("width", [600, 900, 1500])
@pytest.mark.parametrize(("at", "budget", "published"), [(43.0, 44.0, (20.0, 70.0)), (41.0, 60.0, (42.0, 71.12))])
def test_a_rule_s_name_stands_beside_the_budget_and_published_markers(at, budget, published, width):
    x, values = np.array([20.0, 40.0, 60.0]), np.array([70.0, 72.0, 73.0])
    rule = RuleCurve("pa", "PA, stops", "stops", "risk", np.array([at]), np.array([71.0]), ["a"], ["b"], joined=False)
    figure = compute_curve_figure(
        x,
        [Curve("pa", "PA", values)],
        rules=[rule],
        exit_names=["1", "2", "3"],
        emphasised="pa",
        published=[(Curve("pa", "PA", np.array(published[1:])), published[:1])],
        answer=(budget, 72.0),
        unit="MACs",
        quantity="accuracy, %",
        title="t",
        subtitle="s",
    )
    (left, right), (low, high) = figure.layout.xaxis.range, figure.layout.yaxis.range
    found = boxes(figure, 408, width)["stops"]
    assert not found[0] < (budget - left) / (right - left) * width < found[2]
    across, down = (published[0] - left) / (right - left) * width, (high - published[1]) / (high - low) * 408
    assert not (found[0] < across < found[2] and found[1] < down < found[3])
