"""The binomial distribution without scipy: its tail, and the exact one-sided bound of a share. Needs only NumPy.

In the log domain, so that no tail underflows on the way to its sum.
"""

from __future__ import annotations

import functools

import numpy as np
from jaxtyping import Float, Integer

BISECTIONS = 60
"""Halvings of [0, 1]: beyond float64's digits."""


@functools.lru_cache(maxsize=4)
def _log_factorials(n: int) -> np.ndarray:
    """log 0!, ..., log n!; summed in the widest float there is."""
    logs = np.log(np.arange(1, n + 1, dtype=np.longdouble))
    return np.concatenate([[0.0], np.cumsum(logs)]).astype(np.float64)


def _log_choose(n: int, up_to: int) -> np.ndarray:
    """log of n over k for k = 0, ..., up_to."""
    factorials = _log_factorials(n)
    return factorials[n] - factorials[: up_to + 1] - factorials[n - up_to : n + 1][::-1]


@functools.lru_cache(maxsize=4)
def _tail(trials: int, share: float) -> np.ndarray:
    """P(Bin(trials, share) <= k) for k = -1, ..., trials."""
    k = np.arange(trials + 1)
    each = np.exp(_log_choose(trials, trials) + k * np.log(share) + (trials - k) * np.log1p(-share))
    below = np.minimum(np.concatenate([[0.0], np.cumsum(each)]), 1.0)
    below[-1] = 1.0
    return below


def binomial_cdf(successes: Integer[np.ndarray, " *shape"], trials: int, share: float) -> Float[np.ndarray, " *shape"]:
    """P(Bin(trials, share) <= successes); 0 below 0 successes, 1 from `trials` on.

    Parameters
    ----------
    successes : whole numbers
    trials : at least 1
    share : strictly between 0 and 1

    Examples
    --------
    >>> binomial_cdf(np.array([-1, 0, 1, 2]), 2, 0.5).tolist()
    [0.0, 0.25, 0.75, 1.0]
    """
    return np.asarray(_tail(trials, float(share))[np.clip(successes, -1, trials) + 1])


def clopper_pearson_upper(successes: int, trials: int, delta: float = 0.05) -> float:
    """The exact one-sided upper bound of a share at level 1 - delta: the p with P(Bin(trials, p) <= successes) = delta.

    Clopper and Pearson 1934 (Biometrika 26). 1 where all trials succeed; NaN without trials.

    Examples
    --------
    >>> round(clopper_pearson_upper(0, 10), 4), clopper_pearson_upper(10, 10)
    (0.2589, 1.0)
    """
    if trials == 0:
        return float("nan")
    if successes >= trials:
        return 1.0
    log_choose, k = _log_choose(trials, successes), np.arange(successes + 1)
    low, high = successes / trials, 1.0
    for _ in range(BISECTIONS):
        share = (low + high) / 2
        terms = log_choose + k * np.log(share) + (trials - k) * np.log1p(-share)
        top = terms.max()
        if top + np.log(np.exp(terms - top).sum()) > np.log(delta):
            low = share
        else:
            high = share
        if high - low <= 1e-15 * high:
            break
    return high


def clopper_pearson_interval(successes: int, trials: int, delta: float = 0.05) -> tuple[float, float]:
    """The exact two-sided interval of a share at level 1 - delta; NaN without trials.

    Clopper and Pearson 1934 (Biometrika 26).

    Examples
    --------
    >>> [round(end, 4) for end in clopper_pearson_interval(1, 10)], clopper_pearson_interval(0, 10)[0]
    ([0.0025, 0.445], 0.0)
    """
    if trials == 0:
        return float("nan"), float("nan")
    low = 1 - clopper_pearson_upper(trials - successes, trials, delta / 2)
    return low, clopper_pearson_upper(successes, trials, delta / 2)


def covered_by_chance(rank: int, calibrated: int, measured: int, delta: float = 0.05) -> tuple[float, float]:
    """Within which shares of the measured samples lie below a calibrated limit, with probability 1 - delta at least.

    Where the limit is the `rank`-th smallest of the scores of `calibrated` samples, exchangeable with the measured ones
    and without ties, how many of these lie at or below it is beta-binomial: as many successes as those of `measured`
    draws of a share from Beta(rank, calibrated + 1 - rank). Vovk 2012 (arXiv 1209.2673); Angelopoulos and Bates 2021
    (arXiv 2107.07511), section 4. Ties among scores let more lie there. Exact; NaN without measured samples.

    Parameters
    ----------
    rank : from 1 to `calibrated`

    Examples
    --------
    >>> [round(end, 3) for end in covered_by_chance(952, 1000, 10_000)]
    [0.936, 0.964]
    """
    if not measured:
        return float("nan"), float("nan")
    logs, k, over = _log_factorials(measured + calibrated), np.arange(measured + 1), calibrated - rank
    each = logs[measured] - logs[k] - logs[measured - k] + logs[k + rank - 1] + logs[measured - k + over]
    each += logs[calibrated] - logs[rank - 1] - logs[over] - logs[measured + calibrated]
    below = np.cumsum(np.exp(each))
    low, high = (int(np.searchsorted(below, level)) for level in (delta / 2, 1 - delta / 2))
    return low / measured, min(high, measured) / measured
