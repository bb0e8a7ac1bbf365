"""Runs trained like the one on screen from other seeds: which they are, their numbers, and a table of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from analysis.metrics.decrease import THRESHOLDS
from analysis.reference.outside_text import html_text
from analysis.reference.published import Published
from analysis.results import results_of, seeds
from analysis.results.against_paper import Percents, percents, published_percents
from analysis.run import Run
from analysis.storage import RunEntry, load_run
from analysis.words.verdicts import ToldVerdict, agreement_sentence
from app import cache
from app.components.predictor_names import label_of
from app.components.table_export import offer_table
from app.components.text import escape, plain_text
from app.view import View
from app.views.paper.numbers_table import LOOK, and_spread

COLUMNS = {
    "accuracy, last exit": ("accuracy", -1),
    "true class falls by > 0.01": ("true_class", THRESHOLDS.index(0.01)),
    "true class falls by > 0.1": ("true_class", THRESHOLDS.index(0.1)),
    "oracle gap": ("oracle", 0),
}
"""The table's columns: a quantity and where it is taken."""


@dataclass(frozen=True)
class OtherSeed:
    """A run that was trained as the one on screen from another seed, and its numbers by predictor id."""

    seed: int
    run: str
    measured: Mapping[str, Percents]


def other_seeds(view: View, predictors: Sequence[str]) -> list[OtherSeed]:
    """Runs trained like the view's from other seeds, on the same samples, in the order of their seeds."""
    found = []
    for entry in seeds.entries_alike(view.run, cache.runs()):
        if measured := _measured(view, entry, tuple(predictors)):
            found.append(OtherSeed(seeds.seed_of(entry.provenance), entry.id, measured))
    return found


def _measured(view: View, entry: RunEntry, predictors: tuple[str, ...]) -> dict[str, Percents]:
    """Kept by the run's folder and its time, so that nothing is opened twice; empty where it cannot be compared."""
    with st.spinner(f"Measuring {escape(entry.id)} …", show_time=False):
        return cache.numbers(
            _compared,
            str(entry.path), entry.mtime_ns, view.run.fingerprint, view.split, predictors,
            run=view.run, path=entry.path, predictors=predictors, split=view.split,
        )  # fmt: skip


def _compared(run: Run, path: Path, predictors: Sequence[str], split: str) -> dict[str, Percents]:
    try:
        other = load_run(path)
        if other.kind != run.kind or not seeds.same_samples(run, other, split):
            return {}
        baseline = results_of(other, "baseline", split=split)
        return {key: percents(results_of(other, key, split=split), baseline) for key in predictors}  # traces are let go
    except ValueError:  # damaged since it was listed, or logits that no predictor takes
        return {}


def seeds_section(
    view: View,
    measured: Mapping[str, Percents],
    others: Sequence[OtherSeed],
    published: Mapping[str, Published],
    predictor: str,
    found: Mapping[int, Sequence[ToldVerdict]],
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
    named = ", ".join(f"seed {other.seed}: {other.run}" for other in others)
    plain_text(
        f"Trained alike from other seeds, thin lines above ({named}). {agreement_sentence(found)}",
        role="caption",
    )
    both = ("baseline", predictor)
    st.html(_table_html(rows, published, both))
    offer_table(
        "seeds",
        f"{view.run.id} and runs trained alike from other seeds, split {view.split}",
        lambda: _saved(rows, both),
        runs=(view.run.id,),
        label="Save the table of seeds",
    )


def _saved(rows: Mapping[str, Mapping[str, Percents]], predictors: Sequence[str]) -> pd.DataFrame:
    """A row per seed, a column per quantity and predictor, percents in full."""
    taken = {f"{head}, {label_of(key)}": (q, at, key) for head, (q, at) in COLUMNS.items() for key in predictors}
    return pd.DataFrame(
        [{"trained from": name} | {head: one[key][q][at] for head, (q, at, key) in taken.items()}
         for name, one in rows.items()]
    )  # fmt: skip


def _table_html(
    rows: Mapping[str, Mapping[str, Percents]], published: Mapping[str, Published], predictors: Sequence[str]
) -> str:
    """One row per seed, their mean and spread, and the paper's; two columns per quantity."""
    labels = [label_of(key) for key in predictors]
    heads = "".join(f'<th colspan="{len(predictors)}">{html_text(head)}</th>' for head in COLUMNS)
    below = "".join(f"<th>{html_text(label)}</th>" for _ in COLUMNS for label in labels)
    taken = [(quantity, at, key) for quantity, at in COLUMNS.values() for key in predictors]
    numbers = np.array([[one[key][q][at] for q, at, key in taken] for one in rows.values()])
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
        f"<td{' class=g' if place % group == 0 else ''}>{html_text(and_spread(*each))}</td>"
        for place, each in enumerate(values)
    )
    return f"<tr><th>{html_text(name)}</th>{''.join(cells)}</tr>"
