"""Accuracy, flips, overthinking, improvability, uncertainty and groups, worked by hand on three exits."""

import numpy as np
import pytest

from analysis.metrics.accuracy import accuracy, marginal_falls, mean_true_class_prob, top_k_accuracy
from analysis.metrics.flips import broken, first_right, fixed, flips
from analysis.metrics.groups import by_group
from analysis.metrics.improvability import hindsight_improvability
from analysis.metrics.overthinking import overthinking
from analysis.metrics.uncertainty import entropy_rise_percent, largest_rise, mean_entropy, set_growth_percent

CORRECT = np.array([[True, True, False, False], [False, True, True, False], [True, False, True, False]])


def test_accuracy_is_the_share_that_is_right():
    assert accuracy(CORRECT).tolist() == [0.5, 0.5, 0.5]
    assert np.isnan(accuracy(CORRECT[:, :0])).all()


def test_top_k_counts_ranks_up_to_k():
    assert top_k_accuracy(np.array([[1, 5, 6, 21]])).tolist() == [0.5]


def test_marginal_falls_are_what_a_mean_loses_from_exit_to_exit():
    mean = mean_true_class_prob(np.array([[0.5, 0.5], [0.25, 0.25], [0.75, 0.5]], np.float32))
    assert marginal_falls(mean).tolist() == [0.25, 0]


def test_flips_count_first_successes_and_every_loss():
    learned, forgotten = flips(CORRECT)
    assert learned.tolist() == [2, 1, 0]
    assert forgotten.tolist() == [0, 1, 1]
    assert first_right(CORRECT).tolist() == [0, 0, 1, -1]


def test_fixed_and_broken_are_against_the_baseline():
    baseline, corrected = np.array([True, False, True]), np.array([True, True, False])
    assert fixed(baseline, corrected).tolist() == [False, True, False]
    assert broken(baseline, corrected).tolist() == [False, False, True]


def test_overthinking_splits_what_earlier_exits_had_right():
    found = overthinking(CORRECT)
    assert (found.oracle_accuracy, found.destructive, found.wasteful) == (0.75, 0.25, 0.5)
    assert found.oracle_accuracy == found.destructive + accuracy(CORRECT)[-1]
    assert np.isnan(overthinking(CORRECT[:, :0]).oracle_accuracy)


def test_improvability_is_the_share_of_errors_that_an_earlier_exit_had_right():
    assert hindsight_improvability(CORRECT).tolist() == [0, 0.5, 0.5]
    assert np.isnan(hindsight_improvability(np.ones((2, 3), bool))).all()


def test_rises_are_above_the_lowest_earlier_value():
    entropy = np.array([[1.0, 0.5], [0.25, 0.75], [1.5, 0.25]])
    assert largest_rise(entropy).tolist() == [1.25, 0.25]
    assert entropy_rise_percent(entropy, np.ones((3, 2), bool), [0.25, 1]).tolist() == [50, 50]
    assert set_growth_percent(np.array([[1, 4], [3, 2]]), [1, 2]).tolist() == [50, 0]


def test_an_exit_that_shows_nothing_is_left_out_of_entropy():
    entropy, shown = np.array([[1.0, 2.0], [0.0, 3.0]]), np.array([[True, True], [False, True]])
    assert mean_entropy(entropy, shown).tolist() == [1.5, 3]
    assert entropy_rise_percent(entropy, shown, [0.5]).tolist() == [50]
    assert np.isnan(mean_entropy(entropy, np.zeros((2, 2), bool))).all()


def test_shares_of_rises_are_of_all_samples_as_those_of_falls_are():
    entropy = np.array([[0.5, 0.0, 0.25], [1.5, 0.0, 0.0]], np.float32)
    shown = np.array([[True, False, True], [True, False, False]])
    assert entropy_rise_percent(entropy, shown, [0.5]).tolist() == pytest.approx([100 / 3])


def test_groups_without_samples_are_listed_as_unknown():
    sizes = np.array([0.5, 0.01, 0.0, 0.25], np.float32)
    found = by_group(np.array([0, 0, 2, 2]), CORRECT, sizes, 3)
    assert found.samples.tolist() == [2, 0, 2]
    np.testing.assert_array_equal(found.accuracy, [[1, 0.5, 0.5], [np.nan] * 3, [0, 0.5, 0.5]])
    np.testing.assert_allclose(found.mean_fall, [0.255, np.nan, 0.125], rtol=1e-6)
    np.testing.assert_array_equal(found.decrease_percent, [[50, 50], [np.nan] * 2, [50, 50]])
