"""Which classes are taken for which: pairs of true and predicted class, and an order that puts like beside like.

Pairs are kept as a list of those that occur, so that a thousand classes cost no million cells. Needs only NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Integer


class Pairs(NamedTuple):
    """The pairs of true and predicted class that occur, by true, then predicted class; right answers included."""

    true: Integer[np.ndarray, " pairs"]
    predicted: Integer[np.ndarray, " pairs"]
    samples: Integer[np.ndarray, " pairs"]

    @property
    def wrong(self) -> Bool[np.ndarray, " pairs"]:
        """Which pairs are of two different classes."""
        return self.true != self.predicted

    def select(self, places: np.ndarray) -> Pairs:
        """The pairs at `places` (indices or a mask), in that order."""
        return Pairs(*(column[places] for column in self))


def pairs_of(
    true: Integer[np.ndarray, " samples"], predicted: Integer[np.ndarray, "exits samples"], n_classes: int
) -> Pairs:
    """How many samples of each class get each answer at one of some exits; each counts once for an answer that it gets.

    Parameters
    ----------
    true
        The class of each sample; below 0: unknown, left out.
    predicted
        The answers at the exits that count: one of them, or several. Below 0: none is given, left out.
    n_classes
        Number of classes.

    Examples
    --------
    >>> pairs_of(np.array([0, 0, 1]), np.array([[0, 1, 1], [1, 1, 1]]), 2).samples.tolist()
    [1, 2, 1]
    """
    answers = np.sort(predicted, axis=0)  # a repeated answer stands beside itself
    counted = (answers >= 0) & (true >= 0)
    counted[1:] &= answers[1:] != answers[:-1]
    keys = (true.astype(np.int64) * n_classes + answers)[counted]
    found, samples = np.unique(keys, return_counts=True)
    return Pairs(found // n_classes, found % n_classes, samples)


def beside(pairs: Pairs, other: Pairs) -> Integer[np.ndarray, " pairs"]:
    """How many samples another list counts for each of these pairs; 0 where it has none."""
    n_classes = int(max((column.max(initial=0) for column in (*pairs[:2], *other[:2])), default=0)) + 1
    keys, others = (one.true * n_classes + one.predicted for one in (pairs, other))
    if not len(others):
        return np.zeros(len(keys), np.int64)
    place = np.clip(np.searchsorted(others, keys), 0, len(others) - 1)  # `other` is in order
    return np.where(others[place] == keys, other.samples[place], 0)


def commonest(pairs: Pairs, most: int) -> Pairs:
    """The pairs of different classes with the most samples, the commonest first; ties by true, then predicted class."""
    wrong = pairs.select(pairs.wrong)
    return wrong.select(np.lexsort((wrong.predicted, wrong.true, -wrong.samples))[:most])


def half_of_the_wrong(pairs: Pairs) -> int:
    """How many pairs of different classes, the commonest first, hold half of the wrong answers; 0 without any."""
    samples = np.sort(pairs.samples[pairs.wrong])[::-1]
    return int(np.searchsorted(2 * samples.cumsum(), samples.sum()) + 1) if len(samples) else 0


def confusion_of_classes(pairs: Pairs, n_classes: int) -> Integer[np.ndarray, " classes"]:
    """How many samples of a class are taken for others, and of others for it."""
    wrong = pairs.select(pairs.wrong)
    counts = (np.bincount(side, wrong.samples, minlength=n_classes) for side in (wrong.true, wrong.predicted))
    return sum(counts).astype(np.int64)


def most_confused(pairs: Pairs, n_classes: int, most: int) -> Integer[np.ndarray, " chosen"]:
    """The classes with the most confusion, by index; of equal ones the first."""
    return np.sort(np.argsort(-confusion_of_classes(pairs, n_classes), kind="stable")[:most])


def matrix(pairs: Pairs, classes: Integer[np.ndarray, " chosen"]) -> Integer[np.ndarray, "chosen chosen"]:
    """Samples of each of some classes (rows) by answer (columns), in the order given; other answers are left out."""
    n_classes = int(max((column.max(initial=0) for column in (*pairs[:2], classes)), default=0)) + 1
    place = np.full(n_classes, -1)
    place[classes] = np.arange(len(classes))
    rows, columns = place[pairs.true], place[pairs.predicted]
    counts, both = np.zeros((len(classes), len(classes)), np.int64), (rows >= 0) & (columns >= 0)
    counts[rows[both], columns[both]] = pairs.samples[both]
    return counts


def commonest_wrong(pairs: Pairs, n_classes: int) -> Integer[np.ndarray, " classes"]:
    """What each class is taken for most often; of several the first, -1 where it never is taken for another."""
    first = np.full(n_classes, -1, np.int64)
    wrong = commonest(pairs, len(pairs.true))
    first[wrong.true[::-1]] = wrong.predicted[::-1]  # the commonest is written last
    return first


def order_by_confusion(counts: Integer[np.ndarray, "chosen chosen"]) -> Integer[np.ndarray, " chosen"]:
    """An order of the classes of a matrix that puts those beside each other that are taken for each other.

    Average linkage on the symmetrised confusion c_ij + c_ji, as shares of the two classes' samples: the two groups that
    are confused most become one, turned so that the two of their ends that are confused most meet. What is never
    confused keeps its order, at the end.

    Returns
    -------
    A permutation of the rows; the same matrix gives the same one.
    """
    likeness = _likeness(counts)
    chains: list[list[int]] = [[one] for one in range(len(counts))]
    between = likeness.copy()  # mean likeness of two chains, -1 of one with itself and of those that are gone
    np.fill_diagonal(between, -1.0)
    while len(counts) > 1 and between.max() > 0:
        kept, gone = sorted(int(place) for place in np.unravel_index(between.argmax(), between.shape))
        sizes = len(chains[kept]), len(chains[gone])
        merged = np.where(between[kept] < 0, -1.0, (sizes[0] * between[kept] + sizes[1] * between[gone]) / sum(sizes))
        chains[kept], chains[gone] = _joined(chains[kept], chains[gone], likeness), []
        between[kept], between[:, kept] = merged, merged
        between[gone], between[:, gone] = -1.0, -1.0
        between[kept, kept] = -1.0
    chains.sort(key=lambda chain: len(chain) == 1)  # what is never confused stands at the end
    return np.array([one for chain in chains for one in chain], np.int64)


def _likeness(counts: np.ndarray) -> Float[np.ndarray, "chosen chosen"]:
    samples = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shares = counts / samples
    likeness = shares + shares.T
    np.fill_diagonal(likeness, 0.0)
    return likeness


def _joined(first: Sequence[int], second: Sequence[int], likeness: np.ndarray) -> list[int]:
    """Two chains end to end, the likest of their ends in the middle; of equal ways the first."""
    ways = [(a, b) for a in (list(first), list(first)[::-1]) for b in (list(second), list(second)[::-1])]
    a, b = max(ways, key=lambda way: likeness[way[0][-1], way[1][0]])
    return a + b
