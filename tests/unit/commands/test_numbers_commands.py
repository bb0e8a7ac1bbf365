"""`summarize`, `probs` and `traces` as they are called."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.cli import main
from analysis.predictors import predict, resolve, settings_key
from analysis.traces.cache import cache_path, write_cached
from analysis.traces.compute import compute_traces

PROJECT = Path(__file__).parents[3]


def test_summarize_prints_a_table_with_the_baseline_beside(small_run, capsys):
    assert main(["summarize", "small"]) == 0
    printed, errors = capsys.readouterr()
    assert "small: 300 samples of split test" in printed
    assert "baseline" in printed
    assert "under product anytime (PA)" in printed
    assert errors == ""


def test_the_baseline_with_other_settings_is_told_from_the_baseline(small_run, capsys):
    assert main(["summarize", "small", "--predictor", "baseline", "--set", "temperature=2"]) == 0
    printed = capsys.readouterr().out
    assert "; under the baseline with temperature=2.0 for " in printed
    assert "What the baseline with temperature=2.0 costs" in printed
    assert "Baseline" not in printed


def test_summarize_prints_one_json_object(small_run, capsys):
    command = [
        "summarize",
        str(small_run.path),
        "--predictor",
        "pa",
        "--set",
        "weights=uniform",
        "--set",
        "threshold=0.5",
    ]
    assert main([*command, "--split", "calibration", "--cost-unit", "params", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["predictor"], found["samples"], found["cost_unit"]) == ("pa", 100, "params")
    assert found["settings"]["weights"] == "uniform"
    assert found["settings"]["threshold"] == 0.5


def test_summarize_uses_softmax_poe_on_probabilities_but_refuses_pa(probs_run, capsys):
    assert main(["summarize", "probs", "--predictor", "softmax-poe", "--format", "csv"]) == 0
    assert capsys.readouterr().out.count("\n") == 15
    assert main(["summarize", "probs", "--predictor", "pa"]) == 2
    assert "needs logits" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        ["summarize", "probs", "--format", "json"],
        ["calibration", "probs", "--format", "json"],
        ["sets", "probs", "--method", "raps", "--format", "json"],
        ["compare", "probs", "--format", "json"],
    ],
)
def test_a_run_of_probabilities_takes_softmax_poe_where_no_predictor_is_named(probs_run, command, capsys):
    assert main(command) == 0
    told = capsys.readouterr()
    found = json.loads(told.out)
    chosen = [entry["predictor"] for entry in found["entries"]][-1] if "entries" in found else found["predictor"]
    assert chosen == "softmax-poe"
    assert told.err.startswith("pa needs logits, but this run holds probabilities only, ")
    assert told.err.endswith(": using softmax-poe.\n")


def test_nothing_is_said_of_the_predictor_on_a_run_of_logits(small_run, capsys):
    assert main(["summarize", str(small_run.path), "--format", "json"]) == 0
    told = capsys.readouterr()
    assert (json.loads(told.out)["predictor"], told.err) == ("pa", "")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--split", "calibration"], "run unlabelled has no samples of split calibration: choose another --split"),
        (["--cost-unit", "ms"], "run unlabelled has no cost in ms"),
        (["--predictor", "best"], "best"),
        (["--set", "weights=1,2"], "has 2 numbers and the run 7 exits"),
    ],
)
def test_summarize_says_what_is_wrong_in_one_line(unlabelled_run, capsys, options, message):
    assert main(["summarize", "unlabelled", *options]) == 2
    printed, errors = capsys.readouterr()
    assert printed == ""
    assert message in errors
    assert errors.count("\n") == 1


def test_probs_writes_what_predict_returns(small_run, small_logits, tmp_path, monkeypatch):
    monkeypatch.setattr("analysis.traces.compute.CHUNK_BYTES", 8 * 7 * 20 * 40)
    out = tmp_path / "probs.npz"
    assert main(["probs", "small", "--predictor", "pa", "--samples", "100:-50", "--out", str(out)]) == 0
    expected = predict("pa", small_logits[:, 100:350])
    with np.load(out) as arrays:
        assert arrays["probs"].dtype == np.float32
        np.testing.assert_array_equal(arrays["probs"], expected.probs.float().numpy())
        np.testing.assert_array_equal(arrays["collapsed"], expected.collapsed.numpy())
        assert arrays["collapsed"].any()
    assert [path.name for path in tmp_path.iterdir() if path.name != "runs"] == ["probs.npz"]


@pytest.mark.parametrize(("samples", "first", "last"), [("-3:", 397, 400), ("-400:3", 0, 3), ("-9:-5", 391, 395)])
def test_a_slice_from_the_end_is_no_option(small_run, small_logits, tmp_path, samples, first, last):
    out = tmp_path / "probs.npz"
    assert main(["probs", "small", "--predictor", "pa", "--samples", samples, "--out", str(out)]) == 0
    with np.load(out) as arrays:
        np.testing.assert_array_equal(arrays["probs"], predict("pa", small_logits[:, first:last]).probs.float().numpy())


def test_traces_writes_all_samples(small_run, tmp_path, capsys):
    out = tmp_path / "traces.parquet"
    assert main(["traces", "small", "--predictor", "ca", "--out", str(out)]) == 0
    table = pd.read_parquet(out)
    assert len(table) == 2800
    assert set(table["split"]) == {"test", "calibration"}
    assert "400 samples x 7 exits under ca" in capsys.readouterr().out


def test_traces_load_what_they_need(small_run, tmp_path):
    """Computing them needs no torch, which alone takes a second to import, and reading what is kept no compiler."""
    code = (
        "import sys; from analysis.cli import main\n"
        "assert main(['traces', *sys.argv[1:3], '--predictor', 'hard-poe', '--out', sys.argv[3]]) == 0\n"
        "print(*[name for name in ('torch', 'numba', 'PIL', 'plotly', 'scipy') if name in sys.modules])"
    )
    loaded = []
    for out in ("computed.parquet", "kept.parquet"):
        command = [sys.executable, "-c", code, str(small_run.path), "--set=threshold=0.123", str(tmp_path / out)]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
        loaded.append([name for name in done.stdout.splitlines()[-1].split() if name != "scipy"])  # numba's
        settings = resolve("hard-poe", {"threshold": "0.123"}, n_exits=small_run.n_exits)
        kept = cache_path(small_run, settings_key("hard-poe", settings))
        write_cached(kept, compute_traces(small_run, "hard-poe", settings))  # what takes no time is not kept by itself
    assert loaded == [["numba"], []]


@pytest.mark.parametrize("command", ["probs", "traces"])
def test_an_existing_file_is_refused_and_kept(small_run, tmp_path, capsys, command):
    out = tmp_path / "out"
    out.write_text("mine")
    assert main([command, "small", "--predictor", "pa", "--out", str(out)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert out.read_text() == "mine"


@pytest.mark.parametrize("command", ["probs", "traces"])
def test_a_link_to_nothing_is_kept(small_run, tmp_path, capsys, command):
    out = tmp_path / "out"
    out.symlink_to(tmp_path / "away")
    assert main([command, "small", "--predictor", "pa", "--out", str(out)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert out.is_symlink()


@pytest.mark.parametrize("samples", ["", "5:5", "10:2", "400:", ":-400", "-1:0", "1:2:3", "a:b", "7"])
def test_slices_without_samples_are_refused(small_run, tmp_path, capsys, samples):
    arguments = ["--predictor", "pa", f"--samples={samples}", "--out", str(tmp_path / "out")]
    assert main(["probs", "small", *arguments]) == 2
    errors = capsys.readouterr().err
    assert errors.startswith(f"--samples {samples}".rstrip())
    assert errors.count("\n") == 1


@pytest.mark.parametrize("command", ["probs", "traces"])
def test_a_folder_that_is_missing_leaves_nothing(small_run, tmp_path, capsys, command):
    assert main([command, "small", "--predictor", "pa", "--out", str(tmp_path / "none" / "out")]) == 2
    errors = capsys.readouterr().err
    assert "none is no folder: make it, or choose another --out" in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize("command", ["summarize", "probs", "traces"])
def test_settings_may_have_any_name(small_run, tmp_path, capsys, command):
    """Those of someone's own function are theirs to name, also as our own arguments are named."""
    file = tmp_path / "open.py"
    file.write_text("def open_ended(logits, **settings):\n    return (logits * settings['predictor']).softmax(-1)\n")
    options = ["--set", "predictor=2", "--set", "first_sample={1: (2, 3), 'a': None}"]
    options += [] if command == "summarize" else ["--out", str(tmp_path / "out")]
    assert main([command, "small", "--predictor", f"{file}:open_ended", *options]) == 0
    assert capsys.readouterr().err == ""


def test_an_interrupted_file_is_not_left_behind(small_run, tmp_path, monkeypatch, capsys):
    file = tmp_path / "failing.py"
    file.write_text("def failing(logits):\n    return logits\n")
    out = tmp_path / "probs.npz"
    assert main(["probs", "small", "--predictor", f"{file}:failing", "--out", str(out)]) == 2
    assert "exit 1, sample 1" in capsys.readouterr().err
    assert not out.exists()
    assert not list(tmp_path.glob(".probs-*"))
