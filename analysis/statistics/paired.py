"""Two answers to the same samples: is one right more often, and by how much? Intervals and tests of pairs.

Needs only NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int64, Integer

from analysis.statistics.binomial import binomial_cdf

RESAMPLES = 2000
LEVEL = 0.95
SURE = 0.05
"""A difference whose adjusted p-value is below this is not put down to chance."""
_AT_ONCE = 1 << 18
"""Draws that are held at a time: they stay in the processor's cache."""


def mcnemar(a_only: int, b_only: int) -> float:
    """The exact two-sided p-value of "both are right equally often", from the samples that one alone has right.

    McNemar 1947 (Psychometrika 12), with the binomial distribution of the discordant pairs; 1 where there are none.

    Examples
    --------
    >>> mcnemar(0, 5), mcnemar(3, 3), mcnemar(0, 0)
    (0.0625, 1.0, 1.0)
    """
    trials = a_only + b_only
    if trials == 0:
        return 1.0
    return min(1.0, 2 * float(binomial_cdf(np.array(min(a_only, b_only)), trials, 0.5)))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for having tried all of them: the largest over the smaller ones of p times how many are left.

    Holm 1979 (Scandinavian Journal of Statistics 6).

    Examples
    --------
    >>> holm([0.04, 0.01, 0.03])
    [0.06, 0.03, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted.tolist()


def clear_sides(
    a_only: Integer[np.ndarray, " exits"], b_only: Integer[np.ndarray, " exits"]
) -> Int64[np.ndarray, " exits"]:
    """Which of two is right more often, at every exit: 1 for b, -1 for a, 0 where chance alone may have made it so.

    By the exact test of the samples that one alone has right, adjusted over the exits: below `SURE`.

    Examples
    --------
    >>> clear_sides(np.array([0, 9, 20, 0]), np.array([12, 9, 0, 5]))
    array([ 1,  0, -1,  0])
    """
    sure = np.array(holm([mcnemar(int(a), int(b)) for a, b in zip(a_only, b_only)])) < SURE
    return np.where(sure, np.sign(b_only.astype(np.int64) - a_only.astype(np.int64)), 0)


def difference_interval(a_only: int, b_only: int, samples: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """An interval of the difference of two paired shares, b's less a's: low and high, fractions, 95 % by default.

    Agresti and Min 2005 (Statistics in Medicine 24): Wald's interval after half a sample was added to each of the four
    cells; it keeps its level where few pairs differ, and needs no resampling.

    Parameters
    ----------
    a_only, b_only : samples that one alone has right
    samples : all of them, at least 1
    z : quantile of the normal distribution

    Examples
    --------
    >>> [round(end, 4) for end in difference_interval(10, 30, 100)]
    [0.0791, 0.3131]
    """
    n, a, b = samples + 2, a_only + 0.5, b_only + 0.5
    mean = (b - a) / n
    spread = z * np.sqrt(max(a + b - (b - a) ** 2 / n, 0.0)) / n
    return float(max(-1.0, mean - spread)), float(min(1.0, mean + spread))


def bootstrap_intervals(
    values: Float[np.ndarray, "quantities samples"], seed: int = 0, resamples: int = RESAMPLES, level: float = LEVEL
) -> tuple[Float[np.ndarray, " quantities"], Float[np.ndarray, " quantities"]]:
    """Percentile intervals of means over samples: each resample draws samples, the same ones for every quantity.

    Parameters
    ----------
    values : float64, (quantities, samples)
        A number per sample, such as b's answer being right less a's. At least one sample.
    seed : int
        Draws of `numpy.random.default_rng(seed)`; they depend on the number of samples alone.
    resamples : int
    level : float

    Returns
    -------
    tuple of numpy.ndarray
        Low and high, each (quantities,).
    """
    quantities, samples = values.shape
    rng = np.random.default_rng(seed)
    means = np.empty((resamples, quantities))
    times_drawn = np.empty((max(1, _AT_ONCE // samples), samples))
    for start in range(0, resamples, len(times_drawn)):
        here = times_drawn[: resamples - start]
        for row in here:
            row[:] = np.bincount(rng.integers(samples, size=samples), minlength=samples)
        means[start : start + len(here)] = here @ values.T
    tail = (1 - level) / 2
    low, high = np.quantile(means / samples, [tail, 1 - tail], axis=0)
    return low, high
