"""Accuracy against compute: what the subtitle says of the axis."""

import numpy as np
import pytest

from analysis.figures.compute_curve import Curve, compute_curve_figure


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
