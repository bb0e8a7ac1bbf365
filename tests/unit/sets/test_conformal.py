"""Conformal scores, quantiles and sets worked by hand."""

import math

import numpy as np
import pytest

from analysis.sets.conformal import aps_scores, conformal_sets, lac_scores, raps_scores, score_quantile, scores_of
from analysis.sets.table import SETS, resolve_sets

PLAIN = {"lambda": 0.1, "k_reg": 1, "penalty_u": False}


def test_raps_adds_up_by_rank_and_takes_a_part_of_the_last():
    """Ranks of (0.2, 0.5, 0.3) are 3, 1, 2; from the second on a penalty of 0.1 each; U = 0.5."""
    found = raps_scores(np.array([[0.2, 0.5, 0.3]]), np.array([0.5]), PLAIN)[0]
    np.testing.assert_allclose(found, [1.0 + 0.2 - 0.1, 0.5 - 0.25, 0.8 + 0.1 - 0.15])


def test_the_public_code_takes_a_part_of_the_penalty_too():
    found = raps_scores(np.array([[0.2, 0.5, 0.3]]), np.array([0.5]), PLAIN | {"penalty_u": True})[0]
    np.testing.assert_allclose(found, [1.0 + 0.2 - 0.15, 0.25, 0.8 + 0.1 - 0.2])


def test_aps_is_raps_without_a_penalty_and_lac_has_no_u():
    probs, uniform = np.array([[0.2, 0.5, 0.3]]), np.array([0.25])
    np.testing.assert_allclose(aps_scores(probs, uniform, {}), [[0.95, 0.375, 0.725]])
    np.testing.assert_allclose(lac_scores(probs, uniform, {}), [[0.8, 0.5, 0.7]])


def test_of_equal_probabilities_the_lower_index_comes_first():
    np.testing.assert_allclose(aps_scores(np.full((1, 4), 0.25), np.zeros(1), {}), [[0.25, 0.5, 0.75, 1.0]])


def test_a_class_of_probability_0_has_all_the_mass_before_it():
    """However its sum was rounded: three tenths add up to less than 0.3 and more."""
    probs = np.array([[0.1] * 10 + [0.0, 0.0], [0.0] * 12])
    found = aps_scores(probs, np.array([0.5, 0.5]), {})
    assert found[0, 10:].tolist() == [1, 1]
    assert found[1].tolist() == [1] * 12
    penalised = raps_scores(probs, np.zeros(2), {"lambda": 1.0, "k_reg": 11, "penalty_u": False})
    assert penalised[0, 10:].tolist() == [1, 2]


def test_every_row_of_the_table_has_its_scores():
    probs = np.array([[0.6, 0.4]])
    for method, scores in (("raps", raps_scores), ("aps", aps_scores), ("lac", lac_scores)):
        settings = resolve_sets(method)
        expected = scores(probs, np.array([0.5]), settings)
        np.testing.assert_array_equal(scores_of(SETS[method], probs, np.array([0.5]), settings), expected)


@pytest.mark.parametrize(
    ("n", "alpha", "place"),
    [
        (19, 0.05, 19),  # ceil(20 * 0.95) = 19 of 19
        (99, 0.05, 96),  # ceil(100 * 0.95) = 95, and higher is one above
        (100, 0.05, 97),  # ceil(95.95) = 96
        (9, 0.1, 9),
        (39, 0.25, 31),
    ],
)
def test_the_quantile_is_one_above_the_smallest_valid_score_but_for_the_largest(n, alpha, place):
    scores = np.random.default_rng(0).permutation(np.arange(1.0, n + 1))
    assert score_quantile(scores, alpha) == place


def test_too_few_scores_give_an_infinite_quantile():
    assert score_quantile(np.arange(18.0), 0.05) == math.inf
    assert score_quantile(np.empty(0), 0.5) == math.inf


def test_sets_hold_the_likeliest_class_unless_they_may_be_empty():
    scores = np.array([[0.9, 0.5], [0.2, 0.3], [1.0, 1.0]])
    top = np.array([1, 0, -1])
    assert conformal_sets(scores, 0.2, None).tolist() == [[False, False], [True, False], [False, False]]
    assert conformal_sets(scores, 0.2, top).tolist() == [[False, True], [True, False], [False, False]]
    assert conformal_sets(scores, math.inf, None).all()
