"""How often an answer changes with more computation, and from where on it stays. Needs only NumPy."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int64, Integer


def changes(predicted: Integer[np.ndarray, "exits samples"]) -> Int64[np.ndarray, " samples"]:
    """How often each sample's predicted class differs from the exit before. Lower is steadier; -1 is an answer too."""
    return (predicted[1:] != predicted[:-1]).sum(axis=0)


def settled_at(predicted: Integer[np.ndarray, "exits samples"]) -> Int64[np.ndarray, " samples"]:
    """The first exit, from 1, from which on each sample's predicted class stays the same. Lower is steadier.

    Examples
    --------
    >>> settled_at(np.array([[1, 1, 2], [1, 2, 1], [1, 2, 2]])).tolist()
    [1, 2, 3]
    """
    changed = predicted[1:] != predicted[:-1]
    return (changed * np.arange(2, len(predicted) + 1)[:, None]).max(axis=0, initial=1).astype(np.int64)


def settled_shares(predicted: Integer[np.ndarray, "exits samples"]) -> Float[np.ndarray, " exits"]:
    """Share of samples by the exit from which their answer stays; NaN without samples."""
    counts = np.bincount(settled_at(predicted), minlength=len(predicted) + 1)[1:]
    return counts / predicted.shape[1] if predicted.shape[1] else np.full(len(predicted), np.nan)


def answer_entropy(predicted: Integer[np.ndarray, "exits samples"]) -> Float[np.ndarray, " samples"]:
    """Entropy (nats) of each sample's predicted classes over the exits, each exit counting alike. Lower is steadier.

    Examples
    --------
    >>> answer_entropy(np.array([[1, 1], [1, 2]])).round(4).tolist()
    [0.0, 0.6931]
    """
    exits = len(predicted)
    log_counts = np.zeros(predicted.shape[1])
    for answers in predicted:  # the mean over exits of log(how often that exit's answer is given)
        log_counts += np.log((predicted == answers).sum(axis=0))
    return np.maximum(0.0, np.log(exits) - log_counts / exits)


def right_so_far(correct: Bool[np.ndarray, "exits samples"]) -> Float[np.ndarray, " exits"]:
    """Share of samples that were right at some exit up to each one; NaN without samples. Higher is better."""
    seen = np.logical_or.accumulate(correct, axis=0)
    return seen.mean(axis=1) if seen.shape[1] else np.full(len(seen), np.nan)
