"""What a query may name: columns, their values, slices; each as it is written there. For completion while one types."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from analysis.selection.grammar import written_name, written_text
from analysis.selection.sample_table import COLUMNS, SampleTable, describe_columns

MOST_VALUES = 2_000
"""Values of one column that are offered: one with more is no list to choose from."""


def vocabulary(table: SampleTable, n_exits: int, slices: Iterable[str] = ()) -> dict[str, object]:
    """Everything that a query about this table may name.

    Parameters
    ----------
    n_exits : int
        Of the run.
    slices : iterable of str
        Names of saved slices.

    Returns
    -------
    dict
        `columns`: lists of name, as written, meaning, whether it may bear an exit in brackets, and the name of its
        values in `values`, or nothing. `values`: name -> lists of a value and how it is written. `slices`: the same
        of slices. `exits`: what may stand in brackets.

    Examples
    --------
    >>> import analysis
    >>> table = SampleTable(analysis.load_run(analysis.find_run("msdnet-cifar100")))
    >>> known = vocabulary(table, 7, ["second look"])
    >>> known["values"]["label_name"][3], known["slices"], known["exits"][-1]
    (['bear', '"bear"'], [['second look', '`second look`']], 'last')
    """
    columns, values, same = [], {}, {}
    for name, meaning in describe_columns(table).itertuples(index=False):
        if "`" in name:  # no query can name it
            continue
        of = _values(table[name]) if _may_be_text(name) else None
        if of is not None:
            key = same.setdefault(tuple(of), name)  # columns of class names share one list
            values[key] = [[value, written_text(value)] for value in of]
        columns.append([name, written_name(name), meaning, f"{name}_1" in table, "" if of is None else same[tuple(of)]])
    exits = [*(str(number + 1) for number in range(n_exits)), "last"]
    return {"columns": columns, "values": values, "slices": [[s, written_name(s)] for s in slices], "exits": exits}


def _may_be_text(name: str) -> bool:
    """Of our own columns those alone that hold names: the many that hold numbers need not be made."""
    return name not in COLUMNS or name.endswith("_name") or name == "split"


def _values(column: pd.Series) -> list[str] | None:
    """A column's texts, each once; None of numbers, of yes and no, and where there are too many."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        found = [str(name) for name in column.cat.categories]
    elif pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        return None
    else:
        found = sorted(column.dropna().astype(str).unique())
    return found if len(found) <= MOST_VALUES else None
