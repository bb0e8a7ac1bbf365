"""What a policy does, as text for a terminal."""

from __future__ import annotations

import pytest

from analysis.policies import POLICIES
from analysis.report.policy_tables import as_text
from analysis.results import policy_of
from analysis.results.policy_numbers import policy_numbers
from analysis.words.formats import signed

SETTINGS = {"confidence": {"lambda": 0.8}, "risk": {"epsilon": 0.3, "rule": "crc"}, "pcee": {"target": 0.5}}


def text(run, policy, settings=None, **options) -> str:
    return as_text(policy_numbers(policy_of(run, policy, settings or SETTINGS.get(policy), **options)))


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_has_its_table(small_run, policy):
    numbers = policy_numbers(policy_of(small_run, policy, SETTINGS.get(policy)))
    lines = as_text(numbers).splitlines()
    assert lines[0].startswith(f"small: 300 samples of split test, policy {policy} on baseline (temperature=1 ")
    assert "none" not in lines[0].lower()
    fitted = POLICIES[policy].fits
    assert lines[1] == ("Fitted on 100 samples of small (calibration)." if fitted else "Nothing is fitted.")
    shares = next(line for line in lines if line.startswith("stop here %")).split()[3:]
    assert shares == [f"{100 * share:.2f}" if share else "0" for share in numbers["exit_shares"]]
    assert any("Too late: " in line for line in lines)
    assert max(map(len, lines[1:])) <= 150


def test_a_saving_is_called_what_it_is(small_run):
    assert "of the last exit's cost is saved (simulated)." in text(small_run, "confidence")


def test_fitting_on_test_cannot_be_overlooked(imageless_run):
    lines = text(imageless_run, "risk", {"epsilon": 0.3}, allow_test_fitting=True).splitlines()
    assert lines[1] == "Fitted on 400 samples of imageless (test)."
    assert lines[2].startswith("FITTED ON TEST")
    drawn = text(imageless_run, "risk", {"epsilon": 0.3}, calibration="random:0.5", seed=3)
    assert "Fitted on 200 samples of imageless (random:0.5, seed 3)." in drawn
    assert "FITTED ON TEST" not in drawn


def test_what_a_rule_promises_is_said(small_run):
    crc = text(small_run, "risk", {"rule": "crc", "epsilon": 0.3})
    assert "certified: the expected loss of a new sample is at most 0.3" in crc
    assert "certified: the risk is at most 0.3, with probability 0.9." in text(small_run, "risk", {"epsilon": 0.3})
    assert "promises nothing of new samples" in text(small_run, "risk", {"rule": "empirical", "epsilon": 0.3})
    assert "no threshold passes: everyone goes to the last exit" in text(small_run, "risk", {"epsilon": 0.001})


def test_the_curve_of_budgeted_batches_has_a_line_for_each_p(small_run):
    lines = text(small_run, "budgeted").splitlines()
    head = lines.index(next(line for line in lines if line.lstrip().startswith("p  ")))
    assert [line.split()[0] for line in lines[head + 1 : head + 40]] == [f"{i / 20:g}" for i in range(1, 40)]


def test_only_another_run_is_held_to_its_promise(small_run):
    lines = text(small_run, "risk", {"epsilon": 0.3}, calibration="random:0.5", seed=1)
    assert "Promised" not in lines
    assert "; certified: the risk is at most 0.3" in lines


def test_settings_and_thresholds_give_the_same_rule_when_they_are_typed_back(small_run):
    said = text(small_run, "confidence", {"lambda": 0.999995}).splitlines()[0]
    assert "lambda=0.999995 " in said
    epsilon = 0.12345678
    said = text(small_run, "risk", {"epsilon": epsilon, "rule": "crc"})
    assert f"epsilon={epsilon} " in said
    assert f"is at most {epsilon}, if" in said
    numbers = policy_numbers(policy_of(small_run, "risk", {"epsilon": 0.3})) | {"threshold": 0.999995}
    assert "Threshold 0.999995 by " in as_text(numbers)


def test_what_is_unknown_is_said(unlabelled_run, imageless_run):
    lines = text(unlabelled_run, "risk", {"epsilon": 0.3}, calibration="0:200")
    assert "Accuracy unknown." in lines
    assert "Classes that lose most" not in lines
    assert "mean cost unknown." in text(imageless_run, "confidence")


def test_where_all_stop_at_one_exit_the_class_is_not_revealed(small_run):
    lines = text(small_run, "confidence", {"lambda": 1.0})
    assert "All stop at one exit, which tells nothing of their class.\nNo class loses against the last exit." in lines
    assert "Classes that lose most" not in lines


def test_budgets_that_end_early_are_said(small_run):
    lines = text(small_run, "interruption", {"law": "list", "budgets": "5e5,2e6", "prior": 0.05})
    assert "50.0% end before the first exit." in lines
    assert "each sample's budget is drawn from the law (seed 0)" in lines


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_stands_beside_the_last_exit(small_run, policy):
    found = policy_of(small_run, policy, SETTINGS.get(policy))
    numbers = policy_numbers(found)
    last = float(found.measured.traces.correct[-1].mean())
    assert numbers["last_exit_accuracy"] == last
    got = numbers.get("expected_accuracy", numbers["accuracy"])
    assert f"; last exit {100 * last:.1f}%: {signed(100 * (got - last))} points." in as_text(numbers)


def test_a_risk_of_wrong_answers_is_said_to_count_losses_alone(small_run):
    said = "The risk counts samples that are lost to the last exit, not those that are gained."
    assert said in text(small_run, "risk", {"loss": "accuracy-gap", "epsilon": 0.3})
    assert said not in text(small_run, "risk", {"epsilon": 0.3})
