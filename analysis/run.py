"""What a cached run is: the logits of every exit for every sample, with labels, costs, classes and provenance.

Axis order, here and everywhere else: (exits, samples, classes). Imports numpy and pandas, never torch,
because the app's first page opens a run; `analysis.storage` reads and writes runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

SPLITS = ("test", "calibration")
KINDS = ("logits", "probs")


class Logits(Protocol):
    """The logits of a run, read in the parts that are asked for: from files, shards, or whatever else can do this."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Exits, samples, classes."""

    @property
    def dtype(self) -> np.dtype:
        """As stored: float16 or float32."""

    def read(self, start: int, stop: int) -> np.ndarray:
        """A copy of samples start..stop-1: (exits, stop - start, classes) in the stored dtype.

        Raises
        ------
        ValueError : a range that does not lie within the run
        """

    def take(self, positions: np.ndarray) -> np.ndarray:
        """A copy of the samples at `positions`, in that order: (exits, len(positions), classes) in the stored dtype.

        Raises
        ------
        ValueError : a position outside 0..samples-1
        """


@dataclass(frozen=True, eq=False)
class Run:
    """One cached run, as `analysis.storage.load_run` opens it.

    id, path : the folder and its name; of a run on object storage the copy of its small files
    kind : `logits`, or `probs`, whose stored array is log p
    exit_names : one per exit, no two alike
    costs : unit (`MACs`, `FLOPs`, `params`, `ms`) -> each exit's cumulative cost, the default unit first; {}: unknown
    class_names : one per class, no two alike: of two cranes each says which class it is
    samples : one row per sample in the run's order: `id` (text), `label` (int64, -1 unknown), `split` (`test` or
        `calibration`), `image` (int64 position in the split's image table, -1 none), then any other column
    logits : (exits, samples, classes), read in parts
    identify : gives the fingerprint, reading what it has not read before
    image_tables : split -> the image parquet shards, in order: files, or addresses on object storage
    arch, weights : architecture id and weights file for live inference, or None
    address : on object storage; None for a run on disk
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
    identify: Callable[[], str]
    image_tables: dict[str, tuple[Path | str, ...]] = field(default_factory=dict)
    arch: str | None = None
    weights: Path | None = None
    address: str | None = None

    @property
    def place(self) -> str:
        """Where another process finds it: its address on object storage, or the absolute path of its folder."""
        return self.address or str(self.path)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all that numbers and figures depend on, by what the run's files really hold; part of every cache key.

        Raises
        ------
        ValueError : a file was changed since the run was opened
        """
        return self.identify()

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
        """Positions of a split's samples in the run's order, found once: a shared array, read-only.

        Parameters
        ----------
        split : `test`, `calibration` or `all`

        Raises
        ------
        ValueError : another split
        """
        if split not in (*SPLITS, "all"):
            raise ValueError(f"split is {split!r}: choose test, calibration or all")
        if split not in self._positions:
            whole = split == "all"
            found = np.arange(self.n_samples) if whole else np.flatnonzero((self.samples["split"] == split).to_numpy())
            found.setflags(write=False)
            self._positions[split] = found
        return self._positions[split]

    @cached_property
    def _positions(self) -> dict[str, np.ndarray]:
        return {}

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
