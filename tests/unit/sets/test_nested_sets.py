"""Nested sets worked by hand."""

import math

import numpy as np
import pytest

from analysis.sets.nested import (
    STEPS,
    candidate_thresholds,
    confidence_sets,
    consistency,
    log_ratios,
    running_intersection,
    tuned_threshold,
)


def test_the_ratio_of_mean_and_draw_multiplies_over_exits():
    """Concentrations (3, 1) and a draw (0.6, 0.4): R = 0.75 / 0.6 and 0.25 / 0.4; then (2, 2) and (0.1, 0.9)."""
    logits = np.array([[[3.0, 1.0]], [[2.0, 2.0]]])
    draws = np.log([[[0.6, 0.4]], [[0.1, 0.9]]]) + 7  # gammas need not sum to 1
    found = np.exp(log_ratios(logits, draws, (0.0,)))
    np.testing.assert_allclose(found[0, 0], [1.25, 0.625])
    np.testing.assert_allclose(found[1, 0], [1.25 * 5, 0.625 / 1.8])


def test_a_class_off_the_support_is_out_for_good():
    logits = np.array([[[3.0, 1.0, -np.inf, 0.0]], [[-1.0, 2.0, 5.0, 5.0]]])
    draws = np.zeros(logits.shape)
    found = log_ratios(logits, draws, (0.0,))
    assert np.isinf(found[0, 0]).tolist() == [False, False, True, True]
    assert np.isinf(found[1, 0]).tolist() == [True, False, True, True]
    np.testing.assert_allclose(np.exp(found[1, 0, 1]), (0.25 / 0.5) * (2 / 12 * 3))


def test_a_threshold_leaves_out_what_is_below_it_and_keeps_what_is_at_it():
    logits, draws = np.array([[[3.0, 1.0]], [[3.0, 1.0]]]), np.log([[[0.6, 0.4]], [[0.6, 0.4]]])
    assert np.isinf(log_ratios(logits, draws, (2.0,))[0, 0]).tolist() == [False, True]
    np.testing.assert_allclose(log_ratios(logits, draws, (2.0,))[:, 0, 0], [0, 0])  # one class: certain
    assert np.isinf(log_ratios(logits, draws, (1.0,))).sum() == 0
    assert np.isinf(log_ratios(logits, draws, (0.0, 2.0)))[:, 0].tolist() == [[False, False], [False, True]]


def test_no_support_is_an_empty_set():
    found = log_ratios(np.array([[[-1.0, 0.0]]]), np.full((1, 1, 2), -np.inf), (0.0,))
    assert not confidence_sets(found, 0.5).any()


def test_a_set_holds_what_stays_within_1_over_alpha():
    ratios = np.log(np.array([[[20.0, 19.9, 20.1]]]))
    assert confidence_sets(ratios, 0.05)[0, 0, 1:].tolist() == [True, False]


def test_what_left_the_intersection_stays_out():
    sets = np.array([[[True, True]], [[False, True]], [[True, True]]])
    running = running_intersection(sets)
    assert running[:, 0].tolist() == [[True, True], [False, True], [False, True]]
    np.testing.assert_allclose(consistency(sets.sum(-1), running.sum(-1)), [1, 1, 0.5])


def test_consistency_leaves_out_empty_sets():
    sizes, running = np.array([[0, 4], [0, 0]]), np.array([[0, 1], [0, 0]])
    found = consistency(sizes, running)
    assert found[0] == 0.25
    assert np.isnan(found[1])


def test_candidates_end_where_enough_true_classes_are_on_the_support():
    """Lowest logits 1, 2, .., 10: at alpha 0.2 two may be lost, so b goes up to the third."""
    lows = np.arange(1.0, 11.0)
    found = candidate_thresholds(np.stack([lows[::-1] + 3, lows[::-1]]), 0.2)
    assert (found[0], found[-1], len(found)) == (0, 3, STEPS + 1)
    assert candidate_thresholds(np.full((1, 5), -2.0), 0.2).tolist() == [0] * (STEPS + 1)


@pytest.mark.parametrize(
    ("sizes", "coverages", "chosen"),
    [
        ([5, 3, 2], [0.97, 0.95, 0.9], (1.0, True)),
        ([3, 3, 2], [0.97, 0.95, 0.9], (0.0, True)),
        ([5, 3, 2], [0.9, 0.92, 0.1], (1.0, False)),
    ],
)
def test_the_smallest_that_covers_enough_is_chosen(sizes, coverages, chosen):
    candidates = np.array([0.0, 1.0, 2.0])
    assert tuned_threshold(candidates, np.array(sizes, float), np.array(coverages), 0.05) == chosen


def test_one_class_alone_is_certain():
    assert math.isclose(log_ratios(np.array([[[2.0]]]), np.array([[[-3.0]]]), (0.0,))[0, 0, 0], 0, abs_tol=1e-12)
