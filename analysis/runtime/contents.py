"""What is in a file, by its hash: read once, and remembered for as long as the file's stamp stays. Standard library.

A stamp tells one content of a place from the next without reading it. A file's holds its inode; an object on remote
storage is stamped by what its storage says (its ETag, size and time) and remembered by the same `remembered`.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

SETTLED_NS = 2_000_000_000
"""A younger change may be followed by another within the same tick of the file system's clock: it is not remembered."""
_known: dict[str, tuple[Stamp, str]] = {}
"""Place -> its stamp, and the hash of what was there; so that one process asks its disk once."""


class Stamp(NamedTuple):
    """What changes whenever a place holds something else.

    mark : a file's inode; the ETag of an object on remote storage
    size : bytes
    time_ns : of the last change, nanoseconds since 1970
    """

    mark: str
    size: int
    time_ns: int


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp of a file, from `os.stat` or `os.fstat`."""
    return Stamp(str(status.st_ino), status.st_size, status.st_mtime_ns)


def check_regular(path: str | Path) -> None:
    """Refuse what may never end, or hold up who opens it; a folder, or nothing at all, is for the caller to refuse.

    Raises
    ------
    ValueError : there is a pipe, a device or a socket
    """
    with suppress(OSError):
        kind = os.stat(path).st_mode
        if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
            raise ValueError(f"{path} is no file but a pipe or device: save what it gives in a file")


def hash_of(path: Path) -> str:
    """The sha256 of a file, read now.

    Raises
    ------
    OSError : it cannot be read
    ValueError : it is no file
    """
    check_regular(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remembered(place: str, stamped: Callable[[], Stamp], hashed: Callable[[], str]) -> str:
    """The hash of what is at a place: remembered on disk under its stamp, computed where none is.

    Parameters
    ----------
    place : a file's absolute path, or an object's address
    stamped : gives its stamp now
    hashed : gives the sha256 of what it holds now
    """
    from analysis.runtime.disk_cache import read_entry, shelf, write_entry

    stamp = stamped()
    if place in _known and _known[place][0] == stamp:
        return _known[place][1]
    path = shelf("contents") / f"{hashlib.sha256(os.fsencode(place)).hexdigest()[:32]}.entry"
    kept = read_entry(path)
    if kept is not None and kept.said.get("stamp") == list(stamp):
        found = kept.said["sha256"]
    else:
        found = hashed()
        if stamped() != stamp or time.time_ns() - stamp.time_ns < SETTLED_NS:
            return found
        write_entry(path, {}, {"stamp": list(stamp), "sha256": found})
    _known[place] = stamp, found
    return found


def content_of(path: Path) -> str:
    """The sha256 of what a file really holds, read once.

    Raises
    ------
    OSError : it cannot be read
    """
    return remembered(os.path.abspath(path), lambda: stamp_of(path.stat()), lambda: hash_of(path))
