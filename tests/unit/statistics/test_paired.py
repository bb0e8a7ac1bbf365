"""Paired tests and intervals, against the definitions worked out in fractions and by brute force."""

from fractions import Fraction
from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.statistics.paired import bootstrap_intervals, clear_sides, difference_interval, holm, mcnemar


def by_fractions(a_only, b_only):
    n = a_only + b_only
    tail = sum(Fraction(comb(n, k), 2**n) for k in range(min(a_only, b_only) + 1))
    return float(min(Fraction(1), 2 * tail))


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_is_the_binomial_test(a_only, b_only):
    assert mcnemar(a_only, b_only) == pytest.approx(by_fractions(a_only, b_only), rel=1e-9)
    assert mcnemar(a_only, b_only) == mcnemar(b_only, a_only)


def test_mcnemar_of_many():
    assert mcnemar(400, 521) == pytest.approx(by_fractions(400, 521), rel=1e-9)
    assert 0 < mcnemar(0, 900) < 1e-250
    assert mcnemar(20_000, 20_000) == 1.0


@pytest.mark.parametrize(("a_only", "b_only"), [(0, 1), (3, 9), (66, 94), (248, 520), (0, 40)])
def test_mcnemar_agrees_with_scipy(a_only, b_only):
    from scipy.stats import binomtest

    assert mcnemar(a_only, b_only) == pytest.approx(binomtest(a_only, a_only + b_only).pvalue, rel=1e-9)


@pytest.mark.parametrize(("a_only", "b_only"), [(0, 1), (3, 9), (66, 94), (248, 520), (0, 40), (7, 7)])
def test_mcnemar_agrees_with_statsmodels(a_only, b_only):
    from statsmodels.stats import contingency_tables

    theirs = contingency_tables.mcnemar([[5000, a_only], [b_only, 300]], exact=True).pvalue
    assert mcnemar(a_only, b_only) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("count", [1, 2, 7, 28])
def test_holm_agrees_with_statsmodels(count):
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(count).random(count) ** 3
    p[-1] = p[0]  # a tie
    assert holm(p.tolist()) == pytest.approx(multipletests(p, method="holm")[1].tolist(), abs=1e-15)


def test_who_is_right_more_often_is_clear_below_five_percent_after_adjusting():
    assert mcnemar(1, 9) < 0.05 < mcnemar(2, 8)
    for a_only, b_only, sides in (
        ([1], [9], [1]),
        ([9], [1], [-1]),
        ([1, 0, 5], [9, 0, 5], [0, 0, 0]),  # of three exits that is chance
        ([0, 40, 0], [40, 0, 1], [1, -1, 0]),
    ):
        assert clear_sides(np.array(a_only), np.array(b_only)).tolist() == sides


def test_the_bootstrap_agrees_with_scipys_percentiles():
    from scipy.stats import bootstrap

    values = np.random.default_rng(2).choice([-1.0, 0.0, 1.0], p=[0.05, 0.88, 0.07], size=(1, 4000))
    low, high = bootstrap_intervals(values)
    theirs = bootstrap((values[0],), np.mean, n_resamples=2000, method="percentile", batch=100, rng=0)
    assert (low[0], high[0]) == pytest.approx(tuple(theirs.confidence_interval), abs=1e-3)


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_rejects_what_its_steps_reject(p):
    adjusted = holm(p)
    for level in (0.01, 0.05, 0.3):
        rejected = set()
        for step, place in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
            if p[place] * (len(p) - step) > level:
                break
            rejected.add(place)
        assert {i for i, q in enumerate(adjusted) if q <= level} == rejected


def test_the_interval_keeps_its_level_where_few_pairs_differ():
    """Over all outcomes of 40 samples of which 4 % and 10 % differ, by their exact probabilities."""
    n, pa, pb = 40, 0.04, 0.10
    covered = 0.0
    for a, b in product(range(n + 1), repeat=2):
        if a + b > n:
            continue
        chance = comb(n, a) * comb(n - a, b) * pa**a * pb**b * (1 - pa - pb) ** (n - a - b)
        low, high = difference_interval(a, b, n)
        covered += chance * (low <= pb - pa <= high)
    assert 0.94 < covered < 0.99


def test_the_bootstrap_is_that_of_a_loop():
    values = np.random.default_rng(1).normal(size=(3, 50))
    low, high = bootstrap_intervals(values, seed=7, resamples=400)
    drawn = np.random.default_rng(7).integers(50, size=(400, 50))
    means = np.array([[row[one].mean() for row in values] for one in drawn])
    assert np.allclose(low, np.quantile(means, 0.025, axis=0), atol=1e-12)
    assert np.allclose(high, np.quantile(means, 0.975, axis=0), atol=1e-12)


def test_the_bootstrap_covers_the_mean_at_about_its_level():
    rng = np.random.default_rng(3)
    covered = 0
    for seed in range(300):
        low, high = bootstrap_intervals(rng.normal(0.3, 1, size=(1, 200)), seed=seed, resamples=500)
        covered += low[0] <= 0.3 <= high[0]
    assert 0.91 < covered / 300 < 0.985


def test_quantities_share_their_draws():
    values = np.random.default_rng(1).normal(size=(1, 100))
    low, high = bootstrap_intervals(np.concatenate([values, -values, values]), resamples=200)
    assert (low[0], high[0]) == (low[2], high[2])
    assert np.allclose([low[0], high[0]], [-high[1], -low[1]])


def test_the_same_seed_gives_the_same_interval_and_no_sample_differing_an_interval_of_nothing():
    values = np.random.default_rng(1).normal(size=(2, 30))
    assert np.array_equal(bootstrap_intervals(values, 5), bootstrap_intervals(values, 5))
    assert not np.array_equal(bootstrap_intervals(values, 5), bootstrap_intervals(values, 6))
    low, high = bootstrap_intervals(np.zeros((1, 10)))
    assert (low[0], high[0]) == (0, 0)
