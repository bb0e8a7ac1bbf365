"""`report` on the command line: what it writes, what it refuses, and that nothing is half-written."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from analysis.cli import main
from analysis.report.reviewer.bundle import report_html
from tests.unit.commands.test_endings import PROJECT, STOPPED


def test_it_writes_the_report_and_says_what_it_wrote(small_run, tmp_path, capsys):
    out = tmp_path / "r.html"
    assert main(["report", str(small_run.path), "--out", str(out)]) == 0
    assert capsys.readouterr() == (f"{out}: small, {out.stat().st_size / 1e6:.1f} MB, opens offline\n", "")
    assert out.read_bytes() == report_html([small_run]).encode()
    assert [path.name for path in tmp_path.glob("*.html*")] == ["r.html"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "THERE"], "exists already: choose another --out, or remove it"),
        (["--out", "none/r.html"], "none is no folder: make it, or choose another --out"),
        (["--predictor", "baseline", "--out", "r.html"], "--predictor baseline: a report sets a correction beside it"),
        (["--samples", "101", "--out", "r.html"], "--samples 101: draw 1 to 100"),
        (["--seed", "-1", "--out", "r.html"], "--seed -1: give a whole number"),
        (["gone", "--out", "r.html"], "gone"),
        ([], "--out"),
    ],
)
def test_what_cannot_be_is_one_sentence(small_run, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.html").write_text("mine")
    argv = ["report", str(small_run.path), *(part.replace("THERE", "there.html") for part in arguments)]
    try:
        status = main(argv)
    except SystemExit as stop:
        status = stop.code
    printed = capsys.readouterr()
    assert (status, printed.out) == (2, "")
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert (tmp_path / "there.html").read_text() == "mine"
    assert not (tmp_path / "r.html").exists()


@pytest.mark.parametrize(
    ("module", "name"), [("analysis.report.reviewer.bundle", "as_html"), ("os", "replace")], ids=["made", "written"]
)
def test_a_signal_leaves_nothing(small_run, tmp_path, module, name):
    (out := tmp_path / "out").mkdir()
    code = STOPPED.format(module=module, name=name)
    argv = ["report", str(small_run.path), "--out", str(out / "r.html")]
    ended = subprocess.run([sys.executable, "-c", code, *argv], cwd=PROJECT, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (128 + signal.SIGTERM, "")
    assert not list(out.iterdir())
