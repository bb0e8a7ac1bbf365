"""Temperatures worked by hand, and against a search that evaluates the likelihood itself."""

import math

import numpy as np
import pytest

from analysis.metrics.temperature import (
    BOUNDS,
    LikelihoodCurve,
    fit_temperatures,
    likelihood_curve,
    tempered_confidence,
)


def fitted(log_probs, labels, collapsed=None):
    log_probs = np.asarray(log_probs, np.float64)
    none = np.zeros(log_probs.shape[:2], bool) if collapsed is None else np.asarray(collapsed)
    return fit_temperatures(likelihood_curve(log_probs, none, np.asarray(labels, np.int64)))


def two_classes(share: float, right: int, wrong: int) -> tuple[np.ndarray, np.ndarray]:
    """Log-probabilities (1, samples, 2) that all say (share, 1 - share), and labels: 0 is right."""
    labels = np.array([0] * right + [1] * wrong)
    return np.log(np.tile([share, 1 - share], (1, right + wrong, 1))), labels


def test_the_tempered_probability_becomes_the_accuracy():
    """Of four samples that say 0.8 three are right: sigmoid(ln 4 / T) = 3/4."""
    found = fitted(*two_classes(0.8, 3, 1))
    assert found.values[0] == pytest.approx(math.log(4) / math.log(3), rel=1e-6)
    assert not found.at_bound[0]


@pytest.mark.parametrize(("right", "wrong", "bound"), [(4, 0, BOUNDS[0]), (1, 3, BOUNDS[1])])
def test_a_bound_that_is_reached_is_said(right, wrong, bound):
    found = fitted(*two_classes(0.6, right, wrong))
    assert found.values[0] == bound
    assert found.at_bound[0]


def test_where_no_temperature_is_better_it_is_1():
    assert fitted(*two_classes(0.5, 2, 1)).values[0] == 1
    exact = fitted(*two_classes(0.75, 3, 1))
    assert exact.values[0] == pytest.approx(1, abs=1e-6)


def test_samples_off_the_support_or_collapsed_do_not_count():
    logs, labels = two_classes(0.8, 3, 1)
    off = np.array([[[0.0, -np.inf], [math.log(0.9), math.log(0.1)]]])
    more = np.concatenate([logs, off], axis=1)
    collapsed = np.array([[False] * 5 + [True]])
    found = fitted(more, [*labels, 1, 1], collapsed)
    assert found.values[0] == fitted(logs, labels).values[0]
    assert np.isnan(fitted(off, [1, 1], [[False, True]]).values[0])


def test_a_class_without_mass_stays_without():
    logs, labels = two_classes(0.8, 3, 1)
    wider = np.concatenate([logs, np.full((1, 4, 1), -np.inf)], axis=2)
    assert fitted(wider, labels).values[0] == pytest.approx(fitted(logs, labels).values[0], rel=1e-12)


def nll_at(log_t: float, log_probs: np.ndarray, labels: np.ndarray) -> float:
    scores = log_probs * math.exp(-log_t)
    highest = scores.max(axis=1)
    total = np.log(np.exp(scores - highest[:, None]).sum(axis=1)) + highest
    return float((total - scores[np.arange(len(labels)), labels]).mean())


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0, 12.0])
def test_the_curve_finds_what_a_search_over_the_likelihood_finds(scale):
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 12, 300)
    logits = rng.normal(size=(300, 12))
    logits[np.arange(300), labels] += 1.5
    logits *= scale
    log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    low, high = map(math.log, BOUNDS)
    for _ in range(100):  # ternary
        left, right = low + (high - low) / 3, high - (high - low) / 3
        if nll_at(left, log_probs, labels) <= nll_at(right, log_probs, labels):
            high = right
        else:
            low = left
    assert fitted(log_probs[None], labels).values[0] == pytest.approx(math.exp(low), rel=1e-5)


def test_chunks_add_up():
    rng = np.random.default_rng(4)
    logs = np.log(rng.dirichlet(np.ones(5), (2, 40)))
    labels, none = rng.integers(0, 5, 40), np.zeros((2, 40), bool)
    whole = likelihood_curve(logs, none, labels)
    parts = [likelihood_curve(logs[:, a:b], none[:, a:b], labels[a:b]) for a, b in ((0, 13), (13, 13), (13, 40))]
    joined = parts[0].plus(parts[1]).plus(parts[2])
    assert isinstance(joined, LikelihoodCurve)
    np.testing.assert_allclose(joined.sums, whole.sums, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(joined.samples, whole.samples)


def test_confidences_under_a_temperature():
    logs = np.array([[math.log(0.8), math.log(0.2)], [0.0, -np.inf], [-np.inf, -np.inf]])
    np.testing.assert_allclose(tempered_confidence(logs, 2.0), [2 / 3, 1, 0])
    np.testing.assert_allclose(tempered_confidence(logs, 1.0), [0.8, 1, 0])
