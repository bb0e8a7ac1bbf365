"""Samples that are named one by one, by their ids: what a saved slice holds, and a selection may carry."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

MOST = 1_000_000
"""Ids in one list: a range such as `0 to 999999999999` is refused instead of written out."""
_WHOLE = re.compile(r"0|[1-9]\d{0,17}")


@dataclass(frozen=True)
class Listed:
    """Sample ids, each once, in the order in which they were first named.

    Examples
    --------
    >>> Listed.of(["b", "a", "b"]).ids
    ('b', 'a')
    """

    ids: tuple[str, ...]

    @classmethod
    def of(cls, ids: Iterable[object]) -> Listed:
        """The list of these ids.

        Raises
        ------
        ValueError
            There are more than `MOST`.
        """
        unique = tuple(dict.fromkeys(str(one) for one in itertools.islice(ids, MOST + 1)))
        if len(unique) > MOST:
            raise ValueError(f"more than {MOST:,} ids: select them by a query instead")
        return cls(unique)

    def among(self, ids: pd.Series) -> np.ndarray:
        """Which of some ids are in the list: bool, (ids,)."""
        return ids.astype(str).isin(self.ids).to_numpy(dtype=bool)


def in_runs(ids: Iterable[str]) -> Iterator[str | tuple[int, int]]:
    """Ids, with three or more whole numbers in a row as one pair, first and last.

    Examples
    --------
    >>> list(in_runs(["a", "3", "4", "5", "9", "10", "07"]))
    ['a', (3, 5), '9', '10', '07']
    """
    run: list[str] = []
    for one in ids:
        if run and _WHOLE.fullmatch(one) and int(one) == int(run[-1]) + 1:
            run.append(one)
            continue
        yield from _together(run)
        run = [one] if _WHOLE.fullmatch(one) else []
        if not run:
            yield one
    yield from _together(run)


def _together(run: list[str]) -> Iterator[str | tuple[int, int]]:
    if len(run) > 2:
        yield int(run[0]), int(run[-1])
    else:
        yield from run
