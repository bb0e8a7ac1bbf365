"""Runs of one network trained alike from several seeds: which they are, and how far their numbers lie apart.

May import what a run is compared by, and runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.results.against_paper import Percents, places_of
from analysis.results.results import Results
from analysis.run import Run
from analysis.storage.catalog import RunEntry

MOST = 12
"""Seeds beside a run's own."""
SAME = {"recipe": None, "epochs": None, "processes": 1}
"""What runs that differ in the seed alone have in common, beside their settings, and what it is where it is missing."""
TOLD_ELSEWHERE = {"seed", "source", "compiled"}
"""Settings that may differ: the seed, the recipe's sentence on its origin, and what only rounds otherwise."""


def seed_of(provenance: Mapping[str, object]) -> int | None:
    """The seed that a network was trained from; None where it, or the recipe that it belongs to, is not recorded."""
    seed = provenance.get("seed")
    known = isinstance(seed, int) and not isinstance(seed, bool) and bool(provenance.get("recipe"))
    return seed if known else None


def trained_alike(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Whether two runs were trained by the same recipe, from different seeds.

    Parameters
    ----------
    one, other : the runs' provenance
        Both name a `recipe` and a `seed`; `epochs` and `processes` agree, and so do those `settings` that both have.
        Trained on a first stage, both are on first stages that were trained alike too, and not on the same one.

    Examples
    --------
    >>> trained_alike({"recipe": "mine", "seed": 0}, {"recipe": "mine", "seed": 1})
    True
    >>> trained_alike({"recipe": "mine", "seed": 0}, {"recipe": "mine", "seed": 1, "epochs": 300})
    False
    """
    seeds = seed_of(one), seed_of(other)
    if None in seeds or seeds[0] == seeds[1] or any(one.get(key, d) != other.get(key, d) for key, d in SAME.items()):
        return False
    if not _on_first_stages_alike(one.get("first_stage"), other.get("first_stage")):
        return False
    settings = [provenance.get("settings") for provenance in (one, other)]
    if not all(isinstance(each, Mapping) for each in settings):
        return True
    mine, theirs = settings
    return all(mine[key] == theirs[key] for key in (mine.keys() & theirs.keys()) - TOLD_ELSEWHERE)


def _on_first_stages_alike(one: object, other: object) -> bool:
    if one is None and other is None:
        return True
    if not isinstance(one, Mapping) or not isinstance(other, Mapping) or one.get("sha256") == other.get("sha256"):
        return False
    return all(one[key] == other[key] for key in ("recipe", "epochs") if key in one and key in other)


def entries_alike(run: Run, entries: Iterable[RunEntry]) -> list[RunEntry]:
    """Runs of a list that were trained as one from other seeds, in the order of these; `MOST` at most.

    Of two of one seed it is the first; damaged ones are left out.
    """
    found: dict[int, RunEntry] = {}
    for entry in entries:
        another = entry.error is None and entry.path != run.path
        same = (entry.dataset, entry.model) == (run.dataset, run.model)
        if another and same and trained_alike(run.provenance, entry.provenance):
            found.setdefault(seed_of(entry.provenance), entry)
    return [found[seed] for seed in sorted(found)[:MOST]]


def same_samples(run: Run, other: Run, split: str) -> bool:
    """Whether both answer for samples of the same labels in the same order, at as many exits."""
    if run.n_exits != other.n_exits:
        return False
    mine, theirs = (one.labels[one.positions(split)] for one in (run, other))
    return len(mine) > 0 and np.array_equal(mine, theirs)


def seed_groups(entries: Sequence[Results]) -> list[tuple[int, ...]]:
    """Which results are of one recipe and differ in its seed alone: groups of positions, the rest alone.

    Of one group are the same predictor with the same settings, on runs that were trained alike and answer for the same
    samples. Groups stand where their first entry does.
    """
    groups: list[list[int]] = []
    for place, one in enumerate(entries):
        for group in groups:
            if all(_of_one_recipe(entries[other], one) for other in group):
                group.append(place)
                break
        else:
            groups.append([place])
    return [tuple(group) for group in groups]


def _of_one_recipe(one: Results, other: Results) -> bool:
    return (
        (one.predictor, one.settings, one.split) == (other.predictor, other.settings, other.split)
        and (one.run.dataset, one.run.model, one.run.kind) == (other.run.dataset, other.run.model, other.run.kind)
        and trained_alike(one.run.provenance, other.run.provenance)
        and same_samples(one.run, other.run, one.split)
    )


def with_spread(table: pd.DataFrame, runs: Sequence[Mapping[str, Percents]], exit_names: Sequence[str]) -> pd.DataFrame:
    """A comparison with the paper, and beside every number its mean over seeds and their spread.

    Parameters
    ----------
    table : pandas.DataFrame
        A `comparison_table` of one of the runs.
    runs
        The numbers of every run, the table's own among them, by predictor id.
    exit_names : sequence of str
        As in the comparison.

    Returns
    -------
    pandas.DataFrame
        The table with `seeds` (how many), `seeds_mean` and `seeds_std`, the population standard deviation, as the
        paper's is; in percent of samples and points.
    """
    places = places_of(exit_names)
    found = np.array(
        [
            [run[row.predictor][row.quantity][places[row.quantity].index(row.at)] for run in runs]
            for row in table.itertuples()
        ]
    ).reshape(len(table), len(runs))
    return table.assign(seeds=len(runs), seeds_mean=found.mean(axis=1), seeds_std=found.std(axis=1))
