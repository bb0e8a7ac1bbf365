"""Computed traces, kept in the per-user cache folder as safetensors: nothing executes on load, and no torch is needed.

A cache may vanish, be read-only or hold damaged files: it is then passed over, never an error.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import tempfile
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from analysis.metrics.decrease import Fall
from analysis.run import Run
from analysis.runtime.folders import cache_folder
from analysis.traces.table import FALLS, PER_EXIT, Traces

LIMIT_BYTES = 2 << 30
"""When the cache grows beyond this, what was used least recently goes."""
PACKAGE = Path(__file__).resolve().parents[1]
SOURCES = ("traces/*.py", "traces/compiled/*.py", "predictors/*.py", "metrics/decrease.py", "runtime/threads.py")


@functools.cache
def code_version() -> str:
    """A hash of the source that traces are computed by: changed code reads no old numbers."""
    digest = hashlib.sha256()
    for source in sorted(path for pattern in SOURCES for path in PACKAGE.glob(pattern)):
        digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()


def cache_path(run: Run, settings_key: str) -> Path:
    """Where the traces of a run under a predictor and its settings are kept."""
    key = "\n".join((run.fingerprint, settings_key, code_version()))
    return cache_folder() / "traces" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.safetensors"


def read_cached(path: Path, run: Run) -> Traces | None:
    """The cached traces of all samples of the run; None where there are none that can be read."""
    try:
        with safe_open(path, framework="np") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no dict: it cannot be iterated)
        traces = Traces(
            **{name: arrays[name] for name in PER_EXIT},
            labels=run.labels,
            falls={key: Fall(*(arrays[f"{'/'.join(key)}/{part}"] for part in Fall._fields)) for key in FALLS},
            n_classes=run.n_classes,
        )
    except (OSError, SafetensorError, KeyError):
        return None
    if traces.max_prob.shape != (run.n_exits, run.n_samples):
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return traces


def write_cached(path: Path, traces: Traces) -> None:
    """Keep traces, written aside and renamed; nothing happens where the folder cannot be written."""
    arrays = {name: getattr(traces, name) for name in PER_EXIT}
    for key, fall in traces.falls.items():
        arrays |= {f"{'/'.join(key)}/{part}": array for part, array in zip(Fall._fields, fall)}
    with contextlib.suppress(OSError, SafetensorError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".partial")
        os.close(handle)
        try:
            save_file(arrays, temporary)
            os.replace(temporary, path)
        finally:
            Path(temporary).unlink(missing_ok=True)
        discard_oldest(path.parent)


def discard_oldest(folder: Path, limit_bytes: int | None = None) -> None:
    """Delete the files used least recently until the folder holds at most `limit_bytes`."""
    left = LIMIT_BYTES if limit_bytes is None else limit_bytes
    files = [(path, path.stat()) for path in folder.glob("*.safetensors")]
    for path, status in sorted(files, key=lambda file: file[1].st_mtime_ns, reverse=True):
        left -= status.st_size
        if left < 0:
            path.unlink(missing_ok=True)
