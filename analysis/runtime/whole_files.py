"""Files that are there whole or not at all: written beside their place, named last. Imports the standard library."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """A new file beside `path`, which no other process writes; what still has its name at the end is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f"{path.stem[:100]}.", suffix=".partial", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    temporary.chmod(0o644)  # mkstemp makes it private
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def name_first(temporary: Path, path: Path) -> bool:
    """Give a finished file the name `path`, unless there is such a file, which then stays; whether it got it."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if path.exists():
            return False
        os.replace(temporary, path)
    return True
