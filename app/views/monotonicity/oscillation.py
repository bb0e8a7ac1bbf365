"""How answers waver over the exits: changes, their entropy, where they settle, and what was right and is lost again."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.exit_lines import ExitLine, exit_lines_figure
from analysis.figures.share_bars import ShareBars, share_bars_figure
from analysis.metrics.oscillation import answer_entropy, changes
from analysis.results import Results
from analysis.selection.marks import answered_as, in_steps, regretted, right_by
from analysis.words import formats
from analysis.words.oscillation import (
    answer_entropy_title,
    changes_title,
    improvability_title,
    settled_title,
    so_far_title,
)
from analysis.words.selections import lit_words
from app import cache
from app.components.chart import chart
from app.components.figure_table import by_exit, figure_table
from app.components.predictor_names import label_of, named
from app.components.selection import select, strip
from app.view import View

HEIGHT = 270
STEP = 0.25
"""Nats: a bar of the entropies of answers."""


def oscillation_on_screen(view: View) -> None:
    """Three figures of the answers themselves, and with labels two of what was right."""
    results = {key: view.results(key) for key in dict.fromkeys(("baseline", view.predictor))}
    st.subheader("How often do answers change, and what is right only in between?", anchor=False)
    first, second, third = st.columns(3, gap="medium")
    with first:
        _changes(view, results)
    with second:
        _entropies(view, results)
    with third:
        _settled(view, results)
    strip(view, "answer-changes", "answer-entropy", "settled", hint="Click a bar: its samples show here.")
    if not view.has_labels:
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _so_far(view, results)
    with right:
        _improvability(view, results)
    strip(view, "right-so-far", "improvability", hint="Click a point: its samples show here.")


def _over(view: View, count: int) -> str:
    return formats.counted(count, f"{'' if view.split == 'all' else view.split + ' '}sample")


def _bars(
    view: View,
    name: str,
    results: Mapping[str, Results],
    count: Callable[[Results], np.ndarray],
    groups: Sequence[str],
    said: Sequence[str],
    column: str,
    ends: Sequence[tuple[float, float]],
    **told: str,
) -> None:
    """Bars of samples by a column, whose values in a bar lie between its ends; `count` says how many are in each."""

    def counted(of: Results) -> np.ndarray:
        return cache.numbers(count, *of.key, results=of)

    counts = {key: counted(of) for key, of in results.items()}
    lit = {key: view.lit_results(key) for key in results}
    total = max(int(next(iter(counts.values())).sum()), 1)
    bars = [
        ShareBars(
            key, label_of(key), of, 100 * of / total, key == view.shown, None if lit[key] is None else counted(lit[key])
        )
        for key, of in counts.items()
    ]
    told["subtitle"] += lit_words(None if None in lit.values() else view.selected.count)
    figure = cache.drawn(share_bars_figure, bars, groups, said=said, height=HEIGHT, **told)
    table = [
        pd.DataFrame({"predictor": key, "column": column, "from": [low for low, _ in ends],
                      "to": [high for _, high in ends], "samples": of, "percent": 100 * of / total})
        for key, of in counts.items()
    ]  # fmt: skip
    chart(
        figure,
        name=name,
        height=HEIGHT,
        data=lambda: figure_table(view, pd.concat(table, ignore_index=True)),
        on_click=partial(_open_bar, name, column, tuple(counts), ends),
    )


def _open_bar(name: str, column: str, keys: Sequence[str], ends: Sequence[tuple[float, float]], point: dict) -> None:
    told = point["customdata"]
    if not (isinstance(told, list) and len(told) == 4 and isinstance(told[0], int) and told[2] in keys):
        return
    if 0 <= told[0] < len(ends):
        select(in_steps(column, told[2], *ends[told[0]]), name)


def _changes(view: View, results: Mapping[str, Results]) -> None:
    n_exits = view.run.n_exits
    _bars(
        view,
        "answer-changes",
        results,
        _change_counts,
        [str(number) for number in range(n_exits)],
        [f"change their answer {formats.counted(number, 'time')}" for number in range(n_exits)],
        "label_changes",
        [(number, number) for number in range(n_exits)],
        x_title="changes of the answer",
        title=changes_title({named(key): of.changes for key, of in results.items()}),
        subtitle="How often does an answer change from one exit to the next? "
        f"{_over(view, results['baseline'].n_samples)}.",
    )


def _change_counts(results: Results) -> np.ndarray:
    return np.bincount(changes(results.traces.predicted), minlength=results.n_exits)


def _entropies(view: View, results: Mapping[str, Results]) -> None:
    ends = entropy_ends(view.run.n_exits)
    texts = ["0", *(f"{high:g}" for _, high in ends[1:])]
    _bars(
        view,
        "answer-entropy",
        results,
        _entropy_counts,
        texts,
        ["always give the same answer", *(f"have up to {text} nats" for text in texts[1:])],
        "answer_entropy",
        ends,
        x_title="entropy of the answers up to, nats",
        title=answer_entropy_title({named(key): of.answer_entropy for key, of in results.items()}),
        subtitle="Over how many classes do a sample's answers spread? Each exit's answer counts alike; "
        f"{_over(view, results['baseline'].n_samples)}.",
    )


def _entropy_counts(results: Results) -> np.ndarray:
    of = answer_entropy(results.traces.predicted)
    return np.array([int(((of >= low) & (of <= high)).sum()) for low, high in entropy_ends(results.n_exits)])


def entropy_ends(n_exits: int) -> list[tuple[float, float]]:
    """Between which entropies, in nats, the samples of each bar lie; those of one answer, 0, have their own.

    Examples
    --------
    >>> [round(high, 2) for _, high in entropy_ends(2)]
    [0.0, 0.25, 0.5, 0.75]
    """
    edges = [1e-9, *(STEP * (step + 1) for step in range(int(np.log(n_exits) / STEP) + 1))]
    return [(0.0, edges[0])] + [(float(np.nextafter(low, np.inf)), high) for low, high in itertools.pairwise(edges)]


def _settled(view: View, results: Mapping[str, Results]) -> None:
    names = formats.exit_labels(view.run.exit_names)
    shares = {key: of.settled_shares for key, of in results.items()}
    _bars(
        view,
        "settled",
        results,
        _settled_counts,
        names,
        [f"keep their answer from exit {name} on" for name in names],
        "settled_at",
        [(number, number) for number in range(1, len(names) + 1)],
        x_title="exit from which the answer stays",
        title=settled_title({named(key): of for key, of in shares.items()}, names),
        subtitle=f"From where on does the answer stay? {_over(view, results['baseline'].n_samples)}.",
    )


def _settled_counts(results: Results) -> np.ndarray:
    return np.round(results.settled_shares * results.n_samples).astype(int)


# --- what was right --------------------------------------------------------------------------------------------------


def _so_far(view: View, results: Mapping[str, Results]) -> None:
    accuracy = {key: 100 * of.accuracy for key, of in results.items()}
    so_far = {key: 100 * of.right_so_far for key, of in results.items()}
    lines = [ExitLine(f"{key}:now", label_of(key), of, key, full=key == view.shown) for key, of in accuracy.items()]
    lines += [
        ExitLine(f"{key}:so far", f"{label_of(key)}, so far", of, key, full=key == view.shown, thin=True)
        for key, of in so_far.items()
    ]
    figure = cache.drawn(
        exit_lines_figure,
        lines,
        exit_names=formats.exit_labels(view.run.exit_names),
        y_title="samples, %",
        title=so_far_title(
            {named(key): float(of[-1]) / 100 for key, of in accuracy.items()},
            {named(key): float(of[-1]) / 100 for key, of in so_far.items()},
        ),
        subtitle="Who is right at an exit, and (thin) who was right at it or at one before? The gap is lost again. "
        f"{_over(view, results['baseline'].labelled.n_samples)}.",
        unit="%",
        highest=100,
        opens="the samples",
        height=HEIGHT,
    )
    columns = {"accuracy": accuracy, "right_so_far": so_far}
    _lines(view, figure, "right-so-far", columns, partial(_open_right, view, tuple(results)))


def _open_right(view: View, keys: Sequence[str], point: dict) -> None:
    told = point["customdata"]
    if not (isinstance(told, list) and len(told) == 4 and isinstance(told[0], int) and isinstance(told[2], str)):
        return
    key, _, which = told[2].rpartition(":")
    if key in keys and 1 <= told[0] <= view.run.n_exits:
        select(right_by(told[0], key) if which == "so far" else answered_as(told[0], key, right=True), "right-so-far")


def _improvability(view: View, results: Mapping[str, Results]) -> None:
    shares = {key: of.hindsight_improvability for key, of in results.items()}
    figure = cache.drawn(
        exit_lines_figure,
        [ExitLine(key, label_of(key), 100 * of, key, full=key == view.shown) for key, of in shares.items()],
        exit_names=formats.exit_labels(view.run.exit_names),
        y_title="of the mistakes, %",
        title=improvability_title({named(key): float(of[-1]) for key, of in shares.items()}),
        subtitle="How many of an exit's mistakes had an earlier exit right (hindsight improvability)? "
        f"{_over(view, results['baseline'].labelled.n_samples)}.",
        unit="%",
        from_zero=True,
        highest=100,
        opens="them",
        height=HEIGHT,
    )
    columns = {"hindsight_improvability": {key: 100 * of for key, of in shares.items()}}
    _lines(view, figure, "improvability", columns, partial(_open_regretted, view, tuple(results)))


def _open_regretted(view: View, keys: Sequence[str], point: dict) -> None:
    told = point["customdata"]
    if not (isinstance(told, list) and len(told) == 4 and isinstance(told[0], int) and told[2] in keys):
        return
    if 1 <= told[0] <= view.run.n_exits:
        unknown = bool((view.run.labels < 0).any())
        select(regretted(told[0], told[2], some_unknown=unknown), "improvability")


def _lines(
    view: View,
    figure,
    name: str,
    columns: Mapping[str, Mapping[str, np.ndarray]],
    opened: Callable[[dict], None],
) -> None:
    def table() -> pd.DataFrame:
        parts = [
            by_exit(view.run.exit_names, {"percent": of}, predictor=key, quantity=what)
            for what, values in columns.items()
            for key, of in values.items()
        ]
        return figure_table(view, pd.concat(parts, ignore_index=True))

    chart(figure, name=name, height=HEIGHT, data=table, on_click=opened)
