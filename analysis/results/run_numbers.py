"""The results of a run under one predictor as one plain object: what `summarize` prints. Needs only NumPy.

The object holds no NaN or infinity, so that it is JSON: what is infinite or unknown is None.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from analysis.metrics.decrease import THRESHOLDS
from analysis.metrics.uncertainty import ENTROPY_THRESHOLDS
from analysis.results.results import Results
from analysis.traces.table import OF

PER_EXIT = ("accuracy", "top5", "true_class_prob", "entropy", "ece", "brier", "nll", "off_support", "collapsed")
"""The numbers of `Results` that each exit's object holds, in its order."""


def number(value: float) -> float | None:
    """A float that JSON can hold: None for what is infinite or not known."""
    value = float(value)
    return value if math.isfinite(value) else None


def numbers(values: Iterable[float]) -> list[float | None]:
    """Floats that JSON can hold: None for what is infinite or not known."""
    return [number(value) for value in values]


def plain(value: object) -> object:
    """A setting as JSON: tuples and arrays become lists, what JSON cannot hold its text."""
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, bool | int | str):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    return str(value)


def by_threshold(thresholds: Sequence[float], percents: np.ndarray) -> dict[str, float | None]:
    """Each threshold as text -> percent: '0.01': 53.72."""
    return {f"{tau:g}": number(percent) for tau, percent in zip(thresholds, percents)}


def decreases(results: Results, kind: str) -> dict[str, dict[str, float | None]]:
    """What falls -> by threshold, percent of samples; `kind` as in `Results.fall`."""
    return {of: by_threshold(THRESHOLDS, results.falling_percent(THRESHOLDS, of, kind)) for of in OF}


def exit_rows(results: Results, costs: Sequence[float] | None) -> list[dict[str, object]]:
    """One object per exit, as the contract names its fields."""
    listed = {name: numbers(getattr(results, name)) for name in PER_EXIT}
    return [
        {"exit": m + 1, "cost": None if costs is None else number(costs[m])}
        | {name: values[m] for name, values in listed.items()}
        for m in range(results.n_exits)
    ]


def summarize(results: Results, cost_unit: str | None = None) -> dict[str, object]:
    """Everything about a run under one predictor that is a number, as an object that JSON can hold.

    Parameters
    ----------
    results
        Of the run and the predictor.
    cost_unit
        One of the run's cost units; None for its first.

    Returns
    -------
    dict
        `run predictor settings split samples labelled cost_unit`; `exits`, a list of objects with `exit` (from 1) and
        `cost accuracy top5 true_class_prob entropy ece brier nll off_support collapsed`; `decrease_percent` and
        `relative_decrease_percent`, each of `true_class`, `final_prediction` and `any_class` by threshold;
        `entropy_rise_percent` by threshold (nats); `overthinking` (`oracle_accuracy destructive wasteful`);
        `causes`, of samples that are wrong at the last exit: `never_led`, and per exit at which another class takes the
        lead for good `off_support` and `outvoted`, in samples;
        `oscillation` (`changes`, `answer_entropy`, means over samples; `settled_shares`, `right_so_far`, per exit); and
        per exit `hindsight_improvability` and `flips` (`learned`, `forgotten`, in samples). Accuracies and shares are
        fractions of 1, falls and rises percent.

    Raises
    ------
    ValueError
        A cost unit that the run does not know.
    """
    unit, costs = results.run.cost(cost_unit) or (None, None)
    unknown = None if results.has_labels else [None] * results.n_exits
    return {
        "run": results.run.id,
        "predictor": results.predictor,
        "settings": plain(dict(results.settings)),
        "split": results.split,
        "samples": results.n_samples,
        "labelled": results.labelled.n_samples,
        "cost_unit": unit,
        "exits": exit_rows(results, costs),
        "decrease_percent": decreases(results, "absolute"),
        "relative_decrease_percent": decreases(results, "relative"),
        "entropy_rise_percent": by_threshold(ENTROPY_THRESHOLDS, results.entropy_rise_percent),
        "overthinking": {name: number(value) for name, value in results.overthinking._asdict().items()},
        "hindsight_improvability": unknown or numbers(results.hindsight_improvability),
        "oscillation": {
            "changes": number(results.changes),
            "answer_entropy": number(results.answer_entropy),
            "settled_shares": numbers(results.settled_shares),
            "right_so_far": unknown or numbers(results.right_so_far),
        },
        "causes": {
            name: None if not results.has_labels else np.asarray(counts).tolist()
            for name, counts in results.causes._asdict().items()
        },
        "flips": {name: unknown or counts.tolist() for name, counts in results.flips._asdict().items()},
    }
