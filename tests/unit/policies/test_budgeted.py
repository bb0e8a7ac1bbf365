"""Budgeted batches worked by hand: shares, counts, ties, and exits where nobody stops."""

import numpy as np
import pytest

from analysis.policies.budgeted import SHARES, exit_shares, fit, thresholds_of
from analysis.policies.rule import stopping_exits
from tests.unit.policies.by_hand import confident


def test_the_grid_of_the_curve():
    assert len(SHARES) == 39
    assert (SHARES[0], SHARES[19], SHARES[-1]) == (0.05, 1.0, 1.95)


def test_shares_are_over_all_exits():
    np.testing.assert_allclose(exit_shares(2.0, 3), np.array([2, 4, 8]) / 14)


def test_four_samples_by_hand():
    """Half of four stop at exit 1: the second highest, 0.7; of those left a quarter of four, one: the highest, 0.8."""
    confidence = np.array([[0.9, 0.5, 0.7, 0.6], [0.1, 0.8, 0.99, 0.3], [0.5] * 4], np.float32)
    assert thresholds_of(confidence, [0.5, 0.25, 0.25]) == (np.float32(0.7), np.float32(0.8), 0.0)


def test_a_count_of_none_means_nobody():
    confidence = np.array([[0.9, 0.5], [0.1, 0.8]], np.float32)
    assert thresholds_of(confidence, [0.49, 0.51]) == (None, 0.0)


def test_too_few_left_means_nobody():
    confidence = np.array([[0.9, 0.9, 0.9, 0.1], [0.5] * 4, [0.5] * 4], np.float32)
    assert thresholds_of(confidence, [0.25, 0.5, 0.25]) == (np.float32(0.9), None, 0.0)  # ties took three of them


def test_ties_stop_together():
    answers = confident([[0.9, 0.9, 0.8, 0.7], [0.9] * 4], [[1] * 4] * 2)
    rule = fit(answers, {"p": 0.5}).rule  # 2/3 of four: the 2nd highest
    assert rule.thresholds[0] == pytest.approx(0.9)
    assert stopping_exits(rule, answers.max_prob).tolist() == [0, 0, 1, 1]
    quarter = thresholds_of(answers.max_prob, [0.25, 0.75])
    assert quarter[0] == pytest.approx(0.9)  # both, though one was wanted


def test_a_network_of_one_exit_takes_everyone():
    assert thresholds_of(np.ones((1, 3), np.float32), [1.0]) == (0.0,)


def test_without_samples_nobody_stops_early():
    assert thresholds_of(np.ones((2, 0), np.float32), [0.5, 0.5]) == (None, 0.0)
