"""Calibration errors and scores, worked by hand."""

import numpy as np
import pytest

from analysis.metrics.calibration import adaptive_ece, brier, classwise_ece, ece, nll, off_support, reliability


def test_the_gap_of_each_bin_counts_by_its_samples():
    confidence = np.array([0.9, 0.9, 0.5, 0.5])
    right = np.array([True, False, True, True])
    assert ece(confidence, right) == pytest.approx(0.5 * 0.4 + 0.5 * 0.5)


def test_certainty_is_in_the_last_bin_and_an_edge_in_the_upper_one():
    diagram = reliability(np.array([1.0, 0.2, 0.19999]), np.array([True, False, False]), bins=5)
    assert diagram.samples.tolist() == [1, 1, 0, 0, 1]
    assert diagram.accuracy[4] == 1
    assert np.isnan(diagram.accuracy[2])
    assert diagram.high.tolist() == [0.2, 0.4, 0.6, 0.8, 1]


def test_float32_confidences_keep_their_bin():
    edges = (np.arange(1, 15) / 15).astype(np.float32)
    counted = reliability(edges, np.zeros(14, bool)).samples
    np.testing.assert_array_equal(np.cumsum(counted)[-1], 14)
    assert ece(np.float32([1, 1]), np.array([True, True])) == 0


def test_no_sample_gives_an_unknown_error():
    assert np.isnan(ece(np.empty(0), np.empty(0, bool)))
    assert np.isnan(adaptive_ece(np.empty(0), np.empty(0, bool)))


def test_adaptive_bins_hold_equally_many():
    confidence = np.array([0.1, 0.2, 0.8, 0.9])
    right = np.array([False, True, True, True])
    assert adaptive_ece(confidence, right, bins=2) == pytest.approx((abs(1 - 0.3) + abs(2 - 1.7)) / 4)


def test_classwise_is_the_mean_over_classes():
    probs = np.array([[0.8, 0.2], [0.3, 0.7]])
    labels = np.array([0, 0])
    expected = np.mean([ece(probs[:, 0], labels == 0), ece(probs[:, 1], labels == 1)])
    assert classwise_ece(probs, labels) == pytest.approx(expected)
    assert classwise_ece(probs, labels) == pytest.approx((0.5 * (0.2 + 0.7) + 0.5 * (0.2 + 0.7)) / 2)


def test_brier_is_the_sum_over_the_classes():
    p = np.array([0.5, 0.25, 0.25])
    score = brier(np.array([[np.sum(p**2)]]), np.array([[p[0]]]))
    assert score[0] == pytest.approx((0.5 - 1) ** 2 + 2 * 0.25**2)


def test_one_sample_off_the_support_makes_the_nll_infinite():
    logs = np.array([[-1.0, -3.0], [-np.inf, -1.0]])
    assert nll(logs).tolist() == [2, np.inf]
    assert off_support(logs, np.array([[False, True], [False, False]])).tolist() == [0.5, 0.5]
