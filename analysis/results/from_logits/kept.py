"""What passes over the logits gave, kept on disk: the app reads what a command computed. Needs NumPy alone.

An entry is named by the code that computes it, the content of the run's files, settings and samples; see
`analysis/runtime/disk_cache.py`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64

from analysis.runtime.disk_cache import entry_path, read_entry, write_entry
from analysis.traces.load import WORTH_KEEPING

Shapes = Mapping[str, tuple[type, tuple[int, ...]]]
"""Name -> kind and shape of an array."""


class Found(NamedTuple):
    """Arrays by name, and what is said of them: JSON."""

    arrays: dict[str, np.ndarray]
    said: dict[str, object]


def samples_key(positions: Int64[np.ndarray, " samples"]) -> str:
    """Which samples, in short."""
    return hashlib.sha256(np.asarray(positions, np.int64).tobytes()).hexdigest()


class Kept:
    """The place of one result: `read` it, or `compute` it, which reads it where it is there.

    Parameters
    ----------
    kind : the shelf
    module : whose code computes it
    parts : all that goes in, as JSON
    shapes : the arrays that it holds
    """

    def __init__(self, kind: str, module: str, parts: tuple[object, ...], shapes: Shapes):
        self._where, self._shapes = (kind, module, *parts), dict(shapes)

    def read(self) -> Found | None:
        """What is kept; None where nothing is, or other arrays than these."""
        entry = read_entry(entry_path(*self._where))
        if entry is None or entry.arrays.keys() != self._shapes.keys():
            return None
        for name, (type_, shape) in self._shapes.items():
            if entry.arrays[name].shape != shape or not np.issubdtype(entry.arrays[name].dtype, type_):
                return None
        return Found(entry.arrays, entry.said)

    def compute(self, function: Callable[[], Found]) -> Found:
        """What is kept; else what the function finds, which is kept where it took long."""
        if (kept := self.read()) is not None:
            return kept
        started = time.perf_counter()
        found = function()
        if time.perf_counter() - started >= WORTH_KEEPING:
            write_entry(entry_path(*self._where), found.arrays, found.said)
        return found
