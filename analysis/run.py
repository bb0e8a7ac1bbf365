"""What a cached run is: the logits of every exit for every sample, with labels, costs, classes and provenance.

Axis order, here and everywhere else: (exits, samples, classes). Imports numpy and pandas, never torch,
because the app's first page opens a run; `analysis.storage` reads and writes runs.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

SPLITS = ("test", "calibration")
KINDS = ("logits", "probs")
_RELEASE_BYTES = 1 << 20


def release_pages(array: np.ndarray) -> None:
    """Give a memory-mapped array's pages back to the system, which keeps them in its file cache."""
    while array is not None and not isinstance(array, mmap.mmap):
        array = getattr(array, "base", None)
    if array is not None and hasattr(array, "madvise"):
        array.madvise(mmap.MADV_DONTNEED)


class Logits:
    """The logits of a run, (exits, samples, classes), read from disk in the parts that are asked for.

    Parameters
    ----------
    parts : arrays (exits, samples of the part, classes) of one dtype, usually memory-mapped shards, in the run's order

    Raises
    ------
    ValueError : parts that differ in exits, classes or dtype
    """

    def __init__(self, parts: Sequence[np.ndarray]) -> None:
        first = parts[0]
        for part in parts:
            if part.ndim != 3 or (part.shape[0], part.shape[2], part.dtype) != (*first.shape[::2], first.dtype):
                raise ValueError(
                    f"the parts of the logits differ: {part.dtype} {part.shape}, {first.dtype} {first.shape}"
                )
        self._parts = tuple(parts)
        self._starts = np.cumsum([0, *(part.shape[1] for part in parts)])
        self.dtype = first.dtype
        self.shape = (first.shape[0], int(self._starts[-1]), first.shape[2])

    def __len__(self) -> int:
        return self.shape[1]

    def read(self, start: int, stop: int) -> np.ndarray:
        """A copy of samples start..stop-1: (exits, stop - start, classes) in the stored dtype.

        Raises
        ------
        ValueError : a range that does not lie within the run
        """
        if not 0 <= start <= stop <= len(self):
            raise ValueError(f"samples {start}:{stop} do not lie within the run's {len(self)}")
        chunk = np.empty((self.shape[0], stop - start, self.shape[2]), self.dtype)
        for part, first in zip(self._parts, self._starts):
            low, high = max(start, first), min(stop, first + part.shape[1])
            if low < high:
                chunk[:, low - start : high - start] = part[:, low - first : high - first]
                if chunk.nbytes > _RELEASE_BYTES:
                    release_pages(part)
        return chunk

    def take(self, positions: np.ndarray) -> np.ndarray:
        """A copy of the samples at `positions`, in that order: (exits, len(positions), classes) in the stored dtype.

        Raises
        ------
        ValueError : a position outside 0..samples-1
        """
        positions = np.asarray(positions, dtype=np.int64).reshape(-1)
        if positions.size and not (positions.min() >= 0 and positions.max() < len(self)):
            raise ValueError(f"positions must lie in 0..{len(self) - 1}, not {positions.min()}..{positions.max()}")
        taken = np.empty((self.shape[0], len(positions), self.shape[2]), self.dtype)
        shard = np.searchsorted(self._starts, positions, side="right") - 1
        for number in np.unique(shard):
            here = np.flatnonzero(shard == number)
            taken[:, here] = self._parts[number][:, positions[here] - self._starts[number]]
            if taken.nbytes > _RELEASE_BYTES:
                release_pages(self._parts[number])
        return taken


@dataclass(frozen=True, eq=False)
class Run:
    """One cached run, as `analysis.storage.load_run` opens it.

    id, path : the folder and its name
    kind : `logits`, or `probs`, whose stored array is log p
    exit_names : one per exit
    costs : unit (`MACs`, `FLOPs`, `params`, `ms`) -> each exit's cumulative cost, the default unit first; {}: unknown
    class_names : one per class
    samples : one row per sample in the run's order: `id` (text), `label` (int64, -1 unknown), `split` (`test` or
        `calibration`), `image` (int64 position in the split's image table, -1 none), then any other column
    logits : (exits, samples, classes), read from disk in parts
    fingerprint : hash of everything that numbers and figures depend on; part of every cache key
    image_tables : split -> the image parquet shards, in order
    arch, weights : architecture id and weights file for live inference, or None
    """

    id: str
    path: Path
    title: str
    dataset: str | None
    model: str | None
    kind: str
    exit_names: tuple[str, ...]
    costs: dict[str, tuple[float, ...]]
    class_names: tuple[str, ...]
    samples: pd.DataFrame
    provenance: dict[str, object]
    logits: Logits
    fingerprint: str
    image_tables: dict[str, tuple[Path, ...]] = field(default_factory=dict)
    arch: str | None = None
    weights: Path | None = None

    @property
    def n_exits(self) -> int:
        """The number of exits."""
        return self.logits.shape[0]

    @property
    def n_samples(self) -> int:
        """The number of samples of all splits."""
        return self.logits.shape[1]

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return self.logits.shape[2]

    @property
    def labels(self) -> np.ndarray:
        """int64 (samples,), -1 where unknown."""
        return self.samples["label"].to_numpy()

    @property
    def has_labels(self) -> bool:
        """Whether any label is known."""
        return bool((self.labels >= 0).any())

    def positions(self, split: str) -> np.ndarray:
        """Positions of a split's samples in the run's order.

        Parameters
        ----------
        split : `test`, `calibration` or `all`

        Raises
        ------
        ValueError : another split
        """
        if split == "all":
            return np.arange(self.n_samples)
        if split not in SPLITS:
            raise ValueError(f"split is {split!r}: choose test, calibration or all")
        return np.flatnonzero((self.samples["split"] == split).to_numpy())

    def cost(self, unit: str | None = None) -> tuple[str, tuple[float, ...]] | None:
        """A cost unit and the cumulative cost of each exit in it; None when the run knows no cost.

        Parameters
        ----------
        unit : one of the run's units; None for its first

        Raises
        ------
        ValueError : a unit that the run does not know
        """
        if unit is None:
            return next(iter(self.costs.items()), None)
        if unit not in self.costs:
            known = ", ".join(self.costs) or "none"
            raise ValueError(f"run {self.id} has no cost in {unit}: the units it knows are {known}")
        return unit, self.costs[unit]
