"""What a correction did to a run: the baseline's and the corrected traces side by side, as the overview shows them.

Of labelled samples only, with the probability of the true class; of a run without labels, with the probability of each
predictor's own final prediction. May import traces and metrics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.metrics.accuracy import accuracy, mean_over_samples
from analysis.metrics.calibration import ece
from analysis.metrics.decrease import Fall, decrease_percent
from analysis.metrics.flips import broken, fixed
from analysis.metrics.groups import by_group
from analysis.metrics.uncertainty import mean_entropy
from analysis.traces import Traces


@dataclass(frozen=True, eq=False)
class Side:
    """One predictor's numbers; arrays (exits,) unless said otherwise.

    Attributes
    ----------
    right : fraction of samples that are right; without labels, whose prediction is already the final one
    probability : mean probability of the true class, or of the final prediction
    confidence : mean probability of the predicted class
    ece : expected calibration error, 15 bins; NaN without labels
    entropy : mean entropy in nats, over what is shown
    probabilities : (exits, samples), of which `probability` is the mean
    fall : the largest fall of each sample's probability
    collapsed : int, number of (exit, sample) pairs that have collapsed
    relative_fall : the largest fall of each sample's probability, as a share of what it fell from
    impossible : int, samples whose true class has probability 0 at the last exit; 0 without labels
    tied : int, samples whose last answer is one of several classes of equal probability
    """

    right: np.ndarray
    probability: np.ndarray
    confidence: np.ndarray
    ece: np.ndarray
    entropy: np.ndarray
    probabilities: np.ndarray
    fall: Fall
    collapsed: int
    relative_fall: Fall
    impossible: int
    tied: int

    def falling_percent(self, thresholds: Sequence[float]) -> np.ndarray:
        """Percent of samples that fall by more than each threshold."""
        return decrease_percent(self.fall.size, thresholds)

    def relatively_falling_percent(self, thresholds: Sequence[float]) -> np.ndarray:
        """Percent of samples that lose more than each share of what their probability was."""
        return decrease_percent(self.relative_fall.size, thresholds)


@dataclass(frozen=True, eq=False)
class Comparison:
    """The baseline and a predictor on the same samples.

    Attributes
    ----------
    of : `true_class`, or `final_prediction` without labels
    positions : int64 (samples,), of the samples compared, within the traces that were given
    fixed, broken : int (exits,), samples that only the predictor, or only the baseline, gets right; 0 without labels
    changed : int (exits,), samples whose predicted class differs
    groups : int64 (samples,), the class a sample counts for: its label, else the baseline's final prediction
    """

    of: str
    positions: np.ndarray
    baseline: Side
    corrected: Side
    fixed: np.ndarray
    broken: np.ndarray
    changed: np.ndarray
    groups: np.ndarray

    @property
    def has_labels(self) -> bool:
        """Whether the true class is followed; otherwise the final prediction is."""
        return self.of == "true_class"

    @property
    def n_samples(self) -> int:
        """How many samples are compared."""
        return len(self.positions)

    @property
    def n_exits(self) -> int:
        """How many exits both have."""
        return len(self.changed)


def compare(baseline: Traces, corrected: Traces) -> Comparison:
    """Compare two predictors' traces of the same samples.

    Where only some labels are known, those samples are compared; where none is, all are, by their final predictions.

    Raises
    ------
    ValueError
        The traces differ in exits or samples.
    """
    if baseline.max_prob.shape != corrected.max_prob.shape:
        raise ValueError(f"traces differ in exits or samples: {baseline.max_prob.shape}, {corrected.max_prob.shape}")
    positions = np.flatnonzero(baseline.labels >= 0)
    of = "true_class" if len(positions) else "final_prediction"
    if not len(positions):
        positions = np.arange(baseline.n_samples)
    if len(positions) < baseline.n_samples:
        baseline, corrected = baseline.select(positions), corrected.select(positions)
    labelled = of == "true_class"
    none = np.zeros(baseline.n_exits, dtype=np.int64)
    return Comparison(
        of=of,
        positions=positions,
        baseline=_side(baseline, of),
        corrected=_side(corrected, of),
        fixed=fixed(baseline.correct, corrected.correct).sum(axis=1) if labelled else none,
        broken=broken(baseline.correct, corrected.correct).sum(axis=1) if labelled else none,
        changed=(baseline.predicted != corrected.predicted).sum(axis=1),
        groups=baseline.labels if labelled else baseline.predicted[-1].astype(np.int64),
    )


def _side(traces: Traces, of: str) -> Side:
    labelled = of == "true_class"
    probabilities = traces.true_class_prob if labelled else traces.final_prediction_prob
    right = traces.correct if labelled else traces.predicted == traces.predicted[-1]
    errors = [ece(p, c) for p, c in zip(traces.max_prob, traces.correct)] if labelled else [np.nan] * traces.n_exits
    return Side(
        right=accuracy(right),
        probability=mean_over_samples(probabilities),
        confidence=mean_over_samples(traces.max_prob),
        ece=np.array(errors),
        entropy=mean_entropy(traces.entropy, traces.shown),
        probabilities=probabilities,
        fall=traces.falls[of, "absolute"],
        collapsed=int(traces.collapsed.sum()),
        relative_fall=traces.falls[of, "relative"],
        impossible=int(np.isneginf(traces.log_true_class_prob[-1]).sum()) if labelled else 0,
        tied=int(((traces.margin[-1] == 0) & traces.shown[-1]).sum()),
    )


@dataclass(frozen=True, eq=False)
class GroupFalls:
    """Mean largest fall per class or superclass, from the baseline's largest down; groups without samples left out.

    Attributes
    ----------
    group : int64 (groups,), indices into the names of the groups
    samples : int (groups,)
    baseline, corrected : float (groups,), mean largest fall
    """

    group: np.ndarray
    samples: np.ndarray
    baseline: np.ndarray
    corrected: np.ndarray


def group_falls(comparison: Comparison, n_groups: int, group_of_class: np.ndarray | None = None) -> GroupFalls:
    """Which groups of classes fall most.

    Parameters
    ----------
    n_groups : int
        Number of classes, or of superclasses with `group_of_class`.
    group_of_class : int (classes,), optional
        The superclass of every class.
    """
    known = comparison.groups >= 0  # -1: nothing was predicted
    group = comparison.groups[known] if group_of_class is None else group_of_class[comparison.groups[known]]
    right = np.zeros((1, int(known.sum())), dtype=bool)
    before, after = (
        by_group(group, right, side.fall.size[known], n_groups) for side in (comparison.baseline, comparison.corrected)
    )
    order = np.argsort(-np.nan_to_num(before.mean_fall, nan=-1.0), kind="stable")
    order = order[before.samples[order] > 0]
    return GroupFalls(order, before.samples[order], before.mean_fall[order], after.mean_fall[order])
