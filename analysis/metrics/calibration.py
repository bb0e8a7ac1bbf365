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


def classwise_ece(
    probs: Float[np.ndarray, "samples classes"], labels: Integer[np.ndarray, " samples"], bins: int = BINS
) -> float:
    """The mean over classes c of the ECE of p(c) against 1[y = c]. Lower is better."""
    return float(np.mean([ece(probs[:, c], labels == c, bins) for c in range(probs.shape[1])]))


def brier(
    sum_squared: Float[np.ndarray, "exits samples"], true_class_prob: Float[np.ndarray, "exits samples"]
) -> Float[np.ndarray, " exits"]:
    """Brier score as the sum over classes: mean(sum_c p_c^2 - 2 p_y + 1), in [0, 2]. Lower is better."""
    score = sum_squared.astype(np.float64) - 2 * true_class_prob.astype(np.float64) + 1
    return score.mean(axis=1) if score.shape[1] else np.full(len(score), np.nan)


def nll(log_true_class_prob: Float[np.ndarray, "exits samples"]) -> Float[np.ndarray, " exits"]:
    """Mean negative log-likelihood in nats; infinite once one sample's true class has no mass. Lower is better.

    Report `off_support` beside it: under a product of experts one such sample is enough.
    """
    if log_true_class_prob.shape[1] == 0:
        return np.full(len(log_true_class_prob), np.nan)
    return -log_true_class_prob.mean(axis=1, dtype=np.float64)


def off_support(
    log_true_class_prob: Float[np.ndarray, "exits samples"], collapsed: Bool[np.ndarray, "exits samples"]
) -> Float[np.ndarray, " exits"]:
    """Fraction of samples whose true class left the support; a collapsed sample has none, whatever is shown for it."""
    outside = np.isneginf(log_true_class_prob) | collapsed
    return outside.mean(axis=1) if outside.shape[1] else np.full(len(outside), np.nan)
