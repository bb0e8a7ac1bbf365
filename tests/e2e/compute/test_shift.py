"""A stopping rule under shift on the compute page by AppTest: promised beside realised, and how to get there."""

import hashlib
import io
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.cli import build_parser
from analysis.commands.networks.evaluate import check, images_of_splits
from analysis.results import policy_of
from analysis.runtime.folders import PROJECT
from analysis.storage import list_runs, load_run, write_run
from analysis.storage.writing import check_out
from tests.e2e.pages import address, figures, opened, title, words
from tests.e2e.runs import HOSTILE
from tests.golden.screens import saved


def corrupted(runs, logits, labels, kind, severity, **provenance):
    """A run of the first 300 samples whose logits are drowned in noise."""
    noise = np.random.default_rng(severity).normal(0, 2 * severity, logits[:, :300].shape)
    return write_run(
        runs / f"shifted-{severity}-{len(kind)}",
        logits=(logits[:, :300] + noise).astype(np.float32),
        labels=labels[:300],
        model="msdnet",
        costs={"MACs": [1e6 * i for i in range(1, 8)]},
        provenance={"corruption": {"kind": kind, "severity": severity}} | provenance,
    )


def shown(run="small", **controls):
    app = opened("compute", **({"run": run, "predictor": "pa", "poe": "1", "below": "shift"} | controls))
    assert not app.exception, [error.value for error in app.exception]
    return app


def test_promised_stands_beside_realised_over_severities(small_run, runs, small_logits, small_labels):
    for severity in (1, 3):
        corrupted(runs, small_logits, small_labels, "fog", severity)
    app = shown(policy_set="epsilon:0.1")
    assert "shift" in figures(app)
    table = pd.read_csv(io.StringIO(saved(app)["shift"]), keep_default_na=False)
    ours = table[table["predictor"] == "pa"]
    assert ours["severity"].tolist() == [0, 1, 3]
    assert ours["measured_run"].tolist() == ["small", "shifted-1-3", "shifted-3-3"]
    assert set(ours["fitted_on"]) == {"small calibration"}
    risk = {"epsilon": 0.1}
    for row, run in zip(ours.itertuples(), ("small", "shifted-1-3", "shifted-3-3")):
        measured = load_run(runs / run)
        found = policy_of(measured, "risk", risk, "pa", fitted_on=None if run == "small" else small_run)
        assert row.realised == pytest.approx(found.risk)
        assert row.promised == pytest.approx(found.promised)
        assert row.low <= row.realised <= row.high
        assert row.fitted_on_test == "False" or row.fitted_on_test is False
    assert "fog" in title(figures(app)["shift"])
    assert address(app)["policy"] == "risk"
    accuracy = pd.read_csv(io.StringIO(saved(shown(policy="budgeted"))["shift"]))
    found = policy_of(load_run(runs / "shifted-3-3"), "budgeted", {}, "pa", fitted_on=small_run)
    assert accuracy[accuracy["predictor"] == "pa"]["realised"].tolist()[-1] == pytest.approx(found.accuracy)


def test_a_corrupted_run_on_screen_shows_the_same_series(small_run, runs, small_logits, small_labels):
    corrupted(runs, small_logits, small_labels, "fog", 2)
    here, there = (saved(shown(run))["shift"] for run in ("small", "shifted-2-3"))
    a, b = (pd.read_csv(io.StringIO(text)).drop(columns="run") for text in (here, there))
    pd.testing.assert_frame_equal(a, b)


def test_a_point_opens_the_rule_on_that_run(small_run, runs, small_logits, small_labels, monkeypatch):
    from app.views.compute import shift

    held = {}
    monkeypatch.setattr(shift.state, "set", held.__setitem__)
    monkeypatch.setattr(shift.state, "reset", lambda *names: held.update(dict.fromkeys(names)))
    corrupted(runs, small_logits, small_labels, "fog", 2)
    entries = sorted(list_runs(), key=lambda entry: entry.id != "small")
    shift._open({"customdata": ["x", 1]}, entries[0], entries)
    assert held == {"run": "shifted-2-3", "fitted_on": "small", "fit": None, "below": "rule"}
    held.clear()
    for nonsense in (None, ["x", 9], ["x", "1"], ["x"], ["x", -1]):
        shift._open({"customdata": nonsense}, entries[0], entries)
    assert not held


def test_without_corrupted_runs_it_says_how_to_make_them(small_run, damaged_run):
    app = shown()
    assert "shift" not in figures(app)
    (code,) = [code.value for code in app.code if "--corrupt" in code.value]
    assert code.startswith("python -m analysis evaluate --arch ARCH --checkpoint WEIGHTS --data ")
    assert "put in ARCH, its architecture, such as msdnet-cifar100 and WEIGHTS, the file of its weights." in words(app)
    assert "PATH" not in words(app)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_command_runs_as_it_is_printed_and_makes_its_run_beside_the_clean_one(
    elsewhere, tmp_path, small_logits, small_labels, image_parquet, monkeypatch
):
    folder = PROJECT / "cached_runs"
    if elsewhere:
        folder = tmp_path / "my runs"
        shard = image_parquet(folder / "datasets" / "tiny" / "test-00000-of-00001.parquet", small_labels % 10)
        bundled = load_run(PROJECT / "cached_runs" / "msdnet-cifar10")
        write_run(
            folder / "mine", logits=small_logits[..., :10], labels=small_labels % 10, arch=bundled.arch, model="other",
            weights=bundled.weights, images={"test": [shard]},
        )  # fmt: skip
    monkeypatch.setenv("EXITLENS_RUNS", str(folder))
    monkeypatch.chdir(PROJECT)
    app = shown("mine" if elsewhere else "msdnet-cifar10")
    (code,) = [code.value for code in app.code if "--corrupt" in code.value]
    assert "put in" not in words(app)
    argv = shlex.split(code)
    assert argv[:3] == ["python", "-m", "analysis"]
    args = build_parser("evaluate").parse_args(argv[3:])
    check(args)
    held = next(entry.weights for entry in list_runs() if entry.id == address(app)["run"])
    assert held == hashlib.sha256(Path(args.checkpoint).read_bytes()).hexdigest()  # by it the new run is recognised
    parts = images_of_splits(args, None, "cifar10")
    assert len(parts["test"])
    out = Path(args.out)
    assert out.absolute().parent == folder
    assert out.is_absolute() == elsewhere
    check_out(out.absolute())
    assert args.model == ("other" if elsewhere else None)


def test_a_clean_run_without_calibration_samples_says_so(imageless_run, runs, small_logits, small_labels):
    write_run(
        runs / "shifted",
        logits=small_logits,
        labels=small_labels,
        provenance={"corruption": {"kind": "fog", "severity": 1}},
    )
    app = shown("imageless")
    assert "shift" not in figures(app)
    assert "cannot be fitted on imageless" in words(app)


def test_a_corrupted_run_alone_says_what_is_missing(runs, small_logits, small_labels):
    corrupted(runs, small_logits, small_labels, "fog", 2)
    assert "the clean run of its network" in words(shown("shifted-2-3"))


def test_a_hostile_kind_is_shown_as_text(small_run, runs, small_logits, small_labels):
    corrupted(runs, small_logits, small_labels, HOSTILE * 100, 1)
    figure = figures(shown())["shift"]
    assert "<img" not in title(figure)
    assert "&lt;img" in title(figure)
