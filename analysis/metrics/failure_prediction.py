"""Does confidence tell right answers from wrong ones? AUROC, risk against coverage, deferral. Needs only NumPy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64

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


class Deferral(NamedTuple):
    """What handing the least confident answers to an oracle gives, at a row of thresholds that never part equals."""

    thresholds: Float[np.ndarray, " points"]
    """Rising; answers whose confidence is below it are handed over."""
    deferred: Int64[np.ndarray, " points"]
    """How many."""
    accuracies: Float64[np.ndarray, " points"]


def deferral_curve(
    confidence: Float[np.ndarray, " samples"],
    correct: Bool[np.ndarray, " samples"],
    most: float = 0.5,
    points: int = 50,
) -> Deferral:
    """Accuracy over the share of answers handed over, from none to about `most` of them; empty without samples.

    Higher is better. `deferred_accuracy` parts equal confidences by the samples' order, this does not.

    Examples
    --------
    >>> curve = deferral_curve(np.array([0.9, 0.5, 0.7, 0.5]), np.array([True, False, False, True]), most=1.0)
    >>> curve.thresholds.tolist(), curve.deferred.tolist(), curve.accuracies.tolist()
    ([0.5, 0.7, 0.9], [0, 2, 3], [0.5, 0.75, 1.0])
    """
    order = np.argsort(confidence, kind="stable")
    ranked = confidence[order]
    places = np.round(np.linspace(0, most, points + 1) * len(ranked)).astype(np.int64)
    thresholds = np.unique(ranked[np.minimum(places, len(ranked) - 1)]) if len(ranked) else ranked
    deferred = np.searchsorted(ranked, thresholds, side="left").astype(np.int64)
    wrong = np.append(0, np.cumsum(~correct[order]))
    left = wrong[-1] - wrong[deferred]
    return Deferral(thresholds, deferred, 1 - left / max(len(ranked), 1))
