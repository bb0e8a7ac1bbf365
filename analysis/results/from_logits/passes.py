"""One pass over some samples' logits, chunk by chunk, for what traces do not hold. Imports torch when called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import numpy as np
from jaxtyping import Bool, Float64, Int64

from analysis.predictors import check_logits, find_predictor
from analysis.run import Run
from analysis.runtime.threads import map_chunks
from analysis.traces.compute import chunk_samples

Found = TypeVar("Found")
OfLogits = Callable[[np.ndarray, slice, int], Found]
"""Logits of a chunk, where its samples stand among those of the pass, and the first one's position in the run."""
OfPrediction = Callable[[Float64[np.ndarray, "exits samples classes"], Bool[np.ndarray, "exits samples"], slice], Found]
"""Log-probabilities of a chunk, what of it has collapsed, and where its samples stand among those of the pass."""


def over_logits(
    run: Run,
    positions: Int64[np.ndarray, " samples"],
    function: OfLogits,
    *,
    in_threads: bool = True,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Found]:
    """What a function finds in each chunk of some samples, in their order.

    Parameters
    ----------
    positions
        Of the samples in the run, rising.
    function
        Of a chunk; several may be computed at once, unless `in_threads` is false.
    progress
        Told after each chunk how many more samples are done.

    Raises
    ------
    ValueError
        Logits that the function refuses; it names exit and sample.
    """
    step = chunk_samples(run.n_exits, run.n_classes)

    def visit(start: int) -> tuple[int, Found]:
        some = positions[start : start + step]
        joined = int(some[-1]) - int(some[0]) == len(some) - 1
        logits = run.logits.read(int(some[0]), int(some[-1]) + 1) if joined else run.logits.take(some)
        try:
            return len(some), function(logits, slice(start, start + len(some)), int(some[0]))
        except ValueError:
            for place, position in enumerate(some if not joined else ()):  # a message counts on from the first sample
                check_logits(logits[:, place : place + 1], int(position), run.n_samples)
            raise

    starts = list(range(0, len(positions), step))
    for done, found in map_chunks(visit, starts) if in_threads else map(visit, starts):
        yield found
        if progress is not None:
            progress(done)


def over_predictions(
    run: Run,
    predictor: str,
    settings: Mapping[str, object],
    positions: Int64[np.ndarray, " samples"],
    function: OfPrediction,
    *,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Found]:
    """The same of what a predictor shows, its settings resolved: natural logarithms, float64, -inf for no mass."""
    from analysis.predictors.apply import apply_predictor

    row = find_predictor(predictor)

    def predicted(logits: np.ndarray, here: slice, first: int) -> Found:
        prediction = apply_predictor(row, logits, dict(settings), first, run.n_samples)
        return function(prediction.log_probs.numpy(), prediction.collapsed.numpy(), here)

    # someone's own function may not expect to be called by two threads at once
    return over_logits(run, positions, predicted, in_threads=row.path is None, progress=progress)
