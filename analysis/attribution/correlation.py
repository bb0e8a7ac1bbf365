"""Spearman's rank correlation of two attributions. Imports NumPy only."""

from __future__ import annotations

import itertools

import numpy as np


def mean_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1; equal values share the mean of the ranks they take.

    Examples
    --------
    >>> mean_ranks(np.array([3.0, 1.0, 3.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[group.reshape(-1)]


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's correlation of the ranks: 1 for the same order, -1 for the reverse; ties by mean ranks.

    Parameters
    ----------
    a, b : float, the same shape; compared value by value

    Returns
    -------
    float
        NaN where one of the two is constant: it orders nothing.

    Raises
    ------
    ValueError : different shapes, or values that are not finite

    Examples
    --------
    >>> spearman(np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 9.0]))
    1.0
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"shapes {a.shape} and {b.shape} differ: give attributions of one image")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("an attribution holds NaN or infinity: compare finite ones")
    x, y = (ranks - ranks.mean() for ranks in (mean_ranks(a.ravel()), mean_ranks(b.ravel())))
    norm = np.sqrt((x @ x) * (y @ y)) if len(x) else 0.0
    return float(np.clip(x @ y / norm, -1, 1)) if norm > 0 else float("nan")


def neighbours(maps: np.ndarray) -> list[float]:
    """Spearman's correlation of each exit's attribution with the next one's: one number fewer than exits.

    Parameters
    ----------
    maps : float, (exits, height, width)
    """
    return [spearman(a, b) for a, b in itertools.pairwise(maps)]
