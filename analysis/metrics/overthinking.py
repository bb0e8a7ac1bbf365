"""What is lost by computing past the exit that was right. Needs only NumPy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool


class Overthinking(NamedTuple):
    """Fractions of samples; NaN without samples."""

    oracle_accuracy: float
    """Some exit is right: what the best choice of exit per sample would reach."""
    destructive: float
    """Some exit is right, the last one is not: oracle accuracy - final accuracy. Lower is better."""
    wasteful: float
    """The last exit is right and so is an earlier one. Lower means less computed in vain."""


def overthinking(correct: Bool[np.ndarray, "exits samples"]) -> Overthinking:
    """Destructive and wasteful overthinking (Kaya, Hong, Dumitras 2019, arXiv 1810.07052).

    >>> overthinking(np.array([[True, True, False], [False, True, True]]))
    Overthinking(oracle_accuracy=1.0, destructive=0.3333333333333333, wasteful=0.3333333333333333)
    """
    samples = correct.shape[1]
    if samples == 0:
        return Overthinking(float("nan"), float("nan"), float("nan"))
    final, earlier = correct[-1], correct[:-1].any(axis=0)
    destructive = int((earlier & ~final).sum())
    right = int(final.sum())
    return Overthinking((right + destructive) / samples, destructive / samples, int((earlier & final).sum()) / samples)
