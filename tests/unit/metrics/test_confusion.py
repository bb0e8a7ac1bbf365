"""Pairs of classes and the order of a matrix: by hand, and against loops."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.metrics.confusion import (
    Pairs,
    beside,
    commonest,
    commonest_wrong,
    confusion_of_classes,
    half_of_the_wrong,
    matrix,
    most_confused,
    order_by_confusion,
    pairs_of,
)

CLASSES = 4


@st.composite
def answers(draw):
    exits, samples = draw(st.integers(1, 4)), draw(st.integers(0, 12))
    one = st.integers(-1, CLASSES - 1)
    true = draw(st.lists(one, min_size=samples, max_size=samples))
    predicted = draw(st.lists(st.lists(one, min_size=samples, max_size=samples), min_size=exits, max_size=exits))
    return np.array(true, np.int64), np.array(predicted, np.int64).reshape(exits, samples)


def looped(true, predicted):
    """(class, answer) -> samples that get that answer at some exit."""
    counts = Counter()
    for sample, label in enumerate(true.tolist()):
        for answer in set(predicted[:, sample].tolist()):
            if label >= 0 and answer >= 0:
                counts[label, answer] += 1
    return counts


@given(answers())
def test_everything_is_what_a_loop_counts(given_):
    true, predicted = given_
    counts, pairs = looped(true, predicted), pairs_of(true, predicted, CLASSES)
    assert dict(zip(zip(pairs.true.tolist(), pairs.predicted.tolist()), pairs.samples.tolist())) == dict(counts)
    assert list(zip(pairs.true, pairs.predicted)) == sorted(counts)
    wrong = {pair: count for pair, count in counts.items() if pair[0] != pair[1]}
    ranked = sorted(wrong, key=lambda pair: (-wrong[pair], pair))
    told = commonest(pairs, 3)
    assert list(zip(told.true, told.predicted)) == ranked[:3]
    assert told.samples.tolist() == [wrong[pair] for pair in ranked[:3]]
    for one in range(CLASSES):
        assert confusion_of_classes(pairs, CLASSES)[one] == sum(n for pair, n in wrong.items() if one in pair)
        own = [pair for pair in ranked if pair[0] == one]
        assert commonest_wrong(pairs, CLASSES)[one] == (own[0][1] if own else -1)
    some = np.array([2, 0, 3])
    assert matrix(pairs, some).tolist() == [[counts[i, j] for j in some.tolist()] for i in some.tolist()]
    half = half_of_the_wrong(pairs)
    total = sum(wrong.values())
    sums = [2 * sum(wrong[pair] for pair in ranked[:k]) >= total for k in range(len(ranked) + 1)]
    assert half == (sums.index(True) if total else 0)


@given(answers(), answers())
def test_counts_beside_are_the_other_list_s(first, second):
    pairs, other = (pairs_of(*one, CLASSES) for one in (first, second))
    counts = looped(*second)
    both = zip(pairs.true.tolist(), pairs.predicted.tolist())
    assert beside(pairs, other).tolist() == [counts[pair] for pair in both]


@given(st.integers(0, 8).flatmap(lambda n: st.lists(st.integers(0, 5), min_size=n * n, max_size=n * n)))
def test_an_order_is_a_permutation(cells):
    size = round(len(cells) ** 0.5)
    order = order_by_confusion(np.array(cells, np.int64).reshape(size, size))
    assert sorted(order.tolist()) == list(range(size))


def test_like_stands_beside_like_and_what_is_never_confused_at_the_end():
    counts = np.array([[5, 0, 0, 0, 0], [0, 5, 0, 4, 0], [0, 0, 5, 0, 3], [0, 4, 1, 5, 0], [0, 0, 3, 0, 5]])
    order = order_by_confusion(counts).tolist()
    assert order == [1, 3, 2, 4, 0]
    mixed = np.array([4, 2, 0, 3, 1])
    again = mixed[order_by_confusion(counts[np.ix_(mixed, mixed)])].tolist()
    assert again[-1] == 0
    assert again[:-1] in (order[:-1], order[-2::-1])


def test_confusion_is_in_shares_of_the_classes_samples():
    """Ten of a hundred are less than five of ten, whatever their numbers."""
    counts = np.array([[90, 10, 0], [0, 95, 5], [0, 5, 5]])
    assert order_by_confusion(counts).tolist() in ([0, 1, 2], [2, 1, 0])
    tied = np.array([[90, 10, 0, 0], [0, 90, 10, 0], [0, 0, 95, 0], [0, 6, 0, 4]])
    order = order_by_confusion(tied).tolist()
    assert abs(order.index(1) - order.index(3)) == 1


@pytest.mark.parametrize("most", [1, 3, 9])
def test_the_most_confused_are_told_in_their_order(most):
    pairs = Pairs(np.array([0, 1, 3]), np.array([0, 3, 1]), np.array([90, 4, 2]))
    assert most_confused(pairs, 4, most).tolist() == [[1], [0, 1, 3], [0, 1, 2, 3]][[1, 3, 9].index(most)]


def test_nothing_gives_nothing():
    none = pairs_of(np.empty(0, np.int64), np.empty((2, 0), np.int64), 3)
    assert none.true.size == commonest(none, 20).true.size == half_of_the_wrong(none) == 0
    assert matrix(none, np.array([0, 2])).tolist() == [[0, 0], [0, 0]]
    assert order_by_confusion(np.zeros((0, 0), np.int64)).size == 0
    assert commonest_wrong(none, 2).tolist() == [-1, -1]
