"""What may not stand in logits: NaN, +inf, and rows of only -inf. (-inf alone is probability 0.) Imports numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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


def first_fault(chunk: np.ndarray, first_sample: int = 0) -> Fault | None:
    """The fault of the lowest sample in a chunk (exits, samples, classes), then of its lowest exit, or None."""
    rows = faulty_rows(chunk)
    if not rows.any():
        return None
    sample = int(np.flatnonzero(rows.any(axis=0))[0])
    exit_ = int(np.flatnonzero(rows[:, sample])[0])
    row = chunk[exit_, sample]
    holds = "NaN" if np.isnan(row).any() else "+inf" if (row == np.inf).any() else "only -inf"
    return Fault(exit_, first_sample + sample, holds)


def describe(fault: Fault, n_samples: int, where: str = "logits", remedy: str = "leave that sample out") -> str:
    """The sentence that refuses a fault, naming exit and sample counted from 1, and what to do."""
    return (
        f"{where}[{fault.exit}, {fault.sample}] holds {fault.holds} (exit {fault.exit + 1}, "
        f"sample {fault.sample + 1} of {n_samples}): re-export the run, or {remedy}"
    )
