"""Largest falls of the same samples under the baseline and under a predictor: what figures of falls are told by.

May import metrics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.metrics.decrease import decrease_percent

SPOKEN_OF = (0.01, 0.1)
"""The falls that titles speak of; the paper gives both."""


@dataclass(frozen=True)
class FallStatistics:
    """Falls of the same samples under the baseline and under a predictor; pairs are (baseline, predictor).

    Attributes
    ----------
    falling_percent : threshold -> percent of samples that fall by more
    less_percent, more_percent : percent of samples on which the predictor falls less, or more, than the baseline, of
        those whose falls are known under both
    median : the fall that half of the samples reach
    never_percent : percent of samples that never fall
    """

    falling_percent: Mapping[float, tuple[float, float]]
    less_percent: float
    more_percent: float
    median: tuple[float, float]
    never_percent: tuple[float, float]


def fall_statistics(baseline: np.ndarray, predictor: np.ndarray) -> FallStatistics | None:
    """Statistics of two predictors' largest falls; None where under one of them none is known.

    Parameters
    ----------
    baseline, predictor : float, (samples,)
        Largest falls, NaN where unknown.

    Examples
    --------
    >>> found = fall_statistics(np.array([0.5, 0.1, 0.2]), np.array([0.0, 0.0, 0.1]))
    >>> round(found.less_percent), found.median, round(found.never_percent[1])
    (100, (0.2, 0.0), 67)
    """
    both = baseline, predictor
    if any(np.isnan(sizes).all() for sizes in both):
        return None
    known = ~np.isnan(baseline) & ~np.isnan(predictor)
    paired = max(int(known.sum()), 1)
    falling = [decrease_percent(sizes, SPOKEN_OF) for sizes in both]
    return FallStatistics(
        falling_percent={tau: tuple(map(float, pair)) for tau, *pair in zip(SPOKEN_OF, *falling)},
        less_percent=100 * int((predictor < baseline)[known].sum()) / paired,
        more_percent=100 * int((predictor > baseline)[known].sum()) / paired,
        median=tuple(float(np.nanmedian(sizes)) for sizes in both),
        never_percent=tuple(100 * float((sizes == 0).sum() / (~np.isnan(sizes)).sum()) for sizes in both),
    )
