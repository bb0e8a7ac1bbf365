"""A run under one predictor in numbers: what `summarize` prints, from traces alone. Needs only NumPy.

What mentions the true class is over the samples whose label is known, everything else over all of them. The result
holds no NaN or infinity, so that it is JSON: what is infinite or unknown is None.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from analysis.metrics.accuracy import accuracy, mean_true_class_prob, top_k_accuracy
from analysis.metrics.calibration import brier, ece, nll, off_support
from analysis.metrics.decrease import THRESHOLDS, decrease_percent
from analysis.metrics.flips import flips
from analysis.metrics.improvability import hindsight_improvability
from analysis.metrics.overthinking import overthinking
from analysis.metrics.uncertainty import ENTROPY_THRESHOLDS, entropy_rise_percent, mean_entropy
from analysis.run import Run
from analysis.traces import Traces

TOP = 5


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


def decreases(traces: Traces, labelled: Traces, kind: str) -> dict[str, dict[str, float | None]]:
    """What falls -> threshold -> percent of samples; `labelled` are the traces of those whose label is known.

    Parameters
    ----------
    kind : `absolute` or `relative`
    """
    sides = {"true_class": labelled, "final_prediction": traces, "any_class": traces}
    return {
        of: by_threshold(THRESHOLDS, decrease_percent(side.falls[of, kind].size, THRESHOLDS))
        for of, side in sides.items()
    }


def exit_rows(traces: Traces, labelled: Traces, costs: Sequence[float] | None) -> list[dict[str, object]]:
    """One object per exit, as the contract names its fields."""
    columns = {
        "accuracy": accuracy(labelled.correct),
        "top5": top_k_accuracy(labelled.rank, min(TOP, traces.n_classes)),
        "true_class_prob": mean_true_class_prob(labelled.true_class_prob),
        "entropy": mean_entropy(traces.entropy, traces.shown),
        "ece": [ece(confidence, right) for confidence, right in zip(labelled.max_prob, labelled.correct)],
        "brier": brier(labelled.sum_squared, labelled.true_class_prob),
        "nll": nll(labelled.log_true_class_prob),
        "off_support": off_support(labelled.log_true_class_prob, labelled.collapsed),
        "collapsed": accuracy(traces.collapsed),
    }
    listed = {name: numbers(values) for name, values in columns.items()}
    return [
        {"exit": m + 1, "cost": None if costs is None else number(costs[m])}
        | {name: values[m] for name, values in listed.items()}
        for m in range(traces.n_exits)
    ]


def summarize(
    run: Run,
    traces: Traces,
    predictor_id: str,
    settings: Mapping[str, object],
    split: str = "test",
    cost_unit: str | None = None,
) -> dict[str, object]:
    """Everything about a run under one predictor that is a number, as an object that JSON can hold.

    Parameters
    ----------
    run
        Gives the name and the costs.
    traces
        Of the split's samples.
    predictor_id, settings
        What the traces were computed with, settings complete.
    split
        The split that the traces are of.
    cost_unit
        One of the run's cost units; None for its first.

    Returns
    -------
    dict
        `run predictor settings split samples labelled cost_unit`; `exits`, a list of objects with `exit` (from 1) and
        `cost accuracy top5 true_class_prob entropy ece brier nll off_support collapsed`; `decrease_percent` and
        `relative_decrease_percent`, each of `true_class`, `final_prediction` and `any_class` by threshold;
        `entropy_rise_percent` by threshold (nats); `overthinking` (`oracle_accuracy destructive wasteful`); and per
        exit `hindsight_improvability` and `flips` (`learned`, `forgotten`, in samples). Accuracies and shares are
        fractions of 1, falls and rises percent.

    Raises
    ------
    ValueError
        A cost unit that the run does not know.
    """
    unit, costs = run.cost(cost_unit) or (None, None)
    labelled = traces.labelled()
    known = labelled.n_samples > 0
    learned, forgotten = flips(labelled.correct)
    return {
        "run": run.id,
        "predictor": predictor_id,
        "settings": plain(dict(settings)),
        "split": split,
        "samples": traces.n_samples,
        "labelled": labelled.n_samples,
        "cost_unit": unit,
        "exits": exit_rows(traces, labelled, costs),
        "decrease_percent": decreases(traces, labelled, "absolute"),
        "relative_decrease_percent": decreases(traces, labelled, "relative"),
        "entropy_rise_percent": by_threshold(
            ENTROPY_THRESHOLDS, entropy_rise_percent(traces.entropy, traces.shown, ENTROPY_THRESHOLDS)
        ),
        "overthinking": {name: number(value) for name, value in overthinking(labelled.correct)._asdict().items()},
        "hindsight_improvability": numbers(hindsight_improvability(labelled.correct))
        if known
        else [None] * run.n_exits,
        "flips": {
            "learned": learned.tolist() if known else [None] * run.n_exits,
            "forgotten": forgotten.tolist() if known else [None] * run.n_exits,
        },
    }
