"""A tuning, by accuracy or by likelihood, as one plain object: what `tune` prints. Needs only NumPy."""

from __future__ import annotations

from analysis.results.from_logits.likeliest import Likeliest
from analysis.results.from_logits.tuning import GRIDS, Tuning
from analysis.results.results import Results
from analysis.results.run_numbers import number, numbers, plain


def _measured(found: Tuning, results: Results) -> dict[str, object]:
    return {
        "expected_accuracy": number(found.expected_accuracy(results)),
        "falling_percent": number(found.falling_percent(results)),
        "accuracy": numbers(results.accuracy),
        "confidence": numbers(results.confidence),
        "ece": numbers(results.ece),
    }


def tuning_numbers(found: Tuning) -> dict[str, object]:
    """Everything about a tuning that is a number, as an object that JSON can hold.

    Returns
    -------
    dict
        `run predictor settings split samples labelled cost_unit fitted_on fitted_on_test`, `settings` the chosen ones,
        complete; `law`, `max_falling`, `threshold`, `grid`; `candidates`: `settings expected_accuracy falling_percent
        last_accuracy confidence feasible frontier chosen`, on the samples fitted on, accuracy and mean confidence at
        the last exit among them; `feasible`, whether any is; and on the measured samples `measured` and `default`:
        `expected_accuracy falling_percent`, and per exit `accuracy confidence ece`, of the chosen and of default
        settings.
    """
    measured = found.measured
    columns = {
        "expected_accuracy": numbers(found.expected),
        "falling_percent": numbers(found.falling),
        "last_accuracy": numbers(found.last_accuracy),
        "confidence": numbers(found.confidence),
        "feasible": found.feasible.tolist(),
        "frontier": found.frontier.tolist(),
    }
    return {
        "run": measured.run.id,
        "predictor": measured.predictor,
        "settings": plain(dict(measured.settings)),
        "split": found.split,
        "samples": measured.n_samples,
        "labelled": measured.labelled.n_samples,
        "cost_unit": found.cost_unit,
        "fitted_on": plain(found.fitted_on),
        "fitted_on_test": found.fitted_on_test,
        "law": plain(dict(found.law)),
        "max_falling": found.max_falling,
        "threshold": found.threshold,
        "grid": plain(GRIDS[measured.predictor]),
        "candidates": [
            {"settings": plain(dict(settings))}
            | {name: values[place] for name, values in columns.items()}
            | {"chosen": place == found.chosen}
            for place, settings in enumerate(found.candidates)
        ],
        "feasible": bool(found.feasible.any()),
        "measured": _measured(found, measured),
        "default": _measured(found, found.default),
    }


def _likelihoods(results: Results) -> dict[str, object]:
    return {name: numbers(getattr(results, name)) for name in ("nll", "nll_on_support", "ece", "accuracy")}


def likelihood_numbers(found: Likeliest) -> dict[str, object]:
    """A setting that was fitted by likelihood, as an object that JSON can hold.

    Returns
    -------
    dict
        `run predictor settings split samples labelled cost_unit fitted_on fitted_on_test`, `settings` complete with
        what was fitted; `fitted`, the setting's name; `at_bound`; and on the measured samples `measured` and `default`,
        with and without the fit: per exit `nll`, `nll_on_support`, `ece` and `accuracy`.
    """
    after = found.after
    return {
        "run": after.run.id,
        "predictor": after.predictor,
        "settings": plain(dict(after.settings)),
        "split": found.split,
        "samples": after.n_samples,
        "labelled": after.labelled.n_samples,
        "cost_unit": None,
        "fitted_on": plain(found.fitted_on),
        "fitted_on_test": found.fitted_on_test,
        "fitted": found.setting,
        "at_bound": found.at_bound,
        "measured": _likelihoods(after),
        "default": _likelihoods(found.before),
    }
