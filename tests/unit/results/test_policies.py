"""What a policy does on a run: by hand, on runs that lack something, and under shift."""

import dataclasses
import json
import math

import numpy as np
import pytest

from analysis.policies import POLICIES, read_rule, resolve_policy, stops_now, write_rule
from analysis.policies.rule import stopping_exits
from analysis.policies.scores import scores
from analysis.predictors import predict
from analysis.results import policy_of, results_of
from analysis.results.policies import apply_policy, sweep
from analysis.results.policy_numbers import policy_numbers
from analysis.statistics.binomial import clopper_pearson_upper
from analysis.storage import write_run
from tests.unit.results.by_hand import results_by_hand

SETTINGS = {"confidence": {"lambda": 0.8}, "risk": {"epsilon": 0.2}, "pcee": {"target": 0.5}}
COSTS = {"MACs": (10.0, 20.0, 40.0)}


def four_samples(labels=(0, 0, 0, 0)):
    """Two classes, three exits; the first sample is sure at once, the second at exit 2, the others never."""
    first = np.array([[0.9, 0.6, 0.4, 0.3], [0.9, 0.1, 0.6, 0.3], [0.9, 0.9, 0.6, 0.3]])
    found = results_by_hand(np.log(np.stack([first, 1 - first], -1)).astype(np.float32), list(labels))
    return dataclasses.replace(found, run=dataclasses.replace(found.run, costs=COSTS))


def test_a_threshold_on_four_samples_by_hand():
    found = apply_policy("confidence", {"lambda": 0.8}, four_samples())
    assert found.stops.tolist() == [0, 1, 2, 2]
    assert found.exit_shares.tolist() == [0.25, 0.25, 0.5]
    assert (found.accuracy, found.mean_exit, found.mean_cost) == (0.5, 2.25, 27.5)
    assert found.saved == 1 - 27.5 / 40
    assert found.too_early.tolist() == [False, True, False, False]
    assert found.too_late.tolist() == [False, True, True, False]
    assert found.by_exit.samples.tolist() == [1, 1, 2]
    assert found.by_exit.gap.tolist() == [0, 1, 0]
    assert found.up_to_exit.gap.tolist() == [0, 0.5, 0.25]
    assert found.up_to_exit.gap_bound[2] == clopper_pearson_upper(1, 4)
    assert found.classes.samples.tolist() == [4, 0]
    assert found.classes.gap[0] == 0.25


def test_interruption_by_hand():
    """Budgets are uniform on [10, 40]: a third end at exit 1, two thirds at exit 2, none reaches the last."""
    found = apply_policy("interruption", {"prior": 0.5}, four_samples())
    np.testing.assert_allclose(found.exit_shares, [1 / 3, 2 / 3, 0])
    assert found.expected_accuracy == pytest.approx(0.5)
    assert found.mean_cost == pytest.approx(50 / 3)
    assert found.rule is None
    assert set(found.stops) <= {0, 1}


def test_budgets_that_end_before_the_first_exit_answer_nobody():
    found = apply_policy("interruption", {"law": "list", "budgets": "1,2", "prior": 0.1}, four_samples())
    assert (found.expected_accuracy, found.reached[0]) == (0.1, 1)
    assert (found.stops == -1).all()
    assert math.isnan(found.mean_exit)
    numbers = policy_numbers(found)
    assert numbers["before_exit_1"] == 1
    assert [row["samples"] for row in numbers["by_exit"]] == [0, 0, 0]
    assert (numbers["too_early"], numbers["mean_cost"], numbers["saved"]) == (0, None, None)
    assert numbers["depth"]["information"] is None


def test_savings_are_measured_where_the_unit_is_a_latency():
    results = four_samples()
    timed = dataclasses.replace(results, run=dataclasses.replace(results.run, costs={"ms": (1.0, 2.0, 3.0)}))
    assert apply_policy("confidence", {"lambda": 0.8}, results).saving == "simulated"
    assert apply_policy("confidence", {"lambda": 0.8}, timed).saving == "measured"


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("predictor", ["baseline", "pa"])
def test_every_policy_works_on_every_predictor_and_is_json(small_run, policy, predictor):
    found = policy_of(small_run, policy, SETTINGS.get(policy), predictor)
    numbers = policy_numbers(found)
    json.dumps(numbers, allow_nan=False)
    assert numbers["samples"] == 300
    assert sum(numbers["exit_shares"]) == pytest.approx(1)
    assert sum(row["samples"] for row in numbers["by_exit"]) == 300
    assert numbers["up_to_exit"][-1]["samples"] == 300
    assert numbers["up_to_exit"][-1]["accuracy"] == pytest.approx(numbers["accuracy"])
    assert sum(row["samples"] for row in numbers["depth"]["classes"]) == 300
    assert numbers["cost_unit"] == "MACs"
    fitted = POLICIES[policy].fits
    assert (numbers["fitted_on"] is not None) == fitted == ("promised" in numbers)
    assert not numbers["fitted_on_test"]
    if fitted:
        assert numbers["fitted_on"] == {"run": "small", "split": "calibration", "samples": 100, "seed": None}


@pytest.mark.parametrize("policy", [policy for policy in POLICIES if policy != "interruption"])
@pytest.mark.parametrize("predictor", ["baseline", "pa"])
def test_a_rule_on_disk_stops_each_sample_where_the_policy_did(small_run, small_logits, tmp_path, policy, predictor):
    """Exit by exit, on the probabilities of one sample, as a network that stops by itself asks."""
    found = policy_of(small_run, policy, SETTINGS.get(policy), predictor)
    write_rule(found.rule, tmp_path / "rule.json")
    rule = read_rule(tmp_path / "rule.json")
    assert rule.fitted_on == found.fitted_on
    assert (rule.predictor, rule.run) == (predictor, "small")
    probs = predict(predictor, small_logits[:, :60]).probs.numpy()
    margins = np.abs(scores(rule.measure, found.measured.traces)[:, :60] - 0.8).min(axis=0)
    assert (margins > 1e-6).all()  # no sample is so close that a last digit decides
    for n in range(60):
        stop = next(m for m in range(7) if stops_now(rule, probs[: m + 1, n]))
        assert stop == found.stops[n]


def test_the_rule_knows_its_predictor_and_its_settings(small_run):
    found = policy_of(small_run, "risk", {"epsilon": 0.3}, "pa", {"cap": 6})
    assert found.rule.predictor_settings["cap"] == 6
    assert found.rule.settings == resolve_policy("risk", {"epsilon": 0.3})
    np.testing.assert_array_equal(
        found.stops, stopping_exits(found.rule, scores("max-prob", results_of(small_run, "pa", {"cap": 6}).traces))
    )


def test_the_curve_has_the_point_that_is_told_in_full(small_run):
    found = policy_of(small_run, "budgeted", {"p": 0.5})
    point = next(point for point in found.points if point.p == 0.5)
    assert (point.accuracy, point.cost) == pytest.approx((found.accuracy, found.mean_cost))
    assert point.thresholds == found.rule.thresholds
    assert point.calibration_accuracy == found.calibration_accuracy == found.promised


def test_a_sweep_is_the_same_policy_again(small_run):
    found = policy_of(small_run, "risk", {"epsilon": 0.3})
    swept = sweep(found, "epsilon", [0.1, 0.3, 0.6])
    assert swept[1].accuracy == found.accuracy
    assert swept[0].mean_cost >= swept[1].mean_cost >= swept[2].mean_cost
    assert all(one.fitted_on == found.fitted_on for one in swept)


def test_fitting_on_what_is_measured_is_said(imageless_run):
    found = policy_numbers(policy_of(imageless_run, "risk", allow_test_fitting=True))
    assert found["fitted_on_test"]
    assert found["fitted_on"]["samples"] == found["samples"] == 400
    assert found["risk"] == found["calibration"]["risk"]


# --- what a run may lack ----------------------------------------------------------------------------------------------


def test_without_costs_everything_else_is_there(imageless_run):
    numbers = policy_numbers(policy_of(imageless_run, "confidence", {"lambda": 0.8}))
    unknown = ("cost_unit", "mean_cost", "saved", "saving")
    assert all(numbers[name] is None for name in unknown)
    assert numbers["accuracy"] > 0.3
    assert numbers["depth"]["classes"][0]["mean_cost"] is None
    with pytest.raises(ValueError, match="policy interruption needs the exits' costs, and run imageless knows none"):
        policy_of(imageless_run, "interruption")
    points = policy_numbers(policy_of(imageless_run, "budgeted", calibration="random:0.5"))["points"]
    assert all(point["cost"] is None for point in points)


def test_without_labels_what_needs_none_is_there(unlabelled_run):
    numbers = policy_numbers(policy_of(unlabelled_run, "risk", calibration="0:200"))
    assert numbers["risk"] is not None
    assert numbers["mean_cost"] > 0
    assert (numbers["labelled"], numbers["accuracy"], numbers["too_early"], numbers["too_late"]) == (
        0,
        None,
        None,
        None,
    )
    assert {row["gap"] for row in numbers["by_exit"]} == {None}
    assert sum(row["samples"] for row in numbers["by_exit"]) == 200
    assert numbers["depth"]["information"] is None
    budgeted = policy_numbers(policy_of(unlabelled_run, "budgeted", calibration="0:200"))
    assert {point["accuracy"] for point in budgeted["points"]} == {None}


@pytest.mark.parametrize(("policy", "settings"), [("pcee", {}), ("risk", {"loss": "accuracy-gap"})])
def test_what_is_fitted_on_labels_is_refused_without(unlabelled_run, policy, settings):
    with pytest.raises(ValueError, match=f"policy {policy} is fitted on labels, and run unlabelled has none"):
        policy_of(unlabelled_run, policy, settings, calibration="0:200")


def test_labels_that_are_partly_known_count_where_they_are(runs, small_logits, small_labels):
    known = np.arange(400) % 2 == 1
    run = write_run(runs / "half", logits=small_logits, labels=np.where(known, small_labels, np.nan))
    numbers = policy_numbers(policy_of(run, "pcee", {"target": 0.6}, calibration="0:200"))
    assert (numbers["samples"], numbers["labelled"], numbers["fitted_on"]["samples"]) == (200, 100, 100)
    gap = policy_numbers(policy_of(run, "risk", {"loss": "accuracy-gap", "epsilon": 0.3}, calibration="0:200"))
    assert (gap["calibration"]["samples"], gap["fitted_on"]["samples"]) == (100, 100)
    found = policy_of(run, "confidence", {"lambda": 0.8})
    right = found.measured.traces.correct[found.stops, np.arange(400)]
    assert found.accuracy == right[known].mean()
    assert len(found.too_early) == 200
    assert sum(found.by_exit.samples) == 400


def test_probabilities_are_enough(probs_run):
    assert policy_of(probs_run, "confidence", {"lambda": 0.8}, "softmax-poe").accuracy > 0.3
    with pytest.raises(ValueError, match="needs logits"):
        policy_of(probs_run, "confidence", {"lambda": 0.8}, "pa")


def test_a_single_exit_and_a_single_sample_are_enough(runs):
    run = write_run(
        runs / "one", logits=np.array([[[2.0, 1.0]]], np.float32), labels=np.array([1]), costs={"MACs": [5]}
    )
    for policy in POLICIES:
        numbers = policy_numbers(policy_of(run, policy, SETTINGS.get(policy), allow_test_fitting=True))
        assert numbers["exit_shares"] == [1]
        assert numbers["mean_cost"] == 5


def test_what_is_not_fitted_refuses_another_run(small_run):
    with pytest.raises(ValueError, match="nothing of policy confidence is fitted: leave out --fitted-on"):
        policy_of(small_run, "confidence", {"lambda": 0.5}, fitted_on=small_run)


def test_a_policy_that_is_fitted_needs_samples(small_run):
    with pytest.raises(ValueError, match="policy risk is fitted: give the results of the samples"):
        apply_policy("risk", {}, results_of(small_run, "baseline"))


def test_an_unknown_unit_is_refused_before_anything_is_computed(small_run, monkeypatch):
    monkeypatch.setattr("analysis.results.policies.results_at", None)
    with pytest.raises(ValueError, match="has no cost in hours"):
        policy_of(small_run, "confidence", {"lambda": 0.5}, cost_unit="hours")


# --- under shift ------------------------------------------------------------------------------------------------------


@pytest.fixture
def shifted_run(runs, small_run, small_logits, small_labels):
    """The test samples again, under noise that makes early exits wrong and sure."""
    noise = np.random.default_rng(0).normal(0, 6, small_logits[:, :300].shape)
    noise[-1] = 0
    return write_run(
        runs / "shifted",
        logits=(small_logits[:, :300] + noise).astype(np.float32),
        labels=small_labels[:300],
        costs={"MACs": [1e6 * i for i in range(1, 8)]},
    )


def test_what_was_promised_is_broken_under_shift(small_run, shifted_run):
    settings = {"rule": "ltt", "epsilon": 0.3, "loss": "accuracy-gap"}
    clean = policy_of(small_run, "risk", settings)
    found = policy_of(shifted_run, "risk", settings, fitted_on=small_run)
    assert found.rule.thresholds == clean.rule.thresholds
    assert (found.promised, clean.promised) == (0.3, 0.3)
    assert clean.realised <= 0.3 < found.realised == found.risk
    assert found.fitted_on == {"run": "small", "split": "calibration", "samples": 100, "seed": None}
    assert found.measured.n_samples == 300
    assert not found.fitted_on_test


def test_what_promises_nothing_shows_its_calibration_value(small_run, shifted_run):
    found = policy_of(shifted_run, "risk", {"rule": "empirical", "epsilon": 0.3}, fitted_on=small_run)
    assert found.promised == found.risk_fit.risk < 0.3
    found = policy_of(shifted_run, "pcee", {"target": 0.5}, fitted_on=small_run)
    assert found.promised == found.calibration_accuracy > found.realised == found.accuracy
