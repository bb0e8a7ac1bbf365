"""`Tuning`: a stated grid of a predictor's settings, tried on calibration samples and measured on others.

The objective is the accuracy that is expected when computation is interrupted, among the settings under which few
enough samples' true class falls too far. One pass over the calibration samples' logits tries them all. May import
results, policies, predictors and traces.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from analysis.metrics.decrease import decrease_percent
from analysis.policies import resolve_policy
from analysis.policies.interruption import expected_value, reached_shares
from analysis.predictors import resolve
from analysis.results.fitting import SampleChoice, choose_samples, results_at
from analysis.results.from_logits.passes import over_logits
from analysis.results.results import Results
from analysis.run import Run
from analysis.settings import join_or
from analysis.traces.compute import trace_chunk

GRIDS: dict[str, dict[str, tuple]] = {
    "pa": {
        "weights": ("linear", "uniform"),
        "threshold": (None, 0.5, 1.0, 2.0),
        "relative_threshold": (None, 0.1, 0.25),
        "threshold_mode": ("clamp", "zero"),
        "cap": (None, 6.0, 10.0),
        "temperature": (1.0, 0.5, 2.0),
    },
    "softmax-poe": {"combine": ("sum", "mean"), "temperature": (1.0, 0.5, 2.0, 4.0)},
    "adaptive-pa": {"mass": (0.99, 0.5, 0.8, 0.9, 0.95, 0.999, 1.0), "weights": ("linear", "uniform")},
    "agreement-vote": {"power": (1.0, 0.0, 0.5, 2.0, 4.0)},
}
"""Predictor -> setting -> what is tried, its default first."""
MAX_FALLING, THRESHOLD = 1.0, 0.1
"""Percent of samples, and how far their true class may fall, where no others are asked for."""


def grid_settings(predictor: str) -> Iterator[dict[str, object]]:
    """Every choice of the grid, the defaults first; a mode without a threshold is no choice, nor are two thresholds.

    Raises
    ------
    ValueError
        A predictor of which nothing is tuned.
    """
    if predictor not in GRIDS:
        raise ValueError(f"no settings of predictor {predictor} are tuned: choose {join_or(list(GRIDS))}")
    grid = GRIDS[predictor]
    for values in itertools.product(*grid.values()):
        chosen = dict(zip(grid, values))
        thresholds = [name for name in ("threshold", "relative_threshold") if chosen.get(name) is not None]
        if len(thresholds) == 1 or (not thresholds and chosen.get("threshold_mode", "clamp") == "clamp"):
            yield chosen


@dataclass(frozen=True, eq=False)
class Tuning:
    """What each setting of the grid gives on calibration samples, and the chosen one on others: `tuning_of` makes it.

    Attributes
    ----------
    candidates : the settings that were tried, the defaults first
    expected : (candidates,) expected accuracy under the law, on calibration samples
    falling : (candidates,) percent of these whose true class falls by more than `threshold`
    last_accuracy, confidence : (candidates,) accuracy and mean confidence at the last exit, on these
    chosen : the place of the candidate that was chosen
    law, cost_unit : settings of `interruption`, and the unit of its budgets
    max_falling, threshold : the constraint
    split, fitted_on, fitted_on_test : what is measured, and the provenance
    default, measured : the results of the defaults and of the chosen settings on the measured samples
    """

    candidates: tuple[Mapping[str, object], ...]
    expected: Float64[np.ndarray, " candidates"]
    falling: Float64[np.ndarray, " candidates"]
    last_accuracy: Float64[np.ndarray, " candidates"]
    confidence: Float64[np.ndarray, " candidates"]
    chosen: int
    law: Mapping[str, object]
    cost_unit: str
    max_falling: float
    threshold: float
    split: str
    fitted_on: Mapping[str, object]
    fitted_on_test: bool
    default: Results
    measured: Results

    @property
    def feasible(self) -> Bool[np.ndarray, " candidates"]:
        """Which candidates hold the constraint on calibration samples."""
        return self.falling <= self.max_falling + 1e-9

    @property
    def frontier(self) -> Bool[np.ndarray, " candidates"]:
        """Which candidates no other beats: at least as accurate and falling no more, and better in one."""
        return on_frontier(self.expected, self.falling)

    def expected_accuracy(self, results: Results) -> float:
        """The accuracy that results expect under the law; NaN without labels."""
        return expected_under(self.law, results.run.cost(self.cost_unit)[1], results.accuracy)

    def falling_percent(self, results: Results) -> float:
        """Percent of their samples whose true class falls by more than the threshold."""
        return float(results.falling_percent((self.threshold,), "true_class")[0])


def on_frontier(
    expected: Float64[np.ndarray, " candidates"], falling: Float64[np.ndarray, " candidates"]
) -> Bool[np.ndarray, " candidates"]:
    """Which candidates no other beats; of equals all.

    >>> on_frontier(np.array([0.7, 0.8, 0.6]), np.array([1.0, 2.0, 1.5])).tolist()
    [True, True, False]
    """
    no_worse = (expected[:, None] >= expected) & (falling[:, None] <= falling)
    better = (expected[:, None] > expected) | (falling[:, None] < falling)
    return ~(no_worse & better).any(axis=0)


def best_of(
    expected: Float64[np.ndarray, " candidates"], falling: Float64[np.ndarray, " candidates"], max_falling: float
) -> int:
    """The most accurate candidate that falls little enough; of equals that which falls least, then the first.

    Where none falls little enough, the one that falls least.
    """
    enough = falling <= max_falling + 1e-9
    order = range(len(expected))
    if not enough.any():
        return min(order, key=lambda i: (falling[i], -expected[i], i))
    return min((i for i in order if enough[i]), key=lambda i: (-expected[i], falling[i], i))


def expected_under(law: Mapping[str, object], costs: tuple[float, ...], accuracy: np.ndarray) -> float:
    """The expected accuracy under an interruption law."""
    named = {key: law[key] for key in ("mean", "budgets")}
    return expected_value(reached_shares(law["law"], costs, **named), accuracy, law["prior"])


def samples_to_tune(
    run: Run, split: str = "test", *, calibration: str | None = None, seed: int = 0, allow_test_fitting: bool = False
) -> SampleChoice:
    """Which samples are measured, and on which settings are tried.

    Raises
    ------
    ValueError
        As `analysis.results.fitting.choose_samples`; no label on either side.
    """
    choice = choose_samples(run, split, calibration=calibration, seed=seed, allow_test_fitting=allow_test_fitting)
    for positions, what in ((choice.fitted, "fit on"), (choice.measured, "measure")):
        if not (run.labels[positions] >= 0).any():
            raise ValueError(
                f"tuning needs labels, and run {run.id} has none among the samples to {what}: choose others by "
                f"--calibration or --split, or import the run with --labels"
            )
    return choice.by_label


def tune(
    choice: SampleChoice,
    predictor: str = "pa",
    law: Mapping[str, object] | None = None,
    *,
    max_falling: float = MAX_FALLING,
    threshold: float = THRESHOLD,
    cost_unit: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Tuning:
    """The tuning on samples that were chosen; parameters and errors as `tuning_of`."""
    run, law = choice.run, resolve_policy("interruption", law)
    if not 0 <= max_falling <= 100:
        raise ValueError(f"max_falling is {max_falling:g}: give a percentage from 0 to 100")
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold is {threshold:g}: give how far a probability may fall, from 0 to 1")
    candidates = tuple(grid_settings(predictor))
    resolved = [resolve(predictor, settings, kind=run.kind, n_exits=run.n_exits) for settings in candidates]
    if (cost := run.cost(cost_unit)) is None:
        raise ValueError(f"tuning needs the exits' costs, and run {run.id} knows none: import it with --costs")
    fitted = choice.fitted[run.labels[choice.fitted] >= 0]
    right = np.zeros((len(candidates), run.n_exits), np.int64)
    falls, likeliest = (np.empty((len(candidates), len(fitted)), np.float32) for _ in range(2))

    def tried(logits: np.ndarray, here: slice, first: int) -> np.ndarray:
        counts = np.empty(right.shape, np.int64)
        for place, settings in enumerate(resolved):
            found = trace_chunk(logits, run.labels[fitted[here]], {predictor: settings}, first, run.n_samples)
            columns, fall = found[predictor]
            counts[place] = columns["correct"].sum(axis=1)
            falls[place, here] = fall["true_class", "absolute"].size
            likeliest[place, here] = columns["max_prob"][-1]
        return counts

    for counts in over_logits(run, fitted, tried, progress=progress):
        right += counts
    expected = np.array([expected_under(law, cost[1], of / len(fitted)) for of in right])
    falling = np.array([decrease_percent(of, (threshold,))[0] for of in falls])
    chosen = best_of(expected, falling, max_falling)
    default, measured = (results_at(run, predictor, resolved[place], choice.measured) for place in (0, chosen))
    return Tuning(
        candidates,
        expected,
        falling,
        right[:, -1] / len(fitted),
        likeliest.mean(axis=1, dtype=np.float64),
        chosen,
        law,
        cost[0],
        max_falling,
        threshold,
        choice.split,
        choice.provenance,
        choice.on_test,
        default,
        measured,
    )


def tuning_of(
    run: Run,
    predictor: str = "pa",
    law: Mapping[str, object] | None = None,
    split: str = "test",
    *,
    max_falling: float = MAX_FALLING,
    threshold: float = THRESHOLD,
    calibration: str | None = None,
    seed: int = 0,
    allow_test_fitting: bool = False,
    cost_unit: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Tuning:
    """The most accurate settings among those under which few samples get worse, found on samples that are not reported.

    Parameters
    ----------
    run : Run
    predictor
        One of `GRIDS`, which says what is tried.
    law
        Settings of the policy `interruption`: when computation ends. Uniform between first and last exit unless told.
    max_falling, threshold
        At most so many percent of the samples may have a true class that falls by more than the threshold.
    split, calibration, seed, allow_test_fitting
        As `analysis.results.fitting.choose_samples`.
    cost_unit
        Of the budgets; None for the run's first.
    progress
        Told how many more calibration samples are done.

    Raises
    ------
    ValueError
        A predictor without a grid; nothing to fit on or to measure; no labels or no costs; numbers out of range.
    """
    choice = samples_to_tune(run, split, calibration=calibration, seed=seed, allow_test_fitting=allow_test_fitting)
    return tune(
        choice,
        predictor,
        law,
        max_falling=max_falling,
        threshold=threshold,
        cost_unit=cost_unit,
        progress=progress,
    )
