"""Files and folders that are there whole or not at all: written beside their place, on the disk before they are named.

Imports the standard library.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from analysis.runtime.folders import made_folder


def _beside(path: Path, prefix: str = "") -> Path:
    """A name in the same folder that no other process uses."""
    return path.with_name(f"{prefix}{path.stem[:100]}.{secrets.token_hex(4)}.partial")


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """A new file beside `path`, which no other process writes; what still has its name at the end is removed."""
    with made_folder(path.parent):
        temporary = _beside(path)
        temporary.touch(exist_ok=False)
        try:
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def unfinished_folder(path: Path) -> Iterator[Path]:
    """A new folder beside `path`, hidden from lists; what still has its name at the end is removed."""
    with made_folder(path.parent):
        temporary = _beside(path, ".")
        temporary.mkdir()
        try:
            yield temporary
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def sync(path: Path) -> None:
    """Return once a file, or a folder's list of files, is on the disk.

    Raises
    ------
    OSError : the disk is full, or refuses it
    """
    if path.is_dir() and os.name == "nt":  # opens no folder, and keeps the list itself
        return
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        with suppress(OSError) if path.is_dir() else nullcontext():  # some network file systems sync no folder
            os.fsync(handle)
    finally:
        os.close(handle)


def _sync_all(path: Path) -> None:
    for part in sorted(path.rglob("*")) if path.is_dir() else ():
        sync(part)
    sync(path)


def name_whole(temporary: Path, path: Path) -> None:
    """Give a finished file or folder the name `path`, once it is on the disk; a file of that name is replaced."""
    _sync_all(temporary)
    os.replace(temporary, path)
    sync(path.parent)


def name_first(temporary: Path, path: Path) -> bool:
    """As `name_whole`, unless there is such a file, which then stays; whether the finished one got the name."""
    _sync_all(temporary)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if path.exists():
            return False
        os.replace(temporary, path)
    sync(path.parent)
    return True


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file to write, which is named `path` once the block ends well, and is gone where it does not.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "note.txt"
    >>> with whole_file(place) as file:
    ...     written = file.write_text("all of it")
    >>> place.read_text(), len(list(place.parent.iterdir()))
    ('all of it', 1)
    """
    with unfinished(path) as temporary:
        yield temporary
        name_whole(temporary, path)
