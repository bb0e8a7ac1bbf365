"""Samples like one sample: by the direction of their logits. By trajectories: `analysis.selection.trajectory_map`."""

from __future__ import annotations

import numpy as np

from analysis.run import Run

CHUNK_BYTES = 32_000_000
"""Of float32 logits that are held at a time."""


def nearest_by_logits(run: Run, positions: np.ndarray, row: int, count: int) -> np.ndarray:
    """The samples whose logits at the last exit point the same way as one's, it first, by cosine similarity.

    Parameters
    ----------
    run : Run
        Of kind `logits`.
    positions : numpy.ndarray, int (rows,)
        The samples that are compared, by their positions in the run.
    row : int
        The place of the one in `positions`.
    count : int
        How many beside it, at most.

    Returns
    -------
    numpy.ndarray
        int64, places in `positions`. Equal similarities in their order. A class of probability 0 (-inf) counts as a
        logit of 0, and logits that are all 0 are like none.
    """
    mine = _directions(run.logits.take(positions[row : row + 1])[-1])[0]
    step = max(1, CHUNK_BYTES // (4 * run.n_classes * run.n_exits))
    parts = (positions[start : start + step] for start in range(0, len(positions), step))
    similar = np.concatenate([_directions(run.logits.take(part)[-1]) @ mine for part in parts])
    similar[row] = np.inf
    return np.argsort(-similar, kind="stable")[: count + 1]


def _directions(logits: np.ndarray) -> np.ndarray:
    """Vectors of length 1, (samples, classes)."""
    finite = np.where(np.isfinite(logits), logits, 0).astype(np.float32)
    return finite / np.maximum(np.linalg.norm(finite, axis=1, keepdims=True), 1e-30)
