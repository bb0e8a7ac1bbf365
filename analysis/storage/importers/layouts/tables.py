"""Tables as sources: a column for each exit and class makes logits, anything else is told what it lacks.

`logit_branch_1_class_1 ...` is how public offloading code saves one row per sample. Imports numpy and pandas.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.storage.importers.layouts.lists import EXITS_FIRST, Layout, Reading
from analysis.storage.importers.layouts.numbered import EXIT_WORDS, OTHER_WORDS, families, listed

_NEEDED = (
    "give the logits of every class as .npz with logits (exits, samples, classes) and labels, or a column for each "
    "exit and class, such as logit_1_1"
)


def logits_in(table: pd.DataFrame, where: str) -> dict[str, object]:
    """The arrays of a table with a row for each sample, by name: `logits` or `probs`, and every other column.

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
        raise ValueError(f"{where} is a table {_lack(table)}, and no logits or probabilities: {_NEEDED}")
    columns = grids[0]
    try:
        flat = table[columns.reshape(-1).tolist()].to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise ValueError(f"{where}: the columns {listed(columns.reshape(-1), 2)} must hold numbers") from None
    logits = flat.reshape(len(table), *columns.shape).transpose(1, 0, 2)
    name = "probs" if re.search("prob|softmax", str(columns[0, 0]).lower()) else "logits"
    taken = {*columns.reshape(-1), "logits", "probs"}
    layout = Layout((Reading(logits, EXITS_FIRST),), "one row per sample")
    return {name: layout, **{str(column): _values(table[column]) for column in table if column not in taken}}


def _values(column: pd.Series) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return column.to_numpy(dtype=object)


def _patterns(table: pd.DataFrame) -> list[str]:
    """What columns of logits are called, with # for the exit and the class."""
    found = [family for family in families(table.columns) if family.pattern.count("#") == 2]
    others = OTHER_WORDS - {"class"}
    return [family.pattern for family in found if family.words & EXIT_WORDS and not family.words & others]


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


def _lack(table: pd.DataFrame) -> str:
    """What a table holds instead, for people."""
    columns = [column for column in table if not str(column).startswith("Unnamed: ")]
    found = [family.names for family in families(columns) if family.pattern.count("#") == 1]
    numbered = max(found, key=len, default=())
    if len(numbered) > 1 and _are_whole(table, numbered):
        return f"with the answers of exits in {listed(numbered, 4)}"
    if len(numbered) > 1:
        return f"with one number per exit in {listed(numbered, 4)}"
    return f"with the columns {listed(columns, 6)}"


def _are_whole(table: pd.DataFrame, columns: Sequence) -> bool:
    return all(pd.api.types.is_integer_dtype(table[column]) for column in columns)
