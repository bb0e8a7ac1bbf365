"""What `bench` times on traces: every metric, every number of `Results`, every policy with its numbers. Needs no torch.

Each is named, and is work that is done anew at every call.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.metrics import (
    accuracy,
    accuracy_drops,
    calibration,
    confusion,
    decrease,
    exit_information,
    failure_prediction,
    fall_histogram,
    flips,
    groups,
    improvability,
    lost_class,
    oscillation,
    overthinking,
    saving,
    uncertainty,
)
from analysis.policies import POLICIES
from analysis.policies.table import LOSSES, RULES
from analysis.predictors import resolve
from analysis.results import Results, apply_policy, difference_of
from analysis.results.policy_numbers import policy_numbers
from analysis.run import Run
from analysis.statistics.paired import bootstrap_intervals
from analysis.traces import Traces

Work = Callable[[], object]
CONFUSED = 40
"""Classes and pairs that are looked at together."""
OF = "true_class", "absolute"
NEEDED = {"confidence": {"lambda": 0.8}}
"""Policy -> settings without which it does not run."""


def metrics_of(traces: Traces) -> dict[str, Work]:
    """Every metric of `analysis.metrics`, by its function, on all exits and samples of labelled traces.

    What takes one exit is done for each of them.
    """
    confidence, correct, labels = traces.max_prob, traces.correct, traces.labels
    logs, fall = traces.log_true_class_prob, traces.falls[OF]
    sizes, predicted, entropy = fall.size, traces.predicted, traces.entropy
    costs = np.arange(1.0, traces.n_exits + 1)
    stops = np.where(correct.any(axis=0), correct.argmax(axis=0), traces.n_exits - 1)

    def each(function: Callable) -> Work:
        return lambda: [function(*one) for one in zip(confidence, correct)]

    pairs = confusion.pairs_of(labels, predicted, traces.n_classes)
    chosen = confusion.most_confused(pairs, traces.n_classes, CONFUSED)

    works = {
        accuracy.accuracy: (correct,),
        accuracy.top_k_accuracy: (traces.rank,),
        accuracy.mean_true_class_prob: (traces.true_class_prob,),
        accuracy.marginal_falls: (correct.mean(axis=1),),
        accuracy_drops.accuracy_drops: (correct[0], confidence[0], correct[-1], confidence[-1]),
        calibration.reliability: each(calibration.reliability),
        calibration.ece: each(calibration.ece),
        calibration.adaptive_ece: each(calibration.adaptive_ece),
        calibration.brier: (traces.sum_squared, traces.true_class_prob),
        calibration.brier_parts: each(calibration.brier_parts),
        calibration.nll: (logs,),
        calibration.nll_on_support: (logs, traces.collapsed),
        calibration.off_support: (logs, traces.collapsed),
        confusion.pairs_of: (labels, predicted, traces.n_classes),
        confusion.beside: (pairs, pairs),
        confusion.commonest: (pairs, CONFUSED),
        confusion.half_of_the_wrong: (pairs,),
        confusion.confusion_of_classes: (pairs, traces.n_classes),
        confusion.most_confused: (pairs, traces.n_classes, CONFUSED),
        confusion.matrix: (pairs, chosen),
        confusion.commonest_wrong: (pairs, traces.n_classes),
        confusion.order_by_confusion: (confusion.matrix(pairs, chosen),),
        decrease.largest_fall: (traces.true_class_prob,),
        decrease.largest_relative_fall: (logs,),
        decrease.decrease_percent: (sizes,),
        decrease.exit_pairs: (fall, traces.n_exits),
        exit_information.exit_information: (stops, labels, traces.n_exits, traces.n_classes),
        failure_prediction.failure_auroc: (confidence, correct),
        failure_prediction.improvable_auroc: (confidence, correct),
        failure_prediction.aurc: each(failure_prediction.aurc),
        failure_prediction.deferred_accuracy: each(failure_prediction.deferred_accuracy),
        failure_prediction.deferral_curve: each(failure_prediction.deferral_curve),
        fall_histogram.fall_counts: (sizes, fall_histogram.fall_edges()),
        flips.first_right: (correct,),
        flips.forgotten: (correct,),
        flips.flips: (correct,),
        flips.fixed: (correct[:-1], correct[1:]),
        flips.broken: (correct[:-1], correct[1:]),
        groups.by_group: (labels, correct, sizes, traces.n_classes),
        improvability.hindsight_improvability: (correct,),
        lost_class.lost_at: (correct,),
        lost_class.lost_by: (correct, logs, traces.collapsed),
        lost_class.lost_counts: (correct, logs, traces.collapsed),
        oscillation.changes: (predicted,),
        oscillation.settled_at: (predicted,),
        oscillation.settled_shares: (predicted,),
        oscillation.answer_entropy: (predicted,),
        oscillation.right_so_far: (correct,),
        overthinking.overthinking: (correct,),
        saving.threshold_curve: (confidence, correct, costs),
        saving.cheapest_reaching: (saving.threshold_curve(confidence, correct, costs), 0.5),
        saving.stopped_by: (confidence, correct, costs, 0.8),
        uncertainty.largest_rise: (entropy,),
        uncertainty.mean_entropy: (entropy, traces.shown),
        uncertainty.entropy_rise_percent: (entropy, traces.shown),
        uncertainty.set_growth_percent: (traces.support,),
    }
    return {
        f"metric, {function.__name__.replace('_', ' ')}": work if callable(work) else partial(function, *work)
        for function, work in works.items()
    }


def in_memory(traces: Traces, predictor: str) -> Results:
    """The results of traces that belong to no run folder: all samples are of the test split, each exit costs 1 more."""
    shape = traces.n_exits, traces.n_samples, traces.n_classes
    samples = pd.DataFrame({"id": np.arange(shape[1]).astype(str), "label": traces.labels, "split": "test"})
    run = Run(
        id="synthetic",
        path=Path(),
        title="Synthetic",
        dataset=None,
        model=None,
        kind="logits",
        exit_names=tuple(f"exit {m + 1}" for m in range(shape[0])),
        costs={"exits": tuple(range(1, shape[0] + 1))},
        class_names=tuple(map(str, range(shape[2]))),
        samples=samples,
        provenance={},
        logits=np.broadcast_to(np.float16(0), shape),
        identify=lambda: "synthetic",
    )
    settings = resolve(predictor, n_exits=shape[0])
    return Results(run, predictor, settings, "test", ("synthetic", predictor), np.arange(shape[1]), traces)


def anew(results: Results) -> Results:
    """The same results, of which no number is computed yet but whose labels are looked through."""
    fresh = dataclasses.replace(results, kept={})
    assert fresh.labelled is fresh
    assert fresh.has_labels
    return fresh


def numbers_of(results: Results) -> dict[str, Work]:
    """Every number of `Results`, by its name; those of falls, of the true class."""
    methods = {
        "falling_percent": (decrease.THRESHOLDS, *OF),
        "known_falls": OF,
        "fall_counts": OF,
        "exit_pairs": (*OF, 0.01),
    }
    kept = [name for name, held in vars(Results).items() if isinstance(held, cached_property)]
    named = {name: (lambda name=name: getattr(anew(results), name)) for name in kept}
    named |= {name: (lambda name=name: getattr(anew(results), name)(*methods[name])) for name in methods}
    return {f"results, {name.replace('_', ' ')}": work for name, work in named.items()}


def comparisons_of(a: Results, b: Results) -> dict[str, Work]:
    """What sets two results side by side."""
    right = b.right.astype(np.float64) - a.right
    return {
        "difference, changed answers": lambda: difference_of(anew(a), anew(b)).changed,
        "difference, samples that one alone has right": lambda: difference_of(anew(a), anew(b)).b_only,
        "difference, falls": lambda: difference_of(anew(a), anew(b)).falls(*OF),
        "difference, intervals of the accuracies": lambda: bootstrap_intervals(right),
    }


def policies_of(results: Results) -> dict[str, Work]:
    """Every policy, fitted on these samples and all of its numbers on them; risk control by each rule and loss."""
    chosen = {name: NEEDED.get(name, {}) for name in POLICIES if name != "risk"}
    chosen |= {f"risk, {rule}": {"rule": rule} for rule in RULES}
    chosen |= {f"risk, {loss}": {"loss": loss} for loss in LOSSES}

    def work(policy: str, settings: dict[str, object]) -> object:
        side = anew(results)
        return policy_numbers(apply_policy(policy, settings, side, side))

    return {f"policy, {name}": partial(work, name.partition(",")[0], settings) for name, settings in chosen.items()}
