"""Accuracy and falls of groups of samples: classes, superclasses, or any other grouping. Needs only NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Integer

from analysis.metrics.decrease import limits


class Groups(NamedTuple):
    """One row per group; means are NaN where a group has no sample."""

    samples: Integer[np.ndarray, " groups"]
    accuracy: Float[np.ndarray, "groups exits"]
    mean_fall: Float[np.ndarray, " groups"]
    decrease_percent: Float[np.ndarray, "groups thresholds"]
    """Percent of the group's samples that fall by more than each threshold."""


def by_group(
    group: Integer[np.ndarray, " samples"],
    correct: Bool[np.ndarray, "exits samples"],
    sizes: Float[np.ndarray, " samples"],
    n_groups: int,
    thresholds: Sequence[float | int] | np.ndarray = (0.01, 0.1),
) -> Groups:
    """Accuracy at every exit and the falls, per group.

    Parameters
    ----------
    group
        The group of each sample, from 0, for instance its label or `superclasses.of_class[labels]`.
    correct
        Right or wrong at each exit.
    sizes
        The largest fall of each sample, none of it NaN.
    n_groups
        Number of groups; those without a sample are listed too.
    thresholds
        Falls above these are counted, strictly, as in `decrease_percent`.
    """
    samples = np.bincount(group, minlength=n_groups)
    filled = np.where(samples > 0, samples, np.nan)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(group, weights=values, minlength=n_groups) / filled

    accuracy = np.stack([mean(right) for right in correct], axis=1)
    above = np.stack([100 * mean(sizes > tau) for tau in limits(thresholds, sizes.dtype)], axis=1)
    return Groups(samples, accuracy, mean(sizes), above)
