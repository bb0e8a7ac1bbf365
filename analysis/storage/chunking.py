"""How many samples are read or written at a time, so that memory is bounded by a chunk. Imports nothing."""

from __future__ import annotations

CHUNK_BYTES = 1 << 25


def samples_per_chunk(n_exits: int, n_classes: int, itemsize: int = 4) -> int:
    """How many samples make a chunk of about 32 MiB, at least one."""
    return max(1, CHUNK_BYTES // (n_exits * n_classes * itemsize))
