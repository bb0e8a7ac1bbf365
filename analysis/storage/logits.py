"""Logits on disk: read by ranges into memory of their own, from the files that were there when the run was opened.

Nothing is mapped, since a map dies with a file that is cut off. What reads holds no open file, so that any number of
threads, and other processes, may read at once. Imports numpy.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.run import Logits
from analysis.runtime.contents import Stamp, stamp_of
from analysis.storage.manifest import RunError
from analysis.storage.safetensors import find_tensor

GAP_BYTES = 1 << 16
"""Samples that are no further apart are read together: seeking costs as much as reading so much."""


def changed(path: Path) -> RunError:
    """What to say of a file of an open run that is no longer what was opened."""
    return RunError(f"{path} was changed while the run was open: open the run again, or copy it if it is not whole")


def gone(path: Path | str, error: OSError) -> RunError:
    """What to say of a file of an open run that cannot be read any more."""
    return RunError(f"{path} cannot be read any more ({error.strerror}): copy the run again")


def check_range(start: int, stop: int, n_samples: int) -> None:
    """Refuse samples start..stop-1 that do not lie within a run.

    Raises
    ------
    ValueError : naming both
    """
    if not 0 <= start <= stop <= n_samples:
        raise ValueError(f"samples {start}:{stop} do not lie within the run's {n_samples}")


def checked_positions(positions: np.ndarray, n_samples: int) -> np.ndarray:
    """Positions as int64 (positions,).

    Raises
    ------
    ValueError : one outside 0..samples-1
    """
    positions = np.asarray(positions, dtype=np.int64).reshape(-1)
    if positions.size and not (positions.min() >= 0 and positions.max() < n_samples):
        raise ValueError(f"positions must lie in 0..{n_samples - 1}, not {positions.min()}..{positions.max()}")
    return positions


@dataclass(frozen=True)
class FileLogits:
    """One tensor (exits, samples, classes) in a file.

    path, offset : where its first byte is
    stamp : of the file when it was opened; it is read as long as it has this
    """

    path: Path
    offset: int
    shape: tuple[int, int, int]
    dtype: np.dtype
    stamp: Stamp

    def read(self, start: int, stop: int) -> np.ndarray:
        """A copy of samples start..stop-1: (exits, stop - start, classes) in the stored dtype.

        Raises
        ------
        ValueError : a range that does not lie within the file
        RunError : the file was changed, cut off or removed since it was opened
        """
        check_range(start, stop, self.shape[1])
        chunk = np.empty((self.shape[0], stop - start, self.shape[2]), self.dtype)
        with self._opened() as file:
            for exit_, samples in enumerate(chunk):
                self._fill(file, samples, exit_, start)
        return chunk

    def take(self, positions: np.ndarray) -> np.ndarray:
        """A copy of the samples at `positions`, in that order: (exits, len(positions), classes) in the stored dtype.

        Raises
        ------
        ValueError : a position outside 0..samples-1
        RunError : as `read`
        """
        positions = checked_positions(positions, self.shape[1])
        taken = np.empty((self.shape[0], len(positions), self.shape[2]), self.dtype)
        order = np.argsort(positions, kind="stable")
        apart = np.flatnonzero(np.diff(positions[order]) * self.shape[2] * self.dtype.itemsize > GAP_BYTES) + 1
        with self._opened() as file:
            for places in np.split(order, apart) if len(order) else ():
                first = positions[places[0]]
                near = np.empty((positions[places[-1]] + 1 - first, self.shape[2]), self.dtype)
                for exit_, samples in enumerate(taken):
                    self._fill(file, near, exit_, first)
                    samples[places] = near[positions[places] - first]
        return taken

    @contextmanager
    def _opened(self) -> Iterator[io.FileIO]:
        """The file, which is the same before it is read and after."""
        try:
            with open(self.path, "rb", buffering=0) as file:
                self._check(file)
                yield file
                self._check(file)
        except OSError as error:
            raise gone(self.path, error) from None

    def _check(self, file: io.FileIO) -> None:
        if stamp_of(os.fstat(file.fileno())) != self.stamp:
            raise changed(self.path)

    def _fill(self, file: io.FileIO, samples: np.ndarray, exit_: int, start: int) -> None:
        """Fill (samples, classes) from sample `start` of an exit."""
        row = self.shape[2] * self.dtype.itemsize
        file.seek(self.offset + (exit_ * self.shape[1] + int(start)) * row)
        left = memoryview(samples).cast("B") if samples.size else memoryview(b"")
        while left:
            done = file.readinto(left)
            if not done:  # cut off while it is read
                raise changed(self.path)
            left = left[done:]


class JoinedLogits:
    """Logits in several parts along samples, as one.

    Parameters
    ----------
    parts : of one dtype, with the same exits and classes, in the run's order; each may come from elsewhere

    Raises
    ------
    ValueError : parts that differ in exits, classes or dtype
    """

    def __init__(self, parts: Sequence[Logits]) -> None:
        first = parts[0]
        for part in parts:
            if (part.shape[0], part.shape[2], part.dtype) != (*first.shape[::2], first.dtype):
                raise ValueError(
                    f"the parts of the logits differ: {part.dtype} {part.shape}, {first.dtype} {first.shape}"
                )
        self._parts = tuple(parts)
        self._starts = np.cumsum([0, *(part.shape[1] for part in parts)])
        self.dtype = first.dtype
        self.shape = (first.shape[0], int(self._starts[-1]), first.shape[2])

    def read(self, start: int, stop: int) -> np.ndarray:
        """As `FileLogits.read`, over all parts."""
        check_range(start, stop, self.shape[1])
        chunk = np.empty((self.shape[0], stop - start, self.shape[2]), self.dtype)
        for part, first in zip(self._parts, self._starts):
            low, high = max(start, first), min(stop, first + part.shape[1])
            if low < high:
                chunk[:, low - start : high - start] = part.read(int(low - first), int(high - first))
        return chunk

    def take(self, positions: np.ndarray) -> np.ndarray:
        """As `FileLogits.take`, over all parts."""
        positions = checked_positions(positions, self.shape[1])
        taken = np.empty((self.shape[0], len(positions), self.shape[2]), self.dtype)
        part_of = np.searchsorted(self._starts, positions, side="right") - 1
        for number in np.unique(part_of):
            here = np.flatnonzero(part_of == number)
            taken[:, here] = self._parts[number].take(positions[here] - self._starts[number])
        return taken


def file_logits(path: Path) -> FileLogits:
    """The tensor `logits` of a safetensors file.

    Raises
    ------
    OSError : the file cannot be read
    ValueError : it holds no such tensor, or one that is no logits
    """
    stamp = stamp_of(path.stat())
    tensor = find_tensor(path, "logits")
    if len(tensor.shape) != 3:
        raise ValueError(f"{path.name}: logits has shape {tensor.shape}: three axes are needed, copy the run again")
    return FileLogits(path, tensor.offset, tensor.shape, tensor.dtype, stamp)
