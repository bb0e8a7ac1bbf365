"""Does a better calibrated confidence save more compute: what stopping by it saves at one accuracy, and how good it is.

Arrays of confidences, so that those of a predictor and the same at a fitted temperature are treated alike. May import
metrics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from analysis.metrics.calibration import ece
from analysis.metrics.failure_prediction import failure_auroc, improvable_auroc
from analysis.metrics.saving import cheapest_reaching, stopped_by, threshold_curve

MEASURES = {"ece": "ECE", "failure": "AUROC, right or wrong", "improvable": "AUROC, mended later"}
"""How good a confidence is, by name: the mean over the exits where a rule can stop, all but the last."""


@dataclass(frozen=True)
class Confidences:
    """Confidences of samples whose label is known, and which of their answers are right: (exits, samples) each."""

    confidence: Float[np.ndarray, "exits samples"]
    correct: Bool[np.ndarray, "exits samples"]


@dataclass(frozen=True)
class Saving:
    """What one confidence saves.

    Attributes
    ----------
    threshold : of the confidence, the cheapest that reaches the accuracy where it was fitted; None: none reaches it
    saved : share of the last exit's cost, over the measured samples; NaN without threshold
    mean_cost, accuracy : of the measured samples under it
    measures : name in `MEASURES` -> its value over the measured samples, NaN where it is undefined at every exit
    """

    threshold: float | None
    saved: float
    mean_cost: float
    accuracy: float
    measures: dict[str, float]


def _mean(values: Sequence[float] | np.ndarray) -> float:
    known = np.asarray(values)[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def saving_of(fitted: Confidences, measured: Confidences, costs: Sequence[float] | np.ndarray, target: float) -> Saving:
    """Fit a threshold that reaches an accuracy on some samples, and measure on others what it saves.

    Parameters
    ----------
    costs : of each exit, cumulative
    target : the accuracy, a fraction of 1, that is to be reached on the fitted samples
    """
    costs, before = np.asarray(costs, np.float64), measured.confidence[:-1]
    measures = {
        "ece": _mean([ece(*one) for one in zip(before, measured.correct)]),
        "failure": _mean(failure_auroc(before, measured.correct[:-1])),
        "improvable": _mean(improvable_auroc(measured.confidence, measured.correct)[:-1]),
    }
    threshold = cheapest_reaching(threshold_curve(fitted.confidence, fitted.correct, costs), target)
    if threshold is None:
        return Saving(None, float("nan"), float("nan"), float("nan"), measures)
    cost, accuracy = stopped_by(measured.confidence, measured.correct, costs, threshold)
    return Saving(threshold, 1 - cost / float(costs[-1]), cost, accuracy, measures)
