"""How far a sample's probability falls with more computation, between which exits, and for how many samples.

Needs only NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Integer, Num

THRESHOLDS = (0.0001, 0.01, 0.05, 0.1, 0.2, 0.25, 0.33, 0.5)
"""The paper's thresholds (arXiv 2306.02652, figure 3)."""
AT_THRESHOLD = 1e-9
"""A fall that exceeds a threshold by no more than this is at it, not above it: 1/2 -> 3/8 falls by a quarter."""
SAME = 1e-9
"""Values, and falls, that agree to this share of themselves are equal."""
LOWEST_LOG = -1e300
"""Stands for the logarithm of 0, so that differences stay finite."""


class Fall(NamedTuple):
    """The largest fall of every sample, and the pair of exits it happens between (exits from 0)."""

    size: Float[np.ndarray, " samples"]
    """>= 0; 0 where the values never fall; NaN where they are unknown."""
    from_exit: Integer[np.ndarray, " samples"]
    """-1 where nothing falls or the values are unknown."""
    to_exit: Integer[np.ndarray, " samples"]
    """-1 where nothing falls or the values are unknown."""

    def select(self, positions: np.ndarray | slice) -> Fall:
        """The falls of the samples at `positions`, in that order."""
        return Fall(*(array[positions] for array in self))


def pairs_of_exits(
    drop: np.ndarray, drops_from: Callable[[np.ndarray], np.ndarray], share: Callable[[np.ndarray], np.ndarray]
) -> Fall:
    """The largest of each sample's falls, the pair that starts first, then the one that ends first.

    Parameters
    ----------
    drop : (exits, samples), the largest drop from each exit to a later one; NaN where unknown
    drops_from : an exit of each sample -> its drops to every exit, (exits, samples)
    share : drops -> sizes
    """
    sizes = share(drop)
    size = sizes.max(axis=0)
    reached = size * (1 - SAME)
    start = (sizes >= reached).argmax(axis=0)
    later = np.arange(len(drop))[:, None] > start
    end = ((share(drops_from(start)) >= reached) & later).argmax(axis=0)
    falls = size > 0
    none = np.int16(-1)
    return Fall(size, np.where(falls, start, none).astype(np.int16), np.where(falls, end, none).astype(np.int16))


def largest_fall(values: Float[np.ndarray, "exits samples"]) -> Fall:
    """The largest fall d = max_m (max_{i<=m} p_i - p_m) of every sample, with its pair of exits.

    Evaluated from the other end, d = max_i (p_i - min_{m>=i} p_m), which is the same maximum over the pairs i <= m and
    gives the pair too. Equal to the loop over pairs of the paper's public code, in the precision of `values`. Larger is
    worse. A value that falls by no more than `SAME` of itself does not fall; of several pairs whose falls agree to that
    share, the one that starts earliest, then the one that ends earliest.

    Parameters
    ----------
    values
        Probabilities (exits, samples), float32 or float64; NaN where unknown (then the whole sample is).

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
    wide = np.asarray(values, np.float64)
    lowest = np.minimum.accumulate(wide[::-1], axis=0)[::-1]  # the lowest value at or after each exit

    def drop(start: np.ndarray, end: np.ndarray) -> np.ndarray:
        return np.where(start - end <= SAME * start, 0, start - end)

    def drops_from(start: np.ndarray) -> np.ndarray:
        return drop(wide[start, np.arange(wide.shape[1])], wide)

    fall = pairs_of_exits(drop(wide, lowest), drops_from, lambda drops: drops)
    return fall._replace(size=fall.size.astype(np.result_type(values, np.float32)))


def largest_relative_fall(log_values: Float[np.ndarray, "exits samples"]) -> Fall:
    """As `largest_fall`, of falls divided by the value they start from: max_m (1 - p_m / max_{i<=m} p_i).

    From logarithms, so that the fall of a probability that no float holds is seen too; a fall to 0 is 1.

    Parameters
    ----------
    log_values
        Natural logarithms of probabilities (exits, samples), -inf for 0; NaN where unknown (then the whole sample is).

    Returns
    -------
    Fall
        `size` in float64; exits from 0.

    Examples
    --------
    >>> fall = largest_relative_fall(np.array([[-1000.0], [-1000 - np.log(4)]]))
    >>> round(float(fall.size[0]), 9), int(fall.from_exit[0]), int(fall.to_exit[0])
    (0.75, 0, 1)
    """
    logs = np.maximum(np.asarray(log_values, np.float64), LOWEST_LOG)
    lowest = np.minimum.accumulate(logs[::-1], axis=0)[::-1]

    def share(drops: np.ndarray) -> np.ndarray:
        shares = -np.expm1(-np.maximum(drops, 0))
        return np.where(shares <= SAME, 0, shares)

    return pairs_of_exits(logs - lowest, lambda start: logs[start, np.arange(logs.shape[1])] - logs, share)


def stored(sizes: Float[np.ndarray, ...]) -> Float32[np.ndarray, ...]:
    """Sizes of falls in float32, on the side of each of `THRESHOLDS` that they are on in float64.

    A fall within `AT_THRESHOLD` of one of them is at it. Two float32 neighbours are up to 6e-8 apart: rounding alone
    would put 0.25 + 1e-8 at 0.25, and at other thresholds a fall of 0.2 + 1e-9 above or not as 0.2 itself was rounded.
    No size is moved by more than `AT_THRESHOLD` beside its rounding. Any other threshold is compared as it rounds to
    float32: a fall is at it where both round to the same.
    """
    rounded = np.asarray(sizes, np.float64).astype(np.float32)
    above = np.searchsorted(np.array(THRESHOLDS) + AT_THRESHOLD, sizes)  # how many of them a fall is above
    in_float32 = np.array(THRESHOLDS, np.float32)
    seen = np.searchsorted(in_float32, rounded)
    too_low, too_high = seen < above, seen > above
    if too_low.any():
        rounded[too_low] = np.nextafter(in_float32, np.float32(1))[above[too_low] - 1]
    if too_high.any():
        rounded[too_high] = in_float32[above[too_high]]
    return rounded


def limits(thresholds: Sequence[float | int] | np.ndarray | float | int, dtype: np.dtype) -> np.ndarray:
    """What falls of a precision exceed where they are above a threshold: `stored` ones have been told apart before."""
    wide = np.asarray(thresholds, np.float64)
    return wide.astype(dtype) if dtype == np.float32 else wide + AT_THRESHOLD


def decrease_percent(
    sizes: Float[np.ndarray, " samples"], thresholds: Sequence[float | int] | np.ndarray = THRESHOLDS
) -> Float[np.ndarray, " thresholds"]:
    """Percent of samples that fall by more than each threshold: 100 mean(d > tau), strictly greater. Lower is better.

    A fall at a threshold does not exceed it: float64 sizes within `AT_THRESHOLD` of it, float32 ones, which are as
    `stored` left them, where both are the same float32. Unknown (NaN) falls are left out; NaN where none is known.
    """
    known = np.sort(sizes[~np.isnan(sizes)])
    if known.size == 0:
        return np.full(len(thresholds), np.nan)
    above = known.size - np.searchsorted(known, limits(thresholds, known.dtype), side="right")
    return 100 * above / known.size


def exit_pairs(fall: Fall, n_exits: int, threshold: float = 0.0) -> Num[np.ndarray, "exits exits"]:
    """How many samples have their largest fall, above `threshold`, from exit (row) to exit (column); exits from 0."""
    counted = fall.size > limits(threshold, fall.size.dtype)
    counts = np.zeros((n_exits, n_exits), np.int64)
    np.add.at(counts, (fall.from_exit[counted], fall.to_exit[counted]), 1)
    return counts
