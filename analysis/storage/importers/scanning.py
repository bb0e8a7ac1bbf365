"""The first pass over logits: their kind, the samples that cannot be used, the first fault. Imports numpy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.storage.chunking import samples_per_chunk
from analysis.storage.faults import Fault, faulty_rows, first_fault
from analysis.storage.importers.axes import Oriented
from analysis.storage.writing import stored_dtype

LOGITS, PROBS, LOG_PROBS = "logits", "probs", "log-probs"
_TOLERANCE = {2: 0.01, 4: 1e-3, 8: 1e-3}
"""How far from 1 probabilities may sum, by the bytes of a number: rounding, and sums over many classes."""


@dataclass(frozen=True)
class Scan:
    """What a part holds.

    form : `logits`, `probs` (rows of probabilities) or `log-probs` (their logarithms)
    faulty : bool (samples,): some exit has NaN, +inf or only -inf
    fault : the first of these, or None
    not_probs : (exit, sample, sum) of the first row that is no distribution, or None
    """

    form: str
    faulty: np.ndarray
    fault: Fault | None
    not_probs: tuple[int, int, float] | None


def chunk_bounds(part: Oriented) -> list[tuple[int, int]]:
    """The (start, stop) of chunks of about 32 MiB."""
    exits, samples, classes = part.shape
    step = samples_per_chunk(exits, classes, 4)
    return [(start, min(start + step, samples)) for start in range(0, samples, step)]


def _is_distribution(values: np.ndarray, tolerance: float) -> np.ndarray:
    """Mask over rows (..., classes): all within [0, 1] and summing to 1."""
    with np.errstate(invalid="ignore"):
        bounded = (values.min(axis=-1) >= 0) & (values.max(axis=-1) <= 1 + tolerance)
        return bounded & (np.abs(values.sum(axis=-1, dtype=np.float64) - 1) <= tolerance)


def _are_distributions(chunk: np.ndarray, usable: np.ndarray, tolerance: float, is_log: bool) -> bool:
    if is_log:
        if chunk.max() > tolerance:
            return False
        with np.errstate(over="ignore", invalid="ignore"):  # of rows that are not usable: NaN hides their maximum
            chunk = np.exp(chunk.astype(np.float32, copy=False))
    return bool((_is_distribution(chunk, tolerance) | ~usable).all())


def scan(part: Oriented, kind: str | None, progress: Callable[[int], None]) -> Scan:
    """Read a part once.

    Parameters
    ----------
    part : the logits
    kind : `logits` or `probs` where the caller says so; None to recognise probabilities
    progress : told the number of samples of each chunk
    """
    dtype = stored_dtype(part.part.dtype)
    tolerance = _TOLERANCE[min(8, max(2, dtype.itemsize))]
    forms = {None: [PROBS, LOG_PROBS], "probs": [PROBS, LOG_PROBS], "logits": []}[kind]
    faulty, fault, not_probs = np.zeros(part.shape[1], bool), None, None
    for start, stop in chunk_bounds(part):
        chunk = part.chunk(start, stop, dtype)
        rows = faulty_rows(chunk)
        if rows.any():
            faulty[start:stop] = rows.any(axis=0)
            fault = fault or first_fault(chunk, start)
        still = [form for form in forms if _are_distributions(chunk, ~rows, tolerance, form == LOG_PROBS)]
        if forms and not still:
            not_probs = _first_wrong_row(chunk, rows, start, tolerance)
        forms = still
        progress(stop - start)
    return Scan(forms[0] if forms else LOGITS, faulty, fault, not_probs)


def _first_wrong_row(
    chunk: np.ndarray, faulty: np.ndarray, start: int, tolerance: float
) -> tuple[int, int, float] | None:
    wrong = ~_is_distribution(chunk, tolerance) & ~faulty
    if not wrong.any():
        return None
    sample = int(np.flatnonzero(wrong.any(axis=0))[0])
    exit_ = int(np.flatnonzero(wrong[:, sample])[0])
    return exit_, start + sample, float(chunk[exit_, sample].sum(dtype=np.float64))
