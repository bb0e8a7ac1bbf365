"""Policies on golden_small against public code: MSDNet's budgeted evaluation and the risk control of "Fast yet Safe".

The first half of the samples is calibration, the second test. The public LTT is held against ours with its two faults
put back: see `faulty_ltt`.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from analysis.policies import resolve_policy
from analysis.policies.budgeted import SHARES, rule_for
from analysis.policies.risk_control import LAMBDAS, control, loss_per_exit, stops_along
from analysis.policies.rule import stopping_exits
from analysis.results.policies import BELOW
from analysis.statistics.mean_bounds import hoeffding_bentkus
from analysis.traces import Traces, trace_logits
from tests.toy import GOLDEN

PUBLISHED = json.loads((GOLDEN / "golden_small_policy.json").read_text())
LOSSES = {
    "prediction-gt-gap": "accuracy-gap",
    "prediction-consistency": "consistency",
    "confidence-brier": "brier-gap",
    "confidence-brier-top-pred": "brier-gap-prediction",
}
"""Their names and ours."""
RULES = {"naive": "empirical", "crc": "crc", "ucb_wsr": "ucb-wsr"}
EPSILONS = ("0.02", "0.05", "0.1")
DELTA = 0.1
NOBODY = 1e8
"""The threshold that nobody reaches there."""


@pytest.fixture
def halves(small_logits, small_labels) -> tuple[Traces, Traces]:
    traces = trace_logits(small_logits, small_labels, "baseline")
    return traces.select(np.arange(200)), traces.select(np.arange(200, 400))


@pytest.mark.parametrize("point", PUBLISHED["budgeted"], ids=lambda point: f"p={point['p']:g}")
def test_budgeted_batches_agree(halves, point):
    calibration, test = halves
    rule = rule_for(calibration, resolve_policy("budgeted"), point["p"])
    theirs = [None if threshold == NOBODY else threshold for threshold in point["thresholds"][:-1]]
    assert [threshold is None for threshold in rule.thresholds] == [*(t is None for t in theirs), False]
    known = [(ours, one) for ours, one in zip(rule.thresholds, theirs) if one is not None]
    np.testing.assert_allclose(*np.transpose(known), atol=1e-6)
    for side, published in ((calibration, point["val_acc"]), (test, point["test_acc"])):
        stops = stopping_exits(rule, side.max_prob)
        assert 100 * side.correct[stops, np.arange(200)].mean() == pytest.approx(published, abs=1e-9)
    costs = np.array(PUBLISHED["flops"])
    assert costs[stopping_exits(rule, test.max_prob)].mean() == pytest.approx(point["test_flops"], rel=1e-6)


def test_the_curve_has_their_points():
    assert [point["p"] for point in PUBLISHED["budgeted"]] == pytest.approx(SHARES)


@pytest.mark.parametrize("theirs", LOSSES)
def test_risks_and_depths_along_the_grid_agree(halves, theirs):
    published = PUBLISHED["risk"][theirs]
    fit = control(halves[0], resolve_policy("risk", {"loss": LOSSES[theirs]}), BELOW)
    np.testing.assert_allclose(LAMBDAS, PUBLISHED["lambdas"], atol=1e-12)
    np.testing.assert_allclose(fit.risks, published["cal_risk"], atol=1e-6)
    both = np.concatenate([stops_along(side.max_prob) for side in halves], axis=1)
    np.testing.assert_allclose(1 + both.mean(axis=1), published["mean_exit"], atol=1e-6)


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("theirs", LOSSES)
def test_thresholds_agree(halves, theirs, rule, epsilon):
    published = PUBLISHED["risk"][theirs]["choice"][epsilon]
    if rule == "ucb_wsr" and theirs.startswith("confidence"):
        assert rule not in published  # the public code has none for losses that are not 0 or 1
        return
    settings = {"rule": RULES[rule], "loss": LOSSES[theirs], "epsilon": epsilon, "delta": DELTA}
    fit = control(halves[0], resolve_policy("risk", settings), BELOW)
    assert fit.threshold == pytest.approx(published[rule], abs=1e-9)


def faulty_ltt(answers: Traces, loss: str, epsilon: float) -> float:
    """The public routine: the first threshold that failed the test, of losses that are not divided by their bound."""
    per_exit, each = loss_per_exit(loss, answers), np.arange(answers.n_samples)
    for threshold, stops in zip(LAMBDAS, stops_along(answers.max_prob)):
        risk = min(float(per_exit[stops, each].mean()), 1.0)
        if hoeffding_bentkus(risk, answers.n_samples, epsilon) > DELTA:
            return threshold
    return LAMBDAS[-1]


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("theirs", LOSSES)
def test_ltt_agrees_with_its_faults_put_back_and_ours_is_safer(halves, theirs, epsilon):
    published = PUBLISHED["risk"][theirs]["choice"][epsilon]["ltt"]
    assert faulty_ltt(halves[0], LOSSES[theirs], float(epsilon)) == pytest.approx(published, abs=1e-9)
    settings = {"rule": "ltt", "loss": LOSSES[theirs], "epsilon": epsilon, "delta": DELTA}
    assert control(halves[0], resolve_policy("risk", settings), BELOW).threshold > published
