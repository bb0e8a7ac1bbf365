"""What may not stand in logits: NaN, +inf, numbers beyond float32, rows of only -inf (which alone is probability 0).

Imports numpy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FAULTS = "NaN, +inf, numbers beyond float32 or only -inf"
"""What a faulty sample has, in words."""


@dataclass(frozen=True)
class Fault:
    """One faulty row of logits; exit and sample count from 0."""

    exit: int
    sample: int
    holds: str


def faulty_rows(chunk: np.ndarray) -> np.ndarray:
    """Mask (exits, samples), bool, of the rows of a chunk (exits, samples, classes) that no softmax can take."""
    if np.isfinite(chunk).all():  # the usual case, and twice as fast as the maximum in float16
        return np.zeros(chunk.shape[:2], bool)
    return ~np.isfinite(chunk.max(axis=2))  # NaN stays NaN through the maximum


def narrowed(chunk: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """A chunk in the precision that a run keeps.

    A finite number beyond that becomes NaN, which is refused or dropped; a number that is too small keeps its sign, as
    the smallest of its kind, since a support may hang on it (`heaviside`).
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):  # signalling NaN too
        kept = chunk.astype(dtype, copy=False)
    if chunk.dtype.kind == "f" and chunk.dtype.itemsize > dtype.itemsize:
        beyond, lost = np.isinf(kept), kept == 0
        if beyond.any():
            kept[beyond & np.isfinite(chunk)] = np.nan
        if lost.any() and (lost := lost & (chunk != 0)).any():
            kept[lost] = np.copysign(np.finfo(dtype).smallest_subnormal, chunk[lost])
    return kept


def first_fault(chunk: np.ndarray, first_sample: int = 0, source: np.ndarray | None = None) -> Fault | None:
    """The fault of the lowest sample in a chunk (exits, samples, classes), then of its lowest exit, or None.

    `source` is what the chunk was `narrowed` from: the fault names a number that was finite there.
    """
    rows = faulty_rows(chunk)
    if not rows.any():
        return None
    sample = int(np.flatnonzero(rows.any(axis=0))[0])
    exit_ = int(np.flatnonzero(rows[:, sample])[0])
    row = chunk[exit_, sample]
    holds = "NaN" if np.isnan(row).any() else "+inf" if (row == np.inf).any() else "only -inf"
    if source is not None and (beyond := np.isnan(row) & np.isfinite(source[exit_, sample])).any():
        holds = f"{float(source[exit_, sample][beyond][0]):.6g}, beyond the range of {chunk.dtype.name},"
    return Fault(exit_, first_sample + sample, holds)


def describe(fault: Fault, n_samples: int, where: str = "logits", remedy: str = "leave that sample out") -> str:
    """The sentence that refuses a fault, naming exit and sample counted from 1, and what to do."""
    return (
        f"{where}[{fault.exit}, {fault.sample}] holds {fault.holds} (exit {fault.exit + 1}, "
        f"sample {fault.sample + 1} of {n_samples}): re-export the run, or {remedy}"
    )
