"""How often an exit is right, and how likely it finds the true class. Needs only NumPy."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Integer, Shaped


def mean_over_samples(values: Shaped[np.ndarray, "exits samples"]) -> Float[np.ndarray, " exits"]:
    """The mean of each exit in float64; NaN where there is no sample."""
    if values.shape[1] == 0:
        return np.full(values.shape[0], np.nan)
    return values.mean(axis=1, dtype=np.float64)


def accuracy(correct: Bool[np.ndarray, "exits samples"]) -> Float[np.ndarray, " exits"]:
    """Fraction of samples predicted right at each exit. Higher is better; NaN without samples.

    >>> accuracy(np.array([[True, False], [True, True]])).tolist()
    [0.5, 1.0]
    """
    return mean_over_samples(correct)


def top_k_accuracy(rank: Integer[np.ndarray, "exits samples"], k: int = 5) -> Float[np.ndarray, " exits"]:
    """Fraction of samples whose true class is among the `k` likeliest: rank <= k. Higher is better.

    Ranks count from 1 and ties go to the lower class index. A class outside the support ranks C + 1: give a `k` of at
    most C.
    """
    return mean_over_samples(rank <= k)


def mean_true_class_prob(true_class_prob: Float[np.ndarray, "exits samples"]) -> Float[np.ndarray, " exits"]:
    """The mean probability of the true class at each exit. Higher is better."""
    return mean_over_samples(true_class_prob)


def marginal_falls(per_exit: Float[np.ndarray, " exits"]) -> Float[np.ndarray, " exits-1"]:
    """By how much a mean over the data falls from each exit to the next; all zero: marginally monotone."""
    return np.maximum(-np.diff(np.asarray(per_exit, np.float64)), 0)
