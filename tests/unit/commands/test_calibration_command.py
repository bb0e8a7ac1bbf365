"""`calibration` as it is called."""

import json

import numpy as np
import pandas as pd
import pytest

from analysis.cli import main
from analysis.storage import write_run

FIELDS = {
    *("exit", "ece", "ece_equal_mass", "ece_classwise", "brier", "brier_parts", "nll", "nll_on_support"),
    *("failure_auroc", "improvable_auroc", "aurc", "deferred_accuracy", "temperature", "ece_at_temperature"),
}


def test_it_prints_one_json_object(small_run, capsys):
    assert main(["calibration", "small", "--format", "json"]) == 0
    printed, errors = capsys.readouterr()
    found = json.loads(printed)
    assert errors == ""
    assert {"run", "predictor", "settings", "split", "samples", "cost_unit"} <= set(found)
    assert (found["predictor"], found["samples"], found["cost_unit"]) == ("pa", 300, "MACs")
    assert found["fitted_on"] == {"run": "small", "split": "calibration", "samples": 100, "seed": None}
    assert found["fitted_on_test"] is False
    assert all(set(row) >= FIELDS for row in found["exits"])
    assert [row["exit"] for row in found["exits"]] == list(range(1, 8))
    assert found["exits"][-1]["improvable_auroc"] is None
    parts = found["exits"][0]["brier_parts"]
    assert set(parts) == {"reliability", "resolution", "uncertainty", "remainder"}
    assert all(row["temperature"] > 0 and row["ece_at_temperature"] >= 0 for row in found["exits"])


def test_predictor_settings_and_split_are_taken_as_by_summarize(small_run, capsys):
    command = ["calibration", "small", "--predictor", "softmax-poe", "--set", "combine=mean", "--split", "all"]
    assert main([*command, "--cost-unit", "params", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["settings"]["combine"], found["split"], found["samples"]) == ("mean", "all", 300)
    assert (found["cost_unit"], found["exits"][1]["cost"]) == ("params", 2000)


def test_the_table_says_what_was_fitted_on_what(small_run, imageless_run, capsys):
    assert main(["calibration", "small", "--predictor", "baseline"]) == 0
    printed = capsys.readouterr().out
    assert "Fitted on 100 samples of small (calibration)." in printed
    assert "ECE, class-wise" in printed
    assert main(["calibration", "imageless"]) == 0
    assert "No temperature: the run has no calibration samples" in capsys.readouterr().out
    assert main(["calibration", "imageless", "--allow-test-fitting"]) == 0
    assert "FITTED ON TEST" in capsys.readouterr().out
    assert main(["calibration", "imageless", "--calibration", "random:0.5", "--seed", "7"]) == 0
    assert "Fitted on 200 samples of imageless (random:0.5, seed 7)." in capsys.readouterr().out


def test_a_bound_that_is_reached_is_printed(runs, capsys):
    logits = np.zeros((2, 40, 3), np.float32)
    logits[:, :, 0] = 0.1
    logits[1, :, 1] = 0.1
    write_run(
        runs / "sure",
        logits=logits,
        labels=np.zeros(40, np.int64),
        samples=pd.DataFrame({"split": ["test"] * 20 + ["calibration"] * 20}),
    )
    assert main(["calibration", "sure", "--predictor", "baseline"]) == 0
    assert "At exit 1, 2 the search ended at its bound" in capsys.readouterr().out


def test_anyone_s_own_correction_is_calibrated_too(small_run, tmp_path, capsys):
    file = tmp_path / "mine.py"
    file.write_text("def mine(logits, sharp=1.0):\n    return (sharp * logits).softmax(-1)\n")
    command = ["--predictor", f"{file}:mine", "--set", "sharp=2", "--format", "json"]
    assert main(["calibration", "small", *command]) == 0
    found = json.loads(capsys.readouterr().out)["exits"]
    assert main(["calibration", "small", "--predictor", "baseline", "--format", "json"]) == 0
    plain = json.loads(capsys.readouterr().out)["exits"]
    assert found[2]["temperature"] == pytest.approx(2 * plain[2]["temperature"], rel=1e-4)
    assert main(["sets", "small", "--method", "lac", *command]) == 0
    assert json.loads(capsys.readouterr().out)["predictor"] == "mine"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--split", "calibration"], "none is left to measure"),
        (["--calibration", "random:2"], "give a share between 0 and 1"),
        (["--cost-unit", "hours"], "has no cost in hours"),
        (["--seed", "-1"], "--seed -1"),
        (["--set", "alpha=1"], "pa has no setting 'alpha'"),
    ],
)
def test_what_cannot_be_done_is_one_line(small_run, capsys, options, message):
    assert main(["calibration", "small", *options]) == 2
    printed, errors = capsys.readouterr()
    assert printed == ""
    assert message in errors
    assert errors.count("\n") == 1


def test_a_run_without_labels_is_refused(unlabelled_run, capsys):
    assert main(["calibration", "unlabelled"]) == 2
    assert "has no label among the measured samples" in capsys.readouterr().err
