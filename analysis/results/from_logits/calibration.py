"""`Calibration`: whether a predictor's probabilities mean what they say on a run, and what a temperature mends.

What traces hold is in `Results`; temperatures need the logits again, in one pass over the samples that are fitted on,
class-wise errors and tempered confidences in another over these and those that are measured. May import results,
predictors and metrics.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from analysis.metrics.calibration import ClassBins, class_bins, classwise_error, ece
from analysis.metrics.temperature import LikelihoodCurve, Temperatures, fit_temperatures, likelihood_curve
from analysis.metrics.temperature import tempered_confidence as tempered
from analysis.predictors import settings_key
from analysis.results.fitting import SampleChoice, choose_samples, results_at
from analysis.results.from_logits.kept import Found, Kept, samples_key
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
    confidence, fitted_confidence : float32, the tempered confidences of the labelled samples that are measured, and of
        those that are fitted on; None where there is no temperature
    """

    measured: Results
    split: str
    fitted_on: Mapping[str, object] | None
    fitted_on_test: bool
    ece_classwise: Float[np.ndarray, " exits"]
    temperatures: Temperatures | None
    ece_at_temperature: Float[np.ndarray, " exits"] | None
    confidence: Float32[np.ndarray, "exits labelled"] | None = None
    fitted_confidence: Float32[np.ndarray, "exits fitted"] | None = None


def samples_to_calibrate(
    run: Run, split: str = "test", *, calibration: str | None = None, seed: int = 0, allow_test_fitting: bool = False
) -> SampleChoice:
    """Which samples are measured, and on which temperatures are fitted: on none where the run sets none aside.

    As `analysis.results.fitting.choose_samples`, but for a run without a calibration split, of which all is measured.
    """
    fits = calibration is not None or allow_test_fitting or bool(len(run.positions("calibration")))
    return choose_samples(
        run, split, calibration=calibration, seed=seed, allow_test_fitting=allow_test_fitting, fits=fits
    ).by_label


def calibrate(measured: Results, choice: SampleChoice, *, progress: Callable[[int], None] | None = None) -> Calibration:
    """The calibration of samples whose results are at hand; what took long is kept on disk, and read from there.

    Parameters
    ----------
    measured
        The results of `choice.measured`.
    progress
        Told how many more samples are done: of the fitted ones, then of these and the measured ones together, those
        with a label alone.

    Raises
    ------
    ValueError
        None of the measured samples has a label.
    """
    fitted = _fitted(measured, choice)
    return _calibration(measured, choice, _place(measured, choice).compute(lambda: _passes(measured, fitted, progress)))


def kept_calibration(measured: Results, choice: SampleChoice) -> Calibration | None:
    """What `calibrate` kept of the same; None where nothing is kept, and passes over the logits are ahead."""
    found = _place(measured, choice).read()
    return None if found is None else _calibration(measured, choice, found)


def _fitted(measured: Results, choice: SampleChoice) -> np.ndarray:
    """The positions of the samples with a label that temperatures are fitted on."""
    if not measured.has_labels:
        raise ValueError(
            f"run {choice.run.id} has no label among the measured samples, and without labels nothing can be said of "
            f"calibration: choose another split, or import the run with --labels"
        )
    return choice.fitted[choice.run.labels[choice.fitted] >= 0]


def _place(measured: Results, choice: SampleChoice) -> Kept:
    fitted, known, n_exits = _fitted(measured, choice), measured.labelled, measured.n_exits
    per_exit = {"classwise": (np.floating, (n_exits,))}
    if len(fitted):
        per_exit |= {"temperatures": (np.floating, (n_exits,)), "at_bound": (np.bool_, (n_exits,))}
        per_exit |= {
            name: (np.floating, (n_exits, count))
            for name, count in (("confidence", known.n_samples), ("fitted_confidence", len(fitted)))
        }
    of = measured.run.fingerprint, settings_key(measured.predictor, measured.settings)
    return Kept("calibration", __name__, (*of, samples_key(fitted), samples_key(known.positions)), per_exit)


def _calibration(measured: Results, choice: SampleChoice, found: Found) -> Calibration:
    arrays, fits = found.arrays, "temperatures" in found.arrays
    at_temperature = None
    if fits:
        correct = measured.labelled.traces.correct
        at_temperature = np.array([ece(*one) for one in zip(arrays["confidence"], correct)])
        at_temperature[np.isnan(arrays["temperatures"])] = np.nan
    return Calibration(
        measured,
        choice.split,
        choice.provenance if fits else None,
        fits and choice.on_test,
        arrays["classwise"],
        Temperatures(arrays["temperatures"], arrays["at_bound"]) if fits else None,
        at_temperature,
        arrays.get("confidence"),
        arrays.get("fitted_confidence"),
    )


def _passes(measured: Results, fitted: np.ndarray, progress: Callable[[int], None] | None) -> Found:
    """One pass over the fitted samples for the temperatures, one over these and the measured ones for the rest."""
    temperatures = _temperatures(measured, fitted, progress)
    values = np.full(measured.n_exits, np.nan) if temperatures is None else temperatures.values
    everything = np.union1d(fitted, measured.labelled.positions)
    classwise, confidence = _pass_over(everything, measured, values, progress)
    if temperatures is None:
        return Found({"classwise": classwise}, {})
    known = confidence[:, np.searchsorted(everything, measured.labelled.positions)]
    theirs = confidence[:, np.searchsorted(everything, fitted)]
    arrays = {"temperatures": values, "at_bound": temperatures.at_bound, "classwise": classwise}
    return Found(arrays | {"confidence": known, "fitted_confidence": theirs}, {})


def _temperatures(
    measured: Results, positions: np.ndarray, progress: Callable[[int], None] | None
) -> Temperatures | None:
    """Fitted in one pass; None where no sample with a label is there to fit on."""
    if not len(positions):
        return None
    run, labels = measured.run, measured.run.labels

    def curve(log_probs: np.ndarray, collapsed: np.ndarray, here: slice) -> LikelihoodCurve:
        return likelihood_curve(log_probs, collapsed, labels[positions[here]])

    found = over_predictions(run, measured.predictor, measured.settings, positions, curve, progress=progress)
    return fit_temperatures(functools.reduce(LikelihoodCurve.plus, found))


def _pass_over(
    positions: np.ndarray, measured: Results, temperatures: np.ndarray, progress: Callable[[int], None] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Class-wise errors of the measured samples, and every sample's tempered confidences, (exits, positions).

    What a collapsed sample shows is no product, so its confidence stays, as with a predictor's setting `temperature`,
    and so do all where there is no temperature. Confidences are kept in float32, as traces keep them.
    """
    known = measured.labelled
    labels, ours = measured.run.labels[positions], np.isin(positions, known.positions)
    confidences = np.empty((known.n_exits, len(positions)), np.float32)
    confidences[:, ours] = known.traces.max_prob

    def visit(log_probs: np.ndarray, collapsed: np.ndarray, here: slice) -> list[ClassBins]:
        mine = ours[here]
        for m, temperature in enumerate(temperatures):
            confidence, stands = confidences[m, here], ~collapsed[m] & np.isfinite(temperature)
            others = ~mine & ~stands
            confidence[others] = np.exp(log_probs[m, others].max(axis=-1, initial=-np.inf))
            if stands.any():
                confidence[stands] = tempered(log_probs[m, stands], float(temperature))
        some = log_probs if mine.all() else log_probs[:, mine]
        return [class_bins(np.exp(logs), labels[here][mine]) for logs in some]

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
