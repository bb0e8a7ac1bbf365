"""UMAP's map of trajectories, kept on disk; computed here, or in a process of its own that can be ended.

umap-learn is not among the requirements, and imported when a map is computed.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

from analysis.runtime.disk_cache import entry_path, read_entry, write_entry
from analysis.runtime.folders import PROJECT
from analysis.selection.trajectory_map import NEIGHBOURS, on_a_plane

COMMAND = [sys.executable, "-m", "analysis.selection.umap_map"]
"""What computes a map; the folder with the vectors follows."""
_VECTORS, _PLACES, _FAULT = "vectors.npy", "places.npy", "fault.txt"
_MOST_MADE = 4
_made: dict[Path, np.ndarray] = {}
"""The last maps that processes made: the cache folder may be one that cannot be written."""
_running: set[UmapProcess] = set()


def umap_installed() -> bool:
    """Whether umap-learn is installed."""
    return importlib.util.find_spec("umap") is not None


def kept_umap(vectors: np.ndarray) -> np.ndarray | None:
    """The map of these vectors, as `by_umap` gives it, where it is computed already."""
    if len(vectors) <= NEIGHBOURS:
        return on_a_plane(vectors)
    path = _path(vectors)
    if path in _made:
        return _made[path]
    kept = read_entry(path)
    places = None if kept is None else kept.arrays.get("places")
    return places if places is not None and places.shape == (len(vectors), 2) else None


def by_umap(vectors: np.ndarray) -> np.ndarray:
    """A map on which samples lie near each other that are neighbours among the vectors (UMAP), always the same.

    Takes about a minute for 10,000 samples at first, and is kept on disk. McInnes, Healy, Melville 2018, arXiv
    1802.03426.

    Parameters
    ----------
    vectors : numpy.ndarray, (rows, n)

    Returns
    -------
    numpy.ndarray
        float64, (rows, 2), without a unit: only who is near means something. As `on_a_plane` where there are no more
        rows than neighbours.

    Raises
    ------
    ValueError
        umap-learn is not installed.
    """
    if (kept := kept_umap(vectors)) is not None:
        return kept
    if not umap_installed():
        raise ValueError("a map by UMAP needs the package umap-learn: pip install umap-learn, then start again")
    umap = importlib.import_module("umap")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what its own requirements warn of
        made = umap.UMAP(n_neighbors=NEIGHBOURS, random_state=0, n_jobs=1).fit_transform(vectors)
    places = np.asarray(made, dtype=np.float64)
    write_entry(_path(vectors), {"places": places}, {})
    return places


def _path(vectors: np.ndarray) -> Path:
    content = hashlib.sha256(np.ascontiguousarray(vectors)).hexdigest()
    return entry_path("maps", "analysis.selection.umap_map", content, list(vectors.shape))


class UmapProcess:
    """A map that a process of its own computes, from when this is made until it is done or cancelled."""

    def __init__(self, vectors: np.ndarray):
        self.began = time.monotonic()
        self._path = _path(vectors)
        self._folder = Path(tempfile.mkdtemp(prefix="exitlens-umap-"))
        np.save(self._folder / _VECTORS, vectors)
        self.process = subprocess.Popen(
            [*COMMAND, str(self._folder)], cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        _running.add(self)

    def done(self) -> bool:
        """Whether the map is computed: `kept_umap` then has it.

        Raises
        ------
        ValueError
            It failed, or its process was ended.
        """
        if self.process.poll() is None:
            return False
        try:
            places = np.load(self._folder / _PLACES, allow_pickle=False)
        except OSError:
            fault = self._folder / _FAULT
            why = fault.read_text(encoding="utf-8") if fault.is_file() else "its process ended before it was done"
            raise ValueError(f"the map was not computed: {why}") from None
        finally:
            self.cancel()
        for old in list(_made)[: 1 - _MOST_MADE]:
            del _made[old]
        _made[self._path] = places
        return True

    def cancel(self) -> None:
        """End the process now: its processor time stops before this returns."""
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
        _running.discard(self)


@atexit.register
def _end_all() -> None:
    for process in list(_running):
        process.cancel()


def main(folder: Path) -> None:
    """What the process does: the map of the folder's vectors, or why there is none, at low priority."""
    if hasattr(os, "nice"):
        os.nice(5)  # whoever looks at the app comes first
    try:
        np.save(folder / _PLACES, by_umap(np.load(folder / _VECTORS, allow_pickle=False)))
    except (ValueError, ImportError, MemoryError) as error:
        (folder / _FAULT).write_text(str(error) or type(error).__name__, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
