"""Slices that are found, not asked for: classes and column values where two answers to the same samples differ most.

Every class, and every value of every column that the run brings (numbers in quarters), is tried; what is said of each
is adjusted for all that were.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.results import Difference
from analysis.run import Run
from analysis.selection.grammar import written_name, written_number, written_text
from analysis.selection.sample_table import COLUMNS, SampleTable
from analysis.selection.selection import Selection
from analysis.statistics.paired import SURE, difference_interval, holm, mcnemar

LEAST = 30
"""Samples that a slice must have to be tried."""
MOST = 20
"""Slices that are told."""
MOST_VALUES = 2_000
"""Values of one column that are tried: a column with more is no grouping."""
QUARTERS = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Found:
    """A slice, and what the two answers make of it at the last exit that both have.

    Attributes
    ----------
    selection : its samples, in any table of the run that `of` names
    column, value : what it is, in words
    samples : how many of them both have with a label
    a, b : accuracy, fractions
    difference, low, high : b's less a's, and its 95 % interval
    p, p_holm : of "both are right equally often", alone and adjusted for every slice that was tried
    of : `a`, or `b` where the column is one that the second run alone has
    """

    selection: Selection
    column: str
    value: str
    samples: int
    a: float
    b: float
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    of: str = "a"


@dataclass(frozen=True)
class Search:
    """The slices that differ most, the surest first, and how many were tried."""

    found: tuple[Found, ...]
    tried: int

    @property
    def sure(self) -> int:
        """In how many of the slices, the first ones, the two answers can be told apart."""
        return sum(one.p_holm < SURE for one in self.found)


def slices_that_differ(
    run: Run, table: SampleTable, difference: Difference, other: SampleTable | None = None
) -> Search:
    """Where two predictors, or two runs, differ most; samples of two runs are joined by their ids.

    Parameters
    ----------
    run : Run
        `difference`'s first, with its columns.
    table : SampleTable
        Of that run, with every sample of the difference.
    difference : Difference
        Of two results, with labels.
    other : SampleTable, optional
        Of the second run: the columns that it alone brings are tried too.

    Raises
    ------
    ValueError
        No label is known.
    """
    if not difference.has_labels:
        raise ValueError(f"run {run.id} has no labels: where answers differ is told by who is right")
    last = difference.n_exits - 1
    a, b = (side.right[last] for side in (difference.a, difference.b))
    sides = [("a", table, difference.a.positions, _groups(run, table))]
    if other is not None:
        sides.append(("b", other, difference.b.positions, _values_of(other, set(other.columns) - set(table.columns))))
    tried = []
    for of, samples, positions, groups in sides:
        rows = pd.Index(samples["position"]).get_indexer(positions)
        for column, value, selection in groups:
            member = selection.mask(samples)[rows]
            if (count := int(member.sum())) >= LEAST:
                tried.append((column, value, selection, count, a[member], b[member], of))
    p_values = [mcnemar(int((x & ~y).sum()), int((y & ~x).sum())) for *_, x, y, _ in tried]
    found = [_found(*one, p, adjusted) for one, p, adjusted in zip(tried, p_values, holm(p_values))]
    found.sort(key=lambda one: (one.p, -abs(one.difference)))
    return Search(tuple(found[:MOST]), len(tried))


def _found(
    column: str,
    value: str,
    selection: Selection,
    count: int,
    a: np.ndarray,
    b: np.ndarray,
    of: str,
    p: float,
    p_holm: float,
) -> Found:
    low, high = difference_interval(int((a & ~b).sum()), int((b & ~a).sum()), count)
    shares = float(a.mean()), float(b.mean())
    return Found(selection, column, value, count, *shares, shares[1] - shares[0], low, high, p, p_holm, of)


def _groups(run: Run, table: SampleTable) -> Iterator[tuple[str, str, Selection]]:
    for index, name in enumerate(run.class_names):
        yield "class", name, Selection.parse(f"label = {index}")
    yield from _values_of(table, set(table.columns))


def _values_of(table: SampleTable, names: Collection[str]) -> Iterator[tuple[str, str, Selection]]:
    """Values of those of the named columns that the run brings."""
    for name in table.columns:
        if name in names and name not in COLUMNS and not (name.startswith("correct_") and name[8:].isdigit()):
            yield from _values(name, table[name])


def _values(name: str, column: pd.Series) -> Iterator[tuple[str, str, Selection]]:
    """A column's values, each with what selects it; of numbers, and of too many values, quarters or nothing."""
    try:
        written = written_name(name)
    except ValueError:  # no query can name it
        return
    if pd.api.types.is_bool_dtype(column.dtype):
        yield name, "yes", Selection.parse(f"{written} = true")
        yield name, "no", Selection.parse(f"{written} = false")
    elif pd.api.types.is_numeric_dtype(column.dtype):
        known = column.dropna().to_numpy(dtype=np.float64)
        known = known[np.isfinite(known)]
        if len(np.unique(known)) <= len(QUARTERS) + 1:
            for value in np.unique(known):
                yield name, f"{value:g}", Selection.parse(f"{written} = {written_number(float(value))}")
            return
        edges = np.unique(np.quantile(known, QUARTERS))
        for low, high in zip([None, *edges], [*edges, None]):
            ends = [f"{written} >= {written_number(float(low))}"] if low is not None else []
            ends += [f"{written} < {written_number(float(high))}"] if high is not None else []
            said = "" if low is None else f"from {low:g}"
            yield (
                name,
                f"{said} below {high:g}".strip() if high is not None else said,
                Selection.parse(" and ".join(ends)),
            )
    else:
        values = column.dropna().astype(str)
        unique = values.unique()
        if len(unique) <= MOST_VALUES:
            for value in unique:
                yield name, value, Selection.parse(f"{written} = {written_text(value)}")
