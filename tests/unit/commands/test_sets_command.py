"""`sets` as it is called."""

import json

import pytest

from analysis.cli import main

COMMON = {"exit", "coverage", "mean_size", "median_size", "by_size"}


@pytest.mark.parametrize("method", ["raps", "aps", "lac", "nested"])
def test_it_prints_one_json_object(small_run, capsys, method):
    assert main(["sets", "small", "--method", method, "--format", "json"]) == 0
    printed, errors = capsys.readouterr()
    found = json.loads(printed)
    assert errors == ""
    assert {"run", "predictor", "settings", "split", "samples", "cost_unit"} <= set(found)
    assert (found["method"], found["predictor"], found["samples"], found["seed"]) == (method, "pa", 300, 0)
    assert found["fitted_on_test"] is False
    assert (found["fitted_on"] is None) == (method == "nested")
    assert list(found["grows_percent"]) == ["0", "1", "2", "5", "10"]
    own = {"sequence_coverage", "consistency"} if method == "nested" else {"quantile"}
    for row in found["exits"]:
        assert set(row) >= COMMON | own
        assert list(row["by_size"]) == ["0", "1", "2-5", "6-20", "21+"]
        assert sum(cell["samples"] for cell in row["by_size"].values()) == 300
        covered = sum(cell["samples"] * (cell["coverage"] or 0) for cell in row["by_size"].values())
        assert covered == pytest.approx(300 * row["coverage"])


def test_settings_are_dealt_to_the_method_and_the_predictor(small_run, capsys):
    command = ["sets", "small", "--method", "raps", "--set", "k_reg=2", "--set", "cap=6", "--set", "alpha=0.1"]
    assert main([*command, "--seed", "3", "--cost-unit", "params", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["settings"]["k_reg"], found["settings"]["cap"], found["settings"]["alpha"]) == (2, 6.0, 0.1)
    assert (found["seed"], found["cost_unit"]) == (3, "params")


def test_the_table_says_what_was_fitted_on_what(small_run, imageless_run, capsys):
    assert main(["sets", "small", "--method", "raps"]) == 0
    printed = capsys.readouterr().out
    assert "sets raps of pa (" in printed
    assert "Fitted on 100 samples of small (calibration)." in printed
    assert "coverage % (95 asked)" in printed
    said = "By chance alone, of samples like those fitted on, 90.67% to 99.33% (95%) are covered"
    assert f"{said}; more where sets that would be empty hold the likeliest class instead." in printed
    assert main(["sets", "small", "--method", "raps", "--set", "allow_empty=1"]) == 0
    assert f"{said}.\n" in capsys.readouterr().out
    assert main(["sets", "imageless", "--method", "lac", "--predictor", "baseline", "--seed", "9"]) == 0
    assert "Fitted on 80 samples of imageless (random:0.2, seed 9)." in capsys.readouterr().out
    assert main(["sets", "imageless", "--method", "lac", "--allow-test-fitting"]) == 0
    assert "FITTED ON TEST" in capsys.readouterr().out
    assert main(["sets", "small", "--method", "aps", "--calibration", "0:3"]) == 0
    assert "Too few calibration samples for this alpha" in capsys.readouterr().out


def test_nested_sets_say_what_they_promise(small_run, capsys):
    assert main(["sets", "small", "--method", "nested", "--set", "b=tuned"]) == 0
    printed = capsys.readouterr().out
    assert "sets nested of the logits (alpha=0.05 b=tuned)" in printed
    assert "Promised is that the first exit's set holds a label" in printed
    assert "Tuned: b = " in printed
    assert "No threshold b covers as many calibration samples as asked" in printed
    assert "consistency" in printed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--method", "best"], "there are no sets 'best'"),
        (["--method", "raps", "--set", "alpha=2"], "alpha is '2'"),
        (["--method", "lac", "--set", "k_reg=2"], "neither sets lac nor pa has a setting 'k_reg'"),
        (["--method", "raps", "--split", "calibration"], "none is left to measure"),
        (["--method", "nested", "--set", "b=1,2"], "b has 2 numbers and the run 7 exits"),
        (["--method", "raps", "--seed", str(2**64)], "seed is 18446744073709551616"),
        (["--method", "raps", "--cost-unit", "hours"], "has no cost in hours"),
        ([], "--method"),
    ],
)
def test_what_cannot_be_done_is_one_line(small_run, capsys, options, message):
    try:
        status = main(["sets", "small", *options])
    except SystemExit as stop:
        status = stop.code
    printed, errors = capsys.readouterr()
    assert status == 2
    assert printed == ""
    assert message in errors
    assert errors.count("\n") == 1
