"""A stopping rule: at each exit, from a score, stop or go on. What every policy that looks at a sample comes down to.

Needs only NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Int64

from analysis.policies.scores import score_so_far


@dataclass(frozen=True)
class ExitBins:
    """One exit's bins of confidence, and what the answers in each were worth where they were counted."""

    edges: tuple[float, ...]
    """Rising, one more than the bins; a single one where all confidences were equal: one bin."""
    accuracy: tuple[float | None, ...]
    """Per bin; None where it was empty."""


@dataclass(frozen=True)
class Rule:
    """When a sample stops, under one predictor.

    Attributes
    ----------
    policy, settings : an id of `POLICIES`, and its settings, complete
    measure : the score that is looked at, one of `MEASURES`
    thresholds : per exit; None: nobody stops there; 0 at the last, which takes everyone
    reaches : whether a score equal to the threshold stops; else only one above it
    bins, target : in place of thresholds, per exit but the last: a score stops where its bin's accuracy is at least
        `target`; empty and None for every other policy
    predictor, predictor_settings : whose probabilities the scores are of
    run : the id of the run that it was made on
    fitted_on : `run`, `split` (or a slice), `samples`, `seed` that thresholds were fitted on; None: nothing was
    fitted_on_test : whether they were fitted on samples that were then reported
    """

    policy: str
    settings: Mapping[str, object]
    measure: str
    thresholds: tuple[float | None, ...]
    reaches: bool = False
    bins: tuple[ExitBins, ...] = ()
    target: float | None = None
    predictor: str = ""
    predictor_settings: Mapping[str, object] = field(default_factory=dict)
    run: str = ""
    fitted_on: Mapping[str, object] | None = None
    fitted_on_test: bool = False

    @property
    def n_exits(self) -> int:
        """The number of exits that it is for."""
        return len(self.thresholds)


class Fit(NamedTuple):
    """What a policy makes of the answers that it is given."""

    rule: Rule
    found: object = None
    """What else it found on the way, where there is such."""


def same_threshold(threshold: float, n_exits: int) -> tuple[float, ...]:
    """One threshold for every exit but the last, which takes everyone."""
    return (*(threshold,) * (n_exits - 1), 0.0)


def bin_of(confidence: np.ndarray, edges: Sequence[float] | np.ndarray) -> Int64[np.ndarray, " *shape"]:
    """The bin of each confidence: on an edge the upper, beyond the ends the end bins.

    >>> bin_of(np.array([0.0, 0.2, 0.5, 0.9, 1.0]), [0.2, 0.5, 0.9]).tolist()
    [0, 0, 1, 1, 1]
    """
    index = np.searchsorted(np.asarray(edges, np.float64), np.asarray(confidence, np.float64), side="right") - 1
    return np.asarray(np.clip(index, 0, max(len(edges) - 2, 0)))


def stops_at(rule: Rule, exit_: int, score: np.ndarray | np.floating | float) -> Bool[np.ndarray, " *shape"]:
    """Whether samples that have come to an exit stop there; at the last all do.

    Parameters
    ----------
    exit_ : from 0
    score : float32, of any shape, by the rule's measure
    """
    score = np.asarray(score, np.float32)
    if exit_ == rule.n_exits - 1:
        return np.ones(score.shape, bool)
    if rule.bins:
        bins = rule.bins[exit_]
        good = np.array([accuracy is not None and accuracy >= rule.target for accuracy in bins.accuracy])
        return np.asarray(good[bin_of(score, bins.edges)])
    threshold = rule.thresholds[exit_]
    if threshold is None:
        return np.zeros(score.shape, bool)
    return np.asarray(score >= np.float32(threshold) if rule.reaches else score > np.float32(threshold))


def stopping_exits(rule: Rule, scores: Float32[np.ndarray, "exits samples"]) -> Int64[np.ndarray, " samples"]:
    """The exit, from 0, at which each sample stops: the first where `stops_at` says so."""
    if len(scores) != rule.n_exits:
        raise ValueError(f"the rule is for {rule.n_exits} exits, and there are {len(scores)}: fit one on this network")
    return np.stack([stops_at(rule, exit_, score) for exit_, score in enumerate(scores)]).argmax(axis=0)


def stops_now(rule: Rule, probs: np.ndarray) -> bool | Bool[np.ndarray, " samples"]:
    """Whether a sample stops at the last of the exits that it has come to: what a network asks exit by exit.

    Parameters
    ----------
    probs : (exits so far, classes), or of several samples (exits so far, samples, classes)
        The predictor's probabilities at exits 1..m, m from 1.

    Returns
    -------
    bool, or one per sample

    Raises
    ------
    ValueError
        More exits than the rule is for, or another shape.

    Examples
    --------
    >>> rule = Rule("confidence", {}, "max-prob", (0.6, 0.0))
    >>> stops_now(rule, np.array([[0.6, 0.4]])), stops_now(rule, np.array([[0.6, 0.4], [0.5, 0.5]]))
    (False, True)
    """
    if len(probs) > rule.n_exits:
        raise ValueError(f"the rule is for {rule.n_exits} exits, and there are {len(probs)}: fit one on this network")
    stops = stops_at(rule, len(probs) - 1, score_so_far(rule.measure, probs))
    return stops if stops.ndim else bool(stops)
