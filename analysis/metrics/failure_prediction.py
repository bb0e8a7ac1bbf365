"""Does confidence tell right answers from wrong ones? AUROC, risk against coverage, deferral. Needs only NumPy."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

DEFERRED = 0.005
"""The share of answers that `deferred_accuracy` hands to an oracle."""


def auroc(score: Float[np.ndarray, " samples"], positive: Bool[np.ndarray, " samples"]) -> float:
    """P(a positive's score exceeds a negative's), ties counting one half. Higher is better; NaN where a side is empty.

    Examples
    --------
    >>> auroc(np.array([0.9, 0.5, 0.5]), np.array([True, True, False]))
    0.75
    """
    right, wrong = score[positive], np.sort(score[~positive])
    if not len(right) or not len(wrong):
        return float("nan")
    below, up_to = (np.searchsorted(wrong, right, side) for side in ("left", "right"))
    return float((below + up_to).sum() / (2 * len(right) * len(wrong)))


def failure_auroc(
    confidence: Float[np.ndarray, "exits samples"], correct: Bool[np.ndarray, "exits samples"]
) -> Float[np.ndarray, " exits"]:
    """AUROC of each exit's confidence for telling samples that are right there from those that are wrong."""
    return np.array([auroc(score, right) for score, right in zip(confidence, correct)])


def improvable_auroc(
    confidence: Float[np.ndarray, "exits samples"], correct: Bool[np.ndarray, "exits samples"]
) -> Float[np.ndarray, " exits"]:
    """The same against the mistakes alone that computing on would mend: wrong here, right at the last exit.

    All other samples are positives: stopping loses nothing there. NaN at the last exit, where nothing is mended. Our
    reading of early-exit failure prediction, Kubaty et al. 2025 (arXiv 2508.21495).
    """
    return np.array([auroc(score, ~(correct[-1] & ~right)) for score, right in zip(confidence, correct)])


def aurc(confidence: Float[np.ndarray, " samples"], correct: Bool[np.ndarray, " samples"]) -> float:
    """Area under the risk-coverage curve: the mean over k = 1..N of the error among the k most confident samples.

    Ties in the samples' order. Lower is better; NaN without samples. Geifman et al. 2019 (arXiv 1805.08206).

    Examples
    --------
    >>> aurc(np.array([0.9, 0.8]), np.array([True, False]))
    0.25
    """
    if not len(correct):
        return float("nan")
    wrong = ~correct[np.argsort(-confidence.astype(np.float64), kind="stable")]
    return float((np.cumsum(wrong) / np.arange(1, len(wrong) + 1)).mean())


def deferred_accuracy(
    confidence: Float[np.ndarray, " samples"], correct: Bool[np.ndarray, " samples"], share: float = DEFERRED
) -> float:
    """Accuracy after the floor(share * N) least confident answers were handed to an oracle, which is always right.

    Of equally confident ones the later are handed over first. Higher is better; NaN without samples.
    """
    if not len(correct):
        return float("nan")
    order = np.argsort(-confidence.astype(np.float64), kind="stable")
    kept = correct[order][: len(correct) - int(share * len(correct))]
    return float((kept.sum() + len(correct) - len(kept)) / len(correct))
