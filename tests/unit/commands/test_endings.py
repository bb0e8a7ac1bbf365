"""How commands that write end on a full disk and on a signal: in one sentence, or at once; nothing is half-written."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from analysis.cli import main

PROJECT = Path(__file__).parents[3]
WRITING = {
    "probs": ["probs", "RUN", "--predictor", "pa", "--out", "OUT/p.npz"],
    "traces": ["traces", "RUN", "--predictor", "pa", "--out", "OUT/t.parquet"],
    "report": ["report", "RUN", "--out", "OUT/r.html"],
    "import": ["import", "SRC", "--axes", "exits,samples,classes", "--out", "OUT/new/run"],
    "synthesize": ["synthesize", "--exits", "2", "--samples", "3000", "--classes", "40", "--out", "OUT/new/run"],
}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits and signals")


def arguments(command: str, run, place: Path, out: Path) -> list[str]:
    """A command as it is called, on a run and on a file of logits made at `place`."""
    source = place / "source.npy"
    np.save(source, np.random.default_rng(0).normal(size=(5, 4000, 10)).astype(np.float32))
    return [
        part.replace("OUT", str(out)).replace("RUN", str(run.path)).replace("SRC", str(source))
        for part in WRITING[command]
    ]


def limited(argv: list[str], size: int) -> int:
    """The exit status of a command of which no file may grow beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        return main(argv)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("command", WRITING)
def test_a_file_that_cannot_grow_is_one_sentence_that_names_it(small_run, tmp_path, capfd, command):
    (out := tmp_path / "out").mkdir()
    argv = arguments(command, small_run, tmp_path, out)
    assert limited(argv, 20_000) == 2
    printed, errors = capfd.readouterr()
    assert printed == ""
    assert errors == f"{argv[-1]}: File too large: free some space, or write to another place\n"
    assert not list(out.iterdir())


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 128 kB."""
    (disk := tmp_path / "disk").mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system may be mounted here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize("command", ["probs", "import", "synthesize", "report"])
def test_a_full_disk_is_one_sentence_and_nothing_is_left(small_run, tmp_path, small_disk, command):
    argv = arguments(command, small_run, tmp_path, small_disk)
    ended = subprocess.run([sys.executable, "-m", "analysis", *argv], cwd=PROJECT, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"{argv[-1]}: No space left on device: free some space, or write to another place\n"
    assert not list(small_disk.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux's full device")
def test_an_output_that_takes_nothing_is_said(small_run):
    command = [sys.executable, "-m", "analysis", "validate", str(small_run.path)]
    with open("/dev/full", "w") as full:
        ended = subprocess.run(command, cwd=PROJECT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("standard output: No space left on device: ")
    assert ended.stderr.count("\n") == 1


STOPPED = """
import os, runpy, signal, sys
import {module}
def stop(*arguments, before={module}.{name}):
    os.kill(os.getpid(), signal.SIGTERM)
    return before(*arguments)
{module}.{name} = stop
sys.argv = ["analysis", *sys.argv[1:]]
runpy.run_module("analysis", run_name="__main__")
"""


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("analysis.runtime.whole_files", "sync"),  # all is written
        ("os", "replace"),  # and on the disk
        ("analysis.runtime.whole_files", "_remove"),  # and named
    ],
)
@pytest.mark.parametrize("command", ["probs", "traces", "import"])
def test_a_signal_near_the_end_leaves_all_or_nothing(small_run, tmp_path, command, module, name):
    (out := tmp_path / "out").mkdir()
    argv = arguments(command, small_run, tmp_path, out)
    code = STOPPED.format(module=module, name=name)
    ended = subprocess.run([sys.executable, "-c", code, *argv], cwd=PROJECT, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (128 + signal.SIGTERM, "")
    left = [path.name for path in out.iterdir()]
    assert left in ([], [Path(argv[-1]).relative_to(out).parts[0]])
    if command != "traces":  # whose cache may be what was written just then
        assert bool(left) == (name == "_remove")
    if command == "import" and left:
        assert main(["validate", argv[-1]]) == 0


def test_a_signal_within_ones_own_predictor_is_no_error_of_it(small_run, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "import os, signal, time\ndef mine(logits):\n    os.kill(os.getpid(), signal.SIGTERM)\n    time.sleep(9)\n"
    )
    command = ["probs", str(small_run.path), "--predictor", f"{file}:mine", "--out", str(tmp_path / "p.npz")]
    ended = subprocess.run([sys.executable, "-m", "analysis", *command], cwd=PROJECT, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (143, "")
    assert not list(tmp_path.glob("p*"))


def test_the_next_import_removes_what_a_killed_one_left(small_run, tmp_path):
    (out := tmp_path / "out").mkdir()
    argv = arguments("import", small_run, tmp_path, out)
    argv += ["--dataset", "tiny"]
    code = STOPPED.format(module="os", name="replace").replace("SIGTERM", "SIGKILL")
    killed = subprocess.run([sys.executable, "-c", code, *argv], cwd=PROJECT, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL
    assert [path.name.split(".")[1] for path in (out / "new").iterdir()] == ["run"]
    (images := out / "new" / "datasets" / "tiny").mkdir(parents=True)
    leave = "import sys, os, pathlib; from analysis.runtime.whole_files import unfinished\n"
    leave += "with unfinished(pathlib.Path(sys.argv[1])): os._exit(1)"
    subprocess.run([sys.executable, "-c", leave, images / "test.parquet"], cwd=PROJECT, check=False)
    assert len(list(images.iterdir())) == 1
    assert main(argv) == 0
    assert sorted(path.name for path in (out / "new").iterdir()) == ["datasets", "run"]
    assert not list(images.iterdir())


def test_a_temporary_file_that_cannot_grow_is_named_by_its_folder(tmp_path, capsys):
    np.savez_compressed(tmp_path / "source.npz", logits=np.zeros((5, 4000, 10), np.float32))
    command = ["import", str(tmp_path / "source.npz"), "--out", str(tmp_path / "run")]
    assert limited(command, 20_000) == 2
    place = tempfile.gettempdir()
    assert capsys.readouterr().err == f"{place}: File too large: free some space, or write to another place\n"
    assert [path.name for path in tmp_path.iterdir()] == ["source.npz"]
