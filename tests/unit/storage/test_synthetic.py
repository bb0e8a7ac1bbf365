"""Made-up logits: what they resemble, and what a seed fixes."""

import numpy as np
import pytest

from analysis.metrics.decrease import decrease_percent
from analysis.storage.synthetic import synthetic_labels, synthetic_logits
from analysis.traces import trace_together


@pytest.mark.parametrize(
    ("shape", "first", "last", "falls_by_a_hundredth", "falls_by_a_tenth"),
    [((7, 3000, 100), 0.63, 0.72, 66.8, 49.1), ((5, 1500, 1000), 0.58, 0.73, 67.7, 34.2)],
    ids=["MSDNet on CIFAR-100", "MSDNet on ImageNet"],
)
def test_accuracies_and_falls_are_near_the_papers(shape, first, last, falls_by_a_hundredth, falls_by_a_tenth):
    logits = np.concatenate(list(synthetic_logits(*shape)), axis=1)
    traces = trace_together(logits, synthetic_labels(*shape[1:]), {"baseline": {}, "pa": {}})
    accuracy = traces["baseline"].correct.mean(1)
    assert abs(accuracy[0] - first) < 0.05
    assert abs(accuracy[-1] - last) < 0.05
    assert (np.diff(traces["pa"].correct.mean(1)) > -0.01).all()
    sizes = traces["baseline"].falls["true_class", "absolute"].size
    assert np.abs(decrease_percent(sizes, (0.01, 0.1)) - (falls_by_a_hundredth, falls_by_a_tenth)).max() < 8
    assert decrease_percent(traces["pa"].falls["true_class", "absolute"].size, (0.1,))[0] < 0.5


def test_a_longer_run_begins_with_a_shorter_one_and_seeds_differ():
    long, short, other = (
        np.concatenate(list(synthetic_logits(2, n, 10, seed)), axis=1) for n, seed in ((1200, 3), (700, 3), (700, 4))
    )
    np.testing.assert_array_equal(long[:, :700], short)
    np.testing.assert_array_equal(synthetic_labels(1200, 10, 3)[:700], synthetic_labels(700, 10, 3))
    assert (short != other).any()


def test_one_exit_of_one_class():
    [chunk] = synthetic_logits(1, 2, 1)
    assert np.isfinite(chunk).all()
