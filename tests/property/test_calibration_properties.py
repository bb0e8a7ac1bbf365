"""Calibration: class-wise errors and temperatures against slow implementations, and what holds of them exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.metrics.calibration import bin_edge, bin_index, class_bins, classwise_error
from analysis.metrics.saving import threshold_curve
from analysis.metrics.temperature import BOUNDS, fit_temperatures, likelihood_curve


@st.composite
def samples(draw) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (samples, classes), some 0, some 1, some on the edges of bins, and labels."""
    classes = draw(st.integers(1, 5))
    weights = st.lists(st.sampled_from([0, 0, 1, 2, 3, 7, 14]), min_size=classes, max_size=classes).filter(any)
    rows = np.array(draw(st.lists(weights, min_size=1, max_size=12)), float)
    labels = draw(st.lists(st.integers(0, classes - 1), min_size=len(rows), max_size=len(rows)))
    return rows / rows.sum(axis=1, keepdims=True), np.array(labels)


def slow_classwise(probs: np.ndarray, labels: np.ndarray, bins: int = 15) -> float:
    """Class by class, bin by bin."""
    n, classes = probs.shape
    total = 0.0
    for c in range(classes):
        for b in range(bins):
            here = [i for i in range(n) if min(int(bins * probs[i, c]), bins - 1) == b]
            if here:
                confident = sum(probs[i, c] for i in here) / len(here)
                right = sum(labels[i] == c for i in here) / len(here)
                total += len(here) / n * abs(confident - right)
    return total / classes


@given(samples(), st.integers(0, 12))
def test_classwise_errors_are_the_slow_ones_in_any_chunks(drawn, cut):
    probs, labels = drawn
    slow = slow_classwise(probs, labels)
    assert classwise_error(class_bins(probs, labels)) == pytest.approx(slow, abs=1e-12)
    joined = class_bins(probs[:cut], labels[:cut]).plus(class_bins(probs[cut:], labels[cut:]))
    assert classwise_error(joined) == pytest.approx(slow, abs=1e-12)


def mean_nll(log_probs: np.ndarray, labels: np.ndarray, temperature: float) -> float:
    """Over the samples whose true class is on the support, sample by sample."""
    found = []
    for row, label in zip(log_probs, labels):
        if row[label] > -math.inf:
            scores = [v / temperature for v in row if v > -math.inf]
            highest = max(scores)
            found.append(highest + math.log(sum(math.exp(v - highest) for v in scores)) - row[label] / temperature)
    return sum(found) / len(found)


@given(samples())
def test_no_temperature_is_better_than_the_fitted_one(drawn):
    probs, labels = drawn
    with np.errstate(divide="ignore"):
        log_probs = np.log(probs)
    found = fit_temperatures(likelihood_curve(log_probs[None], np.zeros((1, len(probs)), bool), labels))
    if not (log_probs[np.arange(len(labels)), labels] > -np.inf).any():
        assert np.isnan(found.values[0])
        return
    assert BOUNDS[0] <= found.values[0] <= BOUNDS[1]
    best = mean_nll(log_probs, labels, float(found.values[0]))
    assert all(best <= mean_nll(log_probs, labels, T) + 1e-6 for T in np.geomspace(*BOUNDS, 25))


@given(st.integers(0, 10_000), st.sampled_from([0.5, 0.8, 1.5]))
def test_tempered_probabilities_need_so_much_less(seed, factor):
    """Of p^(1 / factor) the best temperature is the best of p divided by the factor."""
    rng = np.random.default_rng(seed)
    logits = 2 * rng.normal(size=(60, 4))
    labels = (np.exp(logits / 1.4).cumsum(1) / np.exp(logits / 1.4).sum(1, keepdims=True) < rng.random((60, 1))).sum(1)
    none = np.zeros((1, 60), bool)

    def fitted(scores: np.ndarray):
        log_probs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return fit_temperatures(likelihood_curve(log_probs[None], none, labels))

    plain, tempered = fitted(logits), fitted(logits / factor)
    if not (plain.at_bound[0] or tempered.at_bound[0]):
        assert tempered.values[0] * factor == pytest.approx(plain.values[0], rel=1e-4)


@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(0, 30))
def test_the_curve_of_thresholds_is_what_each_threshold_gives(seed, n_exits, n_samples):
    """Against trying every value that a confidence has, ties and confidences of 0 among them."""
    rng = np.random.default_rng(seed)
    confidence = (rng.integers(0, 7, (n_exits, n_samples)) / 6).astype(np.float32)
    correct, costs = rng.random((n_exits, n_samples)) < 0.5, np.cumsum(1.0 + rng.random(n_exits))
    curve = threshold_curve(confidence, correct, costs)
    slow = set()
    for threshold in {0.0, *map(float, confidence.ravel())}:
        stops = [next((m for m in range(n_exits - 1) if confidence[m, s] > threshold), n_exits - 1) for s in
                 range(n_samples)]  # fmt: skip
        if n_samples:
            right = sum(bool(correct[m, s]) for s, m in enumerate(stops)) / n_samples
            slow.add((round(sum(costs[m] for m in stops) / n_samples, 9), round(right, 9)))
    found = {(round(float(cost), 9), round(float(right), 9)) for cost, right in zip(curve.costs, curve.accuracies)}
    assert found == slow or not n_samples


@given(st.integers(0, 2**32), st.sampled_from([15, 10]))
def test_a_confidence_lies_between_the_edges_of_its_bin(seed, bins):
    confidence = np.random.default_rng(seed).random(20).astype(np.float32)
    for one, place in zip(confidence, bin_index(confidence, bins).tolist()):
        assert not place or one >= bin_edge(place, bins)
        assert place == bins - 1 or one < bin_edge(place + 1, bins)
