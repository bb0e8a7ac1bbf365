"""The saved presentations: one SQLite file in the state folder, every change written at once, whole or not at all."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from analysis.presentations.screens import Presentation, Screen, read, written
from analysis.runtime.folders import state_folder
from analysis.runtime.state_file import state_file

_TABLE = """CREATE TABLE IF NOT EXISTS presentations (
    name TEXT PRIMARY KEY, made TEXT NOT NULL, screens TEXT NOT NULL, count INTEGER NOT NULL)"""


class Presentations:
    """The saved presentations by name.

    Parameters
    ----------
    path : pathlib.Path, optional
        The SQLite file; by default `presentations.sqlite` in the state folder. The first presentation makes it.

    Raises
    ------
    ValueError
        By every method: the file cannot be read or written, and why.
    """

    def __init__(self, path: Path | None = None):
        self.path = path or state_folder() / "presentations.sqlite"

    def counts(self) -> dict[str, int]:
        """Name -> how many screens, in the order of their names; the screens are not read."""
        if not self.path.is_file():
            return {}
        with self._open() as file:
            rows = file.execute("SELECT name, count FROM presentations ORDER BY name COLLATE NOCASE, name").fetchall()
        return dict(rows)

    def __getitem__(self, name: str) -> Presentation:
        if not self.path.is_file():
            raise KeyError(name)
        with self._open() as file:
            return self._found(file, name)

    def save(self, one: Presentation, *, replace: bool = False) -> None:
        """Keep a presentation under its name.

        Raises
        ------
        ValueError
            The name is taken and `replace` is not set.
        """
        with self._open(make=True) as file:
            self._put(file, one, "INSERT OR REPLACE" if replace else "INSERT")

    def change(self, name: str, change: Callable[[tuple[Screen, ...]], tuple[Screen, ...]]) -> Presentation:
        """Other screens in place of those there are, which nobody else changes meanwhile.

        Raises
        ------
        KeyError
            There is none of this name.
        """
        if not self.path.is_file():
            raise KeyError(name)
        with self._open() as file:
            file.execute("BEGIN IMMEDIATE")
            before = self._found(file, name)
            after = replace(before, screens=change(before.screens))
            self._put(file, after, "INSERT OR REPLACE")
        return after

    def add(self, name: str, screen: Screen) -> int:
        """A screen at the end of a presentation, which begins with it where there is none of this name.

        Returns
        -------
        int
            The screen's number, from 1.
        """
        if name not in self.counts():
            self.save(Presentation(name, (screen,), now()))
            return 1
        return len(self.change(name, lambda screens: (*screens, screen)).screens)

    def rename(self, name: str, to: str) -> None:
        """Call a presentation something else.

        Raises
        ------
        KeyError
            There is none of this name.
        ValueError
            The other name is taken, or is none.
        """
        Presentation(to)
        if not self.path.is_file():
            raise KeyError(name)
        with self._open() as file:
            try:
                changed = file.execute("UPDATE presentations SET name = ? WHERE name = ?", (to, name)).rowcount
            except sqlite3.IntegrityError:
                raise ValueError(f"there is a presentation {to!r} already: choose another name") from None
        if not changed:
            raise KeyError(name)

    def delete(self, name: str) -> Presentation:
        """Forget a presentation, which is given back: saving it again undoes this.

        Raises
        ------
        KeyError
            There is none of this name.
        """
        gone = self[name]
        with self._open() as file:
            file.execute("DELETE FROM presentations WHERE name = ?", (name,))
        return gone

    def _found(self, file: sqlite3.Connection, name: str) -> Presentation:
        row = file.execute("SELECT made, screens FROM presentations WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise KeyError(name)
        try:
            return Presentation(name, read(json.loads(row[1])), row[0])
        except (ValueError, TypeError, RecursionError) as error:
            raise ValueError(
                f"{self.path}: the presentation {name!r} is damaged ({error}): mend or move the file"
            ) from None

    def _put(self, file: sqlite3.Connection, one: Presentation, how: str) -> None:
        screens = json.dumps(written(one.screens), ensure_ascii=False, separators=(",", ":"))
        values = (one.name, one.made, screens, len(one.screens))
        try:
            file.execute(f"{how} INTO presentations (name, made, screens, count) VALUES (?, ?, ?, ?)", values)
        except sqlite3.IntegrityError:
            raise ValueError(
                f"there is a presentation {one.name!r} already: choose another name, or replace it"
            ) from None

    def _open(self, *, make: bool = False) -> AbstractContextManager[sqlite3.Connection]:
        return state_file(self.path, _TABLE, "the saved presentations", make=make)


def now() -> str:
    """The time, as it is kept: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
