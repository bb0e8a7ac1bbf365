"""Strips computed in processes of their own: ask for one, see how far it is, cancel it. Imports no torch.

Who asks for the same strip waits for the same process. Two to four run at once, as there are cores; the others wait
for their turn, in the order in which they were asked for. There is no thread that tends them: every question moves on
what can move.
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
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from analysis.attribution import worker
from analysis.attribution.strip import Strip, StripSettings, read_strip, write_strip
from analysis.runtime.folders import PROJECT

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
MOST_AT_ONCE = min(max(2, CORES), 4)  # each takes up to some gigabytes of memory
KILLED = -signal.SIGKILL if hasattr(signal, "SIGKILL") else None
"""What a process returns that the system ended, where systems tell."""
COMMAND = [sys.executable, "-m", "analysis.attribution.worker"]
"""What computes a strip; the folder with its order follows."""


@dataclass(eq=False)
class Work:
    """One strip that waits for its turn or is computed, and then its end: a strip, or a sentence that says why not.

    path : where the strip goes when it is done
    order, image : what the process is told; the image is kept only until then
    jobs : those who wait for it
    """

    path: Path
    order: dict
    image: np.ndarray | None
    jobs: list[StripJob] = field(default_factory=list)
    process: subprocess.Popen | None = None
    folder: Path | None = None
    strip: Strip | None = None
    error: str = ""

    def is_wanted(self) -> bool:
        """Whether someone has asked for it lately."""
        return any(time.monotonic() - job.asked < worker.PATIENCE_S for job in self.jobs)


_works: list[Work] = []
"""What has not ended, in the order of asking: the first `MOST_AT_ONCE` have a process, the others wait."""
_lock = threading.RLock()


@dataclass(eq=False)
class StripJob:
    """One person's wait for a strip, which others may wait for too. `asked`: when last, on the monotonic clock."""

    work: Work
    asked: float

    @property
    def path(self) -> Path:
        """Where the strip goes when it is done."""
        return self.work.path

    def _ask(self) -> None:
        """Keep the work going, and move on what can move; call it under the lock."""
        self.asked = time.monotonic()
        if self.work.folder is not None:
            with contextlib.suppress(OSError):
                os.utime(self.work.folder / worker.ASKED)
        _move_on()

    def waits_for(self) -> int:
        """How many others are before it; 0 once it is computed."""
        with _lock:
            self._ask()
            return _works.index(self.work) if self.work in _works and self.work.process is None else 0

    def exits_done(self) -> int:
        """How many exits are done."""
        with _lock:
            self._ask()
            try:
                return int((self.work.folder / worker.PROGRESS).read_text(encoding="ascii") or 0)
            except (OSError, ValueError, TypeError):  # not begun, being written, or ended
                return 0

    def result(self) -> Strip | None:
        """The strip, kept in the cache too where that can be written; None while it waits or is computed.

        Raises
        ------
        ValueError : it failed, or its process was ended
        """
        with _lock:
            self._ask()
            if self.work.error:
                raise ValueError(f"the attributions were not computed: {self.work.error}")
            return self.work.strip

    def cancel(self) -> None:
        """Wait no longer; unless others do, the process ends now: its processor time stops before this returns."""
        with _lock:
            with contextlib.suppress(ValueError):
                self.work.jobs.remove(self)
            if self.work in _works and not self.work.is_wanted():
                _end(self.work, error="they were cancelled: start them again")
            _move_on()


def _move_on() -> None:
    """Take what is done, drop what waits and nobody asks for, and start what has its turn."""
    for work in list(_works):
        if work.process is not None and work.process.poll() is not None:
            _take(work)
        elif work.process is None and not work.is_wanted():
            _end(work, error="nobody asked for them any more: start them again")
    for work in _works[:MOST_AT_ONCE]:
        if work.process is None:
            _begin(work)


def _begin(work: Work) -> None:
    try:
        work.folder = Path(tempfile.mkdtemp(prefix="exitlens-strip-"))
        (work.folder / worker.ORDER).write_text(json.dumps(work.order), encoding="utf-8")
        np.save(work.folder / worker.IMAGE, work.image)
        (work.folder / worker.ASKED).touch()
        work.process = subprocess.Popen(
            [*COMMAND, str(work.folder)],
            cwd=PROJECT,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        work.image = None
    except OSError as error:
        _end(work, error=f"no process could be started ({error}): try again later")


def _take(work: Work) -> None:
    """End a work whose process has ended, with what it left."""
    strip, error = read_strip(work.folder / worker.RESULT), work.folder / worker.ERROR
    if strip is not None:
        write_strip(work.path, strip)
        _end(work, strip)
    elif error.is_file():
        _end(work, error=error.read_text(encoding="utf-8"))
    elif work.process.returncode == KILLED:
        _end(work, error="the system killed their process, most likely since memory ran out: end other programs first")
    else:
        _end(work, error="their process ended before it was done: start it again")


def _end(work: Work, strip: Strip | None = None, error: str = "") -> None:
    work.strip, work.error, work.image = strip, error, None
    if work.process is not None:
        work.process.kill()
        work.process.wait()
    if work.folder is not None:
        shutil.rmtree(work.folder, ignore_errors=True)
    _works.remove(work)


@atexit.register
def _end_all() -> None:
    for work in list(_works):
        _end(work, error="the app was ended")


def start(path: Path, weights: Path, arch: str, image: np.ndarray, settings: StripSettings) -> StripJob:
    """Ask for a strip: join those who wait for it, or start it, or let it wait for its turn.

    Parameters
    ----------
    path : where it is to be kept, by `strip.strip_path`, which tells strips apart
    weights, arch : the checkpoint and its architecture
    image : uint8 (height, width, 3)
    """
    with _lock:
        _move_on()
        work = next((one for one in _works if one.path == path), None)
        if work is None:
            work = Work(path, {"weights": str(weights), "arch": arch, "settings": asdict(settings)}, image)
            _works.append(work)
        job = StripJob(work, time.monotonic())
        work.jobs.append(job)
        job._ask()
    return job
