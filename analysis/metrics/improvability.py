"""How many of an exit's errors an earlier exit had right. Needs only NumPy."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float


def hindsight_improvability(correct: Bool[np.ndarray, "exits samples"]) -> Float[np.ndarray, " exits"]:
    """P(right at an earlier exit | wrong at m) for each exit m. Lower is better.

    0 at the first exit, which has no earlier one; NaN at an exit without errors. Source: Wolczyk et al. 2021 (Zero Time
    Waste, arXiv 2106.05409).

    >>> hindsight_improvability(np.array([[True, False], [False, False]])).tolist()
    [0.0, 0.5]
    """
    earlier = np.zeros_like(correct)
    earlier[1:] = np.logical_or.accumulate(correct, axis=0)[:-1]
    errors = (~correct).sum(axis=1)
    regretted = (earlier & ~correct).sum(axis=1)
    return np.divide(regretted, errors, out=np.full(len(correct), np.nan), where=errors > 0)
