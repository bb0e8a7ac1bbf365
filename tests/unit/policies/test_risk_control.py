"""Risk control worked by hand: losses, the grid, the prefix, each rule at its edge."""

import numpy as np
import pytest

from analysis.policies import resolve_policy
from analysis.policies.risk_control import LAMBDAS, control, fit, loss_per_exit, passing_prefix, stops_along
from analysis.results.policies import BELOW
from tests.unit.policies.by_hand import answers_of, confident


def settings(**given: object) -> dict[str, object]:
    return resolve_policy("risk", given)


def wrong_early(n: int, lost: int, confidence: float = 0.9):
    """n samples that exit 1 is as confident of; `lost` of them wrong there, all right at the last."""
    right = [[i >= lost for i in range(n)], [True] * n]
    return confident([[confidence] * n, [0.99] * n], right)


def test_the_grid_goes_from_1_to_0():
    assert len(LAMBDAS) == 101
    assert (LAMBDAS[0], LAMBDAS[6], LAMBDAS[-1]) == (1.0, 0.94, 0.0)


def test_the_losses_of_two_samples_by_hand():
    """Sample 1 is mended by the last exit, sample 2 broken by it."""
    answers = answers_of([[[0.25, 0.75], [0.75, 0.25]], [[0.5625, 0.4375], [0.4375, 0.5625]]], [0, 0])
    assert loss_per_exit("consistency", answers).tolist() == [[1, 1], [0, 0]]
    assert loss_per_exit("accuracy-gap", answers).tolist() == [[1, 0], [0, 0]]
    here, last = 2 * 0.75**2, 2 * 0.4375**2
    np.testing.assert_allclose(loss_per_exit("brier-gap", answers), [[here - last, 0], [0, 0]], atol=1e-6)
    np.testing.assert_allclose(
        loss_per_exit("brier-gap-prediction", answers), [[here - last, here - last], [0, 0]], atol=1e-6
    )


def test_a_brier_gap_is_at_most_2():
    answers = answers_of([[[0.0, 1.0]], [[1.0, 0.0]]], [0])
    assert loss_per_exit("brier-gap", answers).tolist() == [[2], [0]]


def test_stops_fall_along_the_grid():
    confidence = np.array([[0.5, 1.0], [0.905, 0.2], [0.1, 0.1]], np.float32)
    stops = stops_along(confidence)
    assert stops[0].tolist() == [2, 2]  # nobody is above 1
    assert stops[LAMBDAS.index(0.91)].tolist() == [2, 0]
    assert stops[LAMBDAS.index(0.9)].tolist() == [1, 0]
    assert stops[LAMBDAS.index(0.5)].tolist() == [1, 0]
    assert stops[LAMBDAS.index(0.49)].tolist() == [0, 0]


def test_the_prefix_ends_at_the_first_that_fails():
    assert passing_prefix([True, False, True]) == 1
    assert passing_prefix([False, True]) == 0
    assert passing_prefix([True, True]) == 2


def test_a_bolder_threshold_that_passes_again_is_not_taken():
    """At 0.9 one of ten is lost; below 0.8 that sample's first exit is right, and nothing is."""
    confidence = [[0.85] + [0.1] * 9, [0.95] + [0.1] * 9, [0.6] * 10]
    probs = np.array(confidence)
    first = np.where(np.array([[1] * 10, [0] + [1] * 9, [1] * 10], bool), probs, 1 - probs)
    answers = answers_of(np.stack([first, 1 - first], axis=-1), [0] * 10)
    found = control(answers, settings(rule="empirical", epsilon=0.05), BELOW)
    risk_at = dict(zip(found.lambdas, found.risks))
    assert (risk_at[0.95], risk_at[0.9], risk_at[0.84]) == (0.0, 0.1, pytest.approx(risk_at[0.84]))
    assert found.threshold == 0.95
    assert not found.certified
    assert found.passed


def test_the_empirical_rule_is_strict_in_float64():
    """4 of 200 at epsilon 0.02 is not below it."""
    assert control(wrong_early(200, 4), settings(rule="empirical", epsilon=0.02), BELOW).threshold == 0.9
    assert control(wrong_early(200, 3), settings(rule="empirical", epsilon=0.02), BELOW).threshold == 0.0


def test_crc_takes_what_is_at_its_limit():
    """n = 99, epsilon 0.1, B = 1: R <= 9/99. With n = 199 and 0.29 the limit's float is below 57/199."""
    for lost, threshold in ((9, 0.0), (10, 0.9)):
        found = control(wrong_early(99, lost), settings(rule="crc", epsilon=0.1), BELOW)
        assert (found.threshold, found.certified) == (threshold, True)
    assert 57 / 199 > (200 * 0.29 - 1) / 199
    assert control(wrong_early(199, 57), settings(rule="crc", epsilon=0.29), BELOW).threshold == 0.0


def test_crc_scales_with_the_bound_of_the_loss():
    """A single sample: R <= 2 epsilon - 2 can hold at no epsilon below 1, though nothing is lost at lambda = 1."""
    answers = answers_of([[[0.9, 0.1]], [[0.9, 0.1]]], [0])
    found = control(answers, settings(rule="crc", loss="brier-gap", epsilon=0.9), BELOW)
    assert (found.threshold, found.passed, found.certified) == (1.0, False, False)
    assert control(answers, settings(rule="crc", loss="brier-gap", epsilon=1.0), BELOW).passed


@pytest.mark.parametrize("rule", ["ucb-wsr", "ltt"])
def test_too_few_samples_certify_nothing(rule):
    found = fit(wrong_early(5, 0), settings(rule=rule, epsilon=0.01), BELOW)
    assert found.rule.thresholds == (1.0, 0.0)
    assert (found.found.passed, found.found.certified, found.found.risk) == (False, False, 0.0)


@pytest.mark.parametrize("rule", ["ucb-wsr", "ltt"])
def test_enough_samples_certify(rule):
    found = control(wrong_early(1000, 5), settings(rule=rule, epsilon=0.02), BELOW)
    assert (found.threshold, found.certified, found.risk, found.samples) == (0.0, True, 0.005, 1000)
    assert control(wrong_early(1000, 19), settings(rule=rule, epsilon=0.02), BELOW).threshold == 0.9


def test_ltt_takes_the_last_that_passes_and_not_the_first_that_fails():
    assert control(wrong_early(1000, 30), settings(rule="ltt", epsilon=0.02), BELOW).threshold == 0.9
    assert 0.89 in LAMBDAS  # the first that fails, which the public code would take


def test_a_network_of_one_exit_loses_nothing():
    found = control(confident([[0.6] * 100], [[0] * 100]), settings(rule="empirical"), BELOW)
    assert (found.threshold, found.risk, found.mean_exit.tolist()) == (0.0, 0.0, [1.0] * 101)


def test_an_unknown_loss_is_refused():
    with pytest.raises(ValueError, match="give one of consistency, accuracy-gap, brier-gap, brier-gap-prediction"):
        loss_per_exit("regret", wrong_early(2, 1))
