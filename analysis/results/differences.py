"""The difference of any two results, paired sample by sample: two predictors, two runs, two seeds. Needs only NumPy.

May import results, runs and metrics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Int64

from analysis.metrics.flips import broken, fixed
from analysis.metrics.groups import by_group
from analysis.results.fall_statistics import FallStatistics, fall_statistics
from analysis.results.results import Results, by_arguments, number
from analysis.run import Run
from analysis.statistics.paired import clear_sides


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

    @number
    def clear(self) -> Int64[np.ndarray, " exits"]:
        """1 where `b` is right more often than `a`, -1 where less often, 0 where it may be chance; 0 without labels."""
        return clear_sides(self.a_only, self.b_only)

    @cached_property
    def clear_at_last(self) -> int:
        """As `clear`, of the last exit of each, however many exits both have."""
        if self.a.n_exits == self.b.n_exits or not self.has_labels:
            return int(self.clear[-1])
        last = self.a.right[-1:], self.b.right[-1:]
        return int(clear_sides(broken(*last).sum(axis=1), fixed(*last).sum(axis=1))[0])

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
        No id is in both; a sample has another label in the other run; labels are known, but none in both; none is known
        and the ids of both are mere positions, of splits that are not alike.

    Examples
    --------
    >>> from analysis.results import results_of
    >>> from analysis.storage import find_run, load_run
    >>> run = load_run(find_run("msdnet-cifar100"))
    >>> difference = difference_of(results_of(run, "baseline"), results_of(run, "pa"))
    >>> int(difference.b_only[-1] - difference.a_only[-1]), round(float(difference.right_share[-1]), 4)
    (272, 0.0272)
    """
    places = _joined(_Side(a.run, a.split, a.positions), _Side(b.run, b.split, b.positions))
    pair = a.select(places[0]), b.select(places[1])
    both = (pair[0].traces.labels >= 0) & (pair[1].traces.labels >= 0)
    judged = np.flatnonzero(both) if both.any() else np.arange(len(both))
    return Difference(pair, *(_over(side, judged) for side in pair))


def _over(side: Results, judged: np.ndarray) -> Results:
    """A side's own judged samples where these are they, whose numbers it keeps."""
    return side.judged if side.judged.n_samples == len(judged) else side.select(judged)


class _Side(NamedTuple):
    """Samples of a run that are joined to those of another."""

    run: Run
    split: str
    positions: np.ndarray

    @property
    def name(self) -> str:
        return f"{self.run.id} (split {self.split})"

    @property
    def ids(self) -> np.ndarray:
        return self.run.samples["id"].to_numpy()[self.positions]

    @property
    def labels(self) -> np.ndarray:
        return self.run.labels[self.positions]


def check_joined(runs: Sequence[Run], split: str) -> None:
    """Refuse what no `difference_of` two of these runs could be, before anything is computed of them.

    Raises
    ------
    ValueError
        As `difference_of`.
    """
    for a, b in combinations([_Side(run, split, run.positions(split)) for run in runs], 2):
        _joined(a, b)


def _joined(a: _Side, b: _Side) -> tuple[np.ndarray, np.ndarray]:
    """The places in `a` and in `b` of the samples that both have, in `a`'s order.

    Raises
    ------
    ValueError
        As `difference_of`.
    """
    if a.run.fingerprint == b.run.fingerprint and np.array_equal(a.positions, b.positions):
        return (np.arange(len(a.positions)),) * 2
    places = pd.Index(b.ids).get_indexer(a.ids)
    shared = np.flatnonzero(places >= 0)
    if not len(shared):
        raise ValueError(f"{a.name} and {b.name} have no sample id in common: {_cure(a, b)}")
    places = shared, places[shared]
    labels = a.labels[places[0]], b.labels[places[1]]
    both = (labels[0] >= 0) & (labels[1] >= 0)
    if not both.any() and any((one >= 0).any() for one in labels):
        raise ValueError(
            f"no sample that {a.name} and {b.name} share has a label in both: import the runs again with --labels"
        )
    if not both.any() and _counted_otherwise(a, b):
        raise ValueError(f"{a.name} and {b.name} cannot be joined: without labels, {_COUNTED}")
    if (wrong := np.flatnonzero(both & (labels[0] != labels[1]))).size:
        first = wrong[0]
        raise ValueError(
            f"{a.name} and {b.name} disagree on the labels of {len(wrong):,} samples they share, first of "
            f"{a.ids[shared[first]]!r}: class {labels[0][first]} and {labels[1][first]}; {_cure(a, b)}"
        )
    return places


_COUNTED = (
    "ids that were not given count through all splits of a run, and the splits of these two are not alike; "
    "give both runs ids of their own by --samples"
)


def _cure(a: _Side, b: _Side) -> str:
    return _COUNTED if _counted_otherwise(a, b) else "compare runs of the same samples"


def _counted_otherwise(a: _Side, b: _Side) -> bool:
    """Whether both runs' ids are mere positions, and those of the split are not the same ones."""
    if a.run.fingerprint == b.run.fingerprint:
        return False
    if not all(np.array_equal(one.run.samples["id"], np.arange(one.run.n_samples).astype(str)) for one in (a, b)):
        return False
    splits = [one.run.samples["split"].to_numpy()[one.run.positions(one.split)] for one in (a, b)]
    return not (
        np.array_equal(a.run.positions(a.split), b.run.positions(b.split)) and np.array_equal(splits[0], splits[1])
    )


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
