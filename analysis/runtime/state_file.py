"""A SQLite file in the state folder: opened for one change or one look, then closed.

Imports the standard library only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_WAIT = 5.0  # seconds for another process that writes


@contextmanager
def state_file(path: Path, table: str, what: str, *, make: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection whose changes are kept together, when the block ends, or not at all.

    Parameters
    ----------
    table : str
        The `CREATE TABLE IF NOT EXISTS` that a new file begins with.
    what : str
        What the file holds, for the message.
    make : bool
        Whether the folder is made where it is missing.

    Raises
    ------
    ValueError
        The file cannot be read or written, and why.
    """
    try:
        if make:
            path.parent.mkdir(parents=True, exist_ok=True)
        file = sqlite3.connect(path, timeout=_WAIT)
        try:
            with file:
                file.execute(table)
                yield file
        finally:
            file.close()
    except (sqlite3.Error, OSError) as error:
        raise ValueError(f"{path}: {what} cannot be used ({error}): mend or move the file") from None
