"""Fewer points to draw than there are samples, the same ones every time. NumPy only."""

import numpy as np


def thinned(count: int, most: int, *, seed: int = 0) -> np.ndarray:
    """Which of `count` points to draw: all, or a uniform random subset without repeats.

    Returns
    -------
    numpy.ndarray
        int64, ascending positions, min(count, most) of them. Same count, limit and seed, same points.

    Examples
    --------
    >>> thinned(3, 40).tolist()
    [0, 1, 2]
    >>> len(thinned(50_000, 40))
    40
    """
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, size=most, replace=False))
