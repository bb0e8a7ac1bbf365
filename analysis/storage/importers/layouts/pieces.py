"""Arrays in pieces, read as one: stacked, such as one for each exit, or joined, such as batches. Imports numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.storage.chunking import release_pages
from analysis.storage.importers.floats import BFLOAT16, as_floats

_PAGES = 1 << 16
"""Bytes from which an array is read from its file by itself."""


def taken(values: np.ndarray | Stacked | Joined, axis: int, start: int, stop: int) -> np.ndarray:
    """What lies at start..stop-1 along an axis: a view of an array, a copy of pieces."""
    if not isinstance(values, np.ndarray):
        return values.take(axis, start, stop)
    return values[(slice(None),) * axis + (slice(start, stop),)]


def _parts(pieces: Sequence, axis: int, start: int, stop: int) -> list[np.ndarray]:
    return [as_floats(taken(piece, axis, start, stop)) for piece in pieces]


def _wholes(pieces: Sequence) -> list[np.ndarray]:
    return [as_floats(taken(piece, 0, 0, piece.shape[0])) for piece in pieces]


def _release(pieces: Sequence) -> None:
    for piece in pieces:
        if isinstance(piece, np.ndarray) and piece.nbytes >= _PAGES:
            release_pages(piece)


def _common(pieces: Sequence) -> np.dtype:
    """A type that holds the numbers of all pieces."""
    types = {piece.dtype for piece in pieces}
    if len(types) == 1:
        return types.pop()
    return np.result_type(*[np.dtype(np.float32) if dtype == BFLOAT16 else dtype for dtype in types])


@dataclass(frozen=True, eq=False)
class Stacked:
    """Pieces of one shape along an axis of their own, such as (samples, classes) for each exit.

    pieces : arrays, or pieces themselves; at least one
    axis : which axis of the whole counts the pieces
    """

    pieces: tuple
    axis: int = 0

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Of the whole."""
        inner = self.pieces[0].shape
        return (*inner[: self.axis], len(self.pieces), *inner[self.axis :])

    @cached_property
    def dtype(self) -> np.dtype:
        """One that holds the numbers of every piece."""
        return _common(self.pieces)

    def take(self, axis: int, start: int, stop: int) -> np.ndarray:
        """What lies at start..stop-1 along an axis."""
        if axis == self.axis:
            pieces = self.pieces[start:stop]
            read = _wholes(pieces)
        else:
            pieces, inner = self.pieces, axis - (axis > self.axis)
            read = _parts(pieces, inner, start, stop)
        whole = np.stack(read, self.axis)
        _release(pieces)
        return whole


@dataclass(frozen=True, eq=False)
class Joined:
    """Pieces one after another along an axis that each of them has, such as batches of samples.

    pieces : arrays, or pieces themselves, whose shapes differ along `axis` alone; at least one
    """

    pieces: tuple
    axis: int

    @cached_property
    def _ends(self) -> np.ndarray:
        return np.cumsum([piece.shape[self.axis] for piece in self.pieces])

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Of the whole."""
        first = self.pieces[0].shape
        return (*first[: self.axis], int(self._ends[-1]), *first[self.axis + 1 :])

    @cached_property
    def dtype(self) -> np.dtype:
        """One that holds the numbers of every piece."""
        return _common(self.pieces)

    def take(self, axis: int, start: int, stop: int) -> np.ndarray:
        """What lies at start..stop-1 along an axis."""
        if axis != self.axis:
            whole = np.concatenate(_parts(self.pieces, axis, start, stop), self.axis)
            _release(self.pieces)
            return whole
        first, last = np.searchsorted(self._ends, [start, stop - 1], side="right")
        pieces = self.pieces[first : last + 1]
        begins = int(self._ends[first]) - pieces[0].shape[axis]
        whole = np.concatenate(_wholes(pieces), axis)
        _release(pieces)
        return taken(whole, axis, start - begins, stop - begins)


Values = np.ndarray | Stacked | Joined
