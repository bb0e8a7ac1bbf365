"""`compare` on the command line: its formats agree, and what it refuses."""

import csv
import io
import json

import numpy as np
import pytest

from analysis.cli import main
from analysis.storage import write_run
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
    assert r"95\% interval" in latex
    lines = latex.splitlines()
    exits = " & ".join(map(str, range(1, 8)))
    assert rf"exit &  & {exits} \\" in lines  # whose rows name predictors
    assert rf"exit & {exits} \\" in lines
    p = f"{found['pairs'][0]['exits'][-1]['p_holm']:.2g}".split("e-")
    assert len(p) == 1 or rf"${p[0]}\times10^{{-{int(p[1])}}}$ \\" in latex
    markdown = printed(capsys, *options, "--format", "markdown").splitlines()
    assert f"| accuracy, points | {' | '.join(_cells(text, 'accuracy, points'))} |".replace("*", r"\*") in markdown


@pytest.fixture
def shallow(small_run, runs):
    """Three exits of half of the samples, in another order."""
    order = np.random.default_rng(3).permutation(400)[:200]
    samples = small_run.samples.iloc[order][["id", "split"]].reset_index(drop=True)
    logits = small_run.logits.read(0, 400)[:3, order]
    run = write_run(
        runs / "shallow", logits=logits, labels=small_run.labels[order], samples=samples, costs={"MACs": [1, 2, 3]}
    )
    return str(run.path)


def test_runs_of_other_depths_and_samples_stand_in_every_format(path, shallow, capsys):
    options = (path, shallow, "--predictor", "baseline", "--cost-unit", "MACs")
    found = json.loads(printed(capsys, *options, "--format", "json"))
    (pair,) = found["pairs"]
    assert [len(one["accuracy"]) for one in found["entries"]] == [7, 3]
    text = printed(capsys, *options).splitlines()
    heads = [line for line in text if line.startswith("exit ")]
    assert [len(line.split()) for line in heads] == [8, 4]
    assert len({len(line) for line in text[:2]}) == 1
    shared = [f"{100 * one['a']:.2f}" for one in pair["exits"]]
    assert next(line for line in text if line.startswith("accuracy of these %")).split()[-3:] == shared
    rows = list(csv.DictReader(io.StringIO(printed(capsys, *options, "--format", "csv"))))
    for row in rows:
        assert float(row["b"]) - float(row["a"]) == pytest.approx(float(row["difference"]), abs=1e-9)
    latex = printed(capsys, *options, "--format", "latex")
    rows = [line for line in latex.splitlines() if line.startswith(("accuracy \\% &", "cost, "))]
    assert [line.count("&") for line in rows] == [8] * 4
    assert rows[1].endswith("&  &  &  &  \\\\")


def test_settings_stand_after_their_predictor(path, capsys):
    uniform = "pa weights=uniform threshold=0.5"
    options = (path, "--predictor", "pa", "--predictor", uniform)
    found = json.loads(printed(capsys, *options, "--format", "json"))
    assert [one["settings"]["weights"] for one in found["entries"]] == ["linear", "uniform"]
    assert "pa against pa weights=uniform threshold=0.5, the second" in printed(capsys, *options)
    row = next(csv.DictReader(io.StringIO(printed(capsys, *options, "--format", "csv"))))
    assert row["b_settings"].startswith("weights=uniform activation=relu threshold=0.5 ")
    assert row["split"] == "test"
    summarized = main(["summarize", path, "--predictor", "pa", "--set", "weights=uniform", "--set", "threshold=0.5",
                       "--format", "json"])  # fmt: skip
    assert summarized == 0
    exits = json.loads(capsys.readouterr().out)["exits"]
    assert found["entries"][1]["accuracy"] == [one["accuracy"] for one in exits]
    options = (path, "--predictor", "pa cap=6", "--predictor", "pa weights=0.1,0.2,0.3,0.4,0.5,0.6,1")
    assert "pa against pa weights=0.1,0.2,0.3,0.4,0.5,0.6,1 cap=none, the second" in printed(capsys, *options)
    assert main(["compare", path, "--predictor", "pa", "--predictor", "pa weight=uniform"]) == 2
    assert "pa has no setting 'weight'" in capsys.readouterr().err


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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--predictor", "pa", "--predictor", "pa weights=linear"], "pa on run small is named twice with settings that "
         "come to the same (weights=linear activation=relu"),
        (["--predictor", "pa cap=6", "--predictor", "pa cap=6.0"], "pa on run small is named twice"),
        (["--predictor", "moe", "--predictor", "moe"], "moe on run small is named twice"),
    ],
)  # fmt: skip
def test_what_is_named_twice_is_refused(path, capsys, arguments, said):
    assert main(["compare", path, *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.endswith(": name it once\n")
    assert main(["compare", path, path, "--predictor", "baseline"]) == 2
    assert "baseline on run small is named twice" in capsys.readouterr().err


def test_functions_of_one_name_in_two_files_are_refused(path, tmp_path, capsys):
    files = [tmp_path / name for name in ("one.py", "two.py")]
    for file in files:
        file.write_text("def mine(logits):\n    return logits\n")
    assert main(["compare", path, *(part for file in files for part in ("--predictor", f"{file}:mine"))]) == 2
    assert f"--predictor: {files[0]} and {files[1]} both define mine: give one another" in capsys.readouterr().err


def test_runs_of_one_id_are_told_apart_in_every_format(path, tmp_path, small_logits, small_labels, capsys):
    other = write_run(tmp_path / "small", logits=small_logits[::-1], labels=small_labels)
    options = (path, str(other.path), "--predictor", "baseline")
    for form in ("table", "latex", "markdown"):
        assert "small (1) against small (2), the second less" in printed(capsys, *options, "--format", form)
    row = next(csv.DictReader(io.StringIO(printed(capsys, *options, "--format", "csv"))))
    assert (row["a_run"], row["b_run"]) == ("small (1)", "small (2)")


def test_too_many_are_refused(path, capsys):
    assert main(["compare", *[path] * 5]) == 2
    assert "10 to compare (runs times predictors): name 2 to 8" in capsys.readouterr().err


def test_a_run_of_probabilities_is_compared_under_what_it_can_feed(probs_run, capsys):
    found = json.loads(printed(capsys, str(probs_run.path), "--format", "json"))
    assert [one["predictor"] for one in found["entries"]] == ["baseline", "softmax-poe"]


def test_runs_whose_ids_count_through_other_splits_are_refused_before_anything_is_traced(
    path, runs, small_logits, small_labels, capsys, monkeypatch
):
    run = write_run(runs / "alone", logits=small_logits[:, 200:300], labels=small_labels[200:300])
    monkeypatch.setattr("analysis.results.results_of", lambda *_, **__: pytest.fail("traced"))
    assert main(["compare", path, str(run.path)]) == 2
    said = capsys.readouterr().err
    assert "disagree on the labels" in said
    assert "ids that were not given count through all splits of a run" in said
    assert "give both runs ids of their own by --samples" in said
