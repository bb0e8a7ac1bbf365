"""What the page is about: groups of classes, the exits that count, the numbers, and what their marks select."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from analysis.reference.superclasses import superclasses_of
from analysis.results import Difference
from analysis.results.classes import (
    THRESHOLD,
    ClassNumbers,
    Confusion,
    class_numbers,
    confusion,
    matrix_counts,
    pair_counts,
)
from analysis.selection import Selection
from analysis.selection.columns import FallColumn
from analysis.selection.marks import falls_above, of_classes, taken_for
from analysis.words.classes import answers_at
from analysis.words.formats import class_words, exit_labels
from app import cache
from app.components.controls import control
from app.view import View


@dataclass(frozen=True)
class Shown:
    """What the page is about: the two answers, the groups of classes, the exits that count, and the numbers of them.

    `members` holds the classes of each group, by index; `exits` are from 1.
    `lit`, `lit_counts` and `lit_matrix` are the numbers of the selected samples alone, and how many of them each pair
    and each cell of the matrix holds under either answer, where these samples stand out.
    """

    difference: Difference
    kind: str
    names: Sequence[str]
    members: Sequence[Sequence[int]]
    exits: Sequence[int]
    at: str
    numbers: ClassNumbers
    confusion: Confusion
    lit: ClassNumbers | None
    lit_counts: np.ndarray | None
    lit_matrix: np.ndarray | None

    @property
    def column(self) -> str:
        """The column that tells a sample's class."""
        return "label" if self.difference.has_labels else "baseline.predicted"

    def words(self, group: int) -> str:
        """What a group is called in a sentence."""
        return class_words(self.names[group])


def shown_classes(view: View) -> Shown:
    """The controls, and the numbers that they ask for."""
    run, difference = view.run, view.difference()
    superclasses = superclasses_of(run.dataset, run.class_names)
    exit_names = exit_labels(run.exit_names)
    numbers = [str(number) for number in range(1, run.n_exits + 1)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        at = control(
            "exit",
            "Answers at exit",
            ["last", "any", *numbers],
            show=lambda key: exit_names[int(key) - 1] if key in numbers else key,
            widget="selectbox",
            width=170,
        )
        grouping = "classes" if superclasses is None else control("grouping", "Group by")
    if superclasses is not None and grouping == "superclasses":
        names, of_class = superclasses.names, np.asarray(superclasses.of_class)
        members = [np.flatnonzero(of_class == group).tolist() for group in range(len(names))]
    else:
        names, of_class, grouping = run.class_names, None, "classes"
        members = [[index] for index in range(len(names))]
    exits = range(1, run.n_exits + 1) if at == "any" else [run.n_exits if at == "last" else int(at)]
    key = difference.a.key, difference.b.key, grouping
    about = {"difference": difference, "n_groups": len(names), "group_of_class": of_class}
    exit_ = None if at == "any" else exits[0] - 1
    found = cache.numbers(confusion, *key, at, exit_=exit_, **about)
    lit, lit_counts, lit_matrix = view.lit_difference(), None, None
    if lit is not None:
        lit_counts = pair_counts(lit, found.pairs, exit_, len(names), of_class)
        lit_matrix = matrix_counts(lit, found.classes, exit_, len(names), of_class)
    return Shown(
        difference,
        grouping,
        names,
        members,
        exits,
        answers_at(at, exit_names),
        cache.numbers(class_numbers, *key, **about),
        found,
        None if lit is None else class_numbers(lit, len(names), of_class),
        lit_counts,
        lit_matrix,
    )


def falling_in(shown: Shown, group: int, predictor: str) -> Selection:
    """A class's samples that fall by more than the threshold under a predictor."""
    fall = FallColumn(predictor, shown.difference.of, "absolute")
    return of_classes(shown.members[group], shown.column) & falls_above(fall, THRESHOLD)


def answered_in(shown: Shown, group: int, answer: int, predictor: str) -> Selection:
    """A class's samples that a predictor answers as another at the exits that count."""
    classes, answers = shown.members[group], shown.members[answer]
    return taken_for(classes, answers, shown.exits, column=shown.column, predictor=predictor)
