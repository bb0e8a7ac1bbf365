"""Classes: which get worse, what are they taken for, and what does the correction do to each?"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.class_falls import class_falls_figure
from analysis.figures.confusion_matrix import confusion_matrix_figure
from analysis.reference.outside_text import shortened
from analysis.results.classes import THRESHOLD
from analysis.words.classes import classes_finding, confusion_finding, matrix_words, pairs_finding
from analysis.words.correction import rows_words
from analysis.words.formats import QUANTITY, counted
from analysis.words.selections import CELLS, lit_words
from app import cache, state
from app.components.chart import chart
from app.components.empty_split import no_samples
from app.components.figure_table import figure_table
from app.components.predictor_names import label_of, named
from app.components.selection import select, strip
from app.components.text import plain_text
from app.view import View
from app.views.classes.class_table import class_table
from app.views.classes.shown_classes import Shown, answered_in, falling_in, shown_classes

ROWS = 20  # classes of the first figure
HALF_NAME = 13  # characters of either class of a pair, beside its row
HEIGHT = 540


def render(view: View) -> None:
    """The page."""
    st.subheader("Which classes get worse, what are they taken for, and what is done to each?", anchor=False)
    if no_samples(view):
        return
    shown = shown_classes(view)
    if not shown.difference.has_labels:
        plain_text("Without labels, a sample's class is the baseline's final prediction.", role="caption")
    falls, pairs = st.columns(2, gap="medium")
    with falls:
        _falls(view, shown)
    with pairs:
        _pairs(view, shown)
    strip(view, "class-falls", "class-pairs", hint="Click a class or a pair: its samples show here.")
    if len(shown.names) > 1:
        _matrix(view, shown)
        strip(view, "confusion", hint="Click a cell: its samples show here.")
    class_table(view, shown)


def _over(view: View, shown: Shown) -> str:
    return counted(shown.difference.n_samples, f"{'' if view.split == 'all' else view.split + ' '}sample")


def _lines(view: View, pair: Sequence[np.ndarray]) -> list[tuple[str, str, np.ndarray]]:
    return [(key, label_of(key), values) for key, values in zip(("baseline", view.predictor), pair)]


def _sides(view: View, pair: Sequence[np.ndarray]) -> list[tuple[str, np.ndarray]]:
    return list(zip(("baseline", view.predictor), pair))


def _arrow(shown: Shown, group: int, answer: int) -> str:
    """A row's tick: both names cut, so that neither is lost."""
    return " → ".join(shortened(shown.words(one), HALF_NAME) for one in (group, answer))


# --- which classes fall, into what ----------------------------------------------------------------------------------


def _falls(view: View, shown: Shown) -> None:
    numbers, label = shown.numbers, label_of(view.predictor)
    there = np.flatnonzero(numbers.samples)
    order = there[np.argsort(-numbers.falling_percent[0][there], kind="stable")]
    drawn, into = order[:ROWS], numbers.falls_into[0]
    kind = shown.kind if len(there) == len(shown.names) else f"{shown.kind} with samples"
    of = QUANTITY[shown.difference.of]
    figure = cache.drawn(
        class_falls_figure,
        [_into(shown, group, into[group]) for group in drawn],
        numbers.samples[drawn],
        _lines(view, [percents[drawn] for percents in numbers.falling_percent]),
        emphasised=view.shown,
        title=classes_finding(_worst(shown, order), label, THRESHOLD),
        subtitle=f"Percent of samples whose {of}'s probability falls by more than {THRESHOLD:g} between any two exits; "
        f"{rows_words(len(drawn), len(order), kind)}. After the arrow: what most of the baseline's falls end with."
        + lit_words(None if shown.lit is None else view.selected.count, "Strokes"),
        x_title=f"samples that fall by more than {THRESHOLD:g}, %",
        ticks=[shown.words(g) if into[g] < 0 else _arrow(shown, g, into[g]) for g in drawn],
        value="%{x:.1f}% fall",
        selected=() if shown.lit is None else _sides(view, [of[drawn] for of in shown.lit.falling_percent]),
        height=HEIGHT,
    )
    chart(
        figure,
        name="class-falls",
        height=HEIGHT,
        data=lambda: figure_table(view, _falls_data(view, shown, order)),
        on_click=partial(_open_falling, view, shown, drawn),
    )


def _into(shown: Shown, group: int, answer: int) -> str:
    name = shown.words(group)
    return name if answer < 0 else f"{name}, most often to {shown.words(answer)}"


def _worst(shown: Shown, order: np.ndarray) -> tuple[str, float, float] | None:
    if not len(order):
        return None
    before, after = (float(percents[order[0]]) for percents in shown.numbers.falling_percent)
    return shortened(shown.words(order[0]), 40), before, after


def _falls_data(view: View, shown: Shown, order: np.ndarray) -> pd.DataFrame:
    numbers = shown.numbers
    parts = [
        pd.DataFrame({
            "predictor": key, "class": [shown.names[g] for g in order], "samples": numbers.samples[order],
            "falling": numbers.falling[side][order], "percent": numbers.falling_percent[side][order],
            "falls_into": [_name(shown, numbers.falls_into[side][g]) for g in order],
        })
        for side, key in enumerate(("baseline", view.predictor))
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True).assign(threshold=THRESHOLD, of=shown.difference.of)


def _name(shown: Shown, group: int) -> str:
    return shown.names[group] if group >= 0 else ""


def _row_of(point: dict, rows: int, view: View) -> tuple[int, str] | None:
    """Which row of a figure was clicked, and whose mark."""
    about = point["customdata"]
    if (
        isinstance(about, list)
        and len(about) == 4
        and about[0] in range(rows)
        and about[3] in ("baseline", view.predictor)
    ):
        return int(about[0]), about[3]
    return None


def _open_falling(view: View, shown: Shown, drawn: np.ndarray, point: dict) -> None:
    if found := _row_of(point, len(drawn), view):
        select(falling_in(shown, int(drawn[found[0]]), found[1]), "class-falls")


# --- which pairs -----------------------------------------------------------------------------------------------------


def _pairs(view: View, shown: Shown) -> None:
    pairs, counts = shown.confusion.pairs, shown.confusion.counts
    both = list(zip(pairs.true.tolist(), pairs.predicted.tolist()))
    first = None
    if both:
        first = (*(shortened(shown.words(one), 30) for one in both[0]), *(int(side[0]) for side in counts))
    figure = cache.drawn(
        class_falls_figure,
        [f"{shown.words(true)}, answered as {shown.words(answer)}" for true, answer in both],
        shown.numbers.samples[pairs.true],
        _lines(view, list(counts)),
        emphasised=view.shown,
        title=pairs_finding(first, label_of(view.predictor)),
        subtitle=f"Samples of a class (before the arrow) that are answered as another (after it) {shown.at}: "
        f"the {counted(len(both), 'commonest pair')} under either, {_over(view, shown)}."
        + (" A sample counts once for every answer it gets." if len(shown.exits) > 1 else "")
        + lit_words(None if shown.lit is None else view.selected.count, "Strokes"),
        x_title="samples",
        ticks=[_arrow(shown, true, answer) for true, answer in both],
        value="%{x:,} samples",
        selected=() if shown.lit_counts is None else _sides(view, list(shown.lit_counts)),
        height=HEIGHT,
    )
    chart(
        figure,
        name="class-pairs",
        height=HEIGHT,
        data=lambda: figure_table(view, _pairs_data(view, shown)),
        on_click=partial(_open_pair, view, shown),
    )


def _pairs_data(view: View, shown: Shown) -> pd.DataFrame:
    pairs = shown.confusion.pairs
    parts = [
        pd.DataFrame({
            "predictor": key, "class": [shown.names[g] for g in pairs.true],
            "answer": [shown.names[g] for g in pairs.predicted], "samples": shown.confusion.counts[side],
        })
        for side, key in enumerate(("baseline", view.predictor))
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True).assign(exits=state.get("exit"))


def _open_pair(view: View, shown: Shown, point: dict) -> None:
    pairs = shown.confusion.pairs
    if found := _row_of(point, len(pairs.true), view):
        row, predictor = found
        select(answered_in(shown, int(pairs.true[row]), int(pairs.predicted[row]), predictor), "class-pairs")


# --- which for which: the matrix -------------------------------------------------------------------------------------


def _matrix(view: View, shown: Shown) -> None:
    found, side = shown.confusion, 1 if view.poe else 0
    samples = shown.numbers.samples[found.classes]
    apart = ~np.eye(len(found.classes), dtype=bool)
    highest = float((100 * found.matrix / np.maximum(samples, 1)[:, None])[:, apart].max(initial=1.0))
    drawn = matrix_words(len(found.classes), len(shown.names), shown.kind)
    figure = cache.drawn(
        confusion_matrix_figure,
        found.matrix[side],
        [shown.words(group) for group in found.classes],
        samples,
        highest=highest,
        title=confusion_finding(found.wrong[side], found.half[side], len(shown.names), named(view.shown)),
        subtitle=f"Percent of a row's samples that {named(view.shown)} answers as the column {shown.at}: {drawn}, "
        "ordered so that classes that are taken for each other stand together (average linkage). Grey: right answers."
        + lit_words(None if shown.lit_matrix is None else view.selected.count, CELLS),
        x_title="answer",
        y_title="true class" if shown.difference.has_labels else "final prediction",
        selected=None if shown.lit_matrix is None else shown.lit_matrix[side],
    )
    chart(
        figure,
        name="confusion",
        predictor=view.shown,
        data=lambda: figure_table(view, _matrix_data(shown, side), predictor=view.shown),
        on_click=partial(_open_cell, view, shown),
    )


def _matrix_data(shown: Shown, side: int) -> pd.DataFrame:
    classes = shown.confusion.classes
    rows, columns = np.nonzero(shown.confusion.matrix[side])
    return pd.DataFrame({
        "class": [shown.names[g] for g in classes[rows]], "answer": [shown.names[g] for g in classes[columns]],
        "samples": shown.confusion.matrix[side][rows, columns], "of": shown.numbers.samples[classes[rows]],
        "exits": state.get("exit"),
    })  # fmt: skip


def _open_cell(view: View, shown: Shown, point: dict) -> None:
    row, column, classes = point["row"], point["column"], shown.confusion.classes
    if isinstance(row, int) and isinstance(column, int) and 0 <= row < len(classes) and 0 <= column < len(classes):
        select(answered_in(shown, int(classes[row]), int(classes[column]), view.shown), "confusion")
