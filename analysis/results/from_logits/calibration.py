"""`Calibration`: whether a predictor's probabilities mean what they say on a run, and what a temperature mends.

What traces hold is in `Results`; class-wise errors and temperatures need the logits again, one pass each: over the
samples that are fitted on, and over those that are measured. May import results, predictors and metrics.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from analysis.metrics.calibration import ClassBins, class_bins, classwise_error, ece
from analysis.metrics.temperature import LikelihoodCurve, Temperatures, fit_temperatures, likelihood_curve
from analysis.metrics.temperature import tempered_confidence as tempered
from analysis.results.fitting import SampleChoice, choose_samples, results_at
from analysis.results.from_logits.passes import over_predictions
from analysis.results.results import Results
from analysis.run import Run


@dataclass(frozen=True, eq=False)
class Calibration:
    """One predictor's calibration on one run: `calibration_of` makes it. Over the measured samples with a label.

    Attributes
    ----------
    measured : the results of the measured samples, whose `ece`, `brier`, `nll`, `aurc` and others these numbers join
    split, fitted_on, fitted_on_test : what is measured, and the provenance of the temperatures, as `SampleChoice` says
    ece_classwise : (exits,)
    temperatures : of each exit's probabilities, p^(1/T) normalised anew; None where there is nothing to fit on
    ece_at_temperature : (exits,), of the tempered confidences; None where there is no temperature
    """

    measured: Results
    split: str
    fitted_on: Mapping[str, object] | None
    fitted_on_test: bool
    ece_classwise: Float[np.ndarray, " exits"]
    temperatures: Temperatures | None
    ece_at_temperature: Float[np.ndarray, " exits"] | None


def samples_to_calibrate(
    run: Run, split: str = "test", *, calibration: str | None = None, seed: int = 0, allow_test_fitting: bool = False
) -> SampleChoice:
    """Which samples are measured, and on which temperatures are fitted: on none where the run sets none aside.

    As `analysis.results.fitting.choose_samples`, but for a run without a calibration split, of which all is measured.
    """
    fits = calibration is not None or allow_test_fitting or bool(len(run.positions("calibration")))
    return choose_samples(
        run, split, calibration=calibration, seed=seed, allow_test_fitting=allow_test_fitting, fits=fits
    )


def calibrate(measured: Results, choice: SampleChoice, *, progress: Callable[[int], None] | None = None) -> Calibration:
    """The calibration of samples whose results are at hand.

    Parameters
    ----------
    measured
        The results of `choice.measured`.
    progress
        Told how many more samples are done, of the fitted and of the measured ones with a label.

    Raises
    ------
    ValueError
        None of the measured samples has a label.
    """
    if not measured.has_labels:
        raise ValueError(
            f"run {choice.run.id} has no label among the measured samples, and without labels nothing can be said of "
            f"calibration: choose another split, or import the run with --labels"
        )
    temperatures = _temperatures(measured, choice, progress)
    values = None if temperatures is None else temperatures.values
    classwise, confidences = _pass_over_measured(measured, values, progress)
    correct = measured.labelled.traces.correct
    at_temperature = [
        float("nan") if confidence is None else ece(confidence, right)
        for confidence, right in zip(confidences, correct)
    ]
    return Calibration(
        measured,
        choice.split,
        None if temperatures is None else choice.provenance,
        temperatures is not None and choice.on_test,
        classwise,
        temperatures,
        None if temperatures is None else np.array(at_temperature),
    )


def _temperatures(
    measured: Results, choice: SampleChoice, progress: Callable[[int], None] | None
) -> Temperatures | None:
    """Fitted in one pass; None where no sample with a label is there to fit on."""
    labels = choice.fitted_run.labels
    positions = choice.fitted[labels[choice.fitted] >= 0]
    if not len(positions):
        return None

    def curve(log_probs: np.ndarray, collapsed: np.ndarray, here: slice) -> LikelihoodCurve:
        return likelihood_curve(log_probs, collapsed, labels[positions[here]])

    found = over_predictions(
        choice.fitted_run, measured.predictor, measured.settings, positions, curve, progress=progress
    )
    return fit_temperatures(functools.reduce(LikelihoodCurve.plus, found))


def _pass_over_measured(
    measured: Results, temperatures: np.ndarray | None, progress: Callable[[int], None] | None
) -> tuple[np.ndarray, list[np.ndarray | None]]:
    """Class-wise errors, and each exit's tempered confidences, None where there is no temperature.

    What a collapsed sample shows is no product, so its confidence stays, as with a predictor's setting `temperature`.
    Confidences are kept in float32, as traces keep them.
    """
    known = measured.labelled
    positions, labels, n_exits = known.positions, known.traces.labels, known.n_exits
    values = [float("nan")] * n_exits if temperatures is None else temperatures.tolist()
    confidences = [None if np.isnan(T) else known.traces.max_prob[m].copy() for m, T in enumerate(values)]

    def visit(log_probs: np.ndarray, collapsed: np.ndarray, here: slice) -> list[ClassBins]:
        for m, confidence in enumerate(confidences):
            if confidence is not None:
                stands = ~collapsed[m]
                confidence[here][stands] = tempered(log_probs[m, stands], values[m])
        return [class_bins(np.exp(logs), labels[here]) for logs in log_probs]

    visits = over_predictions(measured.run, measured.predictor, measured.settings, positions, visit, progress=progress)
    bins = functools.reduce(lambda ours, theirs: [a.plus(b) for a, b in zip(ours, theirs)], visits)
    return np.array([classwise_error(found) for found in bins]), confidences


def calibration_of(
    run: Run,
    predictor: str = "pa",
    settings: Mapping[str, object] | None = None,
    split: str = "test",
    *,
    calibration: str | None = None,
    seed: int = 0,
    allow_test_fitting: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Calibration:
    """Whether probabilities mean what they say; temperatures are fitted on samples that are not reported.

    Parameters
    ----------
    run : Run
    predictor, settings, split
        As `analysis.results.results_of`.
    calibration, seed, allow_test_fitting
        As `analysis.results.fitting.choose_samples`; without a calibration split nothing is fitted.
    progress
        Told how many more samples are done, in each of at most three passes over the logits.

    Raises
    ------
    ValueError
        An unknown predictor, setting or split; no labels; nothing left to measure.

    Examples
    --------
    >>> from analysis.storage import find_run, load_run
    >>> found = calibration_of(load_run(find_run("msdnet-cifar100")), "baseline")
    >>> found.measured.ece.round(3).tolist(), found.temperatures.values.round(2).tolist()
    ([0.156, 0.168, 0.173, 0.174, 0.172, 0.174, 0.178], [1.79, 1.88, 2.04, 2.16, 2.19, 2.26, 2.27])
    """
    choice = samples_to_calibrate(run, split, calibration=calibration, seed=seed, allow_test_fitting=allow_test_fitting)
    measured = results_at(run, predictor, settings, choice.measured, progress=progress)
    return calibrate(measured, choice, progress=progress)
