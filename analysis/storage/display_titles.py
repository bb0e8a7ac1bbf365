"""What people call a run: a title of their own, kept in the state folder, while the run folder never changes.

Imports the standard library only.
"""

from __future__ import annotations

import os
from pathlib import Path

from analysis.runtime.folders import state_folder
from analysis.runtime.state_file import state_file

LONGEST = 200
"""Characters of a title."""
_TABLE = "CREATE TABLE IF NOT EXISTS titles (run TEXT PRIMARY KEY, title TEXT NOT NULL)"
_WHAT = "the runs' titles"


def _file() -> Path:
    return state_folder() / "titles.sqlite"


def display_titles() -> dict[str, str]:
    """Absolute path of a run folder -> the title that it was given; `{}` where none was.

    Raises
    ------
    ValueError
        The file of the titles cannot be read, and why.
    """
    path = _file()
    if not path.is_file():
        return {}
    with state_file(path, _TABLE, _WHAT) as file:
        return dict(file.execute("SELECT run, title FROM titles").fetchall())


def display_title(run: str | Path) -> str | None:
    """The title that a run folder was given; None where it has its own, or where the titles cannot be read."""
    try:
        return display_titles().get(os.path.abspath(run))
    except ValueError:  # a run opens all the same: whoever lists the titles is told
        return None


def rename_run(run: str | Path, title: str) -> None:
    """Give a run folder a title, which takes the place of its own wherever titles are shown; empty: its own again.

    Raises
    ------
    ValueError
        The title is longer than a line, or the titles cannot be written.
    """
    title = title.strip()
    if len(title) > LONGEST or not title.isprintable():
        raise ValueError(f"title {title[:40]!r}: give one line of at most {LONGEST} characters")
    path = os.path.abspath(run)
    if not title and not _file().is_file():
        return
    with state_file(_file(), _TABLE, _WHAT, make=True) as file:
        if title:
            file.execute("INSERT OR REPLACE INTO titles (run, title) VALUES (?, ?)", (path, title))
        else:
            file.execute("DELETE FROM titles WHERE run = ?", (path,))
