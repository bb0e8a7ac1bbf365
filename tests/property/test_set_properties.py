"""Sets: what they promise, over many draws, and that they are what slow implementations give."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sets import resolve_sets
from analysis.sets.conformal import (
    conformal_sets,
    lac_scores,
    quantile_rank,
    raps_scores,
    score_quantile,
    scores_of,
)
from analysis.sets.draws import log_gammas, uniforms
from analysis.sets.nested import confidence_sets, log_ratios, running_intersection
from analysis.sets.table import SETS
from analysis.statistics.binomial import covered_by_chance
from tests.property import naive_sets

TRIALS = 3000


def three_sigma(share: float, trials: int) -> float:
    """What a share of the trials leaves but once in a thousand."""
    return 3.3 * math.sqrt(share * (1 - share) / trials)


def drawn_samples(trials: int, n: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (trials, n, classes) and labels (trials, n): miscalibrated, and some classes without mass."""
    rng = np.random.default_rng(seed)
    truth = rng.dirichlet(np.full(classes, 0.4), (trials, n))
    labels = (truth.cumsum(-1) < rng.random((trials, n, 1))).sum(-1).clip(max=classes - 1)
    said = truth**1.7 * (truth > 0.01)
    return said / said.sum(-1, keepdims=True), labels


@pytest.mark.parametrize("alpha", [0.05, 0.2])
@pytest.mark.parametrize("method", ["raps", "aps", "lac"])
def test_coverage_holds_over_many_seeds_whatever_the_probabilities_are_worth(method, alpha):
    """One new sample after each of many calibrations on 39; APS and RAPS reach it nearly exactly, being randomised."""
    settings = resolve_sets(method, {"alpha": alpha} | ({"k_reg": 2} if method == "raps" else {}))
    probs, labels = drawn_samples(TRIALS, 40, 6, 1)
    uniform = np.random.default_rng(2).random((TRIALS, 40))
    flat = probs.reshape(-1, 6)
    scores = scores_of(SETS[method], flat, uniform.reshape(-1), settings).reshape(probs.shape)
    true = np.take_along_axis(scores, labels[..., None], -1)[..., 0]
    covered = [true[t, -1] <= score_quantile(true[t, :-1], alpha) for t in range(TRIALS)]
    off = three_sigma(alpha, TRIALS)
    assert np.mean(covered) >= 1 - alpha - off
    assert np.mean(covered) <= 1 - alpha + 2 / 40 + off


def test_u_in_calibration_alone_would_cover_too_little():
    """The check above can fail: a set that takes nothing off the last class leaves it out too often."""
    probs, labels = drawn_samples(TRIALS, 40, 6, 1)
    uniform = np.random.default_rng(2).random((TRIALS, 40))
    settings = resolve_sets("raps", {"alpha": 0.2, "lambda": 0.0})
    true = np.take_along_axis(
        raps_scores(probs.reshape(-1, 6), uniform.reshape(-1), settings).reshape(probs.shape), labels[..., None], -1
    )[..., 0]
    without = np.take_along_axis(raps_scores(probs[:, -1], np.zeros(TRIALS), settings), labels[:, -1:], -1)[:, 0]
    covered = [without[t] <= score_quantile(true[t, :-1], 0.2) for t in range(TRIALS)]
    assert np.mean(covered) < 0.8 - three_sigma(0.2, TRIALS)


@pytest.mark.parametrize("alpha", [0.05, 0.3])
@pytest.mark.parametrize("scale", [0.5, 6.0])
def test_nested_sets_cover_labels_drawn_from_their_own_posterior(scale, alpha):
    """At one exit: pi from the Dirichlet, y from pi: E[R(y)] = 1, so that R(y) > 1 / alpha in at most alpha of them."""
    rng = np.random.default_rng(3)
    logits = rng.normal(0.5, 1, (1, TRIALS, 8)) * scale
    logits[0, :, 0] = np.abs(logits[0, :, 0]) + 0.1  # no empty support
    draws = log_gammas(5, np.arange(TRIALS), logits)
    pi = np.exp(draws[0] - draws[0].max(-1, keepdims=True))
    pi /= pi.sum(-1, keepdims=True)
    labels = (pi.cumsum(-1) < rng.random((TRIALS, 1))).sum(-1).clip(max=7)
    sets = confidence_sets(log_ratios(logits, draws, (0.0,)), alpha)[0]
    assert sets[np.arange(TRIALS), labels].mean() >= 1 - alpha - three_sigma(alpha, TRIALS)


def test_over_several_exits_independent_draws_cover_even_their_own_labels_too_rarely():
    """Why the guarantee is said of the first exit alone."""
    logits = np.random.default_rng(4).uniform(0.1, 2.0, (7, TRIALS, 8))
    draws = log_gammas(5, np.arange(TRIALS), logits)
    sequence = running_intersection(confidence_sets(log_ratios(logits, draws, (0.0,)), 0.3))
    for exit_ in (0, 6):
        pi = np.exp(draws[exit_] - draws[exit_].max(-1, keepdims=True))
        cut = np.random.default_rng(5).random((TRIALS, 1)) * pi.sum(-1, keepdims=True)
        labels = (pi.cumsum(-1) < cut).sum(-1).clip(max=7)
        covered = sequence[:, np.arange(TRIALS), labels].mean(axis=-1)
        assert covered[-1] < 0.7 - three_sigma(0.3, TRIALS)
        assert exit_ or covered[0] >= 0.7 - three_sigma(0.3, TRIALS)


def test_the_mean_ratio_of_labels_drawn_from_the_posterior_is_at_most_1():
    logits = np.full((1, TRIALS, 3), 4.0)
    draws = log_gammas(6, np.arange(TRIALS), logits)
    pi = np.exp(draws[0])
    pi /= pi.sum(-1, keepdims=True)
    ratios = np.exp(log_ratios(logits, draws, (0.0,))[0])
    np.testing.assert_allclose((pi * ratios).sum(-1), 1)  # given any draw, and so over draws


rows = st.integers(2, 6).flatmap(
    lambda classes: st.lists(
        st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.5]), min_size=classes, max_size=classes).filter(any),
        min_size=1,
        max_size=6,
    )
)


@given(rows, st.floats(0, 0.999), st.sampled_from([0.0, 0.01, 0.5]), st.integers(0, 4))
def test_scores_are_the_slow_ones(weights, uniform, penalty, free):
    """Apart from classes without probability, of which any sum says only that all the mass comes before."""
    probs = np.array(weights) / np.sum(weights, axis=-1, keepdims=True)
    settings = {"lambda": penalty, "k_reg": free, "penalty_u": False}
    found = raps_scores(probs, np.full(len(probs), uniform), settings)
    for row, scores in zip(probs, found):
        for label in range(len(row)):
            slow = naive_sets.raps_score(row.tolist(), label, uniform, penalty, free)
            assert scores[label] == pytest.approx(slow, abs=1e-9)


@given(st.lists(st.integers(0, 30), max_size=60), st.sampled_from([0.01, 0.05, 0.1, 0.25, 0.5, 0.9]))
def test_the_quantile_is_the_slow_one(scores, alpha):
    assert score_quantile(np.array(scores, float), alpha) == naive_sets.quantile(scores, alpha)


@pytest.mark.parametrize(("n", "alpha"), [(39, 0.05), (60, 0.1), (25, 0.5)])
def test_coverage_by_chance_is_what_many_calibrations_give(n, alpha):
    rng, measured, rank = np.random.default_rng(n), 80, quantile_rank(n, alpha)
    limits = np.sort(rng.random((20_000, n)))[:, rank - 1 : rank]
    shares = (rng.random((20_000, measured)) <= limits).mean(axis=-1)
    low, high = covered_by_chance(rank, n, measured)
    inside = ((shares >= low) & (shares <= high)).mean()
    assert 0.95 - three_sigma(0.05, 20_000) <= inside <= 0.985  # shares come in steps
    assert (shares < low).mean() <= 0.025 + three_sigma(0.025, 20_000)
    assert (shares < low + 1 / measured).mean() >= 0.025 - three_sigma(0.025, 20_000)  # and no end lies further out


@given(rows, st.sampled_from([0.05, 0.3, 0.9]))
def test_sets_are_prefixes_of_the_classes_by_probability(weights, quantile):
    probs = np.array(weights) / np.sum(weights, axis=-1, keepdims=True)
    settings = resolve_sets("raps", {"k_reg": 1})
    for scores in (raps_scores(probs, np.full(len(probs), 0.4), settings), lac_scores(probs, np.zeros(len(probs)), {})):
        sets = conformal_sets(scores, quantile, probs.argmax(-1))
        assert sets.any(-1).all()
        for row, held in zip(probs, sets):
            assert held.all() or row[held].min() >= row[~held].max()


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.4, 1.0]), st.sampled_from([0.05, 0.5]), st.integers(1, 4))
def test_nested_sets_are_the_slow_ones(seed, b, alpha, n_exits):
    logits = np.random.default_rng(seed).normal(0.5, 1.5, (n_exits, 2, 5))
    draws = log_gammas(seed, np.arange(2), logits)
    ratios = log_ratios(logits, draws, (b,))
    sets = confidence_sets(ratios, alpha)
    running = running_intersection(sets)
    for s in range(2):
        slow = naive_sets.nested(logits[:, s].tolist(), np.exp(draws[:, s]).tolist(), b, alpha)
        left = set(range(5))
        for m, expected in enumerate(slow):
            left &= expected
            assert set(np.flatnonzero(sets[m, s])) == expected
            assert set(np.flatnonzero(running[m, s])) == left


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**40), st.integers(1, 3))
def test_random_numbers_belong_to_their_sample(seed, sample, n_exits):
    some = np.array([sample, sample + 1])
    np.testing.assert_array_equal(uniforms(seed, some, n_exits)[:, 1:], uniforms(seed, some[1:], n_exits))
    shapes = np.full((n_exits, 2, 3), 1.5)
    np.testing.assert_array_equal(log_gammas(seed, some, shapes)[:, 1:], log_gammas(seed, some[1:], shapes[:, 1:]))
