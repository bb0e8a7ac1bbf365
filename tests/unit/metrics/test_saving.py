"""Accuracy over mean cost at every threshold: by hand, against trying each threshold, ties and empty sides."""

import numpy as np
import pytest

from analysis.metrics.saving import cheapest_reaching, stopped_by, threshold_curve


def test_every_threshold_is_what_trying_it_gives():
    """Confidences in steps, so that many are equal; some are 0, which stop nobody."""
    rng = np.random.default_rng(0)
    confidence = (rng.integers(0, 9, (4, 200)) / 8).astype(np.float32)
    correct, costs = rng.random((4, 200)) < 0.6, np.array([1.0, 3.0, 4.0, 9.0])
    curve = threshold_curve(confidence, correct, costs)
    assert len(curve.thresholds) == 9
    assert (np.diff(curve.thresholds) < 0).all()
    assert (np.diff(curve.costs) <= 0).all()
    for threshold, cost, accuracy in zip(*curve):
        assert stopped_by(confidence, correct, costs, threshold) == pytest.approx((cost, accuracy))
        assert stopped_by(confidence, correct, costs, threshold + 1e-3) == pytest.approx((cost, accuracy))


def test_by_hand():
    confidence = np.array([[0.5, 0.75], [0.25, 0.5], [0.0, 0.0]], np.float32)
    correct = np.array([[False, True], [True, True], [True, True]])
    curve = threshold_curve(confidence, correct, [1.0, 2.0, 3.0])
    assert curve.thresholds.tolist() == [0.75, 0.5, 0.0]
    assert curve.costs.tolist() == [3, 2, 1]  # nobody stops, the second at exit 1, both
    assert curve.accuracies.tolist() == [1, 1, 0.5]
    assert cheapest_reaching(curve, 1.0) == 0.5
    assert cheapest_reaching(curve, 0.2) == 0.0
    assert cheapest_reaching(curve, 1.1) is None


def test_one_exit_and_no_samples():
    one = threshold_curve(np.ones((1, 3), np.float32), np.array([[True, True, False]]), [5.0])
    assert (one.thresholds.tolist(), one.costs.tolist()) == ([1.0], [5.0])
    assert one.accuracies[0] == pytest.approx(2 / 3)
    nothing = threshold_curve(np.ones((3, 0), np.float32), np.ones((3, 0), bool), [1.0, 2.0, 3.0])
    assert np.isnan(nothing.accuracies).all()
    assert cheapest_reaching(nothing, 0.0) is None
    assert np.isnan(stopped_by(np.ones((3, 0), np.float32), np.ones((3, 0), bool), [1.0, 2.0, 3.0], 0.5)).all()


def test_who_is_never_sure_goes_to_the_last_exit():
    confidence = np.zeros((2, 3), np.float32)
    curve = threshold_curve(confidence, np.array([[True] * 3, [False] * 3]), [1.0, 4.0])
    assert curve.costs.tolist() == [4.0]
    assert stopped_by(confidence, np.array([[True] * 3, [False] * 3]), [1.0, 4.0], 0.0) == (4.0, 0.0)
