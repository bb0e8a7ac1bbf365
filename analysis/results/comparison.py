"""Any runs and predictors side by side: every two of them paired by sample, with intervals and tests. Needs only NumPy.

May import results, metrics and statistics.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float

from analysis.metrics.decrease import THRESHOLDS, limits
from analysis.predictors import settings_key, settings_text
from analysis.reference.outside_text import distinct
from analysis.results.differences import Difference, check_joined, difference_of
from analysis.results.results import Results
from analysis.run import Run
from analysis.statistics.paired import bootstrap_intervals, holm, mcnemar

MOST = 8
"""Entries side by side: 28 pairs of them; more are told apart neither in a table nor in a figure."""
OF = "true_class"
_AT_ONCE = 1 << 23
"""Numbers that are resampled together: 64 MB."""


@dataclass(frozen=True)
class Estimate:
    """What a and b have on the samples that both have, and the difference, b's less a's, with its 95 % interval."""

    a: float
    b: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class AtExit:
    """The difference in accuracy at an exit, from 1: fractions, how many samples one alone has right, and p-values."""

    exit: int
    accuracy: Estimate
    a_only: int
    b_only: int
    p: float
    """Exact two-sided McNemar test."""
    p_holm: float
    """Adjusted over the pair's exits."""


@dataclass(frozen=True)
class Pair:
    """Two entries, by position, on the samples that both have with a label."""

    a: int
    b: int
    samples: int
    exits: tuple[AtExit, ...]
    decrease: dict[float, Estimate]
    """Threshold -> percent points of samples whose true class falls by more than it."""


@dataclass(frozen=True)
class Comparison:
    """Entries in the order in which they were given, and every two of them."""

    entries: tuple[Results, ...]
    pairs: tuple[Pair, ...]
    seed: int

    def pair(self, a: int, b: int) -> Pair:
        """The pair of two entries, by position, a before b."""
        return next(one for one in self.pairs if (one.a, one.b) == (a, b))


def compare(entries: Sequence[Results], *, seed: int = 0) -> Comparison:
    """Set results side by side.

    Parameters
    ----------
    entries : sequence of Results
        Two to eight, of any runs and predictors; samples are paired by their ids.
    seed : int
        Of the resamples; those of two pairs with equally many samples are the same ones.

    Raises
    ------
    ValueError
        Fewer than two or more than `MOST`; two that share no labelled sample, or disagree on a label.

    Examples
    --------
    >>> import analysis
    >>> run = analysis.load_run(analysis.find_run("msdnet-cifar100"))
    >>> compared = compare([analysis.results_of(run, "baseline"), analysis.results_of(run, "pa")])
    >>> last = compared.pairs[0].exits[-1]
    >>> last.b_only - last.a_only, last.p_holm < 0.001
    (272, True)
    """
    if not 2 <= len(entries) <= MOST:
        raise ValueError(f"{len(entries)} to compare (runs times predictors): name 2 to {MOST}")
    for one in entries:
        if not one.has_labels:
            raise _unlabelled(one.run)
    both = list(combinations(range(len(entries)), 2))
    differences = [difference_of(entries[a], entries[b]) for a, b in both]
    pairs = [_pair(*one, difference, made) for one, difference, made in zip(both, differences, _all(differences, seed))]
    return Comparison(tuple(entries), tuple(pairs), seed)


def check_runs(runs: Sequence[Run], split: str) -> None:
    """Refuse runs that `compare` would refuse, before anything is computed of them.

    Raises
    ------
    ValueError
        A run without labels; two that share no labelled sample, or disagree on a label.
    """
    for one in runs:
        positions = one.positions(split)
        if len(positions) and not (one.labels[positions] >= 0).any():
            raise _unlabelled(one)
    check_joined([one for one in runs if len(one.positions(split))], split)


def check_entries(entries: Sequence[tuple[Run, str, Mapping[str, object]]]) -> None:
    """Refuse what is named twice: a run under one predictor with settings, complete and typed, that are the same.

    Raises
    ------
    ValueError
        Which, and with which settings.
    """
    found = set()
    for run, predictor, settings in entries:
        if (key := (run.place, settings_key(predictor, settings))) in found:
            told = settings_text(predictor, settings)
            settled = f" with settings that come to the same ({told})" if told else ""
            raise ValueError(f"{predictor} on run {run.id} is named twice{settled}: name it once")
        found.add(key)


def _unlabelled(run: Run) -> ValueError:
    return ValueError(f"run {run.id} has no labels: compare needs them, import it again with --labels")


def _all(differences: Sequence[Difference], seed: int) -> list[list[Estimate]]:
    """The estimates of every pair: those of equally many samples from the same resamples, which are drawn once."""
    made: list[list[Estimate]] = [[] for _ in differences]
    waiting = list(range(len(differences)))
    while waiting:
        samples = differences[waiting[0]].n_samples
        size = samples * (differences[waiting[0]].n_exits + len(THRESHOLDS))
        together = [i for i in waiting if differences[i].n_samples == samples][: max(1, _AT_ONCE // size)]
        waiting = [i for i in waiting if i not in together]
        values = [np.stack([*_right(differences[i]), *_fallen(differences[i])]) for i in together]
        sides = [np.concatenate([_shares(differences[i], side) for i in together]) for side in "ab"]
        means = np.concatenate([one.mean(axis=1) for one in values])
        columns = (*sides, means, *bootstrap_intervals(np.concatenate(values), seed))
        estimates = zip(*(column.tolist() for column in columns))
        for i, own in zip(together, values):
            made[i] = [Estimate(*next(estimates)) for _ in own]
    return made


def _pair(a: int, b: int, difference: Difference, estimates: Sequence[Estimate]) -> Pair:
    exits = difference.n_exits
    p = [mcnemar(int(one), int(other)) for one, other in zip(difference.a_only, difference.b_only)]
    at = zip(range(1, exits + 1), estimates, difference.a_only.tolist(), difference.b_only.tolist(), p, holm(p))
    return Pair(
        a,
        b,
        difference.n_samples,
        tuple(AtExit(*one) for one in at),
        dict(zip(THRESHOLDS, estimates[exits:])),
    )


def _shares(difference: Difference, side: str) -> Float[np.ndarray, " quantities"]:
    """What one side has of what is compared: accuracies, then percents of samples that fall."""
    one: Results = getattr(difference, side)
    return np.concatenate([one.accuracy[: difference.n_exits], one.falling_percent(THRESHOLDS, OF)])


def _right(difference: Difference) -> Float[np.ndarray, "exits samples"]:
    """1 where b alone is right, -1 where a alone is."""
    exits = difference.n_exits
    a, b = (side.right[:exits].astype(np.float64) for side in (difference.a, difference.b))
    return b - a


def _fallen(difference: Difference) -> Iterator[Float[np.ndarray, " samples"]]:
    """100 where b's true class alone falls by more than a threshold, -100 where a's does."""
    sizes = [side.fall(OF).size for side in (difference.a, difference.b)]
    for threshold in THRESHOLDS:
        a, b = (100.0 * (size > limits(threshold, size.dtype)) for size in sizes)
        yield b - a


def shared_unit(runs: Sequence[Run], wanted: str | None = None) -> str | None:
    """The unit of cost in which runs stand on one axis: the wanted one, else the first that all state.

    None where no run states any cost.

    Raises
    ------
    ValueError
        Some state costs, and no unit is known to all: what each states.

    Examples
    --------
    >>> import analysis
    >>> run = analysis.load_run(analysis.find_run("msdnet-cifar100"))
    >>> shared_unit([run, run])
    'MACs'
    """
    if not any(one.costs for one in runs):
        return None
    units = [unit for unit in runs[0].costs if all(unit in one.costs for one in runs)]
    if not units:
        stated = {one.id: ", ".join(one.costs) or "none" for one in runs}
        raise ValueError(
            "no unit of cost is known to all of these runs "
            f"({'; '.join(f'{key}: {said}' for key, said in stated.items())})"
        )
    return wanted if wanted in units else units[0]


def as_object(compared: Comparison, cost_unit: str | None = None) -> dict[str, object]:
    """A comparison as an object that JSON can hold: `entries`, `pairs`, `seed`, `split`, `cost_unit`.

    Runs of one id, from several folders, are numbered in the order in which they were given: `run (1)`, `run (2)`.

    Parameters
    ----------
    cost_unit : str, optional
        A unit that every run knows: each entry then has `cost`, one per exit.

    Raises
    ------
    ValueError
        A run that does not know the unit.
    """
    from analysis.results.run_numbers import decreases, numbers, plain

    runs = {one.run.place: one.run.id for one in compared.entries}
    called = dict(zip(runs, distinct(list(runs.values()), lambda place: str(place + 1))))
    return {
        "split": compared.entries[0].split,
        "seed": compared.seed,
        "cost_unit": cost_unit,
        "entries": [
            {
                "run": called[one.run.place],
                "predictor": one.predictor,
                "settings": plain(dict(one.settings)),
                "split": one.split,
                "samples": one.n_samples,
                "cost": None if cost_unit is None else numbers(one.run.cost(cost_unit)[1]),
                "accuracy": numbers(one.accuracy),
                "decrease_percent": decreases(one, "absolute")[OF],
            }
            for one in compared.entries
        ],
        "pairs": [
            {
                "a": one.a,
                "b": one.b,
                "samples": one.samples,
                "exits": [
                    {"exit": at.exit, **vars(at.accuracy), "a_only": at.a_only, "b_only": at.b_only}
                    | {"p": at.p, "p_holm": at.p_holm}
                    for at in one.exits
                ],
                "decrease": {f"{tau:g}": dict(vars(estimate)) for tau, estimate in one.decrease.items()},
            }
            for one in compared.pairs
        ],
    }
