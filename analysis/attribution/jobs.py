"""Strips computed in processes of their own: start one, ask how far it is, cancel it. Imports no torch."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from analysis.attribution import worker
from analysis.attribution.strip import Strip, StripSettings, read_strip, write_strip
from analysis.storage.folders import PROJECT

MOST_AT_ONCE = 2
_begun: list[tuple[subprocess.Popen, Path]] = []
_lock = threading.Lock()


@dataclass
class StripJob:
    """One strip that is being computed, and where it goes when it is done."""

    process: subprocess.Popen
    folder: Path
    path: Path

    def exits_done(self) -> int:
        """How many exits are done; asking keeps the process going."""
        with contextlib.suppress(OSError):
            os.utime(self.folder / worker.ASKED)
        try:
            return int((self.folder / worker.PROGRESS).read_text(encoding="ascii") or 0)
        except (OSError, ValueError):
            return 0

    def result(self) -> Strip | None:
        """The strip, kept in the cache too; None while it is being computed.

        Raises
        ------
        ValueError : it failed, or its process was ended
        """
        if self.process.poll() is None:
            return None
        strip = read_strip(self.folder / worker.RESULT)
        error = self.folder / worker.ERROR
        said = (
            error.read_text(encoding="utf-8")
            if error.is_file()
            else "its process ended before it was done: start it again"
        )
        shutil.rmtree(self.folder, ignore_errors=True)
        if strip is None:
            raise ValueError(f"the attributions were not computed: {said}")
        write_strip(self.path, strip)
        return strip

    def cancel(self) -> None:
        """End the process now; its processor time stops before this returns."""
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def _sweep() -> None:
    """Remove what nobody came for: folders of processes that ended a while ago."""
    for process, folder in list(_begun):
        if process.poll() is None:
            continue
        try:
            waited = time.time() - (folder / worker.ASKED).stat().st_mtime > worker.PATIENCE_S
        except OSError:
            waited = True
        if waited:
            shutil.rmtree(folder, ignore_errors=True)
            _begun.remove((process, folder))


@atexit.register
def _end_all() -> None:
    for process, folder in _begun:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def start(path: Path, weights: Path, arch: str, image: np.ndarray, settings: StripSettings) -> StripJob:
    """Start computing a strip.

    Parameters
    ----------
    path : where it is to be kept, by `strip.strip_path`
    weights, arch : the checkpoint and its architecture
    image : uint8 (height, width, 3)

    Raises
    ------
    ValueError : as many as this machine takes are being computed already
    """
    with _lock:
        _sweep()
        if sum(process.poll() is None for process, _ in _begun) >= MOST_AT_ONCE:
            raise ValueError(f"{MOST_AT_ONCE} film-strips are being computed already: try again in a moment")
        folder = Path(tempfile.mkdtemp(prefix="exitlens-strip-"))
        order = {"weights": str(weights), "arch": arch, "settings": asdict(settings)}
        (folder / worker.ORDER).write_text(json.dumps(order), encoding="utf-8")
        np.save(folder / worker.IMAGE, image)
        (folder / worker.ASKED).touch()
        process = subprocess.Popen(
            [sys.executable, "-m", "analysis.attribution.worker", str(folder)],
            cwd=PROJECT,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        _begun.append((process, folder))
    return StripJob(process, folder, path)
