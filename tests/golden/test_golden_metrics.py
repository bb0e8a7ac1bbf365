"""Metrics of golden_small against the paper's public code: accuracies and decreases exact, ECE within 0.003."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.metrics.accuracy import accuracy, mean_true_class_prob
from analysis.metrics.calibration import brier, ece
from analysis.metrics.decrease import decrease_percent
from analysis.metrics.uncertainty import mean_entropy
from analysis.traces import Traces, trace_logits
from tests.golden.published_code import CASES, STATISTICS


@pytest.fixture(params=CASES)
def pair(request, small_logits, small_labels) -> tuple[dict, Traces]:
    predictor_id, settings = CASES[request.param]
    return STATISTICS[request.param], trace_logits(small_logits, small_labels, predictor_id, **settings)


def test_accuracies_are_exact(pair):
    golden, traces = pair
    np.testing.assert_array_equal(np.rint(400 * accuracy(traces.correct)), np.rint(400 * np.array(golden["accuracy"])))


def test_decrease_percentages_are_exact(pair):
    golden, traces = pair
    thresholds = [float(tau) for tau in golden["violations"]]
    ours = decrease_percent(traces.falls["true_class", "absolute"].size, thresholds)
    np.testing.assert_allclose(ours, list(golden["violations"].values()), atol=1e-9)


def test_ece_agrees(pair):
    golden, traces = pair
    ours = [ece(confidence, right) for confidence, right in zip(traces.max_prob, traces.correct)]
    np.testing.assert_allclose(ours, golden["ece15"], atol=0.003)


def test_means_agree(pair):
    golden, traces = pair
    np.testing.assert_allclose(mean_true_class_prob(traces.true_class_prob), golden["gt_prob"], atol=2e-5)
    np.testing.assert_allclose(mean_entropy(traces.entropy, traces.shown), golden["entropy"], atol=1e-4)
    np.testing.assert_allclose(brier(traces.sum_squared, traces.true_class_prob), golden["brier"], atol=1e-4)
