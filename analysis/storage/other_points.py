"""Points of other networks beside a run's curves: static models, published numbers. Read from a CSV, kept in SQLite.

A point belongs to a data set, so that it stands beside every run of it; to one run where the run names none. What is
read is text and numbers; nothing is executed. Imports the standard library and what is open to all.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from analysis.reference.prefixes import prefixed_number
from analysis.runtime.folders import state_folder
from analysis.runtime.state_file import state_file

COLUMNS = ("name", "cost", "unit", "accuracy", "source")
LARGEST_FILE, MOST, LONGEST = 1_000_000, 500, 200  # characters of a file; points of a data set; characters of a text
DELIMITERS = (",", ";", "\t")
_TABLE = """CREATE TABLE IF NOT EXISTS points (
    of TEXT NOT NULL, name TEXT NOT NULL, cost REAL NOT NULL, unit TEXT NOT NULL, accuracy REAL NOT NULL,
    source TEXT NOT NULL)"""
_WHAT = "the points of other networks"


@dataclass(frozen=True)
class Point:
    """One of another network: points of one name are its curve.

    `cost` is per sample, in `unit`; `accuracy` in percent.
    """

    name: str
    cost: float
    unit: str
    accuracy: float
    source: str


def read_points(text: str, units: Sequence[str], *, file: str = "points.csv") -> list[Point]:
    """The points of a CSV whose first line names the columns `COLUMNS`, in any order; others are left out.

    Parameters
    ----------
    text : str
        Columns stand between commas, semicolons or tabs. A cost may have a prefix: 30M. Accuracies are in percent.
    units : sequence of str
        In which costs are known here.
    file : str
        What the file is called in messages.

    Raises
    ------
    ValueError
        It is no such table: the message says which line and column, and what to write there.

    Examples
    --------
    >>> read_points("name,cost,unit,accuracy,source\\nResNet-20,41M,MACs,69.5,my runs", ["MACs"])
    [Point(name='ResNet-20', cost=41000000.0, unit='MACs', accuracy=69.5, source='my runs')]
    """
    if len(text) > LARGEST_FILE:
        raise ValueError(
            f"{file}: longer than {LARGEST_FILE:,} characters: keep the points that belong beside this run"
        )
    lines = text.removeprefix("\ufeff").splitlines()
    head = next((line for line in lines if line.strip()), "")
    delimiter = max(DELIMITERS, key=head.count)
    try:
        rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ValueError(f"{file}: is no CSV ({error})") from None
    numbered = [(number, row) for number, row in enumerate(rows, start=1) if any(cell.strip() for cell in row)]
    names = [cell.strip().lower() for cell in numbered[0][1]] if numbered else []
    if missing := [name for name in COLUMNS if names.count(name) != 1]:
        raise ValueError(
            f"{file}: the first line must name the columns {', '.join(COLUMNS)}, each once; {missing[0]!r} is not "
            "there once"
        )
    if len(numbered) - 1 > MOST:
        raise ValueError(f"{file}: {len(numbered) - 1:,} points, at most {MOST} can be shown: keep the ones to compare")
    if len(numbered) == 1:
        raise ValueError(f"{file}: no point stands below the columns' names")
    return [_point(dict(zip(names, row)), units, f"{file}, line {number}") for number, row in numbered[1:]]


def _point(cells: dict[str, str], units: Sequence[str], where: str) -> Point:
    found = {name: cells.get(name, "").strip() for name in COLUMNS}
    if not found["name"]:
        raise ValueError(f"{where}: name is empty: say which network it is")
    for name in ("name", "unit", "source"):
        if len(found[name]) > LONGEST:
            raise ValueError(f"{where}: {name} is longer than {LONGEST} characters: shorten it")
    unit = next((one for one in units if one.lower() == found["unit"].lower()), None)
    if unit is None:
        raise ValueError(
            f"{where}: unit is {found['unit'][:40]!r}, and this run's costs are in {' or '.join(units) or 'no unit'}: "
            "convert the costs, or open a run in that unit"
        )
    try:
        cost = prefixed_number(found["cost"], unit)
    except ValueError:
        cost = None
    if cost is None or not math.isfinite(cost) or cost <= 0:
        raise ValueError(f"{where}: cost is {found['cost'][:40]!r}: write a number above 0, as 41000000 or 41M")
    return Point(found["name"], cost, unit, _percent(found["accuracy"], where), found["source"])


def _percent(text: str, where: str) -> float:
    said = f"{where}: accuracy is {text[:40]!r}"
    bare = text.removesuffix("%").strip()
    try:
        value = float(bare)
    except ValueError:
        raise ValueError(f"{said}: write percent, as 69.5") from None
    if not 0 <= value <= 100:
        raise ValueError(f"{said}: percent lie between 0 and 100")
    if 0 < value <= 1 and bare == text:
        raise ValueError(f"{said}, which looks like a fraction: write percent, as 69.5, or with its sign, {text}%")
    return value


# --- kept ------------------------------------------------------------------------------------------------------------


def _file() -> Path:
    return state_folder() / "points.sqlite"


def saved_points(of: str) -> list[Point]:
    """The points of a data set, or of a run, by name and cost; none where none was saved.

    Raises
    ------
    ValueError
        The file of the points cannot be read, and why.
    """
    if not _file().is_file():
        return []
    with state_file(_file(), _TABLE, _WHAT) as file:
        rows = file.execute(
            f"SELECT {', '.join(COLUMNS)} FROM points WHERE of = ? ORDER BY name COLLATE NOCASE, name, unit, cost",
            (of,),
        ).fetchall()
    return [Point(*row) for row in rows]


def save_points(of: str, points: Sequence[Point]) -> None:
    """Keep points; those of a name that is there already take the place of its points in the same unit.

    Raises
    ------
    ValueError
        There would be more than `MOST`, or the file cannot be written.
    """
    with state_file(_file(), _TABLE, _WHAT, make=True) as file:
        for name, unit in {(one.name, one.unit) for one in points}:
            file.execute("DELETE FROM points WHERE of = ? AND name = ? AND unit = ?", (of, name, unit))
        file.executemany("INSERT INTO points VALUES (?, ?, ?, ?, ?, ?)", [(of, *astuple(one)) for one in points])
        count = file.execute("SELECT count(*) FROM points WHERE of = ?", (of,)).fetchone()[0]
        if count > MOST:
            raise ValueError(f"{count:,} points of {of} would be kept, at most {MOST} can be shown: remove some first")


def forget_points(of: str, name: str) -> list[Point]:
    """Remove the points of one name, which are given back: saving them again undoes this.

    Raises
    ------
    ValueError
        The file cannot be written.
    """
    gone = [one for one in saved_points(of) if one.name == name]
    if gone:
        with state_file(_file(), _TABLE, _WHAT) as file:
            file.execute("DELETE FROM points WHERE of = ? AND name = ?", (of, name))
    return gone
