"""PCEE worked by hand: quantile bins, merged edges, empty bins."""

import numpy as np

from analysis.policies.pcee import exit_bins, fit
from analysis.policies.rule import ExitBins, stopping_exits
from tests.unit.policies.by_hand import confident


def test_four_samples_in_two_bins():
    found = exit_bins(np.array([0.5, 0.9, 0.6, 0.8], np.float32), np.array([False, True, False, True]), 2)
    np.testing.assert_allclose(found.edges, [0.5, 0.7, 0.9], atol=1e-7)
    assert found.accuracy == (0.0, 1.0)


def test_equal_edges_are_merged():
    found = exit_bins(np.array([0.5, 0.5, 0.5, 1.0], np.float32), np.array([True, False, True, True]), 4)
    assert found.edges == (0.5, 0.625, 1.0)
    assert found.accuracy == (2 / 3, 1.0)


def test_equal_confidences_are_one_bin():
    found = exit_bins(np.full(3, 0.25, np.float32), np.array([True, True, False]), 20)
    assert found == ExitBins((0.25,), (2 / 3,))


def test_a_bin_between_two_samples_is_empty_and_stops_nobody():
    answers = confident([[0.6, 1.0], [0.9, 0.9]], [[1, 1], [1, 1]])
    rule = fit(answers, {"target": 0.0, "bins": 4}).rule
    assert rule.bins[0].accuracy == (1.0, None, None, 1.0)
    between = np.array([[0.6, 0.75, 0.85, 1.0], [0.9] * 4], np.float32)
    assert stopping_exits(rule, between).tolist() == [0, 1, 1, 0]


def test_the_target_is_reached_exactly():
    answers = confident([[0.6, 0.6, 0.6, 0.6, 0.6], [0.9] * 5], [[1, 1, 1, 1, 0], [1] * 5])
    assert stopping_exits(fit(answers, {"target": 0.8, "bins": 1}).rule, answers.max_prob).tolist() == [0] * 5
    assert stopping_exits(fit(answers, {"target": 0.81, "bins": 1}).rule, answers.max_prob).tolist() == [1] * 5


def test_the_last_exit_has_no_bins():
    answers = confident([[0.6, 0.7]], [[1, 0]])
    rule = fit(answers, {"target": 1.0, "bins": 2}).rule
    assert rule.bins == ()
    assert stopping_exits(rule, answers.max_prob).tolist() == [0, 0]
