"""Commands beside the app: what they print, how far they are, why they fail, and that they end when told to."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from analysis.runtime import command_job
from analysis.runtime.command_job import CommandJob
from analysis.runtime.folders import PROJECT

SLEEPS = "tests.unit.runtime.sleeping_command"
LONG = ["synthesize", "--exits", "9", "--samples", "400000", "--classes", "500", "--out"]


def until(holds, seconds=60.0):
    """Wait until something holds, asking again and again as a page does."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it does not come to that"
        time.sleep(0.05)
    return found


@pytest.fixture(autouse=True)
def none_left():
    yield
    for job in list(command_job._jobs):
        job.cancel()


def test_it_tells_how_far_it_is_and_what_it_printed(tmp_path):
    job = CommandJob(
        ["synthesize", "--exits", "2", "--samples", "50", "--classes", "3", "--out", str(tmp_path / "new")]
    )
    until(job.done)
    assert job.progress() == (50, 50, "Writing")
    assert "50 samples x 2 exits x 3 classes" in job.output
    assert (tmp_path / "new" / "run.json").is_file()
    folder = job.folder
    del job
    assert not folder.exists()


def test_a_fault_is_the_command_s_own_sentence(tmp_path):
    job = CommandJob(["synthesize", "--exits", "0", "--out", str(tmp_path / "new")])
    for _ in range(2):  # it is told again
        with pytest.raises(ValueError, match=r"^--exits 0: give at least 1$"):
            until(job.done)
    assert not job.folder.exists()


def test_after_cancel_its_processor_time_stops_and_nothing_half_written_is_left(tmp_path):
    job = CommandJob([*LONG, str(tmp_path / "new")])
    process = psutil.Process(job.process.pid)
    until(lambda: job.progress() and job.progress()[0] > 0)
    assert [path.name for path in tmp_path.iterdir()] != []
    assert not job.done()
    job.cancel()
    assert not psutil.pid_exists(process.pid)
    assert list(tmp_path.iterdir()) == []
    assert not job.folder.exists()
    with pytest.raises(ValueError, match="it was cancelled: start it again"):
        job.done()


def test_one_that_does_not_heed_is_ended_by_force(monkeypatch):
    monkeypatch.setattr(command_job, "GRACE_S", 0.2)
    job = CommandJob(["deaf"], module=SLEEPS)
    until(job.progress)
    job.cancel()
    assert job.process.poll() is not None


def test_as_many_run_at_once_as_there_are_cores_and_the_others_wait(monkeypatch):
    monkeypatch.setattr(command_job, "MOST_AT_ONCE", 2)
    jobs = [CommandJob([], module=SLEEPS) for _ in range(4)]
    assert [job.waits_for() for job in jobs] == [0, 0, 2, 3]
    assert [job.process is None for job in jobs] == [False, False, True, True]
    assert not jobs[3].done()
    jobs[2].cancel()
    jobs[0].cancel()
    assert [job.waits_for() for job in (jobs[1], jobs[3])] == [0, 0]


def test_what_waits_and_nobody_asks_for_is_dropped(monkeypatch):
    monkeypatch.setattr(command_job, "MOST_AT_ONCE", 1)
    first, left = CommandJob([], module=SLEEPS), CommandJob([], module=SLEEPS, patience_s=0.0)
    time.sleep(0.01)
    assert first.waits_for() == 0
    with pytest.raises(ValueError, match="nobody asked for it any more: start it again"):
        left.done()


def test_a_process_that_nobody_asks_for_ends_and_one_that_is_asked_for_goes_on():
    asked, left = (CommandJob([], module=SLEEPS, patience_s=1.0) for _ in range(2))
    until(lambda: left.process.poll() is not None or (asked.progress() and False))
    assert not left.folder.exists()
    assert not asked.done()


def test_a_process_ends_with_the_app_that_started_it():
    app = (
        "import os, sys, time\n"
        "from analysis.runtime.command_job import CommandJob\n"
        f"job = CommandJob([], module={SLEEPS!r})\n"
        "while not job.progress(): time.sleep(0.05)\n"
        "print(job.process.pid, job.folder, flush=True)\n"
        "os._exit(1)\n"  # as when it is killed
    )
    said = subprocess.run([sys.executable, "-c", app], cwd=PROJECT, capture_output=True, text=True, check=False).stdout
    pid, folder = said.split()
    until(lambda: not psutil.pid_exists(int(pid)) or psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE)
    assert not Path(folder).exists()


def test_a_killed_process_and_one_that_breaks_are_told():
    job = CommandJob([], module=SLEEPS)
    job.process.kill()
    job.process.wait()
    with pytest.raises(ValueError, match="most likely since memory ran out"):
        job.done()
    job = CommandJob(["broken"], module=SLEEPS)
    with pytest.raises(ValueError, match=r"ended before it was done, with status 1 \(KeyError: 'broken'\)"):
        until(job.done)


def test_no_process_is_a_sentence(monkeypatch):
    monkeypatch.setattr(command_job.sys, "executable", "/there/is/no/such/program")
    with pytest.raises(ValueError, match=r"no process could be started .*: try again later"):
        CommandJob([]).done()


def test_modules_of_the_working_folder_are_not_run(tmp_path, monkeypatch):
    (tmp_path / "analysis.py").write_text("print('another')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    job = CommandJob(["synthesize", "--exits", "1", "--samples", "2", "--classes", "2", "--out", "here"])
    until(job.done)
    assert job.output.startswith("here: 2 samples")  # paths are the app's own
    assert (tmp_path / "here" / "run.json").is_file()
