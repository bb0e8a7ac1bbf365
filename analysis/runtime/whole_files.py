"""Files and folders that are there whole or not at all: written beside their place, on the disk before they are named.

Imports the standard library.
"""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from analysis.runtime.folders import made_folder
from analysis.runtime.stopping import undisturbed

try:
    import fcntl
except ImportError:  # Windows, where nothing is told apart from what is being written
    fcntl = None

_HERE = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
"""This machine in the names of unfinished files: another that shares the disk may not see who holds a lock."""
_OURS = re.compile(rf"\.{_HERE}\.[0-9a-f]{{8}}\.partial$")


def _beside(path: Path, prefix: str) -> Path:
    """A name in the same folder that no other process uses."""
    return path.with_name(f"{prefix}{path.stem[:100]}.{_HERE}.{secrets.token_hex(4)}.partial")


def locked(path: Path, *, wait: bool = False) -> int | None:
    """A handle that holds the lock of a file or folder until it is closed, or its process has ended, however that was.

    None where the file system has no locks.

    Raises
    ------
    BlockingIOError : another handle holds it, and there is no waiting
    OSError : it cannot be opened
    """
    if fcntl is None:
        return None
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(handle)
        raise
    except OSError:
        os.close(handle)
        return None
    return handle


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def discard_abandoned(folder: Path) -> None:
    """Remove what processes of this machine left unfinished in a folder when they were killed."""
    with suppress(OSError):
        for entry in list(os.scandir(folder)):
            if not _OURS.search(entry.name) or entry.is_symlink():
                continue
            with suppress(OSError), undisturbed():  # gone meanwhile, or another user's
                if (handle := locked(Path(entry.path))) is not None:
                    try:
                        _remove(Path(entry.path))
                    finally:
                        os.close(handle)


@contextmanager
def named_errors(path: Path | str) -> Iterator[None]:
    """An OSError of the block that names no file, such as a full disk's, names this one."""
    try:
        yield
    except OSError as error:
        if error.filename is not None or error.errno is None:
            raise
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error


def _made(path: Path, make: Callable[[Path], None], prefix: str) -> tuple[Path, int | None]:
    """A new file or folder beside `path`, and the handle that holds its lock."""
    while True:
        temporary = _beside(path, prefix)
        make(temporary)
        with suppress(FileNotFoundError):  # another process took it for abandoned before it was locked
            handle = locked(temporary, wait=True)
            if temporary.exists():
                return temporary, handle
            os.close(handle)


@contextmanager
def _unfinished(path: Path, make: Callable[[Path], None], prefix: str = "") -> Iterator[Path]:
    with made_folder(path.parent), named_errors(path):
        discard_abandoned(path.parent)
        temporary = handle = None
        try:
            with undisturbed():
                temporary, handle = _made(path, make, prefix)
            yield temporary
        finally:
            with undisturbed():
                if temporary is not None:
                    _remove(temporary)
                if handle is not None:
                    os.close(handle)


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """A new file beside `path`, which no other process writes; what still has its name at the end is removed."""
    with _unfinished(path, lambda temporary: temporary.touch(exist_ok=False)) as temporary:
        yield temporary


@contextmanager
def unfinished_folder(path: Path) -> Iterator[Path]:
    """A new folder beside `path`, hidden from lists; what still has its name at the end is removed."""
    with _unfinished(path, Path.mkdir, ".") as temporary:
        yield temporary


def reserve(handle: int, size: int) -> None:
    """Give a file that is being written its full size, and its place on the disk where the file system can.

    Raises
    ------
    OSError : the disk has not so much room
    """
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(handle, 0, size)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise
    os.ftruncate(handle, size)


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
