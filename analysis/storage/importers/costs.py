"""What each exit costs: numbers, a list in a file, or a table with a row or a column for each exit. Imports pandas."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.runtime.contents import check_regular
from analysis.storage.importers.formats import open_file
from analysis.storage.importers.layouts.lists import plain
from analysis.storage.importers.layouts.numbered import Family, families, listed, text_of
from analysis.storage.importers.layouts.places import Place, asked, inside, place_of
from analysis.storage.importers.parts import as_vector
from analysis.storage.importers.side_files import INDEX, TABLES, numbers_in, read_json, read_table

_UNITS = {
    **dict.fromkeys(("macs", "mac"), "MACs"),
    **dict.fromkeys(("flops", "flop"), "FLOPs"),
    **dict.fromkeys(("gflops", "gflop"), "GFLOPs"),
    **dict.fromkeys(("seconds", "second", "secs", "sec"), "seconds"),
    **dict.fromkeys(("ms", "milliseconds", "millisecond"), "ms"),
}
"""Word in the name of a row, a column or a file of a table -> the unit that it means."""
_EXIT_NUMBERS = {"exit", "exits", "head", "layer", "block", "exit_number", "index"}
"""Columns that count the exits."""


class Costs(NamedTuple):
    """The cumulative cost of each exit.

    values : one for each exit
    unit : what the file says; None where it does not
    """

    values: tuple[float, ...]
    unit: str | None = None


def _unit_of(name: object, file: Path | None = None) -> str | None:
    """What the name of a row or column says, else that of a file of times; files called flops hold MACs as often."""
    words = re.findall(r"[a-z]+", text_of(name).lower())
    times = re.findall(r"[a-z]+", file.stem.lower()) if file is not None else []
    found = [_UNITS[word] for word in words if word in _UNITS]
    found += [_UNITS[word] for word in times if _UNITS.get(word) in ("seconds", "ms")]
    return next(iter(found), None)


def _numbers_of(values: object, what: str) -> tuple[float, ...]:
    return tuple(float(value) for value in as_vector(values, what))


def _numbered(content: Mapping) -> Family | None:
    """The one family of names with a number for each exit."""
    found = [family for family in families(content) if family.is_ordered]
    return found[0] if len(found) == 1 else None


def _in_table(place: Place) -> Costs:
    """Costs from a table: a column with a row for each exit, or a row with a column for each exit."""
    what, table = f"--costs {place.file.name}", read_table(place.file, "--costs")
    table = table.set_axis(table.columns.map(str), axis=1)
    numeric = [name for name in table if pd.api.types.is_numeric_dtype(table[name])]
    family = _numbered({name: None for name in numeric if not INDEX.fullmatch(name)})
    if family is not None:
        return _in_row(place, what, table, family)
    names = [name for name in numeric if not INDEX.fullmatch(name) and name.lower() not in _EXIT_NUMBERS]
    chosen = place.name or (names[0] if len(names) == 1 else None)
    if chosen is None or chosen not in table:
        few = listed(names) or "no column of numbers"
        raise ValueError(f"{what} has the columns {few}: {asked(place.file.name, names) if names else 'give numbers'}")
    values = _numbers_of(table[chosen].to_numpy(dtype=np.float64, na_value=np.nan), f"{what}: {chosen}")
    return Costs(values, _unit_of(chosen, place.file))


def _in_row(place: Place, what: str, table: pd.DataFrame, family: Family) -> Costs:
    """Costs from the row of a table whose columns are the exits, such as `head1 ... head4`."""
    texts = [name for name in table if name not in family.names]
    names = [" ".join(str(value) for value in row) for row in table[texts].itertuples(index=False)]
    at = 0 if len(table) == 1 else None
    if place.name:
        at = names.index(place.name) if place.name in names else None
    if at is None:
        raise ValueError(f"{what} has {len(table)} rows: {asked(place.file.name, names) if names else 'give one'}")
    values = _numbers_of(table[list(family.names)].iloc[at].tolist(), f"{what}: {names[at]}")
    return Costs(values, _unit_of(names[at], place.file))


def read_costs(text: str) -> Costs:
    """Cumulative costs from `15.1e6,25.5e6`, or from a file: a list, names with a number for each exit, or a table.

    Parameters
    ----------
    text : the numbers, a file, or `FILE::NAME`, which names a list, column or row in it

    Raises
    ------
    ValueError : neither numbers nor a file of numbers, or several lists that may be meant
    """
    check_regular(text)
    place = Place(Path(text), "")
    if not os.path.isfile(text):  # Path.is_file raises where the numbers are longer than a name may be
        place = place_of(text)
        if not place.name or not os.path.isfile(place.file):
            try:
                return Costs(tuple(float(number) for number in text.split(",")))
            except ValueError:
                raise ValueError(f"--costs {text}: give numbers separated by commas, or an existing file") from None
    path, what = place.file, f"--costs {place.file.name}"
    if path.suffix in (".txt", ".csv") and not place.name:
        with suppress(ValueError):
            return Costs(tuple(numbers_in(path, "--costs").tolist()), _unit_of("", path))
    if path.suffix in TABLES:
        return _in_table(place)
    if path.suffix == ".txt":
        raise ValueError(f"--costs {path} does not hold numbers: give one a line, or .npy")
    content = read_json(path, "--costs") if path.suffix == ".json" else plain(open_file(path))
    content, _, key = inside(content, place, what)
    if isinstance(content, Mapping):
        family = _numbered(content)
        if family is None:
            names = [f"{place.name}/{text_of(name)}".strip("/") for name in content]
            raise ValueError(
                f"{what} holds {listed(names) or 'nothing'}: {asked(path.name, names) if names else 'a list'}"
            )
        content = [content[name] for name in family.names]
    return Costs(_numbers_of(content, what), None if key is None else _unit_of(key))
