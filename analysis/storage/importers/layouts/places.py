"""A file, or a place in one: `FILE::NAME/NAME` names what lies in dictionaries, or a column of a table."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from analysis.storage.importers.layouts.numbered import listed, text_of

SIGN = "::"


class Place(NamedTuple):
    """Where something lies.

    file : the path
    name : of the array, dictionary or column in it, `NAME` or `NAME/NAME`; empty: the whole file
    """

    file: Path
    name: str

    @property
    def shown(self) -> str:
        """For messages."""
        return f"{self.file.name}: {self.name}" if self.name else self.file.name


def place_of(text: str | Path) -> Place:
    """The file and the name in `FILE::NAME`; a file that is called so is meant itself."""
    file, sign, name = str(text).partition(SIGN)
    if not sign or os.path.lexists(text):
        return Place(Path(text), "")
    return Place(Path(file), name.strip("/"))


def inside(content: object, name: str, where: str) -> tuple[object, Mapping | None, object]:
    """What lies under `NAME/NAME`, the dictionary that it lies in, and its key there; a key may hold slashes.

    Raises
    ------
    ValueError : there is nothing of that name
    """
    around, key = None, None
    while name:
        if not isinstance(content, Mapping):
            raise ValueError(f"{where} holds nothing called {name[:100]!r}: give the file alone")
        fitting = [other for other in content if name == text_of(other) or name.startswith(f"{text_of(other)}/")]
        if not fitting or fitting == [""]:
            raise ValueError(f"{where} holds {listed(content) or 'nothing'}, and nothing called {name[:100]!r}")
        around, key = content, max(fitting, key=lambda other: len(text_of(other)))
        content, name, where = content[key], name[len(text_of(key)) + 1 :], f"{where}: {text_of(key)[:100]}"
    return content, around, key


def asked(file: str, names: list[str]) -> str:
    """The end of a sentence that says how to name one of several places."""
    shown = [f"'{file}{SIGN}{name[:100]}'" for name in names[:6]]
    return f"say which with {' or '.join(shown)}{', ...' if len(names) > 6 else ''}"
