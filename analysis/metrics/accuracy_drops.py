"""Drops of accuracy in a stream of samples, and whether the confidence tells them. Needs only NumPy.

Inspired by the evaluation of Ghanathe and Wilton 2024, QUTE, arXiv 2404.12599: accuracy and confidence over a sliding
window; a window's accuracy has dropped when it lies more than three standard deviations below the mean over the
windows of clean samples, and an alarm is a mean confidence that does the same. Windows without overlap, and the AUROC
beside the shares, are ours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float64

from analysis.metrics.failure_prediction import auroc

WINDOW = 100
SIGMAS = 3.0


def window_means(
    values: Float[np.ndarray, " samples"] | Bool[np.ndarray, " samples"], window: int
) -> Float64[np.ndarray, " windows"]:
    """Means over consecutive windows, in the samples' order; what is left over at the end is dropped.

    >>> window_means(np.array([1.0, 0.0, 1.0, 1.0, 0.0]), 2).tolist()
    [0.5, 1.0]
    """
    count = len(values) // window
    return np.asarray(values[: count * window], np.float64).reshape(count, window).mean(axis=1)


def lowest_usual(means: Float64[np.ndarray, " windows"]) -> float:
    """Three standard deviations below the mean over windows; NaN with fewer than two of them."""
    return float(means.mean() - SIGMAS * means.std(ddof=1)) if len(means) > 1 else float("nan")


class Drops(NamedTuple):
    """How the windows of a stream compare with those of clean samples."""

    windows: int
    """Of the stream."""
    dropped: float
    """Share of them whose accuracy has dropped; NaN without any."""
    alarmed: float
    """Share of them whose mean confidence raises an alarm."""
    caught: float
    """Share of the dropped ones that raise one; NaN where none has dropped."""
    false_alarms: float
    """Share of the others that raise one; NaN where all have dropped."""
    auroc: float
    """Of low confidence for telling windows that dropped from clean and other ones; NaN where a side is empty."""


def accuracy_drops(
    clean_correct: Bool[np.ndarray, " clean"],
    clean_confidence: Float[np.ndarray, " clean"],
    correct: Bool[np.ndarray, " samples"],
    confidence: Float[np.ndarray, " samples"],
    window: int = WINDOW,
) -> Drops:
    """Drops of accuracy and alarms in a stream of labelled samples.

    Parameters
    ----------
    clean_correct, clean_confidence : of the samples that say what is usual: calibration samples
    correct, confidence : of the stream, in its order
    window : samples in a window
    """
    usual = [window_means(values, window) for values in (clean_correct, clean_confidence)]
    stream = [window_means(values, window) for values in (correct, confidence)]
    least_accuracy, least_confidence = (lowest_usual(means) for means in usual)
    dropped, alarmed = stream[0] < least_accuracy, stream[1] < least_confidence
    both = [np.concatenate(pair) for pair in zip(usual, stream)]

    def share(of: np.ndarray) -> float:
        return float(of.mean()) if len(of) and np.isfinite(least_accuracy) else float("nan")

    return Drops(
        len(dropped),
        share(dropped),
        share(alarmed),
        share(alarmed[dropped]),
        share(alarmed[~dropped]),
        auroc(-both[1], both[0] < least_accuracy),
    )
