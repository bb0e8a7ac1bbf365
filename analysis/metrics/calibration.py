"""Do probabilities mean what they say: ECE, its variants, Brier, NLL and reliability diagrams. Needs only NumPy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Integer

BINS = 15


class Reliability(NamedTuple):
    """One reliability diagram: per bin its edges, number of samples, mean confidence and accuracy (NaN when empty)."""

    low: Float[np.ndarray, " bins"]
    high: Float[np.ndarray, " bins"]
    samples: Integer[np.ndarray, " bins"]
    confidence: Float[np.ndarray, " bins"]
    accuracy: Float[np.ndarray, " bins"]


def bin_index(confidence: Float[np.ndarray, " samples"], bins: int = BINS) -> Integer[np.ndarray, " samples"]:
    """The bin floor(bins * confidence) of each sample, 1.0 in the last one; in float64, so that no edge moves."""
    return np.minimum((bins * confidence.astype(np.float64)).astype(np.int64), bins - 1)


def bin_edge(place: int, bins: int = BINS) -> float:
    """The smallest float32 confidence that `bin_index` puts into a bin, from 0, or one above it.

    Examples
    --------
    >>> bin_edge(3), bool(bin_edge(1) < 1 / 15)
    (0.20000000298023224, False)
    """
    edge = np.float32(place / bins)
    while bins * float(edge) < place:
        edge = np.nextafter(edge, np.float32(2))
    while bins * float(below := np.nextafter(edge, np.float32(-1))) >= place:
        edge = below
    return float(edge)


def binned(
    index: Integer[np.ndarray, " samples"],
    confidence: Float[np.ndarray, " samples"],
    correct: Bool[np.ndarray, " samples"],
    bins: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Samples, sum of confidence and number of right ones in each bin."""
    samples = np.bincount(index, minlength=bins)
    confident = np.bincount(index, weights=confidence, minlength=bins)
    right = np.bincount(index, weights=correct, minlength=bins)
    return samples, confident, right


def expected_gap(samples: np.ndarray, confident: np.ndarray, right: np.ndarray) -> float:
    """Sum over bins of (share of samples) * abs(accuracy - confidence); empty bins add nothing."""
    total = samples.sum()
    return float(np.abs(right - confident).sum() / total) if total else float("nan")


def reliability(
    confidence: Float[np.ndarray, " samples"], correct: Bool[np.ndarray, " samples"], bins: int = BINS
) -> Reliability:
    """The reliability diagram over equal-width bins of confidence."""
    samples, confident, right = binned(bin_index(confidence, bins), confidence, correct, bins)
    edges = np.arange(bins + 1) / bins
    filled = np.where(samples > 0, samples, np.nan)
    return Reliability(edges[:-1], edges[1:], samples, confident / filled, right / filled)


def ece(confidence: Float[np.ndarray, " samples"], correct: Bool[np.ndarray, " samples"], bins: int = BINS) -> float:
    """Expected calibration error: sum over bins of n_b / n * abs(accuracy_b - confidence_b). Lower is better.

    Equal-width bins, index floor(bins * confidence), 1.0 in the last. Guo et al. 2017 (arXiv 1706.04599) close the bins
    on the right: an edge value is one bin higher here. Empty bins add nothing; NaN without samples.

    >>> ece(np.array([0.9, 0.9]), np.array([True, False]))
    0.4
    """
    return expected_gap(*binned(bin_index(confidence, bins), confidence, correct, bins))


def adaptive_ece(
    confidence: Float[np.ndarray, " samples"], correct: Bool[np.ndarray, " samples"], bins: int = BINS
) -> float:
    """ECE over `bins` bins of equally many samples in order of confidence. Lower is better.

    Sizes differ by at most one, the first bins being the larger; equal confidences keep their order.
    """
    order = np.argsort(confidence, kind="stable")
    index = np.empty(len(order), np.int64)
    for number, part in enumerate(np.array_split(order, bins)):
        index[part] = number
    return expected_gap(*binned(index, confidence, correct, bins))


class ClassBins(NamedTuple):
    """Every class's bins of p(c), as sums over samples that add up over chunks: samples, their p(c), and those of c."""

    samples: Float[np.ndarray, "classes bins"]
    confident: Float[np.ndarray, "classes bins"]
    right: Float[np.ndarray, "classes bins"]

    def plus(self, other: ClassBins) -> ClassBins:
        """The bins of both chunks' samples."""
        return ClassBins(*(ours + theirs for ours, theirs in zip(self, other)))


def class_bins(
    probs: Float[np.ndarray, "samples classes"], labels: Integer[np.ndarray, " samples"], bins: int = BINS
) -> ClassBins:
    """The bins of each class over some samples, all labelled.

    Few probabilities leave the first bin, at most `bins` of a row: these alone are sorted, and it has the rest.
    """
    n_classes = probs.shape[1]
    above = np.flatnonzero(bins * probs.astype(np.float64).ravel() >= 1)
    values, classes = probs.ravel()[above].astype(np.float64), above % n_classes
    cells = classes * bins + bin_index(values, bins)
    true = np.take_along_axis(probs, labels[:, None], axis=1)[:, 0].astype(np.float64)
    samples, confident, right = (
        np.bincount(where, weights=weights, minlength=n_classes * bins).reshape(n_classes, bins).astype(np.float64)
        for where, weights in ((cells, None), (cells, values), (labels * bins + bin_index(true, bins), None))
    )
    samples[:, 0] = len(probs) - samples.sum(axis=1)
    small = probs.astype(np.float64)
    small.ravel()[above] = 0
    confident[:, 0] = small.sum(axis=0)
    return ClassBins(samples, confident, right)


def classwise_error(found: ClassBins) -> float:
    """The mean over classes of their ECE. Lower is better; NaN without samples."""
    return float(np.mean([expected_gap(*one) for one in zip(*found)]))


def classwise_ece(
    probs: Float[np.ndarray, "samples classes"], labels: Integer[np.ndarray, " samples"], bins: int = BINS
) -> float:
    """The mean over classes c of the ECE of p(c) against 1[y = c]. Lower is better."""
    return classwise_error(class_bins(probs, labels, bins))


def brier(
    sum_squared: Float[np.ndarray, "exits samples"], true_class_prob: Float[np.ndarray, "exits samples"]
) -> Float[np.ndarray, " exits"]:
    """Brier score as the sum over classes: mean(sum_c p_c^2 - 2 p_y + 1), in [0, 2]. Lower is better."""
    score = sum_squared.astype(np.float64) - 2 * true_class_prob.astype(np.float64) + 1
    return score.mean(axis=1) if score.shape[1] else np.full(len(score), np.nan)


class BrierParts(NamedTuple):
    """Murphy's parts of mean((confidence - right)^2) = reliability - resolution + uncertainty + remainder."""

    reliability: float
    resolution: float
    uncertainty: float
    remainder: float
    """What differs within bins: the variance of the confidence there less twice its covariance with being right."""


def brier_parts(
    confidence: Float[np.ndarray, " samples"], correct: Bool[np.ndarray, " samples"], bins: int = BINS
) -> BrierParts:
    """The Brier score of the confidence against being right, taken apart over equal-width bins.

    Reliability, lower is better: how far confidence lies from accuracy in each bin. Resolution, higher is better: how
    far the bins' accuracies lie from each other. Murphy 1973 (Journal of Applied Meteorology 12); the remainder,
    Stephenson et al. 2008 (Weather and Forecasting 23). NaN without samples.

    Examples
    --------
    >>> brier_parts(np.array([0.5, 0.5]), np.array([True, False]))
    BrierParts(reliability=0.0, resolution=0.0, uncertainty=0.25, remainder=0.0)
    """
    if not len(correct):
        return BrierParts(*[float("nan")] * 4)
    wide = confidence.astype(np.float64)
    samples, confident, right = binned(bin_index(confidence, bins), wide, correct, bins)
    filled, share = samples > 0, float(correct.mean())
    weights = samples[filled] / len(correct)
    means, accuracies = confident[filled] / samples[filled], right[filled] / samples[filled]
    reliable = float((weights * (means - accuracies) ** 2).sum())
    resolved = float((weights * (accuracies - share) ** 2).sum())
    uncertain = share * (1 - share)
    return BrierParts(
        reliable, resolved, uncertain, float(((wide - correct) ** 2).mean()) - (reliable - resolved + uncertain)
    )


def nll(log_true_class_prob: Float[np.ndarray, "exits samples"]) -> Float[np.ndarray, " exits"]:
    """Mean negative log-likelihood in nats; infinite once one sample's true class has no mass. Lower is better.

    Report `off_support` beside it: under a product of experts one such sample is enough.
    """
    if log_true_class_prob.shape[1] == 0:
        return np.full(len(log_true_class_prob), np.nan)
    return -log_true_class_prob.mean(axis=1, dtype=np.float64)


def nll_on_support(
    log_true_class_prob: Float[np.ndarray, "exits samples"], collapsed: Bool[np.ndarray, "exits samples"]
) -> Float[np.ndarray, " exits"]:
    """Mean negative log-likelihood in nats of the samples whose true class is on the support; NaN without one.

    Lower is better. `off_support` is the share that is left out: report both.
    """
    on = ~(np.isneginf(log_true_class_prob) | collapsed)
    total = -np.where(on, log_true_class_prob, 0).sum(axis=1, dtype=np.float64)
    return np.divide(total, on.sum(axis=1), out=np.full(len(on), np.nan), where=on.any(axis=1))


def off_support(
    log_true_class_prob: Float[np.ndarray, "exits samples"], collapsed: Bool[np.ndarray, "exits samples"]
) -> Float[np.ndarray, " exits"]:
    """Fraction of samples whose true class left the support; a collapsed sample has none, whatever is shown for it."""
    outside = np.isneginf(log_true_class_prob) | collapsed
    return outside.mean(axis=1) if outside.shape[1] else np.full(len(outside), np.nan)
