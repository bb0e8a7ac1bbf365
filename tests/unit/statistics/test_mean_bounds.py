"""Two tests that the mean of bounded losses is below a limit: by hand, and the bound they belong to."""

import math

import numpy as np
import pytest

from analysis.statistics.mean_bounds import hoeffding_bentkus, wsr_below, wsr_upper_bound


def test_two_samples_by_hand():
    """mu_1 = (1/2 + 0)/2, s2_1 = (1/4 + 1/16)/2; nu_1 = sqrt(2 ln 2 / (2 * 1/4)) is above 1, nu_2 too."""
    losses = np.array([0.0, 1.0])
    assert math.sqrt(2 * math.log(2) / (2 * 0.15625)) > 1
    # K_1(R) = 1 + R, K_2(R) = (1 + R) R: the largest exceeds 2 from R = 1 on alone
    assert wsr_upper_bound(losses, 0.5) == 1
    assert not wsr_below(losses, 0.99, 0.5)
    # With delta = 2/3, 1 + R > 3/2 from R = 1/2 on, and nu is still 1: sqrt(2 ln 1.5 / 0.5) = 1.27
    assert wsr_upper_bound(losses, 2 / 3) == pytest.approx(0.5)


def test_a_small_stake_by_hand():
    losses = np.array([0.25])
    nu = math.sqrt(2 * math.log(1 / 0.9) / 0.25)
    assert nu < 1
    assert wsr_upper_bound(losses, 0.9) == pytest.approx(0.25 + (1 / 0.9 - 1) / nu)


@pytest.mark.parametrize("seed", range(5))
def test_below_is_where_the_bound_is_below(seed):
    rng = np.random.default_rng(seed)
    losses = rng.binomial(1, 0.05, 300) * rng.random(300)
    bound = wsr_upper_bound(losses, 0.1)
    assert 0 < bound < 0.2
    assert wsr_below(losses, bound + 1e-9, 0.1)
    assert not wsr_below(losses, bound - 1e-9, 0.1)


def test_the_order_of_samples_counts():
    losses = np.array([0.0] * 50 + [1.0] * 5)
    assert wsr_upper_bound(losses, 0.1) != pytest.approx(wsr_upper_bound(losses[::-1], 0.1))


@pytest.mark.parametrize(
    ("losses", "message"),
    [([], "at least one sample"), ([0.5, 1.5], "go from 0.5 to 1.5"), ([-0.1, 0.0], "-0.1")],
)
def test_what_is_no_loss_is_refused(losses, message):
    with pytest.raises(ValueError, match=message):
        wsr_upper_bound(np.array(losses), 0.1)


def test_a_risk_of_zero_needs_no_logarithm_of_it():
    assert hoeffding_bentkus(0.0, 100, 0.05) == pytest.approx(0.95**100)


def test_the_smaller_of_the_two_is_taken():
    n, risk, limit = 200, 0.03, 0.05
    entropy = risk * math.log(risk / limit) + (1 - risk) * math.log((1 - risk) / (1 - limit))
    bentkus = math.e * sum(math.comb(n, k) * limit**k * (1 - limit) ** (n - k) for k in range(7))
    assert hoeffding_bentkus(risk, n, limit) == pytest.approx(min(math.exp(-n * entropy), bentkus))


def test_a_mean_whose_last_digit_is_rounded_up_is_not_one_more_loss():
    risk = 0.1 + 0.2  # 0.30000000000000004: ceil(10 * risk) would be 4
    assert hoeffding_bentkus(risk, 10, 0.9) == hoeffding_bentkus(0.3, 10, 0.9)


def test_above_the_limit_nothing_is_shown():
    assert hoeffding_bentkus(0.5, 100, 0.1) == 1
