"""The difference of any two results, paired sample by sample: two predictors, two runs, two seeds. Needs only NumPy.

May import results, runs and metrics.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from jaxtyping import Float, Int64

from analysis.metrics.flips import broken, fixed
from analysis.metrics.groups import by_group
from analysis.results.fall_statistics import FallStatistics, fall_statistics
from analysis.results.results import Results, by_arguments, number


@dataclass(frozen=True, eq=False)
class Difference:
    """`b` against `a` on the samples that both have: `difference_of` makes it, and computes what is asked for, once.

    Numbers per exit are of the exits that both have. Which of the two is better, or first, is not told here; where a
    predictor is held against the baseline, `a` is the baseline.

    Attributes
    ----------
    pair : the results of every sample that both have, in `a`'s order
    a, b : of those that are judged: whose label both know; of all, by their final predictions, where no label is known
    """

    pair: tuple[Results, Results]
    a: Results
    b: Results
    kept: dict[tuple, object] = field(default_factory=dict, repr=False)
    """(method, its arguments) -> what it gave."""

    @property
    def of(self) -> str:
        """What is spoken of, as in `Results`."""
        return self.a.of

    @property
    def has_labels(self) -> bool:
        """Whether the true class is followed; otherwise the final prediction is."""
        return self.a.has_labels

    @property
    def n_samples(self) -> int:
        """How many samples are judged."""
        return self.a.n_samples

    @property
    def n_exits(self) -> int:
        """How many exits both have."""
        return min(self.a.n_exits, self.b.n_exits)

    @number
    def right_share(self) -> Float[np.ndarray, " exits"]:
        """`b`'s share of right samples less `a`'s, a fraction of 1."""
        return self.b.right_share[: self.n_exits] - self.a.right_share[: self.n_exits]

    @number
    def a_only(self) -> Int64[np.ndarray, " exits"]:
        """How many samples `a` alone has right, broken where it is the baseline; 0 without labels."""
        return self._flipped(broken)

    @number
    def b_only(self) -> Int64[np.ndarray, " exits"]:
        """How many samples `b` alone has right, fixed where `a` is the baseline; 0 without labels."""
        return self._flipped(fixed)

    def _flipped(self, which: object) -> np.ndarray:
        if not self.has_labels:
            return np.zeros(self.n_exits, np.int64)
        return which(self.a.right[: self.n_exits], self.b.right[: self.n_exits]).sum(axis=1)

    @number
    def changed(self) -> Int64[np.ndarray, " exits"]:
        """How many samples' predicted class differs."""
        a, b = (side.traces.predicted[: self.n_exits] for side in (self.a, self.b))
        return (a != b).sum(axis=1)

    @cached_property
    def classes(self) -> Int64[np.ndarray, " samples"]:
        """The class that each judged sample counts for: its label, else `a`'s final prediction; -1: it has none."""
        traces = self.a.traces
        return traces.labels if self.has_labels else traces.predicted[-1].astype(np.int64)

    @by_arguments
    def falls(self, of: str, kind: str) -> FallStatistics | None:
        """Largest falls of every sample that both have, `of` and `kind` as in `Results.fall`; None: none is known."""
        a, b = self.pair
        return fall_statistics(a.fall(of, kind).size, b.fall(of, kind).size)


def difference_of(a: Results, b: Results) -> Difference:
    """What `b` does to the samples that `a` has too.

    Parameters
    ----------
    a, b : Results
        Of any two predictors, settings, runs or splits; samples of two runs are paired by their ids.

    Raises
    ------
    ValueError
        No id is in both; a sample has another label in the other run; labels are known, but none in both.

    Examples
    --------
    >>> from analysis.results import results_of
    >>> from analysis.storage import find_run, load_run
    >>> run = load_run(find_run("msdnet-cifar100"))
    >>> difference = difference_of(results_of(run, "baseline"), results_of(run, "pa"))
    >>> int(difference.b_only[-1] - difference.a_only[-1]), round(float(difference.right_share[-1]), 4)
    (272, 0.0272)
    """
    pair = paired(a, b)
    labels = [side.traces.labels for side in pair]
    both = (labels[0] >= 0) & (labels[1] >= 0)
    if not both.any() and any(side.has_labels for side in pair):
        raise ValueError(
            f"no sample that {_named(a)} and {_named(b)} share has a label in both: import the runs again with --labels"
        )
    if (wrong := np.flatnonzero(both & (labels[0] != labels[1]))).size:
        first = wrong[0]
        raise ValueError(
            f"{_named(a)} and {_named(b)} disagree on the labels of {len(wrong):,} samples they share, first of "
            f"{pair[0].ids[first]!r}: class {labels[0][first]} and {labels[1][first]}; compare runs of the same samples"
        )
    judged = np.flatnonzero(both) if both.any() else np.arange(len(both))
    return Difference(pair, *(_over(side, judged) for side in pair))


def _over(side: Results, judged: np.ndarray) -> Results:
    """A side's own judged samples where these are they, whose numbers it keeps."""
    return side.judged if side.judged.n_samples == len(judged) else side.select(judged)


def paired(a: Results, b: Results) -> tuple[Results, Results]:
    """Both over the samples that both have, in `a`'s order.

    Raises
    ------
    ValueError
        There is none.
    """
    if a.run.fingerprint == b.run.fingerprint and np.array_equal(a.positions, b.positions):
        return a, b
    places = pd.Index(b.ids).get_indexer(a.ids)
    shared = np.flatnonzero(places >= 0)
    if not len(shared):
        raise ValueError(f"{_named(a)} and {_named(b)} have no sample id in common: compare runs of the same samples")
    return a.select(shared), b.select(places[shared])


def _named(results: Results) -> str:
    return f"{results.run.id} (split {results.split})"


def grouped(classes: np.ndarray, group_of_class: np.ndarray | None) -> np.ndarray:
    """The group of each class; what is no class, below 0, stays none."""
    classes = np.asarray(classes, np.int64)
    return classes if group_of_class is None else np.where(classes >= 0, group_of_class[classes], -1)


@dataclass(frozen=True, eq=False)
class GroupFalls:
    """Mean largest fall per class or superclass, from `a`'s largest down; groups without samples left out.

    Attributes
    ----------
    group : int64 (groups,), indices into the names of the groups
    samples : int (groups,)
    a, b : float (groups,), mean largest fall
    """

    group: np.ndarray
    samples: np.ndarray
    a: np.ndarray
    b: np.ndarray


def group_falls(difference: Difference, n_groups: int, group_of_class: np.ndarray | None = None) -> GroupFalls:
    """Which groups of classes fall most.

    Parameters
    ----------
    n_groups : int
        Number of classes, or of superclasses with `group_of_class`.
    group_of_class : int (classes,), optional
        The superclass of every class.
    """
    group = grouped(difference.classes, group_of_class)
    known = group >= 0  # -1: nothing was predicted
    group = group[known]
    right = np.zeros((1, int(known.sum())), dtype=bool)
    a, b = (
        by_group(group, right, side.fall(difference.of).size[known], n_groups) for side in (difference.a, difference.b)
    )
    order = np.argsort(-np.nan_to_num(a.mean_fall, nan=-1.0), kind="stable")
    order = order[a.samples[order] > 0]
    return GroupFalls(order, a.samples[order], a.mean_fall[order], b.mean_fall[order])
