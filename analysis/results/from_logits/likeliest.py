"""`Likeliest`: the settings of a predictor that make known labels likeliest, found on samples that are not reported.

Two settings are fitted so: the temperature after a product or of the softmax, one for all exits, and the weights of the
exit ensemble. May import results, predictors and metrics.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from analysis.metrics.ensemble_weights import likeliest_weights
from analysis.metrics.temperature import LikelihoodCurve, fit_temperatures, likelihood_curve
from analysis.predictors import find_predictor, resolve
from analysis.results.fitting import SampleChoice, choose_samples, results_at
from analysis.results.from_logits.passes import over_predictions
from analysis.results.results import Results
from analysis.run import Run
from analysis.settings import join_or

FITTED = {
    "baseline": "temperature",
    "pa": "temperature",
    "softmax-poe": "temperature",
    "exit-ensemble": "weights",
}
"""Predictor -> the setting that is fitted."""


@dataclass(frozen=True, eq=False)
class Likeliest:
    """A predictor with its fitted setting beside the same without it: `likeliest_of` makes it.

    Attributes
    ----------
    setting, value : what was fitted
    at_bound : whether the best value lies beyond what is searched
    split, fitted_on, fitted_on_test : what is measured, and the provenance
    before, after : the results of the measured samples
    """

    setting: str
    value: object
    at_bound: bool
    split: str
    fitted_on: Mapping[str, object]
    fitted_on_test: bool
    before: Results
    after: Results

    @property
    def gained(self) -> Float64[np.ndarray, " exits"]:
        """How much likelier a label is, in the mean, of samples whose true class is on the support: nats."""
        return self.before.nll_on_support - self.after.nll_on_support


def fit_likeliest(
    choice: SampleChoice,
    predictor: str,
    settings: Mapping[str, object] | None = None,
    *,
    progress: Callable[[int], None] | None = None,
) -> Likeliest:
    """The fit on samples that were chosen; parameters and errors as `likeliest_of`."""
    if predictor not in FITTED:
        raise ValueError(f"nothing of predictor {predictor} is fitted by likelihood: choose {join_or(list(FITTED))}")
    run, setting = choice.run, FITTED[predictor]
    own = resolve(predictor, settings, kind=run.kind, n_exits=run.n_exits)
    if setting == "temperature" and own.get("activation") in ("relu", "heaviside") and predictor == "baseline":
        raise ValueError(f"baseline with activation={own['activation']} has no temperature: set activation=softmax")
    labels = choice.fitted_run.labels
    positions = choice.fitted[labels[choice.fitted] >= 0]
    if not len(positions):
        raise ValueError(
            f"run {choice.fitted_run.id} has no label among the samples to fit on: choose others by --calibration, or "
            f"import the run with --labels"
        )
    start = {name: value for name, value in own.items() if name != setting}
    if setting == "weights":
        value, at_bound = _weights(choice.fitted_run, own["activation"], positions), False
    else:
        value, at_bound = _temperature(choice.fitted_run, predictor, start, positions, progress)
    before, after = (results_at(run, predictor, using, choice.measured) for using in (own, {**start, setting: value}))
    return Likeliest(setting, value, at_bound, choice.split, choice.provenance, choice.on_test, before, after)


def _weights(run: Run, activation: str, positions: np.ndarray) -> tuple[float, ...]:
    """From traces: a mixture needs nothing but each exit's probability of the true class."""
    exits = results_at(run, "baseline", {"activation": activation}, positions)
    return likeliest_weights(np.exp(exits.traces.log_true_class_prob.astype(np.float64)))


def _temperature(
    run: Run,
    predictor: str,
    settings: Mapping[str, object],
    positions: np.ndarray,
    progress: Callable[[int], None] | None,
) -> tuple[float, bool]:
    """One T for all exits, of the sum of their likelihoods; 1 where no true class is on a support."""
    row = find_predictor(predictor)
    cold = resolve(row, {**settings, "temperature": 1.0}, kind=run.kind, n_exits=run.n_exits)
    labels = run.labels

    def curve(log_probs: np.ndarray, collapsed: np.ndarray, here: slice) -> LikelihoodCurve:
        return likelihood_curve(log_probs, collapsed, labels[positions[here]])

    whole = functools.reduce(
        LikelihoodCurve.plus, over_predictions(run, predictor, cold, positions, curve, progress=progress)
    )
    found = fit_temperatures(LikelihoodCurve(whole.samples.sum(keepdims=True), whole.sums.sum(axis=0, keepdims=True)))
    value = float(found.values[0])
    return (1.0 if np.isnan(value) else float(f"{value:.4g}")), bool(found.at_bound[0])


def likeliest_of(
    run: Run,
    predictor: str = "pa",
    settings: Mapping[str, object] | None = None,
    split: str = "test",
    *,
    calibration: str | None = None,
    seed: int = 0,
    allow_test_fitting: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Likeliest:
    """The temperature, or the ensemble's weights, under which the labels of calibration samples are likeliest.

    What is minimised is the mean negative log-likelihood over the samples whose true class is on the support; of a
    temperature summed over the exits (rounded to 4 digits), of weights at each exit by itself (rounded to 4 decimals).

    Parameters
    ----------
    run : Run
    predictor
        One of `FITTED`, which says what of it is fitted.
    settings
        What differs from the predictor's defaults; the fitted setting among them is what the fit is compared with.
    split, calibration, seed, allow_test_fitting
        As `analysis.results.fitting.choose_samples`.
    progress
        Told how many more calibration samples are done.

    Raises
    ------
    ValueError
        A predictor of which nothing is fitted; nothing to fit on or to measure; no labels.

    Examples
    --------
    >>> from analysis.storage import find_run, load_run
    >>> found = likeliest_of(load_run(find_run("msdnet-cifar100")), "baseline")
    >>> found.setting, round(found.value, 1), found.fitted_on["samples"]
    ('temperature', 2.1, 5000)
    """
    choice = choose_samples(run, split, calibration=calibration, seed=seed, allow_test_fitting=allow_test_fitting)
    return fit_likeliest(choice.by_label, predictor, settings, progress=progress)
