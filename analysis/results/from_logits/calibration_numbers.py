"""A predictor's calibration as one plain object: what `calibration` prints. Needs only NumPy.

The object holds no NaN or infinity, so that it is JSON: what is infinite or unknown is None.
"""

from __future__ import annotations

import numpy as np

from analysis.results.from_logits.calibration import Calibration
from analysis.results.run_numbers import number, numbers, plain

FROM_TRACES = (
    *("accuracy", "ece", "ece_equal_mass", "brier", "nll", "nll_on_support", "off_support"),
    *("failure_auroc", "improvable_auroc", "aurc", "deferred_accuracy"),
)
"""The numbers of `Results` that each exit's object holds."""


def calibration_numbers(found: Calibration, cost_unit: str | None = None) -> dict[str, object]:
    """Everything about a predictor's calibration that is a number, as an object that JSON can hold.

    Parameters
    ----------
    cost_unit : one of the run's; None for its first

    Returns
    -------
    dict
        `run predictor settings split samples labelled cost_unit fitted_on fitted_on_test`, and `exits`: objects with
        `exit` (from 1), `cost`, the numbers of `FROM_TRACES`, `ece_classwise`, `brier_parts` (`reliability resolution
        uncertainty remainder`), `temperature` and `ece_at_temperature` (None where nothing is fitted), and
        `temperature_at_bound`: whether the search ended at a bound, so that a better one lies beyond.

    Raises
    ------
    ValueError
        A cost unit that the run does not know.
    """
    measured, fitted = found.measured, found.temperatures
    unit, costs = measured.run.cost(cost_unit) or (None, None)
    unknown = np.full(measured.n_exits, np.nan)
    columns = {name: numbers(getattr(measured, name)) for name in FROM_TRACES} | {
        "cost": numbers(unknown if costs is None else costs),
        "ece_classwise": numbers(found.ece_classwise),
        "brier_parts": [
            {name: number(part) for name, part in parts._asdict().items()} for parts in measured.brier_parts
        ],
        "temperature": numbers(unknown if fitted is None else fitted.values),
        "temperature_at_bound": [False] * measured.n_exits if fitted is None else fitted.at_bound.tolist(),
        "ece_at_temperature": numbers(unknown if fitted is None else found.ece_at_temperature),
    }
    order = (
        *("cost", "accuracy", "ece", "ece_equal_mass", "ece_classwise", "brier", "brier_parts", "nll"),
        *("nll_on_support", "off_support", "failure_auroc", "improvable_auroc", "aurc", "deferred_accuracy"),
        *("temperature", "temperature_at_bound", "ece_at_temperature"),
    )
    return {
        "run": measured.run.id,
        "predictor": measured.predictor,
        "settings": plain(dict(measured.settings)),
        "split": found.split,
        "samples": measured.n_samples,
        "labelled": measured.labelled.n_samples,
        "cost_unit": unit,
        "fitted_on": None if found.fitted_on is None else plain(found.fitted_on),
        "fitted_on_test": found.fitted_on_test,
        "exits": [{"exit": m + 1} | {name: columns[name][m] for name in order} for m in range(measured.n_exits)],
    }
