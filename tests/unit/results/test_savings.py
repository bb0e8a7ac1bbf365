"""What a confidence saves at one accuracy: fitted on some samples, measured on others, by hand."""

import numpy as np
import pytest

from analysis.metrics.calibration import ece
from analysis.metrics.failure_prediction import auroc
from analysis.results.savings import Confidences, saving_of

COSTS = (1.0, 2.0)


def two_exits(first: list[float], right: list[bool]) -> Confidences:
    """Exit 1 with these confidences, right or wrong; exit 2 sure and right."""
    confidence = np.array([first, [0.99] * len(first)], np.float32)
    return Confidences(confidence, np.array([right, [True] * len(right)]))


def test_the_threshold_is_the_fitted_samples_and_the_saving_the_measured_ones():
    fitted = two_exits([0.9, 0.8, 0.6, 0.3], [True, True, False, False])
    measured = two_exits([0.95, 0.7, 0.5, 0.4], [True, False, True, False])
    found = saving_of(fitted, measured, COSTS, 1.0)
    assert found.threshold == pytest.approx(0.6)  # two stop, both right; one more would be wrong
    assert found.mean_cost == pytest.approx(1.5)
    assert found.saved == pytest.approx(0.25)
    assert found.accuracy == pytest.approx(0.75)  # the second stops, and is wrong: what was promised does not hold
    assert found.measures["ece"] == pytest.approx(ece(measured.confidence[0], measured.correct[0]))
    assert found.measures["failure"] == auroc(measured.confidence[0], measured.correct[0])
    assert found.measures["improvable"] == found.measures["failure"]  # the last exit mends every mistake


def test_an_accuracy_that_nothing_reaches_saves_nothing():
    found = saving_of(two_exits([0.9], [True]), two_exits([0.9], [True]), COSTS, 1.01)
    assert found.threshold is None
    assert np.isnan(found.saved)


def test_one_exit_has_no_measure_and_saves_nothing():
    one = Confidences(np.array([[0.5, 0.9]], np.float32), np.array([[True, False]]))
    found = saving_of(one, one, (3.0,), 0.5)
    assert found.saved == 0
    assert all(np.isnan(value) for value in found.measures.values())


def test_without_samples_on_either_side():
    none = Confidences(np.empty((2, 0), np.float32), np.empty((2, 0), bool))
    some = two_exits([0.9], [True])
    assert saving_of(none, some, COSTS, 0.5).threshold is None
    assert np.isnan(saving_of(some, none, COSTS, 0.5).saved)
