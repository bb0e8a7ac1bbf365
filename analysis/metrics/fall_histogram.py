"""How many samples fall how far: counts of largest falls in bins that cover several powers of ten. Needs only NumPy."""

import numpy as np
from jaxtyping import Float, Integer

from analysis.reference.symlog import FALL_UNIT, from_scale, to_scale


def fall_edges(bins: int = 40) -> Float[np.ndarray, " edges"]:
    """Edges from 0 to 1, evenly spaced on the scale log10(1 + d / 0.0001), as numbers of at most 6 significant digits.

    The first bin holds the samples that never fall. Six digits, so that an edge survives an address unchanged.
    """
    places = np.linspace(0, float(to_scale(1.0, FALL_UNIT)), bins + 1)
    return np.array([float(f"{value:.6g}") for value in from_scale(places, FALL_UNIT)])


def fall_counts(
    sizes: Float[np.ndarray, " samples"], edges: Float[np.ndarray, " edges"]
) -> Integer[np.ndarray, " bins"]:
    """How many falls lie in each bin: from its lower edge to below its upper edge, the last with its upper edge.

    Edges are rounded to the precision of `sizes`, as thresholds are everywhere; unknown falls (NaN) lie in no bin.
    """
    known = np.sort(sizes[~np.isnan(sizes)])
    edges = np.asarray(edges, known.dtype)
    below = np.searchsorted(known, edges, side="left")
    below[-1] = np.searchsorted(known, edges[-1], side="right")
    return np.diff(below)
