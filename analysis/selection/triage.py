"""Ready-made questions about a run's samples: each a selection, and the order in which to look at what it holds.

They are written in the language of `analysis.selection.query`, so that whoever opens one sees how it is asked and can
ask it otherwise. NumPy and pandas only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis.selection.sample_table import SampleTable
from analysis.selection.selection import Selection

FALL = 0.1
"""A fall that counts: the threshold at which the paper's headline is stated."""
CONFIDENT = 0.8


@dataclass(frozen=True)
class Question:
    """A question, and where its samples are: `selection` holds them, the column `sort` orders them."""

    name: str
    asks: str
    """The question in words, short enough for a button."""
    selection: Selection
    sort: str
    descending: bool = True


def questions(table: SampleTable, n_exits: int) -> list[Question]:
    """Every question that a table's columns can answer, in the order of method: what falls, what is answered, how sure.

    Parameters
    ----------
    table : SampleTable
        Its chosen predictor is the correction that is asked about.
    n_exits : int
        Of the run.
    """
    asked = [
        ("worst-falls", "Worst falls under the baseline", f"baseline_fall > {FALL}", "baseline_fall", True),
        ("still-falls", "Worst falls that the correction leaves", f"poe_fall > {FALL}", "poe_fall", True),
        (
            "lost",
            "Right, then wrong at the end",
            "baseline.exits_right > 0 and not baseline_correct and label is not missing",
            "baseline.exits_right",
            True,
        ),
        ("broken", "Broken by the correction", "broken", "gained", False),
        ("fixed", "Fixed by the correction", "fixed", "gained", True),
        ("collapsed", "Collapsed: no class left", "poe_collapsed", "poe_collapsed", True),
        (
            "confident-and-wrong",
            "Confident and wrong at every exit",
            f"baseline.exits_right = 0 and baseline.least_confidence > {CONFIDENT} and label is not missing",
            "baseline.least_confidence",
            True,
        ),
        (
            "unsettled",
            "Answers that never settle",
            f"baseline.settled_at = {n_exits}",
            "baseline.label_changes",
            True,
        ),
    ]
    if n_exits == 1:  # nothing can change
        asked = [row for row in asked if row[0] != "unsettled"]
    made = (Question(name, asks, Selection.parse(query), sort, down) for name, asks, query, sort, down in asked)
    return [q for q in made if all(c in table for c in (*q.selection.columns, q.sort))]


def counted(table: SampleTable, n_exits: int) -> Iterator[tuple[Question, int]]:
    """Each question with the number of samples that answer it."""
    for question in questions(table, n_exits):
        yield question, int(np.count_nonzero(question.selection.mask(table)))
