"""Calibration errors and scores, worked by hand."""

import numpy as np
import pytest

from analysis.metrics.calibration import (
    adaptive_ece,
    bin_edge,
    bin_index,
    brier,
    brier_parts,
    class_bins,
    classwise_ece,
    classwise_error,
    ece,
    nll,
    nll_on_support,
    off_support,
    reliability,
)


def test_the_gap_of_each_bin_counts_by_its_samples():
    confidence = np.array([0.9, 0.9, 0.5, 0.5])
    right = np.array([True, False, True, True])
    assert ece(confidence, right) == pytest.approx(0.5 * 0.4 + 0.5 * 0.5)


def test_certainty_is_in_the_last_bin_and_an_edge_in_the_upper_one():
    diagram = reliability(np.array([1.0, 0.2, 0.19999]), np.array([True, False, False]), bins=5)
    assert diagram.samples.tolist() == [1, 1, 0, 0, 1]
    assert diagram.accuracy[4] == 1
    assert np.isnan(diagram.accuracy[2])
    assert diagram.high.tolist() == [0.2, 0.4, 0.6, 0.8, 1]


def test_float32_confidences_keep_their_bin():
    edges = (np.arange(1, 15) / 15).astype(np.float32)
    counted = reliability(edges, np.zeros(14, bool)).samples
    np.testing.assert_array_equal(np.cumsum(counted)[-1], 14)
    assert ece(np.float32([1, 1]), np.array([True, True])) == 0


def test_no_sample_gives_an_unknown_error():
    assert np.isnan(ece(np.empty(0), np.empty(0, bool)))
    assert np.isnan(adaptive_ece(np.empty(0), np.empty(0, bool)))


def test_adaptive_bins_hold_equally_many():
    confidence = np.array([0.1, 0.2, 0.8, 0.9])
    right = np.array([False, True, True, True])
    assert adaptive_ece(confidence, right, bins=2) == pytest.approx((abs(1 - 0.3) + abs(2 - 1.7)) / 4)


def test_classwise_is_the_mean_over_classes():
    probs = np.array([[0.8, 0.2], [0.3, 0.7]])
    labels = np.array([0, 0])
    expected = np.mean([ece(probs[:, 0], labels == 0), ece(probs[:, 1], labels == 1)])
    assert classwise_ece(probs, labels) == pytest.approx(expected)
    assert classwise_ece(probs, labels) == pytest.approx((0.5 * (0.2 + 0.7) + 0.5 * (0.2 + 0.7)) / 2)


def test_classwise_bins_of_chunks_add_up_to_each_class_by_itself():
    rng = np.random.default_rng(5)
    probs = rng.dirichlet(np.full(6, 0.3), 90)
    probs[0], probs[1] = [1, 0, 0, 0, 0, 0], [1 / 15, 14 / 15, 0, 0, 0, 0]
    labels = rng.integers(0, 6, 90)
    slow = np.mean([ece(probs[:, c], labels == c) for c in range(6)])
    assert classwise_ece(probs, labels) == pytest.approx(slow, abs=1e-12)
    joined = class_bins(probs[:31], labels[:31]).plus(class_bins(probs[31:], labels[31:]))
    assert classwise_error(joined) == pytest.approx(slow, abs=1e-12)
    assert joined.samples.sum() == 6 * 90
    assert np.isnan(classwise_ece(probs[:0], labels[:0]))


def test_brier_is_the_sum_over_the_classes():
    p = np.array([0.5, 0.25, 0.25])
    score = brier(np.array([[np.sum(p**2)]]), np.array([[p[0]]]))
    assert score[0] == pytest.approx((0.5 - 1) ** 2 + 2 * 0.25**2)


def test_one_sample_off_the_support_makes_the_nll_infinite():
    logs = np.array([[-1.0, -3.0], [-np.inf, -1.0]])
    assert nll(logs).tolist() == [2, np.inf]
    assert off_support(logs, np.array([[False, True], [False, False]])).tolist() == [0.5, 0.5]


def test_the_parts_of_the_brier_score_add_up_to_it():
    rng = np.random.default_rng(2)
    confidence = rng.random(500).astype(np.float32)
    right = rng.random(500) < 0.3 + 0.5 * confidence
    parts = brier_parts(confidence, right)
    score = np.mean((confidence.astype(np.float64) - right) ** 2)
    assert parts.reliability - parts.resolution + parts.uncertainty + parts.remainder == pytest.approx(score, abs=1e-12)
    bins = np.minimum((15 * confidence.astype(np.float64)).astype(int), 14)
    reliable = resolved = within = 0.0
    for number in range(15):
        here = bins == number
        gap = confidence[here].mean(dtype=np.float64) - right[here].mean()
        reliable += here.mean() * gap**2
        resolved += here.mean() * (right[here].mean() - right.mean()) ** 2
        spread = confidence[here].astype(np.float64) - confidence[here].mean(dtype=np.float64)
        within += here.mean() * (np.mean(spread**2) - 2 * np.mean(spread * right[here]))
    assert parts == pytest.approx((reliable, resolved, right.mean() * (1 - right.mean()), within), abs=1e-9)
    assert all(np.isnan(part) for part in brier_parts(confidence[:0], right[:0]))


def test_the_likelihood_over_the_support_leaves_out_what_is_off_it():
    logs = np.array([[-1.0, -np.inf, -3.0], [-np.inf, -np.inf, -np.inf]])
    collapsed = np.array([[False, False, True], [False, False, False]])
    assert nll_on_support(logs, collapsed)[0] == 1.0
    assert np.isnan(nll_on_support(logs, collapsed)[1])


@pytest.mark.parametrize("bins", [15, 10, 7])
def test_an_edge_is_the_smallest_float32_of_its_bin(bins):
    for place in range(1, bins):
        edge = np.float32(bin_edge(place, bins))
        below = np.nextafter(edge, np.float32(0))
        assert bin_index(np.array([edge, below]), bins).tolist() == [place, place - 1]
