"""Nested sets: anytime-valid confidence sequences over the exits of one sample. Needs only NumPy.

Jazbec, Forre, Mandt, Zhang, Nalisnick 2023 (arXiv 2311.05931). At exit m the logits' positive parts, at least b, are
the concentrations a of a Dirichlet, of which pi is one draw. R_m(y) = (a_y / sum a) / pi_y, infinite off the support;
the set holds the classes whose product of R over the exits so far is at most 1 / alpha.

What is guaranteed: of labels y drawn from pi the mean of R(y) is 1, so by Markov's inequality the first set misses at
most alpha of them; by Ville's all sets do where y follows the pi of every exit. Draws that are independent from exit to
exit, the paper's and these, cannot all be what one label follows, so that after several exits even labels drawn from
one of them are missed more often (a test shows it). Nothing is guaranteed of real labels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float64, Integer

STEPS = 20
"""How many thresholds are tried between 0 and the largest that can cover enough."""

Values = Float64[np.ndarray, "exits samples classes"]


def log_ratios(
    logits: Float[np.ndarray, "exits samples classes"], log_gammas: Values, thresholds: Sequence[float] | np.ndarray
) -> Values:
    """sum_{i<=m} log R_i of every class; infinite from the exit on at which it is off the support.

    Parameters
    ----------
    logits : -inf is off the support, as is everything up to 0
    log_gammas : as `analysis.sets.draws.log_gammas` gives them for these logits
    thresholds : b, one for all exits or one for each; a logit of b is on the support
    """
    bounds = np.broadcast_to(np.asarray(thresholds, np.float64), (len(logits),))[:, None, None]
    on = (logits >= bounds) & (logits > 0)
    concentrations = np.where(on, logits, 0).astype(np.float64)
    draws = np.where(on, log_gammas, -np.inf)
    highest = draws.max(axis=-1, keepdims=True)
    highest[np.isneginf(highest)] = 0
    with np.errstate(divide="ignore", invalid="ignore"):  # off the support
        log_pi = draws - highest - np.log(np.exp(draws - highest).sum(axis=-1, keepdims=True))
        ratios = np.log(concentrations) - np.log(concentrations.sum(axis=-1, keepdims=True)) - log_pi
    return np.cumsum(np.where(on, ratios, np.inf), axis=0)


def confidence_sets(ratios: Values, alpha: float) -> Bool[np.ndarray, "exits samples classes"]:
    """Which classes the set of every exit holds: product of R at most 1 / alpha."""
    return ratios <= -math.log(alpha)


def running_intersection(
    sets: Bool[np.ndarray, "exits samples classes"],
) -> Bool[np.ndarray, "exits samples classes"]:
    """The classes that every set so far holds: what is out stays out."""
    return np.logical_and.accumulate(sets, axis=0)


def consistency(
    sizes: Integer[np.ndarray, "exits samples"], running: Integer[np.ndarray, "exits samples"]
) -> Float64[np.ndarray, " exits"]:
    """Size of the running intersection over size of the set, the mean of samples whose set is not empty.

    Higher is better: 1 where sets are nested by themselves. NaN where every set is empty.
    """
    there = sizes > 0
    share = np.divide(running, sizes, out=np.zeros(sizes.shape), where=there)
    count = there.sum(axis=1)
    return np.divide(share.sum(axis=1), count, out=np.full(len(sizes), np.nan), where=count > 0)


def candidate_thresholds(
    true_logits: Float[np.ndarray, "exits samples"], alpha: float
) -> Float64[np.ndarray, " candidates"]:
    """0 and `STEPS` more up to the largest b that keeps 1 - alpha of the true classes on the support at every exit.

    Parameters
    ----------
    true_logits : of calibration samples' true classes
    """
    lowest = np.sort(true_logits.min(axis=0).astype(np.float64))
    limit = lowest[min(int(alpha * len(lowest) + 1e-9), len(lowest) - 1)]
    return np.arange(STEPS + 1) / STEPS * max(float(limit), 0.0)


class Tuned(NamedTuple):
    """The threshold that calibration samples choose."""

    threshold: float
    covers: bool
    """Whether it, or any, covers as many as it should; where none does, it is the one that covers most."""


def tuned_threshold(
    candidates: Float64[np.ndarray, " candidates"],
    mean_sizes: Float64[np.ndarray, " candidates"],
    coverages: Float64[np.ndarray, " candidates"],
    alpha: float,
) -> Tuned:
    """The b whose running intersection at the last exit is smallest among those that cover 1 - alpha there.

    Of equals the lowest.

    >>> tuned_threshold(np.array([0.0, 1.0, 2.0]), np.array([5.0, 3.0, 2.0]), np.array([0.97, 0.95, 0.9]), 0.05)
    Tuned(threshold=1.0, covers=True)
    """
    enough = coverages >= 1 - alpha - 1e-12
    if not enough.any():
        return Tuned(float(candidates[np.argmax(coverages)]), False)
    return Tuned(float(candidates[np.argmin(np.where(enough, mean_sizes, np.inf))]), True)
