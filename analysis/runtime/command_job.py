"""A command of ours in a process beside the app: how far it is, what it printed, why it failed, and its end when told.

As many run at once as there are cores, four at most; the others wait for their turn, in the order in which they were
asked for. There is no thread that tends them: every question moves on what can move. A process ends with the one that
started it, and when nobody has asked for it for a while (`watched`). Imports the standard library.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Sequence
from pathlib import Path

from analysis.runtime.folders import PROJECT
from analysis.runtime.own_folders import own_folder
from analysis.runtime.watched import GRACE_S, PROGRESS, VARIABLE

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
MOST_AT_ONCE = min(CORES, 4)
"""Each may take some gigabytes of memory."""
PATIENCE_S = 150.0
"""A browser asks once a minute for a page that nobody looks at."""
_OUTPUT, _ERRORS = "output.txt", "errors.txt"
_KILLED = -getattr(signal, "SIGKILL", 9)
_LONGEST = 1 << 24
"""Bytes of what a command printed that are read."""

_jobs: list[CommandJob] = []
"""What has not ended, in the order of asking: the first `MOST_AT_ONCE` have a process, the others wait."""
_lock = threading.RLock()


class CommandJob:
    """One call of a command, from when this is made until it is done or cancelled.

    Parameters
    ----------
    argv : sequence of str
        What follows `python -m analysis`, with whole paths.
    module : str
        What is run in its place, which calls `heed_asker` first, and ends with status 2 and a sentence where it fails.
    folder : Path, optional
        What the command reads or writes there goes with the job; a new one by default.
    patience_s : float
        After which the process ends when nobody asks.

    Attributes
    ----------
    argv : tuple of str
    folder : Path
    output : str
        What it printed, once it has ended, also where it failed.
    began : float
        When it was asked for, on the monotonic clock.

    Examples
    --------
    >>> job = CommandJob(["--help"])
    >>> while not job.done():
    ...     time.sleep(0.1)
    >>> job.output.split()[0], job.progress()
    ('usage:', None)
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        module: str = "analysis",
        folder: Path | None = None,
        patience_s: float = PATIENCE_S,
    ):
        self.argv, self.module, self.patience_s = tuple(argv), module, patience_s
        self.folder = folder or own_folder("job")
        self.began = self._asked = time.monotonic()
        self.output, self._fault = "", ""
        self._progress: tuple[int, int, str] | None = None
        self.process: subprocess.Popen | None = None
        self._remove_folder = weakref.finalize(self, shutil.rmtree, self.folder, True)
        with _lock:
            _jobs.append(self)
            _move_on()

    @property
    def has_ended(self) -> bool:
        """Whether it is done, has failed or was cancelled, as far as anybody has asked."""
        with _lock:
            return self not in _jobs

    def waits_for(self) -> int:
        """How many others are before it; 0 once it has begun."""
        with _lock:
            self._ask()
            return _jobs.index(self) if self in _jobs and self.process is None else 0

    def progress(self) -> tuple[int, int, str] | None:
        """How much is done, of how much, and what is being done; None while that is not known."""
        self._ask()
        with contextlib.suppress(OSError, ValueError):  # nothing said yet, or just being written
            self._progress = tuple(json.loads((self.folder / PROGRESS).read_text(encoding="utf-8")))
        return self._progress

    def done(self) -> bool:
        """Whether it has ended well: `output` then holds what it printed.

        Raises
        ------
        ValueError
            It failed, was ended or was cancelled: the command's own sentence where there is one.
        """
        with _lock:
            self._ask()
            if self._fault:
                raise ValueError(self._fault)
            return self not in _jobs

    def cancel(self) -> None:
        """End it now: its processor time stops before this returns, and what it has half-written is gone.

        Of one that is done, this removes the folder.
        """
        with _lock:
            is_on = self in _jobs
            if is_on:
                _jobs.remove(self)
                self._fault = "it was cancelled: start it again"
        if is_on and self.process is not None:
            _stop(self.process)
        self._remove_folder()
        with _lock:
            _move_on()

    def _ask(self) -> None:
        """Keep the process going, and move on what can move."""
        with _lock:
            self._asked = time.monotonic()
            if self.process is not None and self in _jobs:
                with contextlib.suppress(OSError):  # it has ended, or has many questions to hear still
                    self.process.stdin.write(b"?")
            _move_on()

    def _begin(self) -> None:
        path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
        own = {VARIABLE: f"{self.patience_s}:{self.folder}", "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
        try:
            with (self.folder / _OUTPUT).open("wb") as output, (self.folder / _ERRORS).open("wb") as errors:
                self.process = subprocess.Popen(
                    [sys.executable, "-P", "-m", self.module, *self.argv],  # -P: no module of the working folder
                    env=os.environ | own,
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=errors,
                    bufsize=0,
                    start_new_session=True,
                )
            with contextlib.suppress(OSError, AttributeError):
                os.set_blocking(self.process.stdin.fileno(), False)
        except (OSError, ValueError) as error:  # ValueError: a NUL among the words
            self._take(f"no process could be started ({error}): try again later")

    def _take(self, fault: str = "") -> None:
        """Take what it left when it has ended."""
        _jobs.remove(self)
        if self.process is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
            self.output = self._read(_OUTPUT)
            if not fault and self.process.returncode == 0:
                return
        self._fault = fault or self._why()
        self._remove_folder()

    def _why(self) -> str:
        status, said = self.process.returncode, self._read(_ERRORS).strip().splitlines()
        if status == 2 and said:
            return said[-1]
        if status == _KILLED:
            return "the system killed its process, most likely since memory ran out: end other programs first"
        last = f" ({said[-1]})" if said else ""
        return f"its process ended before it was done, with status {status}{last}: start it again"

    def _read(self, name: str) -> str:
        try:
            with (self.folder / name).open("rb") as file:
                return file.read(_LONGEST).decode("utf-8", "replace")
        except OSError:
            return ""


def _move_on() -> None:
    """Take what has ended, drop what waits and nobody asks for, and start what has its turn."""
    for job in list(_jobs):
        if job.process is not None and job.process.poll() is not None:
            job._take()
        elif job.process is None and time.monotonic() - job._asked > job.patience_s:
            job._take("nobody asked for it any more: start it again")
    for job in _jobs[:MOST_AT_ONCE]:
        if job.process is None:
            job._begin()


def _stop(process: subprocess.Popen) -> None:
    """End a process and what it started: by SIGTERM, which lets it remove what is half-written, then by force."""
    for end in (subprocess.Popen.terminate, subprocess.Popen.kill):
        if process.poll() is None and hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGTERM if end is subprocess.Popen.terminate else signal.SIGKILL)
        else:
            end(process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
            break
    with contextlib.suppress(OSError):
        process.stdin.close()


@atexit.register
def _end_all() -> None:
    for job in list(_jobs):
        job.cancel()
