"""How samples lose their true class: at which exit another class takes the lead for good, and whether it was still in
the running. Needs only NumPy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int64

NEVER_LED, OFF_SUPPORT, OUTVOTED = "never led", "off support", "outvoted"
CAUSES = (OFF_SUPPORT, OUTVOTED, NEVER_LED)
"""What takes the true class from the lead, of samples that are wrong at the last exit."""


def lost_at(correct: Bool[np.ndarray, "exits samples"]) -> Int64[np.ndarray, " samples"]:
    """The exit, from 0, from which on the true class never leads again; the number of exits where it leads at the last.

    0 where it never leads.

    >>> lost_at(np.array([[True, False, True], [True, False, False], [False, False, True]])).tolist()
    [2, 0, 3]
    """
    n_exits = len(correct)
    return np.where(correct.any(axis=0), n_exits - correct[::-1].argmax(axis=0), 0)


def lost_by(
    correct: Bool[np.ndarray, "exits samples"],
    log_true_class_prob: Float[np.ndarray, "exits samples"],
    collapsed: Bool[np.ndarray, "exits samples"],
) -> Int64[np.ndarray, " samples"]:
    """The place in `CAUSES` of what took each sample's true class from the lead; -1 where it leads at the last exit.

    Parameters
    ----------
    correct : whether the true class leads
    log_true_class_prob : -inf where it has no mass: its activation has reached 0
    collapsed : where no class has, and the fallback is shown

    Notes
    -----
    Asked at the exit at which another class takes the lead for good. `outvoted` is a class that was still on the
    support there; a softmax has no other kind.
    """
    at = lost_at(correct)
    here = np.minimum(at, len(correct) - 1), np.arange(correct.shape[1])
    there = np.isneginf(log_true_class_prob[here]) | collapsed[here]
    causes = np.where(there, CAUSES.index(OFF_SUPPORT), CAUSES.index(OUTVOTED))
    causes[~correct.any(axis=0)] = CAUSES.index(NEVER_LED)
    causes[correct[-1]] = -1
    return causes


class LostCounts(NamedTuple):
    """How many samples lose their true class, by cause; with what is right at the last exit they are all samples."""

    off_support: Int64[np.ndarray, " exits"]
    """By the exit at which another class takes the lead for good: its mass had reached 0."""
    outvoted: Int64[np.ndarray, " exits"]
    """The same of those whose class was still on the support."""
    never_led: int
    """Whose class leads at no exit."""

    @property
    def lost(self) -> int:
        """How many had the lead at some exit and not at the last: destructive overthinking, in samples."""
        return int(self.off_support.sum() + self.outvoted.sum())


def lost_counts(
    correct: Bool[np.ndarray, "exits samples"],
    log_true_class_prob: Float[np.ndarray, "exits samples"],
    collapsed: Bool[np.ndarray, "exits samples"],
) -> LostCounts:
    """The counts of `lost_by` at the exits of `lost_at`.

    >>> correct = np.array([[True, True, False], [False, True, False], [False, False, False]])
    >>> logs = np.log([[0.6, 0.6, 0.2], [0.5, 0.6, 0.1], [0.2, 0.3, 0.1]])
    >>> logs[1:, 0] = -np.inf
    >>> found = lost_counts(correct, logs, np.zeros((3, 3), bool))
    >>> found.off_support.tolist(), found.outvoted.tolist(), found.never_led
    ([0, 1, 0], [0, 0, 1], 1)
    """
    n_exits, at, causes = len(correct), lost_at(correct), lost_by(correct, log_true_class_prob, collapsed)
    counts = [
        np.bincount(at[causes == CAUSES.index(cause)], minlength=n_exits)[:n_exits] for cause in (OFF_SUPPORT, OUTVOTED)
    ]
    return LostCounts(*counts, int(np.count_nonzero(causes == CAUSES.index(NEVER_LED))))
