"""Computed traces <-> entries of the disk cache. No torch is needed to read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from analysis.metrics.decrease import Fall
from analysis.run import Run
from analysis.runtime.disk_cache import entry_path, read_entry, write_entry
from analysis.traces.table import DTYPES, FALLS, PER_EXIT, Traces

COMPUTED_BY = "analysis.traces.load"
"""The module whose code traces depend on, with all that it imports."""
FALL_TYPES = (np.floating, np.integer, np.integer)
"""Of a fall's size and exits."""


def is_array(array: np.ndarray | None, type_: type, shape: tuple[int, ...]) -> bool:
    """Whether there is an array of that kind and shape."""
    return array is not None and array.shape == shape and np.issubdtype(array.dtype, type_)


def cache_path(run: Run, settings_key: str) -> Path:
    """Where the traces of a run under a predictor and its settings are kept: named by what its files really hold."""
    return entry_path("traces", COMPUTED_BY, run.fingerprint, settings_key)


def read_cached(path: Path, run: Run) -> Traces | None:
    """The cached traces of all samples of the run; None where there are none, or arrays that are no traces of it."""
    if (entry := read_entry(path)) is None:
        return None
    columns = {name: entry.arrays.get(name) for name in PER_EXIT}
    falls = {key: [entry.arrays.get(f"{'/'.join(key)}/{part}") for part in Fall._fields] for key in FALLS}
    if not (
        all(is_array(a, DTYPES.get(name, np.float32), (run.n_exits, run.n_samples)) for name, a in columns.items())
        and all(is_array(a, type_, (run.n_samples,)) for fall in falls.values() for a, type_ in zip(fall, FALL_TYPES))
    ):
        return None
    falls = {key: Fall(*fall) for key, fall in falls.items()}
    return Traces(**columns, labels=run.labels, falls=falls, n_classes=run.n_classes)


def write_cached(path: Path, traces: Traces) -> None:
    """Keep traces; nothing happens where the folder cannot be written."""
    arrays = {name: getattr(traces, name) for name in PER_EXIT}
    for key, fall in traces.falls.items():
        arrays |= {f"{'/'.join(key)}/{part}": array for part, array in zip(Fall._fields, fall)}
    write_entry(path, arrays, {})
