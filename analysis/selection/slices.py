"""Slices: sets of samples that were given a name, kept in SQLite in the state folder, and carried by small files.

A slice holds ids and their labels, not the query that found them: it stays what it was when it was saved, whatever
the settings are later, and applies to every run of the same samples. `Slices` is the one place that reads and writes
the file; nothing in it is executed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from analysis.run import Run
from analysis.runtime.folders import state_folder
from analysis.runtime.state_file import state_file
from analysis.selection.grammar import written_name
from analysis.selection.listed import MOST, Listed
from analysis.selection.sample_table import SampleTable
from analysis.selection.selection import Selection

LONGEST_NAME, LONGEST_NOTE = 120, 4_000
LARGEST_FILE = 64_000_000  # bytes of a slice's file
FORMAT = "exitlens-slice/1"
_TABLE = """CREATE TABLE IF NOT EXISTS slices (
    name TEXT PRIMARY KEY, note TEXT NOT NULL, ids TEXT NOT NULL, labels TEXT NOT NULL,
    made_of TEXT NOT NULL, run TEXT NOT NULL, dataset TEXT NOT NULL, made TEXT NOT NULL)"""


@dataclass(frozen=True)
class Slice:
    """A set of samples with a name.

    Raises
    ------
    ValueError
        The name is empty, too long or cannot stand in a query; there are more or fewer labels than ids.
    """

    name: str
    ids: tuple[str, ...]
    labels: tuple[int, ...]
    """Index of each one's true class, -1 where it is unknown: by these it is seen whether ids mean the same samples."""
    note: str = ""
    made_of: str = ""
    """The text of the selection that it was saved from."""
    run: str = ""
    """The id of the run that it was saved from, and that run's data set."""
    dataset: str = ""
    made: str = ""
    """When: ISO 8601, UTC."""

    def __post_init__(self):
        for what, limit in (("name", LONGEST_NAME), ("note", LONGEST_NOTE)):
            if len(getattr(self, what)) > limit:
                raise ValueError(f"slice: its {what} is longer than {limit:,} characters: shorten it")
        if self.name != self.name.strip() or not self.name.isprintable():
            raise ValueError(f"slice {self.name[:40]!r}: a name is one line without spaces around it")
        written_name(self.name)
        if len(self.ids) != len(self.labels) or len(self.ids) > MOST:
            raise ValueError(
                f"slice {self.name!r}: {len(self.ids):,} ids and {len(self.labels):,} labels: one for each, "
                f"at most {MOST:,}"
            )

    @property
    def listed(self) -> Listed:
        """Its ids, as a selection holds them."""
        return Listed(self.ids)

    def joined(self, run: Run) -> np.ndarray:
        """Where its samples are in a run, by id.

        Returns
        -------
        numpy.ndarray
            int64, positions in the run, ascending; of those that the run has.

        Raises
        ------
        ValueError
            The run is of another data set, or a sample has another label there: these are not the same samples.
        """
        if self.dataset and run.dataset and self.dataset != run.dataset:
            raise ValueError(
                f"slice {self.name!r} is of {self.dataset}, the run {run.id!r} of {run.dataset}: "
                "equal ids do not mean the same samples there"
            )
        known = dict(zip(self.ids, self.labels))
        ids = run.samples["id"].astype(str)
        positions = np.flatnonzero(ids.isin(known).to_numpy(dtype=bool))
        mine = np.array([known[one] for one in ids.iloc[positions]], dtype=np.int64)
        other = (mine >= 0) & (run.labels[positions] >= 0) & (mine != run.labels[positions])
        if other.any():
            first = ids.iloc[positions[other.argmax()]]
            raise ValueError(
                f"slice {self.name!r}: {other.sum():,} of its samples have another label in the run {run.id!r}, "
                f"first {first!r}: these are not the same samples"
            )
        return positions

    def to_json(self) -> str:
        """As a small file for somebody else; `from_json` is its inverse."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Slice:
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError
            It is something else: the message says what.
        """
        if len(text) > LARGEST_FILE:
            raise ValueError(f"slice: the file is longer than {LARGEST_FILE:,} characters")
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            raise ValueError("slice: the file is no JSON: choose one that was saved by `Save to a file`") from None
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise ValueError(f"slice: the file does not say that it is one ({FORMAT})")
        given = {field.name: found.get(field.name, "") for field in fields(cls)}
        for name, value in given.items():
            kind = {"ids": str, "labels": int}.get(name)
            whole = isinstance(value, list) and all(type(one) is kind for one in value) if kind else type(value) is str
            if not whole:
                raise ValueError(f"slice: {name!r} must be {'a list of ' + kind.__name__ if kind else 'a text'}")
        return cls(**{**given, "ids": tuple(given["ids"]), "labels": tuple(given["labels"])})


def slice_of(run: Run, table: SampleTable, selection: Selection, name: str, note: str = "") -> Slice:
    """A slice of what a selection holds now, ready to be saved.

    Parameters
    ----------
    table : SampleTable
        Of the run: the samples that are selected from.

    Examples
    --------
    >>> import analysis
    >>> run = analysis.load_run(analysis.find_run("msdnet-cifar100"))
    >>> foxes = analysis.slice_of(run, analysis.SampleTable(run), analysis.Selection.parse("label_name = fox"), "foxes")
    >>> len(foxes.ids), foxes.dataset, set(foxes.labels)
    (100, 'cifar100', {34})
    """
    positions = selection.positions(table)
    return Slice(
        name=name.strip(),
        ids=tuple(run.samples["id"].iloc[positions].astype(str)),
        labels=tuple(run.labels[positions].tolist()),
        note=note,
        made_of=selection.text,
        run=run.id,
        dataset=run.dataset or "",
        made=datetime.now(UTC).isoformat(timespec="seconds"),
    )


class Slices(Mapping[str, Slice]):
    """The saved slices by name, in the order of their names; every change is written at once.

    Parameters
    ----------
    path : pathlib.Path, optional
        The SQLite file; by default `slices.sqlite` in the state folder. It is made by the first slice that is saved.

    Raises
    ------
    ValueError
        By every method: the file cannot be read or written, and why.
    """

    def __init__(self, path: Path | None = None):
        self.path = path or state_folder() / "slices.sqlite"

    def __getitem__(self, name: str) -> Slice:
        found = self._rows("WHERE name = ?", name)
        if not found:
            raise KeyError(name)
        return found[0]

    def __iter__(self) -> Iterator[str]:
        return (one.name for one in self.listed())

    def __len__(self) -> int:
        return len(self.listed())

    def listed(self) -> list[Slice]:
        """All of them, by name."""
        return self._rows("ORDER BY name COLLATE NOCASE, name")

    def save(self, one: Slice, *, replace: bool = False) -> None:
        """Keep a slice under its name.

        Raises
        ------
        ValueError
            The name is taken and `replace` is not set; or the file cannot be written.
        """
        values = [json.dumps(v, ensure_ascii=False) if isinstance(v, tuple) else v for v in asdict(one).values()]
        names = ", ".join(field.name for field in fields(Slice))
        places = ", ".join("?" for _ in values)
        with self._open(make=True) as file:
            try:
                file.execute(
                    f"INSERT {'OR REPLACE ' if replace else ''}INTO slices ({names}) VALUES ({places})", values
                )
            except sqlite3.IntegrityError:
                raise ValueError(f"there is a slice {one.name!r} already: choose another name, or replace it") from None

    def rename(self, name: str, to: str) -> Slice:
        """Call a slice something else.

        Raises
        ------
        KeyError
            There is none of this name.
        ValueError
            The other name is taken, or is none.
        """
        renamed = replace(self[name], name=to)
        with self._open(make=True) as file:
            try:
                file.execute("UPDATE slices SET name = ? WHERE name = ?", (to, name))
            except sqlite3.IntegrityError:
                raise ValueError(f"there is a slice {to!r} already: choose another name") from None
        return renamed

    def delete(self, name: str) -> Slice:
        """Forget a slice, which is given back: saving it again undoes this.

        Raises
        ------
        KeyError
            There is none of this name.
        """
        gone = self[name]
        with self._open(make=True) as file:
            file.execute("DELETE FROM slices WHERE name = ?", (name,))
        return gone

    def _rows(self, which: str, *values: str) -> list[Slice]:
        if not self.path.is_file():
            return []
        names = [field.name for field in fields(Slice)]
        with self._open() as file:
            found = file.execute(f"SELECT {', '.join(names)} FROM slices {which}", values).fetchall()
        return [self._read(dict(zip(names, row))) for row in found]

    def _read(self, row: dict[str, str]) -> Slice:
        try:
            return Slice(**{**row, "ids": tuple(json.loads(row["ids"])), "labels": tuple(json.loads(row["labels"]))})
        except (ValueError, TypeError):
            raise ValueError(f"{self.path}: the slice {row['name']!r} is damaged: mend or move the file") from None

    def _open(self, *, make: bool = False) -> AbstractContextManager[sqlite3.Connection]:
        return state_file(self.path, _TABLE, "the saved slices", make=make)


def bound(selection: Selection, slices: Callable[[], Mapping[str, Slice]], run: Run) -> Selection:
    """A selection with the ids of the saved slices that it names, each of which must fit the run.

    Raises
    ------
    ValueError
        A slice is of other samples than the run's.
    """
    if not selection.slices:
        return selection
    known = slices()
    found = {name: known[name] for name in selection.slices if name in known}
    for one in found.values():
        one.joined(run)
    return selection.bound({name: one.listed for name, one in found.items()})
