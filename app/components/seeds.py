"""Runs trained like the one on screen from other seeds: which they are, their numbers, and a table of them."""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from analysis import seeds
from analysis.against_paper import Measured, Verdict, measured_percents, published_percents
from analysis.metrics.decrease import THRESHOLDS
from analysis.predictors import available_predictors
from analysis.published import Published
from analysis.run import Run
from analysis.storage import RunError
from app import cache
from app.components.numbers_table import LOOK, and_spread
from app.components.sidebar import View
from app.components.text import plain_text

MOST = 12
"""Seeds shown beside the run on screen."""
COLUMNS = {
    "accuracy, last exit": ("accuracy", -1),
    "true class falls by > 0.01": ("true_class", THRESHOLDS.index(0.01)),
    "true class falls by > 0.1": ("true_class", THRESHOLDS.index(0.1)),
    "oracle gap": ("oracle", 0),
}
"""The table's columns: a quantity and where it is taken."""


@dataclass(frozen=True)
class OtherSeed:
    """A run that differs from the one on screen in its seed alone, and its numbers by predictor id."""

    seed: int
    run: Run
    measured: Mapping[str, Measured]


def other_seeds(view: View, predictors: Sequence[str]) -> list[OtherSeed]:
    """Runs trained like the view's from other seeds, on the same samples, in the order of their seeds."""
    found: dict[int, Run] = {}
    for run in _trained_alike(view.run):
        if run.kind == view.run.kind and seeds.same_samples(view.run, run, view.split):
            found.setdefault(seeds.seed_of(run.provenance), run)
    return [
        OtherSeed(seed, found[seed], _measured(found[seed], predictors, view.split)) for seed in sorted(found)[:MOST]
    ]


def _measured(run: Run, predictors: Sequence[str], split: str) -> dict[str, Measured]:
    return {
        key: cache.numbers(seeds.measure_run, run.fingerprint, key, split, run=run, predictor=key, split=split)
        for key in predictors
    }


def _trained_alike(run: Run) -> list[Run]:
    """Damaged runs are left out: the list of runs says what is wrong with them."""
    found = []
    for entry in cache.runs():
        same = (
            entry.error is None and entry.path != run.path and (entry.dataset, entry.model) == (run.dataset, run.model)
        )
        if same and seeds.trained_alike(run.provenance, entry.provenance):
            try:
                found.append(cache.run(entry))
            except RunError:
                continue
    return found


def seeds_section(
    view: View,
    measured: Mapping[str, Measured],
    others: Sequence[OtherSeed],
    published: Mapping[str, Published],
    predictor: str,
    found: Mapping[int, Sequence[Verdict]],
) -> None:
    """How far the run's numbers lie from those of other seeds, one row per seed.

    Parameters
    ----------
    predictor : str
        Stands beside the baseline.
    found
        Seed -> its verdicts on the published findings.
    """
    own = seeds.seed_of(view.run.provenance)
    rows = {f"seed {own}, on screen": measured, **{f"seed {other.seed}": other.measured for other in others}}
    st.markdown("**From seed to seed**")
    named = ", ".join(f"seed {other.seed}: {other.run.id}" for other in others)
    plain_text(
        f"Trained alike from other seeds, dotted lines above ({named}). {seeds.agreement_sentence(found)}",
        role="caption",
    )
    st.html(_table_html(rows, published, ("baseline", predictor)))


def _table_html(
    rows: Mapping[str, Mapping[str, Measured]], published: Mapping[str, Published], predictors: Sequence[str]
) -> str:
    """One row per seed, their mean and spread, and the paper's; two columns per quantity."""
    labels = [available_predictors()[key].label for key in predictors]
    heads = "".join(f'<th colspan="{len(predictors)}">{html.escape(head)}</th>' for head in COLUMNS)
    below = "".join(f"<th>{html.escape(label)}</th>" for _ in COLUMNS for label in labels)
    taken = [(quantity, at, key) for quantity, at in COLUMNS.values() for key in predictors]
    numbers = np.array([[measured_percents(one[key], q)[at] for q, at, key in taken] for one in rows.values()])
    paper = [[values[at] for values in published_percents(published[key], q)] for q, at, key in taken]
    body = "".join(
        _row(name, [(value, np.nan) for value in each], len(predictors)) for name, each in zip(rows, numbers)
    )
    body += _row(f"mean ± sd of {len(rows)}", zip(numbers.mean(axis=0), numbers.std(axis=0)), len(predictors))
    body += _row("the paper", paper, len(predictors))
    return (
        f'{LOOK}<div class="xl-paper"><table><thead><tr><th></th>{heads}</tr><tr><th></th>{below}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _row(name: str, values: Iterable[tuple[float, float]], group: int) -> str:
    """A table's row of numbers and their spreads; every `group`-th begins a group."""
    cells = (
        f"<td{' class=g' if place % group == 0 else ''}>{and_spread(*each)}</td>" for place, each in enumerate(values)
    )
    return f"<tr><th>{html.escape(name)}</th>{''.join(cells)}</tr>"
