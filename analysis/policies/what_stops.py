"""What a rule does to whom: risk by the exit where samples stop, who stops too early and too late. Needs only NumPy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int64, Integer


class StopGroups(NamedTuple):
    """The samples that stop at each exit, or by each exit; (exits,) each, shares NaN without samples."""

    samples: Int64[np.ndarray, " exits"]
    right: Int64[np.ndarray, " exits"]
    lost: Int64[np.ndarray, " exits"]
    """Wrong where they stop and right at the last exit."""

    @property
    def accuracy(self) -> Float[np.ndarray, " exits"]:
        """Share that is right where it stops."""
        return self.right / np.where(self.samples > 0, self.samples, np.nan)

    @property
    def gap(self) -> Float[np.ndarray, " exits"]:
        """Share that the last exit would have had right and that is wrong where it stops. Lower is better."""
        return self.lost / np.where(self.samples > 0, self.samples, np.nan)


def right_where_stopped(
    correct: Bool[np.ndarray, "exits samples"], stops: Integer[np.ndarray, " samples"]
) -> Bool[np.ndarray, " samples"]:
    """Whether each sample is right at the exit (from 0) where it stops; False where it has none (-1)."""
    return correct[np.maximum(stops, 0), np.arange(len(stops))] & (stops >= 0)


def stop_groups(
    correct: Bool[np.ndarray, "exits samples"], stops: Integer[np.ndarray, " samples"], *, up_to: bool = False
) -> StopGroups:
    """Samples, right ones and lost ones by the exit where they stop (-1: nowhere, left out); up to it with `up_to`.

    Control of the mean risk hides large gaps at early exits (arXiv 2402.00857).

    Examples
    --------
    >>> correct = np.array([[True, False, False], [True, True, False]])
    >>> groups = stop_groups(correct, np.array([0, 0, 1]))
    >>> groups.samples.tolist(), groups.accuracy.tolist(), groups.gap.tolist()
    ([2, 1], [0.5, 0.0], [0.5, 0.0])
    """
    stopped, n_exits = stops >= 0, len(correct)
    right = right_where_stopped(correct, stops)
    counts = [
        np.bincount(stops[which], minlength=n_exits) for which in (stopped, right, stopped & ~right & correct[-1])
    ]
    return StopGroups(*(np.cumsum(count) if up_to else count for count in counts))


def stopped_too_early(
    correct: Bool[np.ndarray, "exits samples"], stops: Integer[np.ndarray, " samples"]
) -> Bool[np.ndarray, " samples"]:
    """Wrong where it stops, though a later exit is right."""
    later = np.arange(len(correct))[:, None] > stops
    return (stops >= 0) & ~right_where_stopped(correct, stops) & (correct & later).any(axis=0)


def stopped_too_late(
    correct: Bool[np.ndarray, "exits samples"], stops: Integer[np.ndarray, " samples"]
) -> Bool[np.ndarray, " samples"]:
    """An exit before the one where it stops was right already."""
    earlier = np.arange(len(correct))[:, None] < stops
    return (correct & earlier).any(axis=0)


class ClassDepths(NamedTuple):
    """One row per class; means NaN where a class has no sample."""

    samples: Int64[np.ndarray, " classes"]
    mean_exit: Float[np.ndarray, " classes"]
    """From 1."""
    mean_cost: Float[np.ndarray, " classes"] | None
    """None where the costs are unknown."""
    accuracy: Float[np.ndarray, " classes"]
    """Where they stop."""
    gap: Float[np.ndarray, " classes"]
    """The last exit's accuracy less the one where they stop: whom early exits serve worse. Lower is better."""


def class_depths(
    correct: Bool[np.ndarray, "exits samples"],
    stops: Integer[np.ndarray, " samples"],
    labels: Integer[np.ndarray, " samples"],
    n_classes: int,
    costs: np.ndarray | None = None,
) -> ClassDepths:
    """How deep each class goes, and what that is worth; samples that stop nowhere (-1) are left out."""
    stopped = stops >= 0
    correct, stops, labels = correct[:, stopped], stops[stopped], labels[stopped]
    samples = np.bincount(labels, minlength=n_classes)
    filled = np.where(samples > 0, samples, np.nan)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(labels, weights=values, minlength=n_classes) / filled

    accuracy = mean(right_where_stopped(correct, stops))
    cost = None if costs is None else mean(np.asarray(costs, np.float64)[stops])
    return ClassDepths(samples, mean(stops + 1), cost, accuracy, mean(correct[-1]) - accuracy)
