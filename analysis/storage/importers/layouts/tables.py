"""Tables as sources: a column for each exit and class makes logits, or a row for each sample and exit with a column for
each class; anything else is told what it lacks.

`logit_branch_1_class_1 ...` is how public offloading code saves one row per sample. Imports numpy and pandas.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.storage.importers.layouts.lists import EXITS_FIRST, Layout, Reading
from analysis.storage.importers.layouts.numbered import EXIT_WORDS, OTHER_WORDS, Family, families, listed
from analysis.storage.importers.parts import means_labels

UNDERSTOOD = (
    "a column for each exit and class, such as logit_1_1 or e0_c0, or a row for each sample and exit, with the columns "
    "sample, exit and c0, c1 and so on"
)
"""The names of columns that make logits, for people."""
_NEEDED = f"give the logits of every class as .npz with logits (exits, samples, classes) and labels, or {UNDERSTOOD}"
_SHORT = re.compile(r"e[^a-z#]*#[^a-z#]*c[^a-z#]*#")
_SAMPLE = ("sample", "sample_id", "sample_index", "sample_idx", "id", "index", "idx")
_EXIT = ("exit", "exit_id", "exit_index", "exit_idx", "head", "branch")
_CLASS_WORDS = EXIT_WORDS | {"c", "class"}


def logits_in(table: pd.DataFrame, where: str) -> dict[str, object]:
    """The arrays of a table by name: `logits` or `probs`, and every other column, with a value for each sample.

    Raises
    ------
    ValueError : a table that holds no logits
    """
    grids = [grid for pattern in _patterns(table) if (grid := _grid(table, pattern)) is not None]
    if len(grids) > 1:
        raise ValueError(
            f"{where} holds {' and '.join(listed(grid.reshape(-1), 2) for grid in grids)}: keep one of them"
        )
    if not grids:
        if (classes := _classes(table)) is not None:
            return _of_long(table, classes, where)
        raise ValueError(f"{where} is a table {_lack(table)}, and no logits or probabilities: {_NEEDED}")
    columns = grids[0]
    flat = _numbers(table, columns.reshape(-1).tolist(), where)
    logits = flat.reshape(len(table), *columns.shape).transpose(1, 0, 2)
    return _arrays(logits, table, columns.reshape(-1).tolist(), "one row per sample")


def _arrays(logits: np.ndarray, table: pd.DataFrame, columns: Sequence, form: str) -> dict[str, object]:
    """Logits (exits, samples, classes) that lie in these columns, and every other column of a row for each sample."""
    name = "probs" if re.search("prob|softmax", str(columns[0]).lower()) else "logits"
    taken = {*columns, "logits", "probs"}
    layout = Layout((Reading(logits, EXITS_FIRST),), form)
    return {name: layout, **{str(column): _values(table[column]) for column in table if column not in taken}}


def _numbers(table: pd.DataFrame, columns: Sequence, where: str) -> np.ndarray:
    """The values (rows, columns) of some columns."""
    try:
        return table[list(columns)].to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise ValueError(f"{where}: the columns {listed(columns, 2)} must hold numbers") from None


def _values(column: pd.Series) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return column.to_numpy(dtype=object)


def _patterns(table: pd.DataFrame) -> list[str]:
    """What columns of logits are called, with # for the exit and the class."""
    found = [family for family in families(table.columns) if family.pattern.count("#") == 2]
    others = OTHER_WORDS - {"class"}
    named = [family for family in found if family.words & EXIT_WORDS and not family.words & others]
    return [family.pattern for family in (*named, *(one for one in found if _SHORT.fullmatch(one.pattern)))]


def _grid(table: pd.DataFrame, pattern: str) -> np.ndarray | None:
    """The columns (exits, classes) of a pattern; None where they are no whole grid of two and more classes."""
    expression = re.compile(re.escape(pattern).replace(r"\#", "#").replace("#", r"(\d{1,9})"))
    numbers = {}
    for column in table.columns:
        if match := expression.fullmatch(str(column).lower()):
            numbers[tuple(map(int, match.groups()))] = column
    exits, classes = (sorted({pair[axis] for pair in numbers}) for axis in (0, 1))
    if len(numbers) != len(exits) * len(classes) or len(classes) < 2:
        return None
    return np.array([[numbers[exit_, number] for number in classes] for exit_ in exits], dtype=object)


# --- a row for each sample and exit ---


def _called(table: pd.DataFrame, names: Sequence[str]) -> object | None:
    """The column of one of these names, in any case; the first name counts most."""
    by_name = {str(column).strip().lower(): column for column in reversed(table.columns)}
    return next((by_name[name] for name in names if name in by_name), None)


def _classes(table: pd.DataFrame) -> Family | None:
    """The columns of the classes, in a table with a row for each sample and exit; None where it is no such table."""
    if _called(table, _SAMPLE) is None or _called(table, _EXIT) is None:
        return None
    found = [family for family in families(table.columns) if family.pattern.count("#") == 1 and family.is_ordered]
    named = [family for family in found if family.words <= _CLASS_WORDS]
    return named[0] if len(named) == 1 else None


def _of_long(table: pd.DataFrame, classes: Family, where: str) -> dict[str, object]:
    """As `logits_in`, of such a table, whose samples come in the order of their first rows and exits by number.

    Raises
    ------
    ValueError : a sample without a row for every exit or with several, or with labels that differ
    """
    of_sample, of_exit = _called(table, _SAMPLE), _called(table, _EXIT)
    for column in (of_sample, of_exit):
        if table[column].isna().any():
            row = int(table[column].isna().argmax()) + 1
            raise ValueError(f"{where}: {column} is empty in row {row}: give every row its sample and exit")
    if not pd.api.types.is_numeric_dtype(table[of_exit]):
        raise ValueError(f"{where}: the column {of_exit} must hold the exits' numbers: 1, 2 and so on")
    try:
        sample, names = pd.factorize(table[of_sample])
    except TypeError:
        raise ValueError(f"{where}: {of_sample} nests values: give every sample a number or a name") from None
    exits, exit_ = np.unique(table[of_exit].to_numpy(dtype=np.float64), return_inverse=True)
    pairs = np.unique(exit_ * len(names) + sample)
    if not len(table) == len(pairs) == len(exits) * len(names):
        rows, own = (np.bincount(of, minlength=len(names)) for of in (sample, pairs % len(names)))
        at = int(np.flatnonzero((rows != len(exits)) | (own != len(exits)))[0])
        raise ValueError(
            f"{where}: {of_sample} {str(names[at])[:100]} has {rows[at]} rows, for {own[at]} of the {len(exits)} "
            "exits: give every sample one row for each exit"
        )
    values = _numbers(table, classes.names, where)
    logits = np.empty((len(exits), len(names), values.shape[1]))
    logits[exit_, sample] = values
    first = np.unique(sample, return_index=True)[1]
    of_samples = table.iloc[first].reset_index(drop=True)
    alike = [column for column in table if _same(table[column], of_samples[column].iloc[sample])]
    for column in table:
        if column not in alike and means_labels(column):
            raise ValueError(f"{where}: {column} differs between the rows of a sample: give it one label")
    return _arrays(logits, of_samples[alike], classes.names, "a row for each sample and exit")


def _same(a: pd.Series, b: pd.Series) -> bool:
    try:
        return a.reset_index(drop=True).equals(b.reset_index(drop=True))
    except (TypeError, ValueError):  # nested values
        return False


# --- what is lacking ---


def _lack(table: pd.DataFrame) -> str:
    """What a table holds instead, for people."""
    columns = [column for column in table if not str(column).startswith("Unnamed: ")]
    found = [family.names for family in families(columns) if family.pattern.count("#") == 1]
    numbered = max(found, key=len, default=())
    words = set(re.findall("[a-z]+", str(next(iter(numbered), "")).lower()))
    if words and not words & EXIT_WORDS:  # nothing says that these are exits
        return f"with the columns {listed(columns, 6)}"
    if len(numbered) > 1 and _are_whole(table, numbered):
        return f"with the answers of exits in {listed(numbered, 4)}"
    if len(numbered) > 1:
        return f"with one number per exit in {listed(numbered, 4)}"
    return f"with the columns {listed(columns, 6)}"


def _are_whole(table: pd.DataFrame, columns: Sequence) -> bool:
    return all(pd.api.types.is_integer_dtype(table[column]) for column in columns)
