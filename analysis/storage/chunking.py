"""How many samples are read or written at a time, so that memory is bounded by a chunk. Standard library."""

from __future__ import annotations

import mmap

CHUNK_BYTES = 1 << 25


def samples_per_chunk(n_exits: int, n_classes: int, itemsize: int = 4) -> int:
    """How many samples make a chunk of about 32 MiB, at least one."""
    return max(1, CHUNK_BYTES // (n_exits * n_classes * itemsize))


def release_pages(array: object) -> None:
    """Give a memory-mapped array's pages back to the system, which keeps them in its file cache."""
    while array is not None and not isinstance(array, mmap.mmap):
        array = getattr(array, "base", None)
    if array is not None and hasattr(array, "madvise"):
        array.madvise(mmap.MADV_DONTNEED)
