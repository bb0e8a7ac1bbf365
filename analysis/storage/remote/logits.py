"""Logits on object storage, read by ranges: nothing before the first sample is asked for. Imports numpy."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.run import Logits
from analysis.runtime.contents import Stamp
from analysis.runtime.objects import Interrupted, ranges, stamp_at, whole_range
from analysis.storage.logits import JoinedLogits, check_range, checked_positions
from analysis.storage.manifest import RunError
from analysis.storage.safetensors import header_in, tensor_of

AHEAD_BYTES = 16 << 20
"""Bytes of all exits that are fetched at once; the last two such blocks are kept."""
HEADER_BYTES = 1 << 16
GAP_BYTES = 1 << 16
"""Samples that are no further apart are fetched together."""
HEADERS_AT_ONCE = 16


@dataclass(frozen=True)
class _Place:
    """Where a tensor lies in its object."""

    offset: int
    shape: tuple[int, int, int]
    dtype: np.dtype


class ObjectLogits:
    """One tensor (exits, samples, classes) of an object.

    Parameters
    ----------
    address : of the object
    stamp : when the run was opened; it is read as long as it has this
    """

    def __init__(self, address: str, stamp: Stamp) -> None:
        self._address, self._stamp = address, stamp
        self._blocks: OrderedDict[int, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()
        place = self._place()
        self._offset, self.shape, self.dtype = place.offset, place.shape, place.dtype
        self._row = self.shape[2] * self.dtype.itemsize
        self._step = max(AHEAD_BYTES // max(self.shape[0] * self._row, 1), 1)

    def _place(self) -> _Place:
        name, size = self._address.rsplit("/", 1)[-1], self._stamp.size
        begin = whole_range(self._address, 0, min(HEADER_BYTES, size))
        length = 8 + int.from_bytes(begin[:8], "little")
        if len(begin) < length <= min(size, 1 << 25):
            begin += whole_range(self._address, len(begin), length)
        try:
            tensor = tensor_of(*header_in(begin, size, name), "logits", name)
        except ValueError as error:
            raise RunError(f"{self._address}: {error}") from None
        if len(tensor.shape) != 3:
            raise RunError(
                f"{self._address}: logits has shape {tensor.shape}: three axes are needed, copy the run again"
            )
        return _Place(tensor.offset, tensor.shape, tensor.dtype)

    def read(self, start: int, stop: int) -> np.ndarray:
        """A copy of samples start..stop-1: (exits, stop - start, classes) in the stored dtype.

        Raises
        ------
        ValueError : a range that does not lie within the object
        RunError : the object was changed since the run was opened, or cannot be read in time
        """
        check_range(start, stop, self.shape[1])
        if stop - start >= self._step:  # as much as is fetched at once anyway
            return self._fetch([(start, stop)])[0]
        chunk = np.empty((self.shape[0], stop - start, self.shape[2]), self.dtype)
        for number in range(start // self._step, -(-stop // self._step)):
            first = number * self._step
            low, high = max(start, first), min(stop, first + self._step)
            block = self._block(number)
            chunk[:, low - start : high - start] = block[:, low - first : high - first]
        return chunk

    def _block(self, number: int) -> np.ndarray:
        """Samples number * step and on, of every exit."""
        with self._lock:  # whoever reads the same block next waits for it
            if number not in self._blocks:
                first = number * self._step
                self._blocks[number] = self._fetch([(first, min(first + self._step, self.shape[1]))])[0]
                while len(self._blocks) > 2:
                    self._blocks.popitem(last=False)
            self._blocks.move_to_end(number)
            return self._blocks[number]

    def _fetch(self, spans: Sequence[tuple[int, int]]) -> list[np.ndarray]:
        """(exits, samples, classes) of each span of samples."""
        n_exits, n_samples, n_classes = self.shape
        places = [self._offset + exit_ * n_samples * self._row for exit_ in range(n_exits)]
        wanted = [(at + a * self._row, at + b * self._row) for a, b in spans for at in places]
        try:
            data = ranges(self._address, wanted)
        except Interrupted:  # also where it has become shorter
            self._check()
            raise
        self._check()
        arrays = [np.frombuffer(one, self.dtype).reshape(-1, n_classes) for one in data]
        return [np.stack(arrays[at : at + n_exits]) for at in range(0, len(arrays), n_exits)]

    def _check(self) -> None:
        if stamp_at(self._address) != self._stamp:
            raise RunError(f"{self._address} was changed while the run was open: open the run again")

    def take(self, positions: np.ndarray) -> np.ndarray:
        """A copy of the samples at `positions`, in that order: (exits, len(positions), classes) in the stored dtype.

        Raises
        ------
        ValueError : a position outside 0..samples-1
        RunError : as `read`
        """
        positions = checked_positions(positions, self.shape[1])
        taken = np.empty((self.shape[0], len(positions), self.shape[2]), self.dtype)
        if not len(positions):
            return taken
        order = np.argsort(positions, kind="stable")
        apart = np.flatnonzero(np.diff(positions[order]) * self._row > GAP_BYTES) + 1
        groups = np.split(order, apart)
        spans = [(int(positions[group[0]]), int(positions[group[-1]]) + 1) for group in groups]
        for group, (first, _), near in zip(groups, spans, self._fetch(spans)):
            taken[:, group] = near[:, positions[group] - first]
        return taken


class RemoteLogits:
    """The logits of a remote run, whose shards are looked at when the first sample is asked for.

    Parameters
    ----------
    addresses, stamps : of the shards, in order
    shape, dtype : as `run.json` says; what the shards hold is compared with it
    """

    def __init__(
        self, addresses: Sequence[str], stamps: Sequence[Stamp], shape: tuple[int, int, int], dtype: str
    ) -> None:
        self._addresses, self._stamps = tuple(addresses), tuple(stamps)
        self.shape, self.dtype = shape, np.dtype(dtype)
        self._lock = threading.Lock()

    @cached_property
    def _joined(self) -> Logits:
        with ThreadPoolExecutor(HEADERS_AT_ONCE) as pool:
            parts = list(pool.map(ObjectLogits, self._addresses, self._stamps))
        joined = parts[0] if len(parts) == 1 else JoinedLogits(parts)
        if (joined.shape, joined.dtype) != (self.shape, self.dtype):
            raise RunError(
                f"{self._addresses[0]}: the logits are {joined.dtype.name} {joined.shape}, not the {self.dtype.name} "
                f"{self.shape} (exits, samples, classes) that run.json says: copy the run again"
            )
        return joined

    def _opened(self) -> Logits:
        with self._lock:
            return self._joined

    def read(self, start: int, stop: int) -> np.ndarray:
        """As `ObjectLogits.read`, over all shards."""
        check_range(start, stop, self.shape[1])
        return self._opened().read(start, stop)

    def take(self, positions: np.ndarray) -> np.ndarray:
        """As `ObjectLogits.take`, over all shards."""
        return self._opened().take(positions)
