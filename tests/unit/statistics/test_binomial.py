"""The binomial tail and the exact bound of a share, against sums of fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest

from analysis.statistics.binomial import binomial_cdf, clopper_pearson_interval, clopper_pearson_upper


def exact_cdf(successes: int, trials: int, share: Fraction) -> float:
    terms = (math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(successes + 1))
    return float(sum(terms, Fraction(0)))


@pytest.mark.parametrize("trials", [1, 2, 7, 100])
@pytest.mark.parametrize("share", [Fraction(1, 1000), Fraction(1, 20), Fraction(1, 2), Fraction(9, 10)])
def test_the_tail_is_the_sum_of_its_terms(trials, share):
    found = binomial_cdf(np.arange(trials + 1), trials, float(share))
    expected = [exact_cdf(k, trials, share) for k in range(trials + 1)]
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-300)


def test_beyond_its_ends_the_tail_is_0_and_1():
    assert binomial_cdf(np.array([-5, -1, 3, 4, 99]), 3, 0.3).tolist() == [0, 0, 1, 1, 1]


def test_a_far_tail_does_not_vanish():
    assert binomial_cdf(np.array([0]), 50_000, 0.01)[0] == pytest.approx(math.exp(50_000 * math.log1p(-0.01)), rel=1e-9)


@pytest.mark.parametrize(("successes", "trials"), [(0, 1), (0, 10), (1, 10), (9, 10), (3, 200), (40, 57)])
@pytest.mark.parametrize("delta", [0.05, 0.5])
def test_the_bound_is_the_share_at_which_so_few_would_be_a_surprise(successes, trials, delta):
    bound = clopper_pearson_upper(successes, trials, delta)
    assert exact_cdf(successes, trials, Fraction(bound)) == pytest.approx(delta, rel=1e-9)
    assert bound > successes / trials


def test_without_successes_the_bound_is_known_in_closed_form():
    assert clopper_pearson_upper(0, 400) == pytest.approx(1 - 0.05 ** (1 / 400), rel=1e-12)


def test_the_ends_of_the_bound():
    assert clopper_pearson_upper(5, 5) == 1
    assert math.isnan(clopper_pearson_upper(0, 0))
    assert 0.0312 < clopper_pearson_upper(1500, 50_000) < 0.0314


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (10, 10), (3, 10), (7081, 10_000), (1, 50_000)])
def test_the_interval_is_scipy_s_exact_one(successes, trials):
    stats = pytest.importorskip("scipy.stats")
    expected = stats.binomtest(successes, trials).proportion_ci(0.95, "exact")
    assert clopper_pearson_interval(successes, trials) == pytest.approx(tuple(expected), abs=1e-12)


@pytest.mark.parametrize("trials", [10, 1000, 50_000])
@pytest.mark.parametrize("share", [0.001, 0.5, 0.9])
def test_the_tail_is_scipy_s(trials, share):
    stats = pytest.importorskip("scipy.stats")
    successes = np.unique(np.linspace(0, trials, 60).astype(int))
    expected = stats.binom.cdf(successes, trials, share)
    told = expected > 1e-290
    assert binomial_cdf(successes, trials, share)[told] == pytest.approx(expected[told], rel=1e-10)


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (10, 10), (3, 10), (7081, 10_000), (1, 50_000)])
@pytest.mark.parametrize("delta", [0.05, 0.2])
def test_the_interval_is_that_of_statsmodels(successes, trials, delta):
    from statsmodels.stats.proportion import proportion_confint

    expected = proportion_confint(successes, trials, alpha=delta, method="beta")
    assert clopper_pearson_interval(successes, trials, delta) == pytest.approx(expected, abs=1e-12)


def test_no_trials_tell_nothing():
    assert all(map(math.isnan, clopper_pearson_interval(0, 0)))
