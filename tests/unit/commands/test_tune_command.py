"""`tune` as it is called."""

import json

import pytest

from analysis.cli import main


def test_it_prints_one_json_object(small_run, capsys):
    assert main(["tune", "small", "--max-falling", "10", "--threshold", "0.05", "--format", "json"]) == 0
    printed, errors = capsys.readouterr()
    found = json.loads(printed)
    assert errors == ""
    assert (found["run"], found["predictor"], found["split"], found["samples"]) == ("small", "pa", "test", 300)
    assert (found["cost_unit"], found["max_falling"], found["threshold"]) == ("MACs", 10, 0.05)
    assert found["fitted_on"] == {"run": "small", "split": "calibration", "samples": 100, "seed": None}
    assert found["fitted_on_test"] is False
    assert len(found["candidates"]) == 198
    assert any(row["frontier"] for row in found["candidates"])


def test_the_table_shows_the_frontier_and_what_is_measured(small_run, capsys):
    assert main(["tune", "small", "--threshold", "0.01", "--law", "exponential", "--set", "mean=3e6"]) == 0
    printed = capsys.readouterr().out
    assert "law=exponential mean=3000000 prior=0," in printed
    assert "Fitted on 100 samples of small (calibration)." in printed
    assert "chosen: " in printed
    assert "default settings" in printed
    assert main(["tune", "small", "--threshold", "0", "--max-falling", "0", "--allow-test-fitting"]) == 0
    printed = capsys.readouterr().out
    assert "No setting tried holds the limit: on the samples fitted on at least " in printed
    assert "fewest fall: " in printed
    assert "chosen: " not in printed
    assert "default → chosen settings: mean confidence" in printed
    assert main(["tune", "small", "--split", "all", "--allow-test-fitting"]) == 0
    assert "FITTED ON TEST" in capsys.readouterr().out


def test_by_likelihood_it_says_what_to_set(small_run, capsys):
    assert main(["tune", "small", "--by", "likelihood", "--predictor", "exit-ensemble", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["fitted"] == "weights"
    assert len(found["settings"]["weights"]) == 28
    assert found["fitted_on"] == {"run": "small", "split": "calibration", "samples": 100, "seed": None}
    assert main(["tune", "small", "--by", "likelihood", "--set", "weights=uniform"]) == 0
    printed = capsys.readouterr().out
    assert "Fitted on 100 samples of small (calibration)." in printed
    assert "--set temperature=" in printed
    assert main(["tune", "small", "--by", "likelihood", "--predictor", "ca"]) == 2
    assert "nothing of predictor ca is fitted by likelihood" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--predictor", "moe"], "no settings of predictor moe are tuned"),
        (["--law", "exponential"], "give mean too"),
        (["--set", "law=list"], "give it as --law list"),
        (["--set", "cap=6"], "policy interruption has no setting 'cap'"),
        (["--max-falling", "-1"], "max_falling is -1"),
        (["--split", "calibration"], "none is left to measure"),
        (["--cost-unit", "hours"], "has no cost in hours"),
    ],
)
def test_what_cannot_be_done_is_one_line(small_run, capsys, options, message):
    assert main(["tune", "small", *options]) == 2
    printed, errors = capsys.readouterr()
    assert printed == ""
    assert message in errors
    assert errors.count("\n") == 1
