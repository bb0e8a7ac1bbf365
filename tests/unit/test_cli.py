"""The command line's frame: what it imports, what it says, how it ends."""

import importlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from analysis.cli import COMMANDS, main, one_line

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["validate"],
        ["validate", "a", "b"],
        ["import", "x.npz"],
        ["import", "--out", "x"],
        ["import", "x", "--out", "y", "--kind", "z"],
    ],
)
def test_wrong_usage_is_one_line_and_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "--help" in printed.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert command in capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_a_module(command):
    module = importlib.import_module(COMMANDS[command][0])
    assert callable(module.add_parser)
    assert callable(module.run)


@pytest.mark.parametrize("arguments", [["--help"], ["import", "--help"], ["validate", "missing"]])
def test_the_frame_is_light(arguments):
    code = "import sys; from analysis.cli import main\ntry: main(sys.argv[1:])\nexcept SystemExit: pass\n"
    code += "sys.exit(any(name in sys.modules for name in ('torch', 'streamlit', 'plotly', 'matplotlib')))"
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, cwd=PROJECT, capture_output=True)


def test_a_message_stays_one_line():
    assert one_line("a\nb\x1b[31m\tc") == "a b [31m c"


def test_a_long_message_keeps_its_beginning_and_its_remedy():
    line = one_line(f"x.npz holds {', '.join(map(str, range(100_000)))}: call the arrays logits and labels")
    assert len(line) < 1100
    assert line.startswith("x.npz holds 0, 1, 2, ")
    assert line.endswith("99999: call the arrays logits and labels")


def test_files_that_cannot_be_read_are_the_callers_fault(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    np.savez(tmp_path / "x.npz", logits=np.zeros((2, 9, 3)))
    assert main(["import", str(tmp_path / "x.npz"), "--out", str(tmp_path / "file" / "run")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (FileNotFoundError(2, "No such file", "x.p"), "x.p: No such file: check the path"),
        (OSError("Failed to open 'x.p'"), "Failed to open 'x.p': check the path, its permissions and the space left"),
    ],
)
def test_every_failure_of_a_file_says_what_to_do(monkeypatch, capsys, error, message):
    def fail(args):
        raise error

    monkeypatch.setattr("analysis.commands.validate.run", fail)
    assert main(["validate", "x"]) == 2
    assert capsys.readouterr().err == f"{message}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_an_import_that_is_stopped_leaves_nothing(tmp_path, ending):
    with (tmp_path / "x.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f2", "fortran_order": False, "shape": (20, 400_000, 100)}
        )
        file.truncate(file.tell() + 2 * 20 * 400_000 * 100)
    command = [sys.executable, "-m", "analysis", "import", tmp_path / "x.npy", "--out", tmp_path / "runs" / "run"]
    heeding = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}  # which a shell's `&` ignores
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **heeding)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("runs/.run.*/logits.safetensors")) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert process.poll() is None
    os.kill(process.pid, ending)
    assert process.wait(timeout=60) in (130, 143)
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]


def test_without_the_requirements_the_command_says_how_to_get_them():
    command = [sys.executable, "-S", "-m", "analysis", "summarize", "msdnet-cifar100"]  # -S: no installed packages
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert re.fullmatch(r"this Python has no \w+: run `make app` once, then `. .venv/bin/activate`\n", done.stderr)
