"""UMAP's map of trajectories, kept on disk; computed here, or in a process of its own that can be ended.

umap-learn is not among the requirements, and imported when a map is computed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import warnings
from pathlib import Path

import numpy as np

from analysis.runtime.command_job import CommandJob
from analysis.runtime.disk_cache import entry_path, read_entry, write_entry
from analysis.runtime.own_folders import own_folder
from analysis.runtime.watched import heed_asker
from analysis.selection.trajectory_map import NEIGHBOURS, on_a_plane

MODULE = "analysis.selection.umap_map"
"""What computes a map; it is given the folder with the vectors."""
_VECTORS, _PLACES = "vectors.npy", "places.npy"
_MOST_MADE = 4
_made: dict[Path, np.ndarray] = {}
"""The last maps that processes made: the cache folder may be one that cannot be written."""


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


def map_id(vectors: np.ndarray) -> str:
    """What tells the map of these vectors from every other."""
    return _path(vectors).name


class UmapJob(CommandJob):
    """A map that a process of its own computes, from when this is made until it is done or cancelled."""

    def __init__(self, vectors: np.ndarray):
        self._path, self._is_taken = _path(vectors), False
        folder = own_folder("umap")
        np.save(folder / _VECTORS, vectors)
        super().__init__([str(folder)], module=MODULE, folder=folder)

    def done(self) -> bool:
        """Whether the map is computed: `kept_umap` then has it.

        Raises
        ------
        ValueError
            It failed, or its process was ended.
        """
        try:
            if not super().done():
                return False
        except ValueError as error:
            raise ValueError(f"the map was not computed: {error}") from None
        if not self._is_taken:
            for old in list(_made)[: 1 - _MOST_MADE]:
                del _made[old]
            _made[self._path] = np.load(self.folder / _PLACES, allow_pickle=False)
            self._is_taken = True
            self.cancel()
        return True


def main(folder: Path) -> int:
    """What the process does: the map of the folder's vectors, or a sentence why there is none; its exit status."""
    try:
        np.save(folder / _PLACES, by_umap(np.load(folder / _VECTORS, allow_pickle=False)))
    except (ValueError, ImportError, MemoryError) as error:
        print(str(error) or type(error).__name__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    heed_asker()
    sys.exit(main(Path(sys.argv[1])))
