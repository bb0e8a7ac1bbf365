"""Answers that a test writes down: the probabilities of every exit, and the labels."""

from __future__ import annotations

import numpy as np

from analysis.traces import Traces, trace_logits


def answers_of(probs: list, labels: list[int] | None = None) -> Traces:
    """The traces of probabilities (exits, samples, classes), which need not sum to 1: they are normalised."""
    with np.errstate(divide="ignore"):
        logits = np.log(np.array(probs, np.float64))
    return trace_logits(logits.astype(np.float32), labels, "baseline")


def confident(confidences: list, right: list) -> Traces:
    """Answers between two classes with these confidences above one half, (exits, samples), right or not."""
    confidence, right = np.array(confidences, np.float64), np.array(right, bool)
    labels = np.zeros(confidence.shape[1], np.int64)
    first = np.where(right, confidence, 1 - confidence)
    return answers_of(np.stack([first, 1 - first], axis=-1), labels)
