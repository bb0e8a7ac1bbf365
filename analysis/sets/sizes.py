"""What sets are worth by their size. Needs only NumPy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int64, Integer

SIZE_BINS = {"0": (0, 0), "1": (1, 1), "2-5": (2, 5), "6-20": (6, 20), "21+": (21, 2**31)}
"""Name -> the smallest and the largest size."""


LEAST = 30
"""Labelled sets of a size from which on their coverage says something."""


class BySize(NamedTuple):
    """Of the sets of each of `SIZE_BINS`, at every exit."""

    samples: Int64[np.ndarray, "exits bins"]
    """All of them, labelled or not."""
    coverage: Float64[np.ndarray, "exits bins"]
    """Share of the labelled that hold the true class; NaN without."""
    labelled: Int64[np.ndarray, "exits bins"]

    @property
    def telling(self) -> Bool[np.ndarray, "exits bins"]:
        """Where coverage says something: of at least `LEAST` labelled sets that are not empty, which hold nothing."""
        return (self.labelled >= LEAST) & (np.array(list(SIZE_BINS.values()))[:, 1] > 0)


def by_size(
    sizes: Integer[np.ndarray, "exits samples"],
    covered: Bool[np.ndarray, "exits samples"],
    labelled: Bool[np.ndarray, " samples"],
) -> BySize:
    """How many sets are of each size, and how many of these hold the true class: marginal coverage can hide a bin."""
    lows, highs = np.array(list(SIZE_BINS.values())).T
    inside = (sizes[..., None] >= lows) & (sizes[..., None] <= highs)  # (exits, samples, bins)
    known = (inside & labelled[None, :, None]).sum(axis=1)
    right = (inside & (covered & labelled)[..., None]).sum(axis=1)
    coverage = np.divide(right, known, out=np.full(known.shape, np.nan), where=known > 0)
    return BySize(inside.sum(axis=1).astype(np.int64), coverage, known.astype(np.int64))
