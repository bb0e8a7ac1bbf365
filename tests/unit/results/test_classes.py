"""Numbers of classes and which are taken for which: against loops over the samples."""

import numpy as np
import pytest

from analysis.results import difference_of, results_of
from analysis.results.classes import MATRIX_OF, PAIRS, THRESHOLD, class_numbers, confusion
from tests.unit.results.by_hand import results_by_hand

HALVES = np.arange(20) // 10
"""Two groups of the small run's classes."""


@pytest.fixture
def difference(small_run):
    return difference_of(*(results_of(small_run, key) for key in ("baseline", "pa")))


@pytest.mark.parametrize(("groups", "of_class"), [(20, None), (2, HALVES)])
def test_the_numbers_of_each_class_are_those_of_its_samples(difference, groups, of_class):
    found = class_numbers(difference, groups, of_class)
    labels = difference.a.traces.labels
    group = labels if of_class is None else of_class[labels]
    for one in range(groups):
        mine = np.flatnonzero(group == one)
        assert found.samples[one] == len(mine)
        for side, results in enumerate((difference.a, difference.b)):
            traces, fall = results.traces, results.fall()
            np.testing.assert_allclose(found.right_share[side][one], traces.correct[:, mine].mean(axis=1))
            fallen = [i for i in mine if fall.size[i] > THRESHOLD]
            assert found.falling[side][one] == len(fallen)
            assert found.falling_percent[side][one] == pytest.approx(100 * len(fallen) / len(mine))
            into = traces.predicted[fall.to_exit[fallen], fallen]
            into = into if of_class is None else of_class[into]
            others = np.bincount(into[into != one], minlength=groups) if len(fallen) else np.zeros(groups)
            assert found.falls_into[side][one] == (others.argmax() if others.any() else -1)
        a, b = (results.traces.correct[-1, mine] for results in (difference.a, difference.b))
        assert (found.broken[one], found.fixed[one]) == ((a & ~b).sum(), (b & ~a).sum())
    assert found.fixed.sum() == difference.b_only[-1]


@pytest.mark.parametrize("exit_", [None, 0, 6])
@pytest.mark.parametrize(("groups", "of_class"), [(20, None), (2, HALVES)])
def test_pairs_and_the_matrix_are_those_of_a_loop(difference, groups, of_class, exit_):
    found = confusion(difference, exit_, groups, of_class)
    labels = difference.a.traces.labels
    group = labels if of_class is None else of_class[labels]
    counts = np.zeros((2, groups, groups), int)
    for side, results in enumerate((difference.a, difference.b)):
        predicted = results.traces.predicted if exit_ is None else results.traces.predicted[[exit_]]
        for sample in range(difference.n_samples):
            for answer in {int(c if of_class is None else of_class[c]) for c in predicted[:, sample]}:
                counts[side, group[sample], answer] += 1
    wrong = counts * ~np.eye(groups, dtype=bool)
    assert list(found.wrong) == wrong.sum(axis=(1, 2)).tolist()
    order = found.classes
    assert sorted(order.tolist()) == list(range(groups))
    assert (found.matrix == counts[:, order][:, :, order]).all()
    larger = wrong.max(axis=0)
    told = list(zip(found.pairs.true.tolist(), found.pairs.predicted.tolist()))
    ranked = sorted(
        ((i, j) for i in range(groups) for j in range(groups) if larger[i, j]), key=lambda p: (-larger[p], p)
    )
    assert told == ranked[:PAIRS]
    assert [tuple(counts[:, i, j]) for i, j in told] == [tuple(pair) for pair in found.counts.T]
    for side in (0, 1):
        assert found.taken_for[side].tolist() == [int(row.argmax()) if row.any() else -1 for row in wrong[side]]
        assert found.times[side].tolist() == wrong[side].max(axis=1).tolist()


def test_of_many_classes_the_most_confused_are_in_the_matrix():
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(2, 500, 70)).astype(np.float32)
    labels = generator.integers(0, 65, 500).tolist()
    sides = [results_by_hand(logits, labels, key) for key in ("baseline", "pa")]
    found = confusion(difference_of(*sides), 1, 70)
    assert len(set(found.classes.tolist())) == MATRIX_OF
    assert found.matrix.shape == (2, MATRIX_OF, MATRIX_OF)


def test_without_labels_a_sample_counts_for_the_baseline_s_final_prediction(unlabelled_run):
    difference = difference_of(*(results_of(unlabelled_run, key) for key in ("baseline", "pa")))
    numbers, found = class_numbers(difference, 20), confusion(difference, 6, 20)
    assert numbers.samples.sum() == 400
    assert not numbers.broken.any()
    assert not numbers.fixed.any()
    assert found.wrong == (0, int(difference.changed[-1]))
    np.testing.assert_allclose(numbers.right_share[0][numbers.samples > 0, -1], 1)


def test_a_split_without_samples_of_a_class_has_unknown_shares():
    logits = np.array([[[2.0, 1.0, 0.0]], [[1.0, 3.0, 0.0]]], np.float32)
    difference = difference_of(*(results_by_hand(logits, [0], key) for key in ("baseline", "pa")))
    numbers = class_numbers(difference, 3)
    assert numbers.samples.tolist() == [1, 0, 0]
    assert np.isnan(numbers.falling_percent[0][1:]).all()
    assert numbers.falls_into[0].tolist() == [1, -1, -1]  # falls from exit 1 to 2, which answers class 1
