"""Which samples something is fitted on, and which are then measured: never the same ones silently.

Whatever fits a quantity, a threshold, a temperature, a quantile, chooses its samples here and carries their
provenance. May import runs and settings, and the results of one run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Bool, Int64

from analysis.results.results import Results, results_of
from analysis.run import Run
from analysis.settings import parse_slice


@dataclass(frozen=True, eq=False)
class SampleChoice:
    """The samples that are measured, and those that are fitted on.

    Attributes
    ----------
    run, split : whose samples are measured
    measured : int64, their positions in the run
    fitted_run : whose samples are fitted on; another run under shift
    fitted : int64, their positions in that run; none where nothing is fitted
    named : what they are: a split, a slice `A:B`, or `random:SHARE`
    seed : of a random choice; None where there was none
    on_test : whether a sample that is measured was fitted on
    """

    run: Run
    split: str
    measured: Int64[np.ndarray, " measured"]
    fitted_run: Run
    fitted: Int64[np.ndarray, " fitted"]
    named: str
    seed: int | None
    on_test: bool

    @property
    def provenance(self) -> dict[str, object] | None:
        """`run`, `split` (or the slice), `samples` and `seed` of what is fitted on; None where nothing is."""
        if not len(self.fitted):
            return None
        return {"run": self.fitted_run.id, "split": self.named, "samples": len(self.fitted), "seed": self.seed}

    @property
    def by_label(self) -> SampleChoice:
        """The same where labels are fitted on: of the samples to fit on those whose label is known, if any is."""
        known = self.fitted_run.labels[self.fitted] >= 0
        return self if known.all() or not known.any() else replace(self, fitted=self.fitted[known])


def random_share(text: str) -> float | None:
    """The SHARE of `random:SHARE`; None for any other text.

    Raises
    ------
    ValueError
        It is no number strictly between 0 and 1.
    """
    word, colon, share = text.partition(":")
    if word.strip() != "random" or not colon:
        return None
    try:
        value = float(share)
    except ValueError:
        value = math.nan
    if not 0 < value < 1:
        raise ValueError(f"--calibration {text}: give a share between 0 and 1, for example random:0.2")
    return value


def drawn_order(n_samples: int, seed: int) -> Int64[np.ndarray, " samples"]:
    """In which order a seed draws samples: those that stand first are the random share, whatever its size."""
    return np.random.default_rng(seed).permutation(n_samples)


def _named_samples(text: str, source: Run, split: str, seed: int) -> tuple[np.ndarray, int | None]:
    """The positions that `--calibration` names, in the run's order, and the seed where they were drawn."""
    share = random_share(text)
    if share is None:
        chosen = parse_slice(text, source.n_samples, "--calibration")
        return np.arange(chosen.start, chosen.stop), None
    among = source.positions(split)
    count = round(share * len(among))
    if not 1 <= count < len(among):
        raise ValueError(
            f"--calibration {text} takes {count} of the {len(among)} sample{'s' * (len(among) != 1)} of split {split}: "
            f"choose a share that leaves some on both sides"
        )
    return np.sort(among[drawn_order(len(among), seed)[:count]]), seed


def _same_samples(run: Run, positions: np.ndarray, other: Run, others: np.ndarray, *, by_split: bool) -> np.ndarray:
    """Which of a run's samples are among another's: of the same id, and `by_split` of the same split too."""
    columns = ["id", "split"] if by_split else ["id"]
    here, there = run.samples[columns].iloc[positions], other.samples[columns].iloc[others]
    return pd.MultiIndex.from_frame(here).isin(pd.MultiIndex.from_frame(there))


def choose_samples(
    run: Run,
    split: str = "test",
    *,
    calibration: str | None = None,
    seed: int = 0,
    fitted_on: Run | None = None,
    allow_test_fitting: bool = False,
    fits: bool = True,
) -> SampleChoice:
    """Which samples of a run are measured, and which are fitted on.

    Parameters
    ----------
    split
        `test`, `calibration` or `all`: what is measured, less what is fitted on.
    calibration
        A Python slice `A:B` in the run's order, or `random:SHARE`, a share of the split drawn by `seed`, in place of
        the run's calibration split.
    fitted_on
        Another run whose samples are fitted on: its calibration split; without one, its samples whose ids are not
        measured here.
    allow_test_fitting
        Measure all of the split, also what was fitted on; without a calibration split, fit on the split itself.
    fits
        Whether anything is fitted at all; `calibration` is left out of what is measured in either case.

    Raises
    ------
    ValueError
        No samples to fit on, or none left to measure; another network's run.
    """
    source, split_positions = fitted_on or run, run.positions(split)
    if not len(split_positions):
        raise ValueError(f"run {run.id} has no samples of split {split}: choose another --split")
    if fitted_on is not None:
        _check_same_network(run, fitted_on)
    fitted, named, drawn_by = np.arange(0), "", None
    if calibration is not None:
        fitted, drawn_by = _named_samples(calibration, source, split, seed)
        named = calibration.strip()
    elif fits:
        fitted, named = source.positions("calibration"), "calibration"
        if not len(fitted):
            fitted, named = _without_calibration_split(run, split, split_positions, fitted_on, allow_test_fitting)
    by_split = fitted_on is not None and (calibration is not None or named == "calibration")
    shared = (
        np.isin(split_positions, fitted)
        if fitted_on is None
        else _same_samples(run, split_positions, fitted_on, fitted, by_split=by_split)
    )
    measured = split_positions if allow_test_fitting else split_positions[~shared]
    if not len(measured):
        raise ValueError(
            f"all {len(split_positions)} samples of split {split} are fitted on, and none is left to measure: choose "
            f"another --split or --calibration, or allow it with --allow-test-fitting"
        )
    if not fits:
        fitted, named, drawn_by = np.arange(0), "", None
    on_test = fits and allow_test_fitting and bool(shared.any())
    return SampleChoice(run, split, measured, source, fitted, named, drawn_by, on_test)


def _without_calibration_split(
    run: Run, split: str, split_positions: np.ndarray, fitted_on: Run | None, allow_test_fitting: bool
) -> tuple[np.ndarray, str]:
    """What is fitted on where no calibration split is, and its name."""
    if fitted_on is not None:
        everything = fitted_on.positions("all")
        others = everything[~_same_samples(fitted_on, everything, run, split_positions, by_split=False)]
        if len(others):
            return others, "test"
        if allow_test_fitting:
            return everything, "test"
        raise ValueError(
            f"run {fitted_on.id} has no calibration split, and all its samples are measured on run {run.id}: set "
            f"some aside with --calibration random:0.2, or fit on them with --allow-test-fitting"
        )
    if allow_test_fitting:
        return split_positions, split
    raise ValueError(
        f"run {run.id} has no calibration split to fit on: set samples of the split aside with --calibration "
        f"random:0.2 (seeded) or A:B, or fit on what is measured with --allow-test-fitting, which is then said"
    )


def _check_same_network(run: Run, other: Run) -> None:
    for what, here, there in (("exits", run.n_exits, other.n_exits), ("classes", run.n_classes, other.n_classes)):
        if here != there:
            raise ValueError(
                f"run {other.id} has {there} {what} and run {run.id} {here}: fit on a run of the same network"
            )


def split_that_holds(run: Run, positions: Int64[np.ndarray, " samples"]) -> tuple[str, Int64[np.ndarray, " samples"]]:
    """The smallest split that holds all these samples, and their places within it.

    Raises
    ------
    ValueError
        They are not all samples of the run.
    """
    for split in ("test", "calibration", "all"):
        held = run.positions(split)
        inside: Bool[np.ndarray, " samples"] = np.isin(positions, held)
        if inside.all():
            return split, np.searchsorted(held, positions)
    raise ValueError(f"positions must lie within the {run.n_samples} samples of run {run.id}")


def results_at(
    run: Run,
    predictor: str,
    settings: Mapping[str, object] | None,
    positions: Int64[np.ndarray, " samples"],
    *,
    progress: Callable[[int], None] | None = None,
) -> Results:
    """The results of any samples of a run, from the traces of the split that holds them all, or of all splits."""
    split, places = split_that_holds(run, positions)
    return results_of(run, predictor, settings, split, progress=progress).select(places)
