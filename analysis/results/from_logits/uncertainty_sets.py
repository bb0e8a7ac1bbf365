"""`SetResults`: the sets of classes that one method gives on one run, exit by exit, and what they cover.

`sets_of` makes it, in one pass over the logits of the calibration samples (two where a threshold is tuned) and one over
the measured ones; of every set only its size and whether it holds the true class are kept. May import runs,
predictors, sets, metrics and statistics.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Float64, Int32, Int64

from analysis.metrics.accuracy import mean_over_samples
from analysis.metrics.uncertainty import set_growth_percent
from analysis.predictors import check_logits, resolve, settings_key
from analysis.results.fitting import SampleChoice, choose_samples
from analysis.results.from_logits.kept import Found, Kept, samples_key
from analysis.results.from_logits.passes import over_logits, over_predictions
from analysis.run import Run
from analysis.sets.conformal import conformal_sets, quantile_rank, score_quantile, scores_of
from analysis.sets.draws import check_seed, log_gammas, uniforms
from analysis.sets.nested import (
    Tuned,
    candidate_thresholds,
    confidence_sets,
    consistency,
    log_ratios,
    running_intersection,
    tuned_threshold,
)
from analysis.sets.sizes import BySize, by_size
from analysis.sets.table import TUNED, find_sets, resolve_sets
from analysis.statistics.binomial import covered_by_chance

GROWTHS = (0, 1, 2, 5, 10)
"""By how many classes sets grow."""
SET_ASIDE = "random:0.2"
"""What is calibrated on where a run has no calibration split."""


@dataclass(frozen=True, eq=False)
class SetResults:
    """The sets of one method on one run: `sets_of` makes it. Arrays (exits, samples) are of the measured samples.

    Attributes
    ----------
    run, method, settings, predictor, predictor_settings
        What the sets are of; nested sets are of the logits, whatever the predictor.
    split, positions : whose samples are measured, and their positions in the run
    fitted_on, fitted_on_test, seed : the provenance of what was fitted, as `SampleChoice` says; of every random number
    sizes : of the sets
    covered : whether a set holds the true class; false where the label is unknown
    quantiles : of each exit's calibration scores, infinite where there are too few; None for nested sets
    running_sizes, running_covered : of the running intersection of nested sets; else None
    thresholds : b of nested sets at each exit; else None
    tuned : how they were tuned; else None
    """

    run: Run
    method: str
    settings: Mapping[str, object]
    predictor: str
    predictor_settings: Mapping[str, object]
    split: str
    positions: Int64[np.ndarray, " samples"]
    fitted_on: Mapping[str, object] | None
    fitted_on_test: bool
    seed: int
    sizes: Int32[np.ndarray, "exits samples"]
    covered: Bool[np.ndarray, "exits samples"]
    quantiles: Float64[np.ndarray, " exits"] | None = None
    running_sizes: Int32[np.ndarray, "exits samples"] | None = None
    running_covered: Bool[np.ndarray, "exits samples"] | None = None
    thresholds: Float64[np.ndarray, " exits"] | None = None
    tuned: Tuned | None = None

    @cached_property
    def labelled(self) -> Bool[np.ndarray, " samples"]:
        """Whose label is known."""
        return self.run.labels[self.positions] >= 0

    @cached_property
    def coverage(self) -> Float[np.ndarray, " exits"]:
        """Share of the labelled samples whose set holds the true class; NaN without labels."""
        return mean_over_samples(self.covered[:, self.labelled])

    @cached_property
    def chance(self) -> tuple[float, float] | None:
        """Where coverage lies with probability 95% if the samples calibrated on are like those measured; of nested sets
        and where these are the same None; (1, 1) where sets hold every class. More where scores tie, or where a set
        holds the likeliest class anyway."""
        if self.quantiles is None or self.fitted_on_test:
            return None
        calibrated = self.fitted_on["samples"]
        rank = quantile_rank(calibrated, self.settings["alpha"])
        return (1.0, 1.0) if rank is None else covered_by_chance(rank, calibrated, int(self.labelled.sum()))

    @cached_property
    def mean_size(self) -> Float[np.ndarray, " exits"]:
        """Mean number of classes."""
        return mean_over_samples(self.sizes)

    @cached_property
    def median_size(self) -> Float[np.ndarray, " exits"]:
        """Median number of classes."""
        return np.median(self.sizes, axis=1)

    @cached_property
    def by_size(self) -> BySize:
        """Coverage of the sets of each size."""
        return by_size(self.sizes, self.covered, self.labelled)

    @cached_property
    def grows_percent(self) -> Float[np.ndarray, " growths"]:
        """Percent of samples whose set at a later exit is larger by more than each of `GROWTHS` than at an earlier."""
        return set_growth_percent(self.sizes, GROWTHS)

    @cached_property
    def sequence_coverage(self) -> Float[np.ndarray, " exits"] | None:
        """Share of the labelled samples that every set so far covers; None unless nested."""
        return None if self.running_covered is None else mean_over_samples(self.running_covered[:, self.labelled])

    @cached_property
    def consistency(self) -> Float[np.ndarray, " exits"] | None:
        """Size of the running intersection over size of the set; None unless nested."""
        return None if self.running_sizes is None else consistency(self.sizes, self.running_sizes)


def samples_for_sets(
    run: Run,
    fits: bool,
    split: str = "test",
    *,
    calibration: str | None = None,
    seed: int = 0,
    allow_test_fitting: bool = False,
) -> SampleChoice:
    """Which samples are measured, and which are calibrated on, of a run without a calibration split a seeded share.

    As `analysis.results.fitting.choose_samples`, but for that.
    """
    if fits and calibration is None and not allow_test_fitting and not len(run.positions("calibration")):
        calibration = SET_ASIDE
    return choose_samples(
        run, split, calibration=calibration, seed=seed, allow_test_fitting=allow_test_fitting, fits=fits
    ).by_label


def _true_class(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """What each sample's true class has of (exits, samples, classes); of class 0 where the label is unknown."""
    return np.take_along_axis(values, np.maximum(labels, 0)[None, :, None], axis=-1)[..., 0]


def _conformal(found: Mapping[str, object], choice: SampleChoice, progress: Callable[[int], None] | None) -> Found:
    """Quantiles from one pass, sizes and coverage from another."""
    run, settings, seed = found["run"], found["settings"], found["seed"]
    row, named = find_sets(found["method"]), (found["predictor"], found["predictor_settings"])
    fitted = choice.fitted[run.labels[choice.fitted] >= 0]
    if not len(fitted):
        raise ValueError(
            f"sets {row.id} are calibrated on labels, and run {run.id} has none among the samples to fit on: choose "
            f"others by --calibration, or import the run with --labels"
        )

    def scores(log_probs: np.ndarray, positions: np.ndarray):
        """Each exit's probabilities and scores."""
        drawn = np.zeros(log_probs.shape[:2])
        if row.randomised:
            drawn = uniforms(seed, positions, len(log_probs), per_exit=settings["uniform"] == "exit")
        for logs, uniform in zip(log_probs, drawn):
            probs = np.exp(logs)
            yield probs, scores_of(row, probs, uniform, settings)

    def calibrated(log_probs: np.ndarray, collapsed: np.ndarray, here: slice) -> np.ndarray:
        labels = run.labels[fitted[here]]
        of_exits = scores(log_probs, fitted[here])
        return np.stack([found[np.arange(len(labels)), labels] for _, found in of_exits])

    held = np.concatenate(list(over_predictions(run, *named, fitted, calibrated, progress=progress)), axis=1)
    quantiles = np.array([score_quantile(of_exit, settings["alpha"]) for of_exit in held])
    sizes = np.empty((run.n_exits, len(choice.measured)), np.int32)
    covered = np.zeros(sizes.shape, bool)

    def measured(log_probs: np.ndarray, collapsed: np.ndarray, here: slice) -> None:
        labels = run.labels[choice.measured[here]]
        for m, (probs, found) in enumerate(scores(log_probs, choice.measured[here])):
            top = np.where(probs.any(axis=-1), probs.argmax(axis=-1), -1)
            sets = conformal_sets(found, quantiles[m], None if settings["allow_empty"] else top)
            sizes[m, here] = sets.sum(axis=-1)
            covered[m, here] = _true_class(sets[None], labels)[0] & (labels >= 0)

    list(over_predictions(run, *named, choice.measured, measured, progress=progress))
    return Found({"sizes": sizes, "covered": covered, "quantiles": quantiles}, {})


def _nested(found: Mapping[str, object], choice: SampleChoice, progress: Callable[[int], None] | None) -> Found:
    """Thresholds from two passes where they are tuned, sizes and coverage from one."""
    run, settings, seed = found["run"], found["settings"], found["seed"]
    alpha, tuned = settings["alpha"], None
    thresholds = settings["b"]
    if thresholds == TUNED:
        tuned = _tuned(run, choice, alpha, seed, progress)
        thresholds = (tuned.threshold,)
    columns = {
        name: np.zeros((run.n_exits, len(choice.measured)), dtype)
        for name, dtype in (
            *(("sizes", np.int32), ("covered", bool)),
            *(("running_sizes", np.int32), ("running_covered", bool)),
        )
    }

    def measured(logits: np.ndarray, here: slice, first: int) -> None:
        check_logits(logits, first, run.n_samples)
        some = choice.measured[here]
        labels = run.labels[some]
        sets = confidence_sets(log_ratios(logits, log_gammas(seed, some, logits), thresholds), alpha)
        for name, of in (("", sets), ("running_", running_intersection(sets))):
            columns[f"{name}sizes"][:, here] = of.sum(axis=-1)
            columns[f"{name}covered"][:, here] = _true_class(of, labels) & (labels >= 0)

    list(over_logits(run, choice.measured, measured, progress=progress))
    bounds = np.broadcast_to(np.array(thresholds, np.float64), (run.n_exits,)).copy()
    return Found({**columns, "thresholds": bounds}, {"tuned": None if tuned is None else list(tuned)})


def _tuned(run: Run, choice: SampleChoice, alpha: float, seed: int, progress: Callable[[int], None] | None) -> Tuned:
    """The threshold that the calibration samples choose, over the same draws as with any other."""
    fitted = choice.fitted[run.labels[choice.fitted] >= 0]
    if not len(fitted):
        raise ValueError(
            f"sets nested tune b on labels, and run {run.id} has none among the samples to fit on: give b a number, "
            f"or import the run with --labels"
        )

    def true_logits(logits: np.ndarray, here: slice, first: int) -> np.ndarray:
        check_logits(logits, first, run.n_samples)
        return _true_class(logits, run.labels[fitted[here]])

    found = np.concatenate(list(over_logits(run, fitted, true_logits, progress=progress)), axis=1)
    candidates = candidate_thresholds(found, alpha)

    def totals(logits: np.ndarray, here: slice, first: int) -> np.ndarray:
        draws, labels = log_gammas(seed, fitted[here], logits), run.labels[fitted[here]]
        sums = []
        for threshold in candidates:
            sets = confidence_sets(log_ratios(logits, draws, (threshold,)), alpha)
            last = running_intersection(sets)[-1]
            sums.append((last.sum(), _true_class(last[None], labels).sum()))
        return np.array(sums, np.int64)

    sums = np.sum(list(over_logits(run, fitted, totals, progress=progress)), axis=0) / len(fitted)
    return tuned_threshold(candidates, sums[:, 0], sums[:, 1], alpha)


def make_sets(
    method: str,
    settings: Mapping[str, object] | None,
    choice: SampleChoice,
    predictor: str = "pa",
    predictor_settings: Mapping[str, object] | None = None,
    *,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> SetResults:
    """The sets of the samples that were chosen; parameters and errors as `sets_of`.

    What took long is kept on disk, and read from there.
    """
    found = _about(method, settings, choice, predictor, predictor_settings, seed)
    compute = _nested if find_sets(method).function is None else _conformal
    return _set_results(found, _place(found, choice).compute(lambda: compute(found, choice, progress)))


def _about(
    method: str,
    settings: Mapping[str, object] | None,
    choice: SampleChoice,
    predictor: str,
    predictor_settings: Mapping[str, object] | None,
    seed: int,
) -> dict[str, object]:
    """What sets are of."""
    run = choice.run
    check_seed(seed)
    if find_sets(method).function is None and run.kind != "logits":
        raise ValueError(f"sets {method} need logits, and run {run.id} holds probabilities: choose raps, aps or lac")
    return {
        "run": run,
        "method": method,
        "settings": resolve_sets(method, settings, n_exits=run.n_exits),
        "predictor": predictor,
        "predictor_settings": resolve(predictor, predictor_settings, kind=run.kind, n_exits=run.n_exits),
        "split": choice.split,
        "positions": choice.measured,
        "fitted_on": choice.provenance,
        "fitted_on_test": choice.on_test,
        "seed": seed,
    }


def kept_sets(
    method: str,
    settings: Mapping[str, object] | None,
    choice: SampleChoice,
    predictor: str = "pa",
    predictor_settings: Mapping[str, object] | None = None,
    *,
    seed: int = 0,
) -> SetResults | None:
    """What `make_sets` kept of the same; None where nothing is kept, and passes over the logits are ahead."""
    found = _about(method, settings, choice, predictor, predictor_settings, seed)
    kept = _place(found, choice).read()
    return None if kept is None else _set_results(found, kept)


def _place(found: Mapping[str, object], choice: SampleChoice) -> Kept:
    """Where these sets are kept; nested ones are the same whatever the predictor."""
    run, conformal = found["run"], find_sets(found["method"]).function is not None
    table = run.n_exits, len(choice.measured)
    shapes = {"sizes": (np.int32, table), "covered": (np.bool_, table)}
    if conformal:
        shapes |= {"quantiles": (np.floating, (run.n_exits,))}
    else:
        shapes |= {"running_sizes": (np.int32, table), "running_covered": (np.bool_, table)}
        shapes |= {"thresholds": (np.floating, (run.n_exits,))}
    of = settings_key(found["predictor"], found["predictor_settings"]) if conformal else ""
    parts = run.fingerprint, found["method"], dict(found["settings"]), of, found["seed"]
    return Kept("sets", __name__, (*parts, samples_key(choice.fitted), samples_key(choice.measured)), shapes)


def _set_results(found: Mapping[str, object], numbers: Found) -> SetResults:
    tuned = numbers.said.get("tuned")
    return SetResults(**found, **numbers.arrays, tuned=None if tuned is None else Tuned(*tuned))


def sets_of(
    run: Run,
    method: str = "raps",
    settings: Mapping[str, object] | None = None,
    predictor: str = "pa",
    predictor_settings: Mapping[str, object] | None = None,
    split: str = "test",
    *,
    calibration: str | None = None,
    seed: int = 0,
    allow_test_fitting: bool = False,
    progress: Callable[[int], None] | None = None,
) -> SetResults:
    """Sets of classes at every exit, calibrated on samples that are not reported.

    Parameters
    ----------
    run : Run
    method, settings
        An id of `analysis.sets.SETS`, and what differs from its defaults; values or text.
    predictor, predictor_settings
        Whose probabilities conformal sets are made of; nested sets are made of the logits.
    split, calibration, allow_test_fitting
        As `analysis.results.fitting.choose_samples`; of a run without a calibration split a seeded 20 % of the split
        are calibrated on.
    seed
        Of that share, and of every random number, each of which belongs to its sample, and with it to its exit.
    progress
        Told after each chunk how many more samples are done.

    Raises
    ------
    ValueError
        An unknown method, predictor, setting or split; no labels to calibrate on; nothing left to measure.

    Examples
    --------
    >>> from analysis.storage import find_run, load_run
    >>> found = sets_of(load_run(find_run("msdnet-cifar100")), "lac", predictor="baseline")
    >>> found.coverage.round(2).tolist(), found.mean_size.round(1).tolist()
    ([0.95, 0.95, 0.95, 0.95, 0.95, 0.95, 0.95], [8.3, 6.0, 5.5, 5.3, 5.2, 5.4, 5.7])
    """
    resolved = resolve_sets(method, settings, n_exits=run.n_exits)
    choice = samples_for_sets(
        run,
        find_sets(method).fits(resolved),
        split,
        calibration=calibration,
        seed=seed,
        allow_test_fitting=allow_test_fitting,
    )
    return make_sets(method, resolved, choice, predictor, predictor_settings, seed=seed, progress=progress)
