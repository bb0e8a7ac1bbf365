"""The one cache on disk: what was computed is kept under a name made of all that it depends on, with a hash of itself.

An entry is named by the code that computes it, as `code_version` finds it, and by what went in. Its file holds the
sha256 of its name and of all that follows; a line of JSON; and arrays as safetensors: nothing executes on load. What is
damaged, or was written under another name, is passed over. A cache may vanish or be read-only: never an error.
Imports NumPy, and safetensors when it is used.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.runtime.code_version import code_version
from analysis.runtime.folders import cache_folder
from analysis.runtime.whole_files import whole_file

LIMIT_BYTES = 2 << 30
"""When a shelf grows beyond this, what was used least recently goes."""
SEAL = 64
"""Characters of a sha256."""


@dataclass(frozen=True)
class Entry:
    """What was kept: arrays by name, and what is said of them."""

    arrays: dict[str, np.ndarray]
    said: dict[str, object]


def shelf(name: str) -> Path:
    """The folder of one kind of entries."""
    return cache_folder() / name


def entry_path(kind: str, module: str, *parts: object) -> Path:
    """Where something is kept.

    Parameters
    ----------
    kind : the shelf
    module : of `analysis`, whose code computes it
    parts : all that goes in, as JSON: settings, and the hash of each content
    """
    key = json.dumps([code_version(module), *parts], allow_nan=False)
    return shelf(kind) / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.entry"


def _seal(path: Path, content: memoryview) -> bytes:
    digest = hashlib.sha256(path.name.encode() + b"\n")
    digest.update(content)
    return digest.hexdigest().encode()


def write_entry(path: Path, arrays: Mapping[str, np.ndarray], said: Mapping[str, object]) -> None:
    """Keep arrays and what is said of them, as JSON; nothing happens where the folder cannot be written."""
    from safetensors.numpy import save

    content = json.dumps(said).encode() + b"\n" + save({name: np.ascontiguousarray(a) for name, a in arrays.items()})
    with contextlib.suppress(OSError):
        with whole_file(path) as temporary:
            temporary.chmod(0o600)  # it may tell of someone's own pictures
            with temporary.open("wb") as file:
                file.write(_seal(path, memoryview(content)) + b"\n")
                file.write(content)
        discard_oldest(path.parent)


def read_entry(path: Path) -> Entry | None:
    """What is kept under a name; None where there is nothing, or something else than was kept."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        if not path.is_file():
            return None
        stored = path.read_bytes()
        content = memoryview(stored)[SEAL + 1 :]
        if stored[:SEAL] != _seal(path, content):
            return None
        told = stored.index(b"\n", SEAL + 1)
        entry = Entry(load(stored[told + 1 :]), json.loads(stored[SEAL + 1 : told]))
    except (OSError, SafetensorError, ValueError):
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return entry


def discard_oldest(folder: Path, limit_bytes: int | None = None) -> None:
    """Delete the files used least recently, whoever wrote them, until the folder holds at most `limit_bytes`."""
    left = LIMIT_BYTES if limit_bytes is None else limit_bytes
    files = []
    for path in folder.iterdir():
        with contextlib.suppress(OSError):  # another process discards too
            files.append((path, path.stat()))
    for path, status in sorted(files, key=lambda file: file[1].st_mtime_ns, reverse=True):
        left -= status.st_size
        if left < 0:
            with contextlib.suppress(OSError):
                path.unlink()
