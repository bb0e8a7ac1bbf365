"""`compare` on the command line: its formats agree, and what it refuses."""

import csv
import io
import json

import pytest

from analysis.cli import main
from analysis.words.formats import signed


@pytest.fixture
def path(small_run):
    return str(small_run.path)


def _cells(text, row):
    return next(line for line in text.splitlines() if line.startswith(row)).removeprefix(row).split()


def printed(capsys, *arguments):
    assert main(["compare", *arguments]) == 0
    return capsys.readouterr().out


def test_baseline_and_pa_by_default(path, capsys):
    found = json.loads(printed(capsys, path, "--format", "json"))
    assert [(one["run"], one["predictor"]) for one in found["entries"]] == [("small", "baseline"), ("small", "pa")]
    assert (found["split"], found["seed"], found["cost_unit"]) == ("test", 0, None)
    (pair,) = found["pairs"]
    assert pair["samples"] == 300
    summary = main(["summarize", path, "--predictor", "pa", "--format", "json"])
    assert summary == 0
    pa = json.loads(capsys.readouterr().out)
    assert found["entries"][1]["accuracy"] == [row["accuracy"] for row in pa["exits"]]
    assert found["entries"][1]["decrease_percent"] == pa["decrease_percent"]["true_class"]


def test_the_formats_say_the_same(path, capsys):
    options = (path, "--predictor", "baseline", "--predictor", "moe", "--split", "all", "--cost-unit", "params")
    found = json.loads(printed(capsys, *options, "--format", "json"))
    rows = list(csv.DictReader(io.StringIO(printed(capsys, *options, "--format", "csv"))))
    assert [row["quantity"] for row in rows] == ["accuracy"] * 7 + ["decrease_percent"] * 8
    for row, one in zip(rows, found["pairs"][0]["exits"]):
        assert float(row["difference"]) == one["difference"]
        assert float(row["p_holm"]) == one["p_holm"]
        assert float(row["b"]) - float(row["a"]) == pytest.approx(one["difference"], abs=1e-12)
    text = printed(capsys, *options)
    assert "baseline against moe, the second less the first, 400 samples:" in text
    assert signed(100 * found["pairs"][0]["exits"][-1]["difference"]) in text
    assert "cost, k params" in text
    latex = printed(capsys, *options, "--format", "latex")
    assert latex.count(r"\begin{table}") == latex.count(r"\end{table}") == 4
    assert r"95 \% interval" in latex
    markdown = printed(capsys, *options, "--format", "markdown").splitlines()
    assert f"| accuracy, points |  | {' | '.join(_cells(text, 'accuracy, points'))} |".replace("*", r"\*") in markdown


def test_the_seed_moves_the_intervals_alone(path, capsys):
    one, same, other = (
        json.loads(printed(capsys, path, "--format", "json", "--seed", seed))["pairs"][0]["exits"][2]
        for seed in ("3", "3", "4")
    )
    assert one == same
    assert one["difference"] == other["difference"]
    assert (one["low"], one["high"]) != (other["low"], other["high"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--predictor", "pa"], "1 to compare (runs times predictors): name 2 to 8"),
        (["--seed", "-1"], "--seed -1: give a whole number from 0"),
        (["--cost-unit", "FLOPs"], "no cost in FLOPs"),
        (["--split", "calibration", "--predictor", "nothing", "--predictor", "pa"], "nothing"),
    ],
)
def test_what_is_refused_says_why(path, capsys, arguments, said):
    assert main(["compare", path, *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_too_many_are_refused(path, capsys):
    assert main(["compare", *[path] * 5]) == 2
    assert "10 to compare (runs times predictors): name 2 to 8" in capsys.readouterr().err


def test_a_run_of_probabilities_is_compared_under_what_it_can_feed(probs_run, capsys):
    found = json.loads(printed(capsys, str(probs_run.path), "--format", "json"))
    assert [one["predictor"] for one in found["entries"]] == ["baseline", "softmax-poe"]
