"""What the gallery's controls ask for, as a selection; and the order of what it keeps. NumPy and pandas only."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.selection.query import Table
from analysis.selection.selection import Selection

RIGHT = ("any", "right", "wrong")
EFFECTS = ("any", "fixed", "broken", "changed")


@dataclass(frozen=True)
class Filters:
    """What the gallery's controls ask for; the defaults keep every row.

    `exit` counts from 1, 0 is the last. `above` keeps samples whose fall is larger, None all. `effect` compares the
    chosen predictor with the baseline at the last exit; `changed` is another predicted class.
    """

    true_class: int | None = None
    predicted_class: int | None = None
    right: str = "any"
    exit: int = 0
    effect: str = "any"
    above: float | None = None
    query: str = ""

    def __post_init__(self):
        if self.right not in RIGHT:
            raise ValueError(f"right {self.right!r}: must be one of {', '.join(RIGHT)}")
        if self.effect not in EFFECTS:
            raise ValueError(f"effect {self.effect!r}: must be one of {', '.join(EFFECTS)}")

    def selection(self) -> Selection:
        """The samples that pass every filter.

        Raises
        ------
        ValueError
            The query is not one.

        Examples
        --------
        >>> Filters(true_class=3, right="wrong", exit=2, query="entropy > 1 or margin < 0.1").selection().text
        '(entropy > 1 or margin < 0.1) and label = 3 and not correct_2 and label is not missing'
        """
        selection = Selection.parse(self.query)
        for query in self._queries():
            selection &= Selection.parse(query)
        return selection

    def _queries(self) -> list[str]:
        queries = []
        if self.true_class is not None:
            queries.append(f"label = {self.true_class}")
        if self.predicted_class is not None:
            queries.append(f"predicted = {self.predicted_class}")
        correct = f"correct_{self.exit}" if self.exit else "correct"
        if self.right != "any":
            queries.append(correct if self.right == "right" else f"not {correct} and label is not missing")
        if self.effect != "any":
            changed = "poe_predicted_name != baseline_predicted_name"
            queries.append(changed if self.effect == "changed" else self.effect)
        if self.above is not None:
            queries.append(f"fall > {self.above!r}")
        return queries


def ordered(table: Table, mask: np.ndarray, column: str, *, descending: bool = True) -> np.ndarray:
    """Row numbers of the kept rows, sorted by a column.

    Parameters
    ----------
    table : SampleTable or pandas.DataFrame
    mask : numpy.ndarray, (rows,)
    column : str
        Any column; text in alphabetical order.
    descending : bool
        Largest first.

    Returns
    -------
    numpy.ndarray
        int64. Ties keep the table's order either way, missing values come last either way.

    Raises
    ------
    ValueError
        There is no such column.
    """
    if column not in table:
        raise ValueError(f"there is no column {column!r} to sort by: choose one of the list")
    rows = np.flatnonzero(mask)
    keys = _sortable(table[column])[rows]
    return rows[np.argsort(-keys if descending else keys, kind="stable")]  # NaN sorts last


def _sortable(column: pd.Series) -> np.ndarray:
    """Float keys that sort as the column does, NaN where it is missing."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        names = np.array([str(name) for name in column.cat.categories], dtype=object)
        rank = np.empty(len(names) + 1)
        rank[np.argsort(names, kind="stable")] = np.arange(len(names))
        rank[-1] = np.nan
        return rank[column.cat.codes.to_numpy()]
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    values = column if pd.api.types.is_datetime64_any_dtype(column.dtype) else column.astype(str).where(column.notna())
    codes, _ = pd.factorize(values, sort=True)
    return np.where(codes < 0, np.nan, codes)
