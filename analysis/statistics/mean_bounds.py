"""Is the mean of losses in [0, 1] below a limit, with probability 1 - delta? Two tests that need no distribution.

Needs only NumPy.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from analysis.statistics.binomial import binomial_cdf

BISECTIONS = 50


def _checked_losses(losses: np.ndarray) -> np.ndarray:
    losses = np.asarray(losses, dtype=np.float64)
    if losses.ndim != 1 or not len(losses):
        raise ValueError(f"losses must be one number per sample, of at least one sample, not of shape {losses.shape}")
    if not ((losses >= 0) & (losses <= 1)).all():
        raise ValueError(f"losses go from {losses.min():g} to {losses.max():g}: divide them by their bound first")
    return losses


def _bets(losses: np.ndarray, delta: float) -> np.ndarray:
    """nu_t: how much is staked on sample t, from the samples before it."""
    n, count = len(losses), 1 + np.arange(1, len(losses) + 1)
    mean = (0.5 + np.cumsum(losses)) / count
    variance = (0.25 + np.cumsum((losses - mean) ** 2)) / count
    before = np.concatenate([[0.25], variance[:-1]])
    return np.minimum(1.0, np.sqrt(2 * math.log(1 / delta) / (n * before)))


def _wealth(losses: np.ndarray, bets: np.ndarray, limit: float) -> float:
    """max_t log K_t(limit)."""
    with np.errstate(divide="ignore"):  # a stake of 1 that is lost at limit 0
        return float(np.cumsum(np.log1p(-bets * (losses - limit))).max())


def wsr_below(losses: Float[np.ndarray, " samples"], limit: float, delta: float) -> bool:
    """Whether the Waudby-Smith and Ramdas bound of the mean lies below a limit.

    Every K_t rises with the limit and is continuous in it, so the bound is below the limit exactly where
    max_t K_t(limit) > 1 / delta: the bound itself need not be computed.

    Parameters
    ----------
    losses : in [0, 1], in the run's order, on which the bound depends
    limit : above 0
    delta : strictly between 0 and 1

    Examples
    --------
    >>> wsr_below(np.zeros(100), 0.1, 0.1), wsr_below(np.zeros(10), 0.1, 0.1)
    (True, False)
    """
    losses = _checked_losses(losses)
    return _wealth(losses, _bets(losses, delta), limit) > math.log(1 / delta)


def wsr_upper_bound(losses: Float[np.ndarray, " samples"], delta: float) -> float:
    """The upper bound of the mean itself, at level 1 - delta; 1 where it can say nothing.

    mu_t = (1/2 + sum_{j<=t} l_j) / (1 + t), s2_t = (1/4 + sum_{j<=t} (l_j - mu_j)^2) / (1 + t), s2_0 = 1/4,
    nu_t = min(1, sqrt(2 ln(1/delta) / (n s2_{t-1}))), K_t(R) = prod_{i<=t} (1 - nu_i (l_i - R)),
    bound = inf {R : max_t K_t(R) > 1/delta}. Bates et al. 2021 (arXiv 2101.02703), section 3.1.3; Waudby-Smith and
    Ramdas 2020 (arXiv 2010.09686).

    Parameters
    ----------
    losses : in [0, 1], in the run's order, on which the bound depends
    delta : strictly between 0 and 1
    """
    losses = _checked_losses(losses)
    bets, needed = _bets(losses, delta), math.log(1 / delta)
    if not _wealth(losses, bets, 1.0) > needed:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if _wealth(losses, bets, middle) > needed:
            high = middle
        else:
            low = middle
    return high


def _relative_entropy(a: float, b: float) -> float:
    """h1(a, b) = a ln(a/b) + (1 - a) ln((1 - a)/(1 - b)), 0 ln 0 = 0; for 0 <= a <= b < 1."""
    return (a * math.log(a / b) if a > 0 else 0.0) + (1 - a) * math.log((1 - a) / (1 - b))


def hoeffding_bentkus(risk: float, samples: int, limit: float) -> float:
    """The p-value of "the mean loss is above `limit`", of losses in [0, 1] whose empirical mean is `risk`.

    p = min(exp(-n h1(min(R, limit), limit)), e P(Bin(n, limit) <= ceil(n R))). Angelopoulos et al. 2021
    (arXiv 2110.01052); Bates et al. 2021 (arXiv 2101.02703). n R within 1e-9 of a whole number is that number: a
    mean's last digit would otherwise let ceil add one.

    Parameters
    ----------
    risk : in [0, 1]
    samples : at least 1
    limit : strictly between 0 and 1

    Examples
    --------
    >>> round(hoeffding_bentkus(0.0, 100, 0.05), 5), hoeffding_bentkus(0.9, 100, 0.05)
    (0.00592, 1.0)
    """
    hoeffding = math.exp(-samples * _relative_entropy(min(risk, limit), limit))
    bentkus = math.e * float(binomial_cdf(np.array(math.ceil(samples * risk - 1e-9)), samples, limit))
    return min(hoeffding, bentkus, 1.0)
