"""A file, or a place in one: `FILE::NAME/NAME` names what lies in dictionaries and lists of them, or a table's column.

In a list that holds dictionaries a number is a name, from 0, and a name that all of them have means what lies there in
each: `FILE::batches/1/labels`, `FILE::batches/labels`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from analysis.storage.importers.layouts.numbered import listed, text_of

SIGN = "::"
_MOST_NAMES = 1000


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


def below(where: str, name: object) -> str:
    """Where something of that name lies in what `where` says, as `FILE: NAME/NAME`: what `FILE::NAME/NAME` takes.

    Examples
    --------
    >>> below("nested.pt", "results"), below("nested.pt: results", "test")
    ('nested.pt: results', 'nested.pt: results/test')
    """
    return f"{where}{'/' if ': ' in where else ': '}{text_of(name)}"


def of_each(content: object) -> dict | None:
    """Name -> what lies there in each, of a list of dictionaries that all have it; None: it is no such list.

    Examples
    --------
    >>> of_each([{"labels": 1, "name": "a"}, {"labels": 2}]), of_each([1, {"labels": 2}])
    ({'labels': [1, 2]}, None)
    """
    if not isinstance(content, list) or not content or not all(isinstance(item, dict) for item in content):
        return None
    shared = [name for name in content[0] if all(name in item for item in content)]
    return {name: [item[name] for item in content] for name in shared}


def by_name(content: object) -> Mapping | None:
    """What lies in a dictionary by name, in a list that holds dictionaries by number too; None: it is neither."""
    if isinstance(content, list) and any(isinstance(item, dict) for item in content):
        return {**(of_each(content) or {}), **dict(enumerate(content))}
    return content if isinstance(content, Mapping) else None


def named_within(content: object) -> Iterator[tuple[object, dict | list]]:
    """Dictionaries, and lists that hold some, in a dictionary by name or in a list by number, of its first 1,000.

    What reads its arrays when asked holds none.
    """
    items: Iterable[tuple[object, object]] = ()
    if isinstance(content, dict):
        items = content.items()
    elif isinstance(content, list):
        items = enumerate(content[:_MOST_NAMES])
    yield from ((name, value) for name, value in items if by_name(value) is not None)


def names_in(content: object) -> list[str]:
    """The names in dictionaries and those inside them, as `NAME/NAME`, 1,000 at most."""
    found, seen, waiting = [], set(), [("", content)]
    while waiting and len(found) < _MOST_NAMES:
        before, held = waiting.pop(0)
        if isinstance(held, Mapping) and (not before or isinstance(held, dict)) and id(held) not in seen:
            seen.add(id(held))
            for key in list(held)[:_MOST_NAMES]:
                found.append(f"{before}{text_of(key)}")
                if isinstance(held, dict):
                    waiting.append((f"{found[-1]}/", held[key]))
    return found


def _refusal(whole: object, place: Place, where: str, here: object, name: str) -> ValueError:
    """Nothing is called so: what is called nearly so, else what is there."""
    plain = {re.sub(r"[^a-z0-9]+", "/", other.lower()): other for other in names_in(whole)}
    asked_for = re.sub(r"[^a-z0-9]+", "/", place.name.lower())
    deeper = [other for one, other in plain.items() if one.endswith(f"/{asked_for}")]
    alike = [asked_for] if asked_for in plain else get_close_matches(asked_for, plain, 3, 0.7)
    near = list(dict.fromkeys([*deeper, *(plain[one] for one in alike if not asked_for.startswith(f"{one}/"))]))
    if near:
        return ValueError(
            f"{place.file.name} holds nothing called {place.name[:100]!r}: {asked(place.file.name, near)}"
        )
    missing = f"nothing called {name[:100]!r}"
    if (named := by_name(here)) is None:
        return ValueError(f"{where} holds {missing}: give the file alone")
    return ValueError(f"{where} holds {listed(named) or 'nothing'}, and {missing}")


def inside(content: object, place: Place, where: str) -> tuple[object, Mapping | None, object]:
    """What lies under a place's `NAME/NAME`, the dictionary that it lies in, and its key there, which may hold slashes.

    Parameters
    ----------
    content : what the whole file holds
    where : what it is, for messages

    Raises
    ------
    ValueError : there is nothing of that name, and what is called nearly so
    """
    whole, name, around, key = content, place.name, None, None
    while name:
        if (named := by_name(content)) is None:
            raise _refusal(whole, place, where, content, name)
        fitting = [other for other in named if name == text_of(other) or name.startswith(f"{text_of(other)}/")]
        if not fitting or fitting == [""]:
            raise _refusal(whole, place, where, content, name)
        around, key = named, max(fitting, key=lambda other: len(text_of(other)))
        content, name, where = named[key], name[len(text_of(key)) + 1 :], below(where, text_of(key)[:100])
    return content, around, key


def asked(file: str, names: list[str]) -> str:
    """The end of a sentence that says how to name one of several places."""
    shown = [f"'{file}{SIGN}{name[:100]}'" for name in names[:6]]
    return f"say which with {' or '.join(shown)}{', ...' if len(names) > 6 else ''}"
