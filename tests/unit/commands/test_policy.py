"""`policy` as it is called: JSON as the contract names it, tables, rules on disk, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from analysis.cli import main
from analysis.policies import POLICIES, read_rule
from analysis.storage import write_run

EVERY = ("run", "predictor", "settings", "split", "samples", "cost_unit", "fitted_on", "fitted_on_test")
ALWAYS = (*EVERY, "by_exit", "up_to_exit", "too_early", "too_late", "depth")
OWN = {
    "confidence": ("accuracy", "mean_exit", "mean_cost", "exit_shares"),
    "pcee": ("accuracy", "mean_exit", "mean_cost", "exit_shares"),
    "interruption": ("expected_accuracy", "exit_shares"),
    "risk": ("threshold", "certified", "risk", "mean_exit", "mean_cost", "calibration"),
    "budgeted": ("points",),
}
GAPS = {"exit", "samples", "accuracy", "gap", "gap_bound"}
GIVEN = {"confidence": ["--set", "lambda=0.8"]}


def called(capsys, *arguments: str) -> dict:
    assert main(["policy", *arguments, "--format", "json"]) == 0
    printed, errors = capsys.readouterr()
    assert errors == ""
    return json.loads(printed)


@pytest.mark.parametrize("policy", POLICIES)
def test_json_holds_what_the_contract_names(small_run, capsys, policy):
    found = called(capsys, "small", "--policy", policy, *GIVEN.get(policy, []))
    assert set(found) >= {*ALWAYS, *OWN[policy]}
    assert (found["run"], found["predictor"], found["split"], found["samples"]) == ("small", "baseline", "test", 300)
    assert all(set(row) == GAPS for name in ("by_exit", "up_to_exit") for row in found[name])
    assert [row["exit"] for row in found["by_exit"]] == [1, 2, 3, 4, 5, 6, 7]
    assert {"information", "shuffled_mean", "shuffled_p95", "classes"} <= set(found["depth"])
    classes = found["depth"]["classes"]
    assert {"class", "samples", "mean_exit", "mean_cost", "accuracy", "gap"} <= set(classes[0])
    assert "promised" not in found or POLICIES[policy].fits


def test_the_curve_is_that_of_the_contract(small_run, capsys):
    found = called(capsys, "small", "--policy", "budgeted")
    assert len(found["points"]) == 39
    assert set(found["points"][0]) == {"p", "thresholds", "calibration_accuracy", "accuracy", "cost"}
    assert [len(point["thresholds"]) for point in found["points"]] == [7] * 39
    assert {point["thresholds"][-1] for point in found["points"]} == {0}
    assert None in found["points"][0]["thresholds"]


def test_settings_go_to_the_policy_or_to_the_predictor(small_run, capsys):
    options = ("--predictor", "pa", "--set", "epsilon=0.3", "--set", "weights=uniform", "--set", "rule=crc")
    found = called(capsys, "small", "--policy", "risk", *options, "--cost-unit", "params")
    assert (found["settings"]["epsilon"], found["settings"]["rule"], found["settings"]["weights"]) == (
        0.3,
        "crc",
        "uniform",
    )
    assert (found["predictor"], found["cost_unit"]) == ("pa", "params")
    assert set(found["calibration"]) == {"risk", "samples"}


def test_anyones_own_predictor_stops_too(small_run, tmp_path, capsys):
    file = tmp_path / "mine.py"
    file.write_text("def mine(logits, sharpness=1):\n    return (logits * sharpness).softmax(-1)\n")
    options = ("--policy", "confidence", "--set", "lambda=0.8", "--predictor", f"{file}:mine", "--set")
    plain, sharp = (called(capsys, "small", *options, f"sharpness={value}") for value in (1, 3))
    assert (plain["predictor"], sharp["settings"]["sharpness"]) == ("mine", 3)
    assert sharp["mean_exit"] < plain["mean_exit"]


def test_a_slice_takes_the_place_of_the_split(small_run, capsys):
    found = called(capsys, "small", "--policy", "risk", "--set", "epsilon=0.3", "--calibration", "0:200")
    assert (found["samples"], found["calibration"]["samples"]) == (100, 200)
    assert found["fitted_on"] == {"run": "small", "split": "0:200", "samples": 200, "seed": None}
    found = called(capsys, "small", "--policy", "risk", "--split", "all", "--calibration", "-100:")
    assert (found["samples"], found["calibration"]["samples"]) == (300, 100)


def test_a_seeded_share_takes_the_place_of_the_split(imageless_run, capsys):
    options = ("imageless", "--policy", "risk", "--calibration", "random:0.25", "--seed")
    first, again, other = (called(capsys, *options, seed) for seed in ("5", "5", "6"))
    assert first["fitted_on"] == {"run": "imageless", "split": "random:0.25", "samples": 100, "seed": 5}
    assert first["samples"] == 300
    assert first == again
    assert first["calibration"]["risk"] != other["calibration"]["risk"] or first["risk"] != other["risk"]


def test_without_a_calibration_split_fitting_is_refused_until_it_is_allowed(imageless_run, capsys):
    assert main(["policy", "imageless", "--policy", "budgeted"]) == 2
    printed, errors = capsys.readouterr()
    assert printed == ""
    assert errors.count("\n") == 1
    assert "--calibration random:0.2" in errors
    assert "--allow-test-fitting" in errors
    found = called(capsys, "imageless", "--policy", "budgeted", "--allow-test-fitting")
    assert found["fitted_on_test"]
    assert found["fitted_on"] == {"run": "imageless", "split": "test", "samples": 400, "seed": None}
    assert main(["policy", "imageless", "--policy", "budgeted", "--allow-test-fitting"]) == 0
    assert "FITTED ON TEST" in capsys.readouterr().out


def test_what_fits_nothing_needs_no_calibration(imageless_run, capsys):
    found = called(capsys, "imageless", "--policy", "confidence", "--set", "lambda=0.5")
    assert (found["fitted_on"], found["fitted_on_test"]) == (None, False)


def test_a_clean_runs_thresholds_on_another_run(small_run, runs, small_logits, small_labels, capsys):
    logits = (small_logits[:, :300] + np.random.default_rng(0).normal(0, 5, (7, 300, 20))).astype(np.float32)
    write_run(runs / "shifted", logits=logits, labels=small_labels[:300])
    found = called(capsys, "shifted", "--policy", "risk", "--set", "epsilon=0.3", "--fitted-on", "small")
    assert found["fitted_on"] == {"run": "small", "split": "calibration", "samples": 100, "seed": None}
    assert (found["promised"], found["samples"]) == (0.3, 300)
    assert found["realised"] == found["risk"]
    assert main(["policy", "shifted", "--policy", "risk", "--set", "epsilon=0.3", "--fitted-on", "small"]) == 0
    printed = capsys.readouterr().out
    assert f"Promised 0.3000, realised {found['risk']:.4f}." in printed
    assert "certified for samples like those of small: the risk is at most 0.3, with probability 0.9" in printed


def test_the_file_of_the_rule_is_named_below_its_numbers(small_run, tmp_path, capsys):
    out = tmp_path / "rule.json"
    assert main(["policy", "small", "--policy", "risk", "--set", "epsilon=0.3", "--out", str(out)]) == 0
    assert capsys.readouterr().out.endswith(
        f"\n\n{out}: the rule, which analysis.anytime(network, rule=...) stops by\n"
    )


@pytest.mark.parametrize("policy", [policy for policy in POLICIES if policy != "interruption"])
def test_the_rule_is_written_with_its_provenance(small_run, tmp_path, capsys, policy):
    out = tmp_path / "rule.json"
    found = called(capsys, "small", "--policy", policy, *GIVEN.get(policy, []), "--out", str(out))
    rule = read_rule(out)
    assert (rule.policy, rule.predictor, rule.n_exits, rule.run) == (policy, "baseline", 7, "small")
    assert rule.fitted_on == found["fitted_on"]
    assert dict(rule.settings).items() <= found["settings"].items()


def test_an_existing_file_is_refused_and_kept(small_run, tmp_path, capsys):
    out = tmp_path / "rule.json"
    out.write_text("mine")
    assert main(["policy", "small", "--policy", "risk", "--out", str(out)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert out.read_text() == "mine"


def test_nothing_is_left_where_the_policy_fails(small_run, tmp_path, capsys):
    out = tmp_path / "rule.json"
    assert main(["policy", "small", "--policy", "risk", "--calibration", "9:1", "--out", str(out)]) == 2
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--policy", "luck"], "there is no policy 'luck'"),
        (["--policy", "confidence"], "policy confidence needs the setting 'lambda'"),
        (["--policy", "confidence", "--set", "lambda=7"], "give a number from 0 to 1"),
        (
            ["--policy", "risk", "--set", "lambda=0.7"],
            "neither policy risk nor baseline has a setting 'lambda': policy risk takes rule",
        ),
        (["--policy", "risk", "--set", "epsilon=1"], "consistency is never above 1"),
        (["--policy", "risk", "--set", "rule"], "give it as KEY=VALUE"),
        (["--policy", "risk", "--predictor", "best"], "best"),
        (["--policy", "risk", "--split", "calibration"], "all 100 samples of split calibration are fitted on"),
        (["--policy", "risk", "--calibration", "some"], "--calibration some: give a slice A:B"),
        (["--policy", "risk", "--calibration", "random:1"], "give a share between 0 and 1"),
        (["--policy", "risk", "--seed", "-1"], "--seed -1: give a whole number of at least 0"),
        (["--policy", "risk", "--cost-unit", "hours"], "has no cost in hours"),
        (["--policy", "risk", "--fitted-on", "gone"], "gone"),
        (["--policy", "confidence", "--set", "lambda=0.5", "--fitted-on", "small"], "leave out --fitted-on"),
        (["--policy", "interruption", "--set", "law=list"], "give budgets too"),
        (["--policy", "interruption", "--out", "rule.json"], "is no rule that a network could follow"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(small_run, capsys, options, message):
    assert main(["policy", "small", *options]) == 2
    printed, errors = capsys.readouterr()
    assert printed == ""
    assert message in errors
    assert errors.count("\n") == 1


def test_a_policy_must_be_named(small_run, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["policy", "small"])
    assert stop.value.code == 2
    assert "--policy" in capsys.readouterr().err


def test_the_help_lists_every_policy_with_its_settings(capsys):
    with pytest.raises(SystemExit):
        main(["policy", "--help"])
    text = capsys.readouterr().out
    for policy in POLICIES.values():
        assert f"  {policy.id}: {policy.summary}" in text
        assert all(f"{setting.name}=" in text for setting in policy.settings)
    assert "lambda=...: " in text
    assert "softmax-poe" in text
