"""Exact ties, of classes and of falls with thresholds, and what lies beside them: compiled and by the reference."""

from fractions import Fraction

import numpy as np
import pytest

from analysis.metrics.decrease import THRESHOLDS, decrease_percent
from analysis.predictors import resolve
from analysis.traces.compiled import fused_chunk
from analysis.traces.compute import reference_chunk
from analysis.traces.table import KINDS, OF


def compiled(logits, labels, predictor_id, settings):
    found, undecided = fused_chunk(logits, labels, {predictor_id: settings})
    assert not len(undecided)
    return found[predictor_id]


PATHS = pytest.mark.parametrize("path", [compiled, reference_chunk], ids=["compiled", "reference"])


def traced(path, logits, labels, predictor_id, **settings):
    return path(logits, np.array(labels), predictor_id, resolve(predictor_id, settings, n_exits=len(logits)))


MOST = 100
SHARES = [(n, m) for m in range(2, MOST + 1) for n in range(1, m)]
"""A probability of 1/n at the first exit, 1/m at the second."""


def fall(n: int, m: int, kind: str) -> Fraction:
    drop = Fraction(1, n) - Fraction(1, m)
    return drop if kind == "absolute" else drop * n


@pytest.mark.parametrize(("kind", "ties"), [("relative", 112), ("absolute", 15)])
def test_there_are_that_many_ties(kind, ties):
    exact = [Fraction(str(tau)) for tau in THRESHOLDS]
    assert sum(fall(n, m, kind) == tau for n, m in SHARES for tau in exact) == ties


@PATHS
@pytest.mark.parametrize(
    ("predictor_id", "absent", "settings", "part"),
    [
        ("baseline", -1.0, {"activation": "heaviside"}, 1),
        ("baseline", -np.inf, {}, 1),
        ("moe", -1.0, {"activation": "heaviside"}, Fraction(1, 2)),  # from 1/n to the mean of 1/n and 1/m
    ],
)
def test_falls_from_1_over_n_to_1_over_m_are_counted_as_fractions_say(path, predictor_id, absent, settings, part):
    logits = np.full((2, len(SHARES), MOST), absent)
    for sample, shares in enumerate(SHARES):
        for exit_index, share in enumerate(shares):
            logits[exit_index, sample, :share] = 1.0
    _, falls = traced(path, logits, np.zeros(len(SHARES), int), predictor_id, **settings)
    for kind in KINDS:
        exact = [part * fall(n, m, kind) for n, m in SHARES]
        counts = [sum(one > Fraction(str(tau)) for one in exact) for tau in THRESHOLDS]
        for of in OF[:2]:
            percents = decrease_percent(falls[of, kind].size, THRESHOLDS)
            np.testing.assert_allclose(percents, 100 * np.array(counts) / len(SHARES), rtol=1e-12)


@PATHS
def test_a_fall_of_a_probability_below_float32_is_seen(path):
    logits = np.zeros((3, 2, 3))
    logits[:, :, 1] = 1000.0
    logits[1, 0, 0] = -np.log(4.0)
    logits[1, 1, 0] = 1.0
    columns, falls = traced(path, logits, [0, 0], "baseline")
    assert not columns["true_class_prob"].any()
    relative = falls["true_class", "relative"]
    assert relative.size.tolist() == pytest.approx([0.75, 1 - np.exp(-1)], rel=1e-6)
    assert relative.from_exit.tolist() == [0, 1]
    assert relative.to_exit.tolist() == [1, 2]
    assert falls["true_class", "absolute"].from_exit.tolist() == [-1, -1]


@PATHS
@pytest.mark.parametrize(
    ("predictor_id", "settings"),
    [("pa", {"weights": "uniform"}), ("softmax-poe", {}), ("pa", {"weights": "uniform", "temperature": 3})],
)
def test_the_same_factors_in_another_order_tie_wherever_they_lie(path, predictor_id, settings):
    rng = np.random.default_rng(0)
    n_samples = 200_000 if path is compiled else 20_000
    factors = rng.exponential(3, (4, n_samples)).astype(np.float32)
    logits = np.stack([factors, rng.permuted(factors, axis=0), factors[::-1], np.zeros_like(factors)], -1)
    columns, _ = traced(path, logits, np.full(n_samples, 2), predictor_id, **settings)
    assert not columns["predicted"][-1].any()
    assert (columns["rank"][-1] == 3).all()
    assert not columns["margin"][-1].any()


@PATHS
@pytest.mark.parametrize("predictor_id", ["baseline", "pa", "softmax-poe", "ca"])
def test_neighbours_of_float32_are_no_tie(path, predictor_id):
    low = np.geomspace(2e-5, 1e4, 2000).astype(np.float32)
    high = np.nextafter(low, np.float32(np.inf))
    logits = np.stack([low, high], -1)[None]
    columns, _ = traced(path, logits, np.zeros(len(low), int), predictor_id)
    assert columns["predicted"].all()
    assert (columns["rank"] == 2).all()


@PATHS
def test_the_predicted_class_has_rank_1_though_one_that_ties_with_it_is_lower(path):
    tie = 2.0**-40
    logits = np.array([[[-1.4 * tie, -0.7 * tie, 0.0]]])
    for label, rank in enumerate([2, 1, 2]):
        columns, _ = traced(path, logits, [label], "baseline")
        assert columns["predicted"].tolist() == [[1]]
        assert columns["rank"].tolist() == [[rank]]
