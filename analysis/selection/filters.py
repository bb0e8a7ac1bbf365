"""Which rows of a sample table to show, and in which order: one vectorised mask, one sort. NumPy and pandas only."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.selection.query import parse

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


def keep(table: pd.DataFrame, filters: Filters, also: np.ndarray | None = None) -> np.ndarray:
    """Rows that pass every filter.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `sample_table`.
    filters : Filters
    also : numpy.ndarray, (rows,), optional
        A further mask: what was brushed.

    Returns
    -------
    numpy.ndarray
        bool, (rows,).

    Raises
    ------
    ValueError
        The query is not one, or a filter asks for what this table does not have.
    """
    mask = parse(filters.query).mask(table)
    if also is not None:
        mask &= also
    if filters.true_class is not None:
        mask &= _column(table, "label") == filters.true_class
    if filters.predicted_class is not None:
        mask &= _column(table, "predicted") == filters.predicted_class
    if filters.right != "any":
        correct = _column(table, f"correct_{filters.exit}" if filters.exit else "correct")
        mask &= correct if filters.right == "right" else ~correct & ~np.isnan(_column(table, "label"))
    if filters.effect in ("fixed", "broken"):
        mask &= _column(table, filters.effect)
    elif filters.effect == "changed":
        mask &= (
            table["poe_predicted_name"].cat.codes.to_numpy() != table["baseline_predicted_name"].cat.codes.to_numpy()
        )
    if filters.above is not None:
        mask &= _column(table, "fall") > filters.above
    return mask


def _column(table: pd.DataFrame, name: str) -> np.ndarray:
    if name not in table:
        raise ValueError(
            f"this run has no column {name!r} to filter by" + ("" if "label" in table else ": its labels are unknown")
        )
    return table[name].to_numpy()


def ordered(table: pd.DataFrame, mask: np.ndarray, column: str, *, descending: bool = True) -> np.ndarray:
    """Row numbers of the kept rows, sorted by a column.

    Parameters
    ----------
    table : pandas.DataFrame
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
