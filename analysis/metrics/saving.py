"""What stopping by a threshold of the confidence saves: accuracy over mean cost at every one. Needs only NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float64


class ThresholdCurve(NamedTuple):
    """What every threshold spends and gets right, from the dearest on: each stops where its confidence is above it."""

    thresholds: Float64[np.ndarray, " points"]
    """Falling; each stands for all up to the next higher."""
    costs: Float64[np.ndarray, " points"]
    accuracies: Float64[np.ndarray, " points"]


def threshold_curve(
    confidence: Float[np.ndarray, "exits samples"],
    correct: Bool[np.ndarray, "exits samples"],
    costs: Sequence[float] | np.ndarray,
) -> ThresholdCurve:
    """Mean cost and accuracy at every threshold, each sample stopping at the first exit whose confidence is above it.

    Who stops nowhere goes to the last exit. As the threshold falls, a sample stops earlier only where its confidence
    has a new maximum over the exits so far, so that one sort of these maxima gives all thresholds at once. Without
    samples, NaN at the threshold 1.

    Examples
    --------
    >>> confidence = np.array([[0.9, 0.25], [0.95, 0.5]])
    >>> curve = threshold_curve(confidence, np.array([[True, False], [True, True]]), [1.0, 2.0])
    >>> curve.thresholds.tolist(), curve.costs.tolist(), curve.accuracies.tolist()
    ([0.9, 0.25, 0.0], [2.0, 1.5, 1.0], [1.0, 1.0, 0.5])
    """
    n_exits, samples = confidence.shape
    last = n_exits - 1
    if not samples:
        return ThresholdCurve(np.ones(1), np.full(1, np.nan), np.full(1, np.nan))
    cost = np.asarray(costs, np.float64)
    highest = np.maximum.accumulate(confidence[:last], axis=0)
    deeper = np.full(samples, last)  # where a sample stops while the threshold is too high for the exit at hand
    values, spent, right = [np.empty(0)], [np.empty(0)], [np.empty(0)]
    for m in reversed(range(last)):
        new = np.flatnonzero(highest[m] > (highest[m - 1] if m else 0))
        values.append(highest[m][new].astype(np.float64))
        spent.append(cost[m] - cost[deeper[new]])
        right.append(correct[m, new].astype(np.float64) - correct[deeper[new], new])
        deeper[new] = m
    value = np.concatenate(values)
    order = np.argsort(-value, kind="stable")
    value = value[order]
    ends = np.flatnonzero(np.append(value[1:] != value[:-1], len(value) > 0))  # one point for equal confidences
    thresholds = np.append(value[ends], 0.0) if len(ends) else np.ones(1)
    saved, gained = (np.append(0.0, np.concatenate(of)[order].cumsum()[ends]) for of in (spent, right))
    return ThresholdCurve(thresholds, cost[last] + saved / samples, (correct[last].sum() + gained) / samples)


def cheapest_reaching(curve: ThresholdCurve, accuracy: float) -> float | None:
    """The threshold of the smallest mean cost whose accuracy is not below one; None where none reaches it."""
    enough = curve.accuracies >= accuracy - 1e-12
    if not enough.any():
        return None
    return float(curve.thresholds[np.argmin(np.where(enough, curve.costs, np.inf))])


class Stopped(NamedTuple):
    """Samples that stopped by one threshold."""

    mean_cost: float
    accuracy: float


def stopped_by(
    confidence: Float[np.ndarray, "exits samples"],
    correct: Bool[np.ndarray, "exits samples"],
    costs: Sequence[float] | np.ndarray,
    threshold: float,
) -> Stopped:
    """What one threshold spends and gets right; NaN without samples."""
    above = confidence > np.float32(threshold)
    above[-1] = True
    stops = above.argmax(axis=0)
    if not len(stops):
        return Stopped(float("nan"), float("nan"))
    right = correct[stops, np.arange(len(stops))]
    return Stopped(float(np.asarray(costs, np.float64)[stops].mean()), float(right.mean()))
