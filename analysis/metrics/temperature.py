"""The temperature at which probabilities lose least likelihood: p^(1/T), normalised anew. Needs only NumPy.

The mean negative log-likelihood is a smooth function of log T. One visit of the log-probabilities evaluates it with two
derivatives at nodes a third of an octave apart; between these the quintic that agrees with all of them is exact to
about 1e-6, so that the search for its minimum needs the log-probabilities no more.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float64, Integer

BOUNDS = (0.05, 20.0)
"""The temperatures that are searched."""
_PER_OCTAVE, _OCTAVES = 3, 9
_SLOPES = BOUNDS[0] * 2 ** (np.arange(_PER_OCTAVE * _OCTAVES) / _PER_OCTAVE)
"""1/T at the nodes, from 0.05 to 20.3."""
_NODES = -np.log(_SLOPES[::-1])
"""log T at the nodes, rising."""
_GOLDEN = (math.sqrt(5) - 1) / 2
_LEAST = -1e6
"""Stands for the log-probability of a class without mass: its power is 0, and so are its products with it."""


class LikelihoodCurve(NamedTuple):
    """The NLL over log T, as sums over samples that add up over chunks."""

    samples: Float64[np.ndarray, " exits"]
    """How many have their true class on the support."""
    sums: Float64[np.ndarray, "exits nodes 3"]
    """Of the NLL in nats and its first and second derivatives to log T."""

    def plus(self, other: LikelihoodCurve) -> LikelihoodCurve:
        """The curve of both chunks' samples."""
        return LikelihoodCurve(self.samples + other.samples, self.sums + other.sums)


def likelihood_curve(
    log_probs: Float64[np.ndarray, "exits samples classes"],
    collapsed: Bool[np.ndarray, "exits samples"],
    labels: Integer[np.ndarray, " samples"],
) -> LikelihoodCurve:
    """The curve of some samples, all labelled; those whose true class is off the support, or collapsed, are left out.

    With s the log-probabilities and q the tempered distribution at slope b = 1/T: NLL = log sum exp(b s) - b s_y, its
    derivatives to b are E_q[s] - s_y and Var_q[s].
    """
    true = np.take_along_axis(log_probs, labels[None, :, None], axis=-1)[..., 0]
    on = ~(np.isneginf(true) | collapsed)
    sums = np.zeros((len(log_probs), len(_SLOPES), 3))
    for exit_, here in enumerate(on):
        highest = log_probs[exit_, here].max(axis=-1, keepdims=True, initial=-np.inf)
        scores = np.maximum(log_probs[exit_, here] - highest, _LEAST)
        own = true[exit_, here] - highest[:, 0]
        for start in range(_PER_OCTAVE):
            powers = np.exp(_SLOPES[start] * scores)
            for node in range(start, len(_SLOPES), _PER_OCTAVE):
                sums[exit_, node] = _at_slope(_SLOPES[node], powers, scores, own)
                powers *= powers  # the next octave's
    return LikelihoodCurve(on.sum(axis=1).astype(np.float64), sums[:, ::-1])


def _at_slope(slope: float, powers: np.ndarray, scores: np.ndarray, own: np.ndarray) -> tuple[float, float, float]:
    """Sums over samples of the NLL and its derivatives to log T = -log slope."""
    total = powers.sum(axis=-1)
    weighted = powers * scores
    mean = weighted.sum(axis=-1) / total
    variance = np.einsum("sc,sc->s", weighted, scores) / total - mean**2
    first = -slope * (mean - own)
    return (np.log(total) - slope * own).sum(), first.sum(), (slope**2 * variance - first).sum()


class Temperatures(NamedTuple):
    """The fitted temperature of each exit."""

    values: Float64[np.ndarray, " exits"]
    """NaN where no sample has its true class on the support."""
    at_bound: Bool[np.ndarray, " exits"]
    """Where the search ended at one of `BOUNDS`, so that the best T lies beyond."""


def fit_temperatures(curve: LikelihoodCurve) -> Temperatures:
    """The T in `BOUNDS` that minimises each exit's mean NLL, by golden section in log T.

    The NLL is convex in 1/T, so it has one minimum. Where no T is better than 1 by more than rounding, T is 1. Guo et
    al. 2017 (arXiv 1706.04599) fit the logits' temperature so; here it acts on any predictor's probabilities.
    """
    values, at_bound = np.full(len(curve.samples), np.nan), np.zeros(len(curve.samples), bool)
    low, high = map(math.log, BOUNDS)
    for exit_, samples in enumerate(curve.samples):
        if not samples:
            continue
        knots = curve.sums[exit_] / samples
        best = _lowest(knots, low, high)
        gained = _between(knots, 0.0) - _between(knots, best)
        if gained <= 1e-13 * max(1.0, abs(_between(knots, 0.0))):
            best = 0.0
        at_bound[exit_] = min(best - low, high - best) < 1e-6
        nearest = BOUNDS[0] if best - low < high - best else BOUNDS[1]
        values[exit_] = nearest if at_bound[exit_] else math.exp(best)
    return Temperatures(values, at_bound)


def _lowest(knots: np.ndarray, low: float, high: float) -> float:
    """Where the curve is lowest, by golden section."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = _between(knots, left), _between(knots, right)
    while high - low > 1e-9:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = _between(knots, left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = _between(knots, right)
    return (low + high) / 2


def _between(knots: np.ndarray, where: float) -> float:
    """The quintic through value, slope and curvature of the two nodes around a log T."""
    k = int(np.clip(np.searchsorted(_NODES, where) - 1, 0, len(_NODES) - 2))
    h = _NODES[k + 1] - _NODES[k]
    t = (where - _NODES[k]) / h
    (f0, d0, c0), (f1, d1, c1) = knots[k], knots[k + 1]
    rise, fall = t**3 * (10 - 15 * t + 6 * t**2), (1 - t) ** 3
    return float(
        (1 - rise) * f0
        + rise * f1
        + h * (t * fall * (1 + 3 * t) * d0 - t**3 * (1 - t) * (4 - 3 * t) * d1)
        + h**2 / 2 * (t**2 * fall * c0 + t**3 * (1 - t) ** 2 * c1)
    )


def tempered_confidence(
    log_probs: Float64[np.ndarray, "samples classes"], temperature: float
) -> Float[np.ndarray, " samples"]:
    """The largest probability of p^(1/T): the answer stays, only its confidence changes.

    A row without mass keeps 0.

    >>> tempered_confidence(np.log([[0.8, 0.2]]), 2.0).round(4).tolist()
    [0.6667]
    """
    highest = log_probs.max(axis=-1, keepdims=True)
    shown = ~np.isneginf(highest[:, 0])
    confidence = np.zeros(len(log_probs))
    confidence[shown] = 1 / np.exp((log_probs[shown] - highest[shown]) / temperature).sum(axis=-1)
    return confidence
