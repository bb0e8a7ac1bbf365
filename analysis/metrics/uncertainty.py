"""Does uncertainty grow with more computation: rises of entropy, growth of prediction sets. Needs only NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Num

from analysis.metrics.decrease import decrease_percent

ENTROPY_THRESHOLDS = (0.01, 0.05, 0.1, 0.2, 0.5, 1.0)
"""In nats: the paper's (arXiv 2306.02652, appendix)."""


def largest_rise(values: Num[np.ndarray, "exits samples"]) -> Float[np.ndarray, " samples"]:
    """max_m (u_m - min_{i<=m} u_i) of every sample: 0 where it never rises.

    An exit whose value is NaN (where nothing is shown, after a collapse) is passed over; a sample of NaN stays NaN.
    """
    values = values if np.issubdtype(values.dtype, np.floating) else values.astype(np.float64)
    lowest = np.fmin.accumulate(values, axis=0)
    return np.fmax.reduce(values - lowest, axis=0)


def mean_entropy(
    entropy: Float[np.ndarray, "exits samples"], shown: Bool[np.ndarray, "exits samples"]
) -> Float[np.ndarray, " exits"]:
    """Mean entropy in nats over the samples that show a distribution; NaN where none does."""
    count = shown.sum(axis=1)
    total = np.where(shown, entropy, 0).sum(axis=1, dtype=np.float64)
    return np.divide(total, count, out=np.full(len(entropy), np.nan), where=count > 0)


def entropy_rise_percent(
    entropy: Float[np.ndarray, "exits samples"],
    shown: Bool[np.ndarray, "exits samples"],
    thresholds: Sequence[float | int] | np.ndarray = ENTROPY_THRESHOLDS,
) -> Float[np.ndarray, " thresholds"]:
    """Percent of samples whose entropy rises by more than each threshold (nats), strictly. Lower is better.

    Of all samples, as shares of falls are: one that shows nothing at any exit does not rise.
    """
    rises = largest_rise(np.where(shown, entropy, np.nan))
    return decrease_percent(np.where(shown.any(axis=0), rises, 0), thresholds)


def set_growth_percent(
    sizes: Num[np.ndarray, "exits samples"], thresholds: Sequence[float | int] | np.ndarray = (1, 2, 3, 4, 5)
) -> Float[np.ndarray, " thresholds"]:
    """Percent of samples whose prediction set grows by more than each number of classes. Lower is better."""
    return decrease_percent(largest_rise(sizes), thresholds)
