"""How far a sample's probability falls with more computation, between which exits, and for how many samples.

Needs only NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Integer, Num

THRESHOLDS = (0.0001, 0.01, 0.05, 0.1, 0.2, 0.25, 0.33, 0.5)
"""The paper's thresholds (arXiv 2306.02652, figure 3)."""


class Fall(NamedTuple):
    """The largest fall of every sample, and the pair of exits it happens between (exits from 0)."""

    size: Float[np.ndarray, " samples"]
    """>= 0; 0 where the values never fall; NaN where they are unknown."""
    from_exit: Integer[np.ndarray, " samples"]
    """-1 where nothing falls or the values are unknown."""
    to_exit: Integer[np.ndarray, " samples"]
    """-1 where nothing falls or the values are unknown."""

    def select(self, positions: np.ndarray) -> Fall:
        """The falls of the samples at `positions`, in that order."""
        return Fall(*(array[positions] for array in self))


def relative_to(values: np.ndarray, drop: np.ndarray) -> np.ndarray:
    """The drop as a share of the value it starts from; 0 where that is 0. In float64, rounded by the caller."""
    return np.divide(drop, values, out=np.zeros(values.shape), where=~(values <= 0), dtype=np.float64)


def largest_fall(values: Float[np.ndarray, "exits samples"], *, relative: bool = False) -> Fall:
    """The largest fall d = max_m (max_{i<=m} p_i - p_m) of every sample, with its pair of exits.

    Evaluated from the other end, d = max_i (p_i - min_{m>=i} p_m), which is the same maximum over the pairs i <= m and
    gives the pair too. Equal to the loop over pairs of the paper's public code, in the precision of `values`. Larger is
    worse. Of several pairs that fall equally far, the one that starts earliest, then the one that ends earliest.

    Parameters
    ----------
    values
        Probabilities (exits, samples), float32 or float64; NaN where unknown (then the whole sample is).
    relative
        Divide by the value it falls from: max_m (max_{i<=m} p_i - p_m) / max_{i<=m} p_i. A fall to 0 is 1.

    Returns
    -------
    Fall
        `size` in the dtype of `values`; exits from 0.

    Examples
    --------
    >>> fall = largest_fall(np.array([[0.5], [0.75], [0.25]]))
    >>> float(fall.size[0]), int(fall.from_exit[0]), int(fall.to_exit[0])
    (0.5, 1, 2)
    """
    values = np.asarray(values)
    lowest = np.minimum.accumulate(values[::-1], axis=0)[::-1]  # the lowest value at or after each exit
    if relative:
        wide = values.astype(np.float64)
        drop = relative_to(wide, wide - lowest).astype(values.dtype)
    else:
        drop = values - lowest
    start = drop.argmax(axis=0)
    columns = np.arange(values.shape[1])
    size = drop[start, columns]
    if relative:
        origin = np.broadcast_to(wide[start, columns], wide.shape)
        with np.errstate(over="ignore"):  # a rise from the smallest float32 may be more than the largest times it
            fallen = relative_to(origin, origin - wide).astype(values.dtype)
    else:
        fallen = values[start, columns] - values  # as rounded as `size` is: a higher value may fall equally far
    reached = (fallen == size) & (np.arange(values.shape[0])[:, None] >= start)
    falls = size > 0
    none = np.int16(-1)
    return Fall(
        size,
        np.where(falls, start, none).astype(np.int16),
        np.where(falls, reached.argmax(axis=0), none).astype(np.int16),
    )


def decrease_percent(
    sizes: Float[np.ndarray, " samples"], thresholds: Sequence[float | int] | np.ndarray = THRESHOLDS
) -> Float[np.ndarray, " thresholds"]:
    """Percent of samples that fall by more than each threshold: 100 mean(d > tau), strictly greater. Lower is better.

    A threshold is rounded to the precision of `sizes`, as the public code does: a fall of 1/5 held in float32 is not
    "more than 0.2". Unknown (NaN) falls are left out; NaN where none is known.
    """
    known = np.sort(sizes[~np.isnan(sizes)])
    if known.size == 0:
        return np.full(len(thresholds), np.nan)
    above = known.size - np.searchsorted(known, np.asarray(thresholds, known.dtype), side="right")
    return 100 * above / known.size


def exit_pairs(fall: Fall, n_exits: int, threshold: float = 0.0) -> Num[np.ndarray, "exits exits"]:
    """How many samples have their largest fall, above `threshold`, from exit (row) to exit (column); exits from 0."""
    counted = fall.size > fall.size.dtype.type(threshold)
    counts = np.zeros((n_exits, n_exits), np.int64)
    np.add.at(counts, (fall.from_exit[counted], fall.to_exit[counted]), 1)
    return counts
