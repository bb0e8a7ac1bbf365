"""What traces are: a few numbers per exit and sample, from which most metrics and figures follow. Needs only NumPy.

Every real number is kept in float32, wherever it comes from, so the numbers of bundled, cached and recomputed traces
are the same to the last digit. They are computed in float64, falls too, whose sizes are then rounded so that each stays
on its side of the paper's thresholds (`analysis.metrics.decrease.stored`). Means are taken in float64.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32, Int64

from analysis.metrics.decrease import Fall, largest_fall, largest_relative_fall, stored

OF = ("true_class", "final_prediction", "any_class")
KINDS = ("absolute", "relative")
FALLS = tuple((of, kind) for of in OF for kind in KINDS)


@dataclass(frozen=True, eq=False)
class Traces:
    """Per-sample, per-exit quantities of one predictor on one run; arrays (exits, samples), exits from 0.

    Examples
    --------
    >>> from analysis.traces import trace_logits
    >>> traces = trace_logits(np.array([[[2.0, 1.0]], [[1.0, 3.0]]]), [1], "pa")
    >>> traces.predicted.T.tolist(), traces.correct.T.tolist(), traces.rank.T.tolist()
    ([[0, 1]], [[False, True]], [[2, 1]])
    """

    true_class_prob: Float32[np.ndarray, "exits samples"]
    """NaN where the label is unknown."""
    log_true_class_prob: Float32[np.ndarray, "exits samples"]
    """Computed as a logarithm, so that it is finite where the probability underflows; -inf off the support."""
    max_prob: Float32[np.ndarray, "exits samples"]
    """The confidence; 0 where nothing is shown (a collapse with fallback none)."""
    predicted: Int32[np.ndarray, "exits samples"]
    """The likeliest class, the lowest index of ties; -1 where nothing is shown."""
    correct: Bool[np.ndarray, "exits samples"]
    """False where the label is unknown."""
    rank: Int32[np.ndarray, "exits samples"]
    """Of the true class in what is shown, from 1, ties by index; C + 1 without mass; 0 where the label is unknown."""
    final_prediction_prob: Float32[np.ndarray, "exits samples"]
    """Probability of the class predicted at the last exit; 0 where that shows nothing."""
    sum_squared: Float32[np.ndarray, "exits samples"]
    entropy: Float32[np.ndarray, "exits samples"]
    """In nats; 0 where nothing is shown, which means over exits leave out."""
    margin: Float32[np.ndarray, "exits samples"]
    """Probability of the likeliest class less that of the second."""
    support: Int32[np.ndarray, "exits samples"]
    """Number of classes with mass before any fallback: 0 once collapsed."""
    collapsed: Bool[np.ndarray, "exits samples"]
    labels: Int64[np.ndarray, " samples"]
    """-1 where unknown."""
    falls: Mapping[tuple[str, str], Fall]
    """(of, kind) -> the largest fall of each sample, `of` in `OF`, `kind` in `KINDS`."""
    n_classes: int

    def __post_init__(self) -> None:
        for array in (*(getattr(self, name) for name in PER_EXIT), *(a for fall in self.falls.values() for a in fall)):
            array.setflags(write=False)  # traces are shared by everyone who asks for them

    @property
    def n_exits(self) -> int:
        """The number of exits."""
        return self.max_prob.shape[0]

    @property
    def n_samples(self) -> int:
        """The number of samples."""
        return self.max_prob.shape[1]

    @property
    def has_labels(self) -> bool:
        """Whether any label is known."""
        return bool((self.labels >= 0).any())

    @property
    def shown(self) -> Bool[np.ndarray, "exits samples"]:
        """Where a distribution is shown: everywhere, but for collapses with fallback none."""
        return self.predicted >= 0

    def select(self, positions: np.ndarray | slice) -> Traces:
        """The traces of the samples at `positions` (indices, a mask or a slice), in that order."""
        columns = {name: getattr(self, name)[:, positions] for name in PER_EXIT}
        falls = {key: fall.select(positions) for key, fall in self.falls.items()}
        return Traces(**columns, labels=self.labels[positions], falls=falls, n_classes=self.n_classes)

    def labelled(self) -> Traces:
        """The traces of the samples whose label is known; itself when all are."""
        known = self.labels >= 0
        return self if known.all() else self.select(known)


def joined(parts: Sequence[Traces]) -> Traces:
    """The traces of the samples of several, one after the other."""
    if len(parts) == 1:
        return parts[0]
    columns = {name: np.concatenate([getattr(part, name) for part in parts], axis=1) for name in PER_EXIT}
    falls = {key: Fall(*map(np.concatenate, zip(*(part.falls[key] for part in parts)))) for key in FALLS}
    labels = np.concatenate([part.labels for part in parts])
    return Traces(**columns, labels=labels, falls=falls, n_classes=parts[0].n_classes)


DTYPES = {"predicted": np.int32, "rank": np.int32, "support": np.int32, "correct": np.bool_, "collapsed": np.bool_}
"""Of the columns that are not float32."""
PER_EXIT = tuple(field.name for field in fields(Traces) if field.name not in ("labels", "falls", "n_classes"))


def falls_of_trajectory(logs: Float64[np.ndarray, "exits samples"]) -> dict[str, Fall]:
    """Kind -> the largest falls of one probability of each sample, given its natural logarithms."""
    fall, relative = largest_fall(np.exp(logs)), largest_relative_fall(logs)
    return {"absolute": as_stored(fall), "relative": as_stored(relative)}


def as_stored(fall: Fall) -> Fall:
    """A fall as traces hold it; one that is too small for float32 is none."""
    size = stored(fall.size)
    none = np.int16(-1)
    return Fall(size, *(np.where(size > 0, exits, none).astype(np.int16) for exits in fall[1:]))
