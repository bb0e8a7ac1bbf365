"""What entries of a comparison are of: settings and provenance side by side, as text. Takes results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from analysis.predictors import setting_texts
from analysis.results import Results
from analysis.words.formats import quantity

LONGEST = 300
"""Characters of one fact; what is longer is cut."""
NONE = ""


def entry_facts(entries: Sequence[Results], names: Sequence[str], *, only_differing: bool = False) -> pd.DataFrame:
    """A row per fact, a column per entry.

    Parameters
    ----------
    entries : sequence of Results
    names : the columns' headings, one per entry, no two alike
    only_differing : whether facts that all entries share are left out

    Returns
    -------
    pandas.DataFrame
        `field`, then the entries; an entry that lacks the fact has an empty text.
    """
    told = [dict(_facts(one)) for one in entries]
    fields = dict.fromkeys(field for facts in told for field in facts)
    rows = [[field, *(facts.get(field, NONE) for facts in told)] for field in fields]
    if only_differing:
        rows = [row for row in rows if len(set(row[1:])) > 1]
    return pd.DataFrame(rows, columns=["field", *names])


def _facts(one: Results) -> Iterator[tuple[str, str]]:
    run = one.run
    yield "run", run.id
    yield "title", _cut(run.title)
    yield "predictor", one.predictor
    for name, text in setting_texts(one.predictor, one.settings).items():
        yield f"setting {name}", _cut(text)
    yield "data set", _cut(run.dataset or NONE)
    yield "model", _cut(run.model or NONE)
    yield "exits, classes", f"{run.n_exits}, {run.n_classes:,}"
    yield "samples", f"{one.n_samples:,} of split {one.split}"
    yield "holds", run.kind
    for unit, costs in run.costs.items():
        yield f"cost of the last exit, {unit}", quantity(costs[-1])
    yield from _flat("made: ", run.provenance)


def _flat(before: str, told: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """What is nested by names with dots between them."""
    for name, value in told.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{before}{name}.", value)
        else:
            yield _cut(f"{before}{name}"), _cut(value)


def _cut(value: object) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
