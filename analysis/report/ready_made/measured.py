"""What ready-made figures are of: a run under the baseline, a correction and caching, and the same of other seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.predictors import find_predictor, usable_predictors
from analysis.results import Difference, Results, difference_of, results_of
from analysis.results.seeds import entries_alike, same_samples, seed_of
from analysis.run import Run
from analysis.storage import list_runs, load_run
from analysis.storage.catalog import RunEntry
from analysis.words.formats import counted

BESIDE = "ca"
"""The predictor that stands beside the baseline and the correction, as in the paper."""
OVER_SEEDS = ("right_percent", "entropy", "entropy_rise_percent")
"""The numbers of `Results` whose spread over seeds is shown."""
CLEAR = "clear"
"""Among the numbers: `Difference.clear` against the baseline."""

Numbers = Mapping[str, Mapping[str, np.ndarray]]
"""Predictor id -> name of a number -> its values."""
Own = Mapping[str, Mapping[str, object]]
"""Predictor id -> what differs from its default settings."""


@dataclass(frozen=True)
class Measured:
    """A run's numbers, and those of runs trained alike from other seeds.

    Attributes
    ----------
    results : mapping
        Predictor id -> its results: the baseline, the correction, caching where it can be computed.
    predictor : str
        The correction.
    seeds : tuple of int
        The run's own first; empty where it is not recorded.
    numbers : sequence of Numbers
        For each seed.
    unit : str, optional
        The cost unit; None for the run's first.
    """

    results: Mapping[str, Results]
    predictor: str
    seeds: tuple[int, ...]
    numbers: Sequence[Numbers]
    unit: str | None = None

    @property
    def run(self) -> Run:
        """The run."""
        return self.results["baseline"].run

    @property
    def difference(self) -> Difference:
        """What the correction does to the baseline's answers."""
        return difference_of(self.results["baseline"], self.results[self.predictor])

    @property
    def clear(self) -> np.ndarray:
        """Mean over the seeds of `Difference.clear` of each: 1 or -1 where all of them say so, (exits,)."""
        return np.mean([one[self.predictor][CLEAR] for one in self.numbers], axis=0)

    def label(self, predictor: str | None = None) -> str:
        """A predictor's short name; the correction's by default."""
        return find_predictor(predictor or self.predictor).label

    def spread(self, predictor: str, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Mean and population standard deviation of a number over the seeds; the latter 0 where there is one seed."""
        values = np.array([one[predictor][name] for one in self.numbers], dtype=np.float64)
        return values.mean(axis=0), values.std(axis=0)

    def over(self, *, judged: bool = True) -> str:
        """Which samples, in words: those that can be right or wrong, or all.

        A split is named where it is not all there is.
        """
        first = self.results["baseline"]
        count = first.judged.n_samples if judged else first.n_samples
        return counted(count, f"{'' if first.split == 'all' else first.split + ' '}sample")

    @property
    def of_seeds(self) -> str:
        """What lines and bands are, as a sentence."""
        if len(self.numbers) == 1:
            return "One run."
        return f"Lines: means over {len(self.numbers)} seeds; bands: ±\N{NO-BREAK SPACE}1 standard deviation."


def own_settings(run: Run, predictor: str, settings: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    """What a run's figures are of: the baseline, the correction with its settings, caching where it can be computed."""
    usable = usable_predictors(run.kind)
    keys = dict.fromkeys(key for key in ("baseline", predictor, BESIDE) if key in usable)
    return {key: settings if key == predictor else {} for key in keys}


def measured(
    run: Run,
    predictor: str,
    settings: Mapping[str, object],
    split: str,
    *,
    unit: str | None = None,
    entries: Iterable[RunEntry] | None = None,
    compute: Callable[[Run, str, Mapping[str, object], str], Results] = results_of,
    another: Callable[[RunEntry, Run, Own, str], Numbers | None] | None = None,
) -> Measured:
    """The numbers of a run and of its other seeds.

    Parameters
    ----------
    predictor, settings
        The correction and what differs from its defaults; the others have theirs.
    entries : iterable of RunEntry, optional
        Among which other seeds are looked for: by default all runs that there are. Damaged ones, and those of other
        samples, are left out.
    compute
        What gives the run's results: `results_of`, or what keeps them.
    another
        What gives the numbers of another seed: `numbers_of_another`, or what keeps them.

    Raises
    ------
    ValueError
        As `results_of`.
    """
    own = own_settings(run, predictor, settings)
    results = {key: compute(run, key, own[key], split) for key in own}
    seeds, numbers = [seed_of(run.provenance)], [_numbers(results)]
    for entry in entries_alike(run, list_runs() if entries is None else entries):
        if (other := (another or numbers_of_another)(entry, run, own, split)) is not None:
            seeds.append(seed_of(entry.provenance))
            numbers.append(other)
    return Measured(results, predictor, tuple(seed for seed in seeds if seed is not None), numbers, unit)


def _numbers(results: Mapping[str, Results]) -> Numbers:
    clear = {key: {CLEAR: difference_of(results["baseline"], one).clear} for key, one in results.items()}
    return {key: {name: np.asarray(getattr(results[key], name)) for name in OVER_SEEDS} | clear[key] for key in clear}


def numbers_of_another(entry: RunEntry, run: Run, own: Own, split: str) -> Numbers | None:
    """The numbers of another seed's run, under the same predictors; None where it is damaged or of other samples."""
    try:
        other = load_run(entry.path)
        if other.kind != run.kind or not same_samples(run, other, split):
            return None
        return _numbers({key: results_of(other, key, settings, split) for key, settings in own.items()})
    except ValueError:  # damaged since it was listed
        return None
