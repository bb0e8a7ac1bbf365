"""Which samples become right, and wrong again, over the exits; which a predictor fixes or breaks. Needs only NumPy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Integer


class Flips(NamedTuple):
    """Numbers of samples per exit."""

    learned: Integer[np.ndarray, " exits"]
    """Right for the first time at this exit."""
    forgotten: Integer[np.ndarray, " exits"]
    """Right at the exit before, wrong at this one; a sample can be forgotten more than once."""


def first_right(correct: Bool[np.ndarray, "exits samples"]) -> Integer[np.ndarray, " samples"]:
    """The exit (from 0) at which each sample is right for the first time; -1 where it never is."""
    return np.where(correct.any(axis=0), correct.argmax(axis=0), -1)


def forgotten(correct: Bool[np.ndarray, "exits samples"]) -> Bool[np.ndarray, "exits samples"]:
    """Right at the exit before and wrong at this one; nothing is forgotten at the first exit."""
    lost = np.zeros_like(correct)
    lost[1:] = correct[:-1] & ~correct[1:]
    return lost


def flips(correct: Bool[np.ndarray, "exits samples"]) -> Flips:
    """How many samples are learned and forgotten at each exit.

    >>> learned, lost = flips(np.array([[True, False], [False, True], [True, True]]))
    >>> learned.tolist(), lost.tolist()
    ([1, 1, 0], [0, 1, 0])
    """
    first = first_right(correct)
    learned = np.bincount(first[first >= 0], minlength=len(correct))
    return Flips(learned, forgotten(correct).sum(axis=1))


def fixed(baseline: Bool[np.ndarray, " *shape"], corrected: Bool[np.ndarray, " *shape"]) -> Bool[np.ndarray, " *shape"]:
    """Wrong under the baseline and right under the predictor."""
    return ~baseline & corrected


def broken(
    baseline: Bool[np.ndarray, " *shape"], corrected: Bool[np.ndarray, " *shape"]
) -> Bool[np.ndarray, " *shape"]:
    """Right under the baseline and wrong under the predictor."""
    return baseline & ~corrected
