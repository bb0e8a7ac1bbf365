"""Strips computed in processes of their own: ask for one, see how far it is, cancel it. Imports no torch.

Who asks for the same strip waits for the same process, which is one of the app's jobs
(`analysis/runtime/command_job.py`): others wait for their turn, and it ends when nobody asks any more.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from analysis.attribution import worker
from analysis.attribution.strip import Strip, StripSettings, read_strip, write_strip
from analysis.runtime.command_job import CommandJob
from analysis.runtime.own_folders import own_folder

MODULE = "analysis.attribution.worker"
"""What computes a strip; it is given the folder with its order."""
PATIENCE_S = 20.0
"""After which nobody asks for a strip any more."""


@dataclass(eq=False)
class Work:
    """One strip that waits for its turn or is computed, and then the strip.

    path : where the strip goes when it is done
    job : what computes it
    waiting : those who wait for it
    """

    path: Path
    job: CommandJob
    waiting: list[StripJob] = field(default_factory=list)
    strip: Strip | None = None

    def is_wanted(self) -> bool:
        """Whether someone has asked for it lately."""
        return any(time.monotonic() - one.asked < PATIENCE_S for one in self.waiting)

    def take(self) -> None:
        """Take the strip when it is done.

        Raises
        ------
        ValueError : it failed, was ended or was cancelled
        """
        if self.strip is not None:
            return
        try:
            if not self.job.done():
                return
            self.strip = read_strip(self.job.folder / worker.RESULT)
            if self.strip is None:
                raise ValueError("its process ended before it was done: start it again")
            write_strip(self.path, self.strip)
            self.job.cancel()  # which removes the folder
        finally:
            if self.job.has_ended and _works.get(self.path) is self:
                del _works[self.path]


_works: dict[Path, Work] = {}
"""Those that nobody has seen the end of."""
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

    def waits_for(self) -> int:
        """How many others are before it; 0 once it is computed."""
        self.asked = time.monotonic()
        return self.work.job.waits_for()

    def exits_done(self) -> int:
        """How many exits are done."""
        self.asked = time.monotonic()
        found = self.work.job.progress()
        return 0 if found is None else found[0]

    def result(self) -> Strip | None:
        """The strip, kept in the cache too where that can be written; None while it waits or is computed.

        Raises
        ------
        ValueError : it failed, or its process was ended
        """
        with _lock:
            self.asked = time.monotonic()
            try:
                self.work.take()
            except ValueError as error:
                raise ValueError(f"the attributions were not computed: {error}") from None
            return self.work.strip

    def cancel(self) -> None:
        """Wait no longer; unless others do, the process ends now: its processor time stops before this returns."""
        with _lock:
            with contextlib.suppress(ValueError):
                self.work.waiting.remove(self)
            if self.work.is_wanted():
                return
            if _works.get(self.path) is self.work:
                del _works[self.path]
        self.work.job.cancel()


def start(path: Path, weights: Path, arch: str, image: np.ndarray, settings: StripSettings) -> StripJob:
    """Ask for a strip: join those who wait for it, or start it, or let it wait for its turn.

    Parameters
    ----------
    path : where it is to be kept, by `strip.strip_path`, which tells strips apart
    weights, arch : the checkpoint and its architecture
    image : uint8 (height, width, 3)
    """
    with _lock:
        for gone in [one.path for one in _works.values() if one.job.has_ended and not one.is_wanted()]:
            del _works[gone]
        if (work := _works.get(path)) is None or work.job.has_ended:
            folder = own_folder("strip")
            order = {"weights": str(weights), "arch": arch, "settings": asdict(settings)}
            (folder / worker.ORDER).write_text(json.dumps(order), encoding="utf-8")
            np.save(folder / worker.IMAGE, image)
            job = CommandJob([str(folder)], module=MODULE, folder=folder, patience_s=PATIENCE_S)
            work = _works[path] = Work(path, job)
        waits = StripJob(work, time.monotonic())
        work.waiting.append(waits)
    return waits
