"""Which classes fall, into what, and what the other of two answers does to each; which are taken for which.

May import results and metrics. Needs only NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.metrics.confusion import (
    Pairs,
    beside,
    commonest,
    commonest_wrong,
    half_of_the_wrong,
    matrix,
    most_confused,
    order_by_confusion,
    pairs_of,
)
from analysis.metrics.decrease import limits
from analysis.metrics.groups import by_group
from analysis.results.differences import Difference, grouped
from analysis.results.results import Results

THRESHOLD = 0.1
"""Falls above it count."""
PAIRS = 20
"""Pairs of classes that are told."""
MATRIX_UP_TO, MATRIX_OF = 60, 40
"""A matrix holds every class up to so many; of more it holds so many, those with the most confusion."""


@dataclass(frozen=True, eq=False)
class ClassNumbers:
    """What becomes of each class, or group of classes; pairs are of the difference's `a` and `b`.

    Attributes
    ----------
    samples : int64 (groups,)
    right_share : two float (groups, exits), accuracies; without labels shares of answers that are final; NaN: no sample
    falling_percent : two float (groups,), of the samples whose largest fall is above `THRESHOLD`
    falling : two int64 (groups,), how many these are
    falls_into : two int64 (groups,), the commonest other answer where those falls end; -1: none
    broken, fixed : int64 (groups,), right under `a` alone and under `b` alone at the last exit; 0 without labels
    """

    samples: np.ndarray
    right_share: tuple[np.ndarray, np.ndarray]
    falling_percent: tuple[np.ndarray, np.ndarray]
    falling: tuple[np.ndarray, np.ndarray]
    falls_into: tuple[np.ndarray, np.ndarray]
    broken: np.ndarray
    fixed: np.ndarray


def class_numbers(difference: Difference, n_groups: int, group_of_class: np.ndarray | None = None) -> ClassNumbers:
    """Numbers of every class over the judged samples, counted as the class that `Difference.classes` tells.

    Parameters
    ----------
    n_groups : int
        Number of classes, or of superclasses with `group_of_class`.
    group_of_class : int (classes,), optional
        The superclass of every class.
    """
    group = grouped(difference.classes, group_of_class)
    known = group >= 0
    sides = (difference.a, difference.b)
    above = [
        side.fall(difference.of).size > limits([THRESHOLD], side.fall(difference.of).size.dtype)[0] for side in sides
    ]
    of_side = [
        by_group(group[known], side.right[:, known], side.fall(difference.of).size[known], n_groups, (THRESHOLD,))
        for side in sides
    ]
    right = [side.right[difference.n_exits - 1] & known & difference.has_labels for side in sides]
    return ClassNumbers(
        of_side[0].samples,
        tuple(one.accuracy for one in of_side),
        tuple(one.decrease_percent[:, 0] for one in of_side),
        tuple(np.bincount(group[known & fallen], minlength=n_groups) for fallen in above),
        tuple(
            _falls_into(side, difference.of, fallen & known, group, group_of_class, n_groups)
            for side, fallen in zip(sides, above)
        ),
        np.bincount(group[right[0] & ~right[1]], minlength=n_groups),
        np.bincount(group[right[1] & ~right[0]], minlength=n_groups),
    )


def _falls_into(
    side: Results, of: str, fallen: np.ndarray, group: np.ndarray, group_of_class: np.ndarray | None, n_groups: int
) -> np.ndarray:
    rows = np.flatnonzero(fallen)
    answers = side.traces.predicted[side.fall(of).to_exit[rows], rows]
    return commonest_wrong(pairs_of(group[rows], grouped(answers, group_of_class)[None], n_groups), n_groups)


@dataclass(frozen=True, eq=False)
class Confusion:
    """Which classes are taken for which at an exit, under a difference's `a` and `b`.

    Attributes
    ----------
    wrong : how many answers are of another class, under each
    half : how many pairs, the commonest first, hold half of these
    pairs : the commonest pairs of different classes, by the larger of their two counts, which `samples` is
    counts : int64 (2, pairs), of each pair under `a` and `b`
    classes : int64 (chosen,), those of the matrix, like beside like
    matrix : int64 (2, chosen, chosen), samples by class (rows) and answer (columns)
    taken_for, times : two int64 (groups,), what each class is taken for most often (-1: nothing), and how often
    """

    wrong: tuple[int, int]
    half: tuple[int, int]
    pairs: Pairs
    counts: np.ndarray
    classes: np.ndarray
    matrix: np.ndarray
    taken_for: tuple[np.ndarray, np.ndarray]
    times: tuple[np.ndarray, np.ndarray]


def confusion(
    difference: Difference, exit_: int | None, n_groups: int, group_of_class: np.ndarray | None = None
) -> Confusion:
    """Which classes, or groups of classes, are taken for which, over the judged samples.

    Parameters
    ----------
    exit_ : int or None
        From 0; None: any exit, where a sample counts once for each answer that it gets.
    n_groups, group_of_class
        As in `class_numbers`.
    """
    both = _pairs(difference, exit_, n_groups, group_of_class)
    larger = _larger(*both)
    pairs = commonest(larger, PAIRS)
    most = n_groups if n_groups <= MATRIX_UP_TO else MATRIX_OF
    classes = most_confused(larger, n_groups, most)
    classes = classes[order_by_confusion(sum(matrix(one, classes) for one in both))]
    taken_for = tuple(commonest_wrong(one, n_groups) for one in both)
    return Confusion(
        tuple(int(one.samples[one.wrong].sum()) for one in both),
        tuple(half_of_the_wrong(one) for one in both),
        pairs,
        np.stack([beside(pairs, one) for one in both]),
        classes,
        np.stack([matrix(one, classes) for one in both]),
        taken_for,
        tuple(_times(one, answers) for one, answers in zip(both, taken_for)),
    )


def pair_counts(
    difference: Difference,
    pairs: Pairs,
    exit_: int | None,
    n_groups: int,
    group_of_class: np.ndarray | None = None,
) -> np.ndarray:
    """How many samples each of these pairs holds under `a` and `b`, int64 (2, pairs); the rest as in `confusion`."""
    return np.stack([beside(pairs, one) for one in _pairs(difference, exit_, n_groups, group_of_class)])


def matrix_counts(
    difference: Difference,
    classes: np.ndarray,
    exit_: int | None,
    n_groups: int,
    group_of_class: np.ndarray | None = None,
) -> np.ndarray:
    """Samples by class and answer of a matrix's classes, int64 (2, chosen, chosen); the rest as in `confusion`."""
    return np.stack([matrix(one, classes) for one in _pairs(difference, exit_, n_groups, group_of_class)])


def _pairs(difference: Difference, exit_: int | None, n_groups: int, group_of_class: np.ndarray | None) -> list[Pairs]:
    group = grouped(difference.classes, group_of_class)
    exits = slice(None) if exit_ is None else slice(exit_, exit_ + 1)
    return [
        pairs_of(group, grouped(side.traces.predicted[exits], group_of_class), n_groups)
        for side in (difference.a, difference.b)
    ]


def _larger(a: Pairs, b: Pairs) -> Pairs:
    """The pairs of either, each with the larger of its counts."""
    alone = b.select(beside(b, a) == 0)
    joined = Pairs(*(np.concatenate([x, y]) for x, y in zip(a, alone)))
    joined = joined.select(np.lexsort((joined.predicted, joined.true)))
    return joined._replace(samples=np.maximum(beside(joined, a), beside(joined, b)))


def _times(pairs: Pairs, answers: np.ndarray) -> np.ndarray:
    classes = np.arange(len(answers))
    wanted = Pairs(classes, np.maximum(answers, 0), np.zeros_like(classes))
    return np.where(answers >= 0, beside(wanted, pairs), 0)
