"""What the text of a selection says, and which rows of a table it keeps: a small grammar, never evaluated as code.

    query       one or more of these, joined by `and`, `or`; `not` before one negates it; parentheses group
    comparison  fall > 0.1      label_name = "red fox"      0.1 < baseline_fall <= 0.5      fall < baseline_fall
    sums        confidence - baseline_confidence > 0.2      2 * (fall + 0.1) < baseline_fall      + - * /
    exits       confidence[3] > 0.9      predicted[1] != predicted[last]      of any column that an exit has
    list        label_name in (fox, "red fox", wolf)        predicted not in (3, 5)
    contains    label_name ~ fox        (case does not matter)
    yes or no   fixed       not broken       correct_3 = false
    missing     label is missing        label is not missing
    everything  true        nothing: false

`=` and `==` are the same. A column is a plain word (dots and dashes may join its parts: `hard-poe.fall`), or any text
between backquotes. A word that is no column is text: quotes are needed only around spaces and signs; a text between
quotes is never a column, and a quote doubled within it is one; a number beside text is text as written. Words of the
grammar (`and or not in is missing true false`) may be written in any case. A comparison with a missing value is false,
`!=` and `not in` too; `not (...)` is the plain opposite of what it holds.

A region that was drawn over a scatter is named in the query and given after it, each after a semicolon:

    in drawn and not correct; drawn = box(symlog(baseline.fall), symlog(pa.fall), 1.5,0, 4,2.5)
    in here or in there; here = box(x, y, 0,0, 1,1); there = lasso(x, y, 3,3, 4,3, 4,4)

Samples are named one by one as `ids`, whole numbers in a row as a range, and a slice that was saved by its name alone:

    in these and not correct; these = ids(7, 20 to 31, fox, "red fox")
    in worst or in `second look`

A box's and a lasso's first two words are what the scatter shows across and up: columns of numbers, as they are or, in
parentheses, on a scale of `analysis.selection.regions`. Then x and y of each vertex: two of a box, at least three of a
lasso.
"""

import difflib
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from analysis.selection.grammar import (
    Compare,
    Flag,
    In,
    Join,
    Missing,
    Not,
    Operand,
    Sum,
    Within,
    summed,
    written_name,
    wrong,
)
from analysis.selection.listed import Listed
from analysis.selection.regions import Axis, Region, inside
from analysis.selection.sample_table import SampleTable

_ORDER: dict[str, Callable] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


_ARITHMETIC: dict[str, Callable] = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}


@dataclass(frozen=True)
class _Values:
    """What an operand is for a table: one kind, values that broadcast over the rows, and which of them are missing."""

    kind: str  # "number", "text" or "bool"
    values: object
    missing: object


def _column(column: pd.Series) -> _Values:
    missing = column.isna().to_numpy(dtype=bool)
    if pd.api.types.is_bool_dtype(column.dtype) and not isinstance(column.dtype, pd.CategoricalDtype):
        return _Values(
            "bool", column.fillna(False).to_numpy(dtype=bool) if missing.any() else column.to_numpy(dtype=bool), missing
        )
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype):
        if missing.any() and not isinstance(column.dtype, np.dtype):  # pandas' own integers with a mask
            return _Values("number", column.to_numpy(dtype=np.float64, na_value=np.nan), missing)
        return _Values("number", column.to_numpy(), missing)  # as stored: a float32 0.1 equals 0.1
    if isinstance(
        column.dtype, pd.CategoricalDtype
    ):  # a class name repeats thousands of times: turn each into text once
        names = np.array([str(name) for name in column.cat.categories], dtype=object)
        return _Values("text", names[column.cat.codes] if len(names) else np.full(len(column), "", object), missing)
    return _Values("text", column.astype(str).where(~missing, "").to_numpy(dtype=object), missing)


class Table(Protocol):
    """One row per sample: a `SampleTable`, a data frame, or whatever has columns by name."""

    @property
    def columns(self) -> Iterator[str]:
        """The names of all columns that are listed."""

    def __contains__(self, name: str) -> bool: ...
    def __getitem__(self, name: str) -> pd.Series: ...
    def __len__(self) -> int: ...


def kept(node: object, regions: Mapping[str, Region | Listed], table: Table) -> np.ndarray:
    """Which rows a tree of the grammar keeps: bool, (rows,).

    Numbers, booleans and texts are compared as such; dates and other values as their text.

    Raises
    ------
    ValueError
        A column does not exist or is of another kind than what it is compared with: the message names the position.
    """
    if node is None:
        return np.ones(len(table), dtype=bool)
    return np.broadcast_to(_Evaluation(table, regions).of(node), len(table)).copy()


def as_written(values: _Values, operand: Operand, other: _Values) -> _Values:
    """A number that is compared with text is the text as it was written: ids are often digits."""
    if operand.kind == "number" and other.kind == "text":
        return _Values("text", operand.written, np.False_)
    return values


class _Evaluation:
    """Evaluates nodes over one table; columns are converted once."""

    def __init__(self, table: Table, regions: Mapping[str, Region | Listed]):
        self.table = table
        self.regions = regions
        self.known: dict[str, _Values] = {}

    def of(self, node: object) -> np.ndarray:
        if isinstance(node, Join):
            join = np.logical_and if node.word == "and" else np.logical_or
            result = self.of(node.parts[0])
            for part in node.parts[1:]:
                result = join(result, self.of(part))
            return result
        if isinstance(node, Not):
            return np.logical_not(self.of(node.of))
        if isinstance(node, Missing):
            of = node.operand
            missing = (self.values(of) if isinstance(of, Sum) else self.column(of)).missing
            return np.logical_not(missing) if node.negated else missing
        if isinstance(node, Flag):
            return self.flag(node.operand)
        if isinstance(node, In):
            return self.listed(node)
        if isinstance(node, Within):
            region = self.regions.get(node.region)
            if region is None:
                hint = f"save one, or add `; {written_name(node.region)} = box(...)` or `= ids(...)`"
                raise wrong(node.position, f"there is no region and no slice {node.region!r}: {hint}")
            if isinstance(region, Listed):
                return region.among(self.table["id"])
            return inside(region, *(self.places(axis, node.position) for axis in region.axes))
        return self.compared(node)

    def is_column(self, operand: Operand | Sum) -> bool:
        if isinstance(operand, Sum):
            return any(self.is_column(part) for part in summed(operand))
        return operand.kind == "column" or (operand.kind == "word" and operand.value in self.table)

    def column(self, operand: Operand) -> _Values:
        name = operand.value
        if operand.kind not in ("word", "column") or name not in self.table:
            raise self.no_column(operand)
        if name not in self.known:
            self.known[name] = _column(self.table[name])
        return self.known[name]

    def no_column(self, operand: Operand) -> ValueError:
        name = str(operand.value)
        hint = self.table.why_not(name) if isinstance(self.table, SampleTable) else ""
        if not hint:
            near = difflib.get_close_matches(name, [str(column) for column in self.table.columns], n=3)
            hint = f"did you mean {', '.join(near)}?" if near else "see the list of columns"
            if "-" in name and all(part in self.table for part in name.split("-")):
                hint = f"for a difference write {name.replace('-', ' - ')}, with spaces"
        return wrong(operand.position, f"there is no column {name!r}: {hint}")

    def values(self, operand: Operand | Sum) -> _Values:
        if isinstance(operand, Sum):
            return self.summed(operand)
        if self.is_column(operand):
            return self.column(operand)
        kind = "text" if operand.kind in ("word", "text") else operand.kind
        return _Values(kind, operand.value, np.False_)

    def summed(self, node: Sum) -> _Values:
        """Numbers, as stored or float64; what has no value, as what is divided by 0, is missing."""
        sides = []
        for part in (node.left, node.right):
            side = self.values(part)
            if side.kind != "number":
                unknown = part.kind == "word" and not self.is_column(part)
                names = {"text": "text", "bool": "yes or no"}
                raise (
                    self.no_column(part)
                    if unknown
                    else wrong(part.position, f"{str(part.value)!r} is {names[side.kind]}: {node.sign} joins numbers")
                )
            values = side.values
            if isinstance(values, np.ndarray) and values.dtype.kind != "f":
                values = values.astype(np.float64)
            sides.append(_Values("number", values if isinstance(values, np.ndarray) else float(values), side.missing))
        left, right = sides
        with np.errstate(all="ignore"):
            result = _ARITHMETIC[node.sign](np.asarray(left.values), right.values)
        return _Values("number", result, left.missing | right.missing | ~np.isfinite(result))

    def places(self, axis: Axis, position: int) -> np.ndarray:
        column = self.column(Operand("column", axis.column, position))
        if column.kind != "number":
            raise wrong(position, f"a region lies over numbers, and {axis.column!r} holds none")
        return axis.places(column.values)

    def flag(self, operand: Operand) -> np.ndarray:
        if operand.kind == "bool":
            return np.bool_(operand.value)
        column = self.values(operand) if isinstance(operand, Sum) else self.column(operand)
        if column.kind != "bool":
            raise wrong(operand.position, f"{operand.value!r} is not a yes-or-no column: compare it with something")
        return column.values & ~column.missing

    def listed(self, node: In) -> np.ndarray:
        left = self.values(node.operand)
        found = np.False_
        known = ~left.missing
        for item in node.values:
            right = self.values(item)
            found = found | self.pair("=", left, right, node.operand, item)
            known = known & ~right.missing
        return known & ~found if node.negated else found

    def compared(self, node: Compare) -> np.ndarray:
        values = [self.values(operand) for operand in node.operands]
        result = np.True_
        for i, sign in enumerate(node.signs):
            result = result & self.pair(sign.text, values[i], values[i + 1], node.operands[i], node.operands[i + 1])
        return result

    def pair(self, sign: str, left: _Values, right: _Values, first: Operand, second: Operand) -> np.ndarray:
        left, right = as_written(left, first, right), as_written(right, second, left)
        known = np.logical_not(left.missing | right.missing)
        if sign == "~":
            return known & self.contains(left, right, first, second)
        if not self.is_column(first) and not self.is_column(second):
            raise self.no_column(first)
        if left.kind != right.kind:
            raise self.unlike(left, right, first, second)
        if left.kind == "bool" and sign not in ("=", "==", "!="):
            raise wrong(first.position, f"yes-or-no values have no order: use = or != instead of {sign}")
        return known & np.asarray(_ORDER[sign](left.values, right.values), dtype=bool)

    def unlike(self, left: _Values, right: _Values, first: Operand, second: Operand) -> ValueError:
        names = {"number": "a number", "text": "text", "bool": "yes or no"}
        both = ((first, second), (second, first))
        unknown = next(((o, other) for o, other in both if o.kind == "word" and not self.is_column(o)), None)
        if unknown is not None:
            operand, other = unknown
            names = f"{other.value}_name"
            if other.kind in ("word", "column") and names in self.table:
                said = f"{other.value!r} is the index of a class: for its name write `{names} = {operand.value}`"
                return wrong(other.position, said)
            return self.no_column(operand)
        return wrong(
            second.position,
            f"{str(second.value)!r} is {names[right.kind]}, but {str(first.value)!r} is {names[left.kind]}",
        )

    def contains(self, left: _Values, right: _Values, first: Operand, second: Operand) -> np.ndarray:
        if not self.is_column(first):
            raise self.no_column(first)
        if left.kind != "text":
            raise wrong(first.position, f"{str(first.value)!r} is not text: ~ looks for a text within a text")
        if self.is_column(second) or right.kind != "text":
            raise wrong(second.position, "~ looks for a word, or a text between quotes")
        part = right.values.lower()
        codes, names = pd.factorize(left.values)  # few names, many rows
        return (
            np.array([part in name.lower() for name in names], dtype=bool)[codes]
            if len(names)
            else np.zeros(len(codes), bool)
        )
