"""Baseline and corrected traces side by side, worked by hand on four samples and three exits."""

import numpy as np
import pytest

from analysis.results.comparison import compare, group_falls
from analysis.traces import trace_logits

LOGITS = np.log(
    np.array(
        [
            [[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8], [0.5, 0.4, 0.1]],
            [[0.4, 0.5, 0.1], [0.1, 0.8, 0.1], [0.2, 0.1, 0.7], [0.6, 0.3, 0.1]],
            [[0.3, 0.6, 0.1], [0.1, 0.85, 0.05], [0.6, 0.1, 0.3], [0.7, 0.2, 0.1]],
        ]
    )
)
LABELS = [0, 1, 2, 0]


@pytest.fixture
def both():
    return trace_logits(LOGITS, LABELS, "baseline"), trace_logits(LOGITS, LABELS, "moe")


def test_the_sides_hold_means_over_the_samples(both):
    found = compare(*both)
    assert found.of == "true_class"
    np.testing.assert_allclose(found.baseline.right, [1, 0.75, 0.5])
    np.testing.assert_allclose(found.baseline.probability, [0.65, 0.625, 0.5375], atol=1e-6)
    np.testing.assert_allclose(found.baseline.falling_percent([0.01, 0.3, 0.45]), [50, 25, 25])


def test_fixed_and_broken_are_counted_per_exit(both):
    found = compare(*both)
    assert found.fixed.tolist() == [
        0,
        1,
        1,
    ]  # the mixture keeps sample 1 right at exit 2 (0.5 : 0.4), sample 3 at exit 3
    assert found.broken.tolist() == [0, 0, 0]
    assert found.changed.tolist() == [0, 1, 1]


def test_unknown_labels_are_left_out():
    labels = [0, -1, 2, -1]
    found = compare(trace_logits(LOGITS, labels, "baseline"), trace_logits(LOGITS, labels, "moe"))
    assert found.positions.tolist() == [0, 2]
    np.testing.assert_allclose(found.baseline.right, [1, 0.5, 0])


def test_without_labels_the_final_prediction_stands_in():
    found = compare(trace_logits(LOGITS, [-1] * 4, "baseline"), trace_logits(LOGITS, [-1] * 4, "moe"))
    assert found.of == "final_prediction"
    assert found.baseline.right[-1] == 1
    assert np.isnan(found.baseline.ece).all()
    assert found.fixed.sum() == found.broken.sum() == 0
    assert found.groups.tolist() == [1, 1, 0, 0]


def test_traces_of_different_samples_are_refused(both):
    with pytest.raises(ValueError, match=r"traces differ in exits or samples: \(3, 4\), \(3, 2\)"):
        compare(both[0], both[1].select(np.array([0, 1])))


def test_groups_are_sorted_by_the_baselines_fall(both):
    falls = group_falls(compare(*both), 4)
    assert falls.group.tolist() == [2, 0, 1]  # class 3 has no sample
    assert falls.samples.tolist() == [1, 2, 1]
    np.testing.assert_allclose(falls.baseline, [0.5, 0.15, 0], atol=1e-6)


def test_superclasses_pool_their_classes(both):
    falls = group_falls(compare(*both), 2, np.array([0, 0, 1]))
    assert falls.group.tolist() == [1, 0]
    np.testing.assert_allclose(falls.baseline, [0.5, 0.1], atol=1e-6)
