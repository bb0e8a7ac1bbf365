"""What holds of every policy: it is its slow definition, and its promises are kept as often as it says."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from analysis.metrics.exit_information import exit_information
from analysis.policies import resolve_policy
from analysis.policies.anytime import anytime_values
from analysis.policies.budgeted import exit_shares, thresholds_of
from analysis.policies.interruption import expected_value, reached_shares, step_area
from analysis.policies.pcee import exit_bins
from analysis.policies.risk_control import LAMBDAS, control, loss_per_exit, stops_along
from analysis.policies.rule import Rule, same_threshold, stopping_exits
from analysis.policies.scores import MEASURES, scores
from analysis.policies.what_stops import stop_groups, stopped_too_early, stopped_too_late
from analysis.predictors import predict
from analysis.results.policies import BELOW
from analysis.statistics.mean_bounds import hoeffding_bentkus, wsr_upper_bound
from analysis.traces import Traces, trace_logits
from tests.property import naive_policies as naive

COARSE = st.integers(0, 8).map(lambda i: i / 8)
"""Confidences of which many tie."""
CONFIDENCE = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 4), st.integers(1, 12)),
    elements=st.one_of(COARSE, st.floats(0, 1, width=32, allow_subnormal=False)),
)
LOGITS = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(1, 4)),
    elements=st.one_of(st.integers(-2, 2).map(float), st.floats(-8, 8, width=32, allow_subnormal=False)),
)
COSTS = st.lists(st.floats(0.01, 1e6), min_size=1, max_size=6).map(sorted)
PREDICTORS = st.sampled_from(["baseline", "pa", "moe", "ca"])


@given(logits=LOGITS, predictor=PREDICTORS, measure=st.sampled_from(MEASURES))
def test_scores_are_their_definitions(logits, predictor, measure):
    found = scores(measure, trace_logits(logits, None, predictor))
    probs = predict(predictor, logits).probs.numpy()
    for m, n in np.ndindex(found.shape):
        expected = naive.score(measure, probs[: m + 1, n].tolist())
        assert found[m, n] == pytest.approx(expected, abs=2e-6)


@given(confidence=CONFIDENCE, p=st.integers(1, 39).map(lambda i: i / 20))
def test_budgeted_thresholds_are_the_public_loops(confidence, p):
    found = thresholds_of(confidence, exit_shares(p, len(confidence)))
    assert list(found) == naive.budgeted(confidence.tolist(), p)


@given(confidence=CONFIDENCE, p=st.integers(1, 39).map(lambda i: i / 20))
def test_at_least_the_wanted_share_stops_wherever_there_is_a_threshold(confidence, p):
    shares = exit_shares(p, len(confidence))
    rule = Rule("budgeted", {}, "max-prob", thresholds_of(confidence, shares), reaches=True)
    counts = np.bincount(stopping_exits(rule, confidence), minlength=len(confidence))
    for threshold, count, share in zip(rule.thresholds[:-1], counts, shares):
        assert count == 0 if threshold is None else count >= math.floor(confidence.shape[1] * share)


@given(confidence=CONFIDENCE)
def test_stops_along_the_grid_are_the_first_exit_above_each(confidence):
    stops = stops_along(confidence)
    for threshold, found in zip(LAMBDAS, stops):
        rule = Rule("risk", {}, "max-prob", same_threshold(threshold, len(confidence)))
        np.testing.assert_array_equal(found, stopping_exits(rule, confidence))
        rounded = float(np.float32(threshold))
        assert found.tolist() == [
            naive.first_above(confidence.tolist(), i, rounded) for i in range(confidence.shape[1])
        ]
    assert (np.diff(stops, axis=0) <= 0).all()


@given(
    confidence=hnp.arrays(np.float32, st.integers(1, 30), elements=COARSE),
    bins=st.integers(1, 25),
    seed=st.integers(0, 99),
)
def test_every_sample_lies_in_a_bin_of_pcee(confidence, bins, seed):
    correct = np.random.default_rng(seed).random(len(confidence)) < 0.6
    found = exit_bins(confidence, correct, bins)
    edges = [float(edge) for edge in found.edges]
    assert edges == sorted(set(edges))
    right, samples = [0] * len(found.accuracy), [0] * len(found.accuracy)
    for value, good in zip(confidence.astype(np.float64).tolist(), correct.tolist()):
        place = max((i for i, edge in enumerate(edges[:-1]) if edge <= value), default=0)
        samples[place] += 1
        right[place] += good
    assert sum(samples) == len(confidence)
    assert list(found.accuracy) == [r / n if n else None for r, n in zip(right, samples)]


@given(costs=COSTS, seed=st.integers(0, 99))
def test_the_step_area_is_what_a_uniform_budget_expects(costs, seed):
    values = np.random.default_rng(seed).random(len(costs))
    area = step_area(costs, values)
    assert expected_value(reached_shares("uniform", costs), values) == pytest.approx(area, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_the_step_area_is_the_mean_over_drawn_budgets(seed):
    rng = np.random.default_rng(seed)
    costs, values = np.sort(rng.random(5)) + 0.1, rng.random(5)
    drawn = anytime_values(costs, values, rng.uniform(costs[0], costs[-1], 200_000))
    assert drawn.mean() == pytest.approx(step_area(costs, values), abs=0.005)


@pytest.mark.parametrize("law", ["log-uniform", "exponential", "list"])
def test_the_other_laws_are_the_mean_over_drawn_budgets(law):
    rng = np.random.default_rng(0)
    costs, values, budgets = np.array([1.0, 2.0, 5.0, 9.0]), np.array([0.2, 0.5, 0.6, 0.9]), (0.5, 2.0, 6.0, 7.0)
    drawn = {
        "log-uniform": np.exp(rng.uniform(np.log(1), np.log(9), 400_000)),
        "exponential": rng.exponential(3.0, 400_000),
        "list": rng.choice(budgets, 400_000),
    }[law]
    named = {"exponential": {"mean": 3.0}, "list": {"budgets": budgets}}.get(law, {})
    expected = expected_value(reached_shares(law, costs, **named), values, prior=0.1)
    assert anytime_values(costs, values, drawn, prior=0.1).mean() == pytest.approx(expected, abs=0.003)


@given(costs=COSTS, law=st.sampled_from(["uniform", "log-uniform", "exponential", "list"]))
def test_the_shares_of_every_law_are_a_distribution(costs, law):
    named = {"exponential": {"mean": 5.0}, "list": {"budgets": (1.0, 50.0)}}.get(law, {})
    shares = reached_shares(law, costs, **named)
    assert (shares >= -1e-15).all()
    assert shares.sum() == pytest.approx(1)


@given(
    losses=st.lists(st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1)), min_size=1, max_size=40),
    delta=st.sampled_from([0.05, 0.1, 0.5]),
)
def test_the_wsr_bound_is_its_definition(losses, delta):
    grid = 200
    expected = naive.wsr_bound(losses, delta, grid)
    found = wsr_upper_bound(np.array(losses), delta)
    assert expected - 1 / grid - 1e-9 <= found <= expected + 1e-9


@given(n=st.integers(1, 120), lost=st.integers(0, 120), limit=st.integers(1, 19).map(lambda i: Fraction(i, 20)))
def test_the_p_value_is_its_definition(n, lost, limit):
    lost = min(lost, n)
    assert hoeffding_bentkus(lost / n, n, float(limit)) == pytest.approx(naive.hb_p_value(lost, n, limit), rel=1e-7)


@given(
    stops=st.lists(st.integers(0, 3), min_size=1, max_size=40),
    seed=st.integers(0, 99),
)
def test_the_information_of_the_exit_is_its_definition(stops, seed):
    labels = np.random.default_rng(seed).integers(0, 4, len(stops))
    found = exit_information(np.array(stops), labels, 4, 4, shuffles=2).information
    expected = naive.information(stops, labels.tolist())
    assert math.isnan(found) if expected is None else found == pytest.approx(expected, abs=1e-9)


@given(
    correct=hnp.arrays(bool, st.tuples(st.integers(1, 5), st.integers(0, 10))),
    seed=st.integers(0, 99),
)
def test_what_stops_is_counted_sample_by_sample(correct, seed):
    n_exits, n = correct.shape
    stops = np.random.default_rng(seed).integers(-1, n_exits, n)
    for up_to in (False, True):
        groups = stop_groups(correct, stops, up_to=up_to)
        for m in range(n_exits):
            here = [i for i in range(n) if stops[i] >= 0 and (stops[i] <= m if up_to else stops[i] == m)]
            assert groups.samples[m] == len(here)
            assert groups.right[m] == sum(correct[stops[i], i] for i in here)
            assert groups.lost[m] == sum(correct[-1, i] and not correct[stops[i], i] for i in here)
    early, late = stopped_too_early(correct, stops), stopped_too_late(correct, stops)
    for i in range(n):
        later = any(correct[m, i] for m in range(stops[i] + 1, n_exits))
        assert early[i] == (stops[i] >= 0 and not correct[stops[i], i] and later)
        assert late[i] == any(correct[m, i] for m in range(max(stops[i], 0)))


# --- promises ---------------------------------------------------------------------------------------------------------

POPULATION, TRIALS = 20_000, 300


@pytest.fixture(scope="module")
def population() -> Traces:
    """Answers of a small network to many samples: confident early answers that are sometimes wrong."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, POPULATION)
    ease = rng.normal(1.0, 1.2, POPULATION)
    logits = rng.normal(0, 1, (3, POPULATION, 5))
    for m, gain in enumerate((0.3, 1.0, 2.0)):
        logits[m, np.arange(POPULATION), labels] += ease + gain
    return trace_logits((2 * logits).astype(np.float32), labels, "baseline")


def trials(population: Traces, rule: str, loss: str, epsilon: float, delta: float = 0.1, n: int = 300) -> np.ndarray:
    """The risk over the whole population of the thresholds that samples of it choose."""
    rng = np.random.default_rng(1)
    settings = resolve_policy("risk", {"rule": rule, "loss": loss, "epsilon": epsilon, "delta": delta})
    per_exit, stops = loss_per_exit(loss, population), stops_along(population.max_prob)
    risk = [per_exit[stop, np.arange(POPULATION)].mean() for stop in stops]
    fits = (control(population.select(rng.integers(0, POPULATION, n)), settings, BELOW) for _ in range(TRIALS))
    return np.array([risk[fit.place] for fit in fits])


def binomial_upper(share: float) -> float:
    """What a share of the trials stays below, but once in a thousand."""
    return share + 3.1 * math.sqrt(share * (1 - share) / TRIALS)


@pytest.mark.parametrize("loss", ["consistency", "accuracy-gap", "brier-gap", "brier-gap-prediction"])
@pytest.mark.parametrize("rule", ["ucb-wsr", "ltt"])
def test_epsilon_is_violated_in_at_most_delta_of_the_trials(population, rule, loss):
    risks = trials(population, rule, loss, 0.05)
    assert (risks > 0.05).mean() <= binomial_upper(0.1)
    assert risks.max() > 0  # the rule is not so careful as to do nothing


@pytest.mark.parametrize("loss", ["consistency", "accuracy-gap", "brier-gap"])
def test_crc_holds_epsilon_in_expectation(population, loss):
    """The losses fall with the threshold on this population, up to noise: CRC promises their mean, and no more."""
    risks = trials(population, "crc", loss, 0.05)
    assert risks.mean() <= 0.05 + 3.1 * risks.std() / math.sqrt(TRIALS)
    assert (risks > 0.05).mean() > 0.1  # it does not hold in each trial


def test_the_empirical_rule_holds_nothing_and_says_so(population):
    risks = trials(population, "empirical", "consistency", 0.05, n=100)
    assert (risks > 0.05).mean() > binomial_upper(0.1)
    settings = resolve_policy("risk", {"rule": "empirical"})
    found = control(population.select(np.arange(500)), settings, BELOW)
    assert found.passed
    assert not found.certified
