"""Why a product prefers one class to another: what each exit's factor adds to their log odds, for one sample.

A product gives classes c and r the odds prod_{i<=m} (a_i(c) / a_i(r))^(w_i), so its logarithm is a sum with one term
for each exit. May import runs and predictors; the activations of two classes are computed here, without torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.predictors import resolve
from analysis.predictors.bounds import in_type_of
from analysis.predictors.weights import exit_weights
from analysis.results.sample_distribution import shown_probs
from analysis.run import Run

SOFTPLUS_TAIL = -40.0
"""As in `analysis.predictors.activations`, whose laws these are without torch, which takes seconds to import."""
PRODUCTS = ("pa", "hard-poe", "softmax-poe", "adaptive-pa")
"""Predictors that are products of one factor per exit."""


@dataclass(frozen=True, eq=False)
class Factors:
    """What a product's factors say of one sample's class, `followed`, against its strongest rival.

    Attributes
    ----------
    followed : the true class, or the last exit's answer where the label is unknown
    rival : where another class overtakes it for good, the one that then leads; else the likeliest other at the end
    overtaken : the exit, from 0, after which `followed` never leads again; None where it leads at the end
    ever_leads : whether `followed` leads at some exit
    until : the exit that the comparison goes up to: `overtaken`, or the last one
    weights : float (exits,), w_i, a temperature included
    log_activations : float (2, exits), of `followed` and the rival; -inf where a class has left the support
    evidence : float (exits,), w_i times their difference: above 0 for `followed`, infinite where one of them alone has
        left the support; NaN where both have
    deciding : the exit whose factor weighs most for the one that leads at `until`; of equal ones the first
    lost_at : the first exit up to `until` at which `followed` leaves the support, or None: it is outvoted on it
    """

    followed: int
    rival: int
    overtaken: int | None
    ever_leads: bool
    until: int
    weights: np.ndarray
    log_activations: np.ndarray
    evidence: np.ndarray
    deciding: int
    lost_at: int | None

    @property
    def leads(self) -> bool:
        """Whether `followed` leads at the end."""
        return self.ever_leads and self.overtaken is None

    @property
    def log_odds(self) -> np.ndarray:
        """The evidence so far at each exit: the log odds of `followed` over the rival, before any fallback."""
        with np.errstate(invalid="ignore"):  # one left the support after the other: neither has odds
            return np.cumsum(self.evidence)


def factors_of(
    run: Run, predictor_id: str, settings: Mapping[str, object], position: int, label: int = -1
) -> Factors | None:
    """Which factor decides a sample; None where the predictor is no product of the exits, or there is one class alone.

    Parameters
    ----------
    run : Run
    predictor_id : str
    settings : mapping
        As `analysis.predictors.resolve` gives them.
    position : int
        Of the sample in the run, from 0.
    label : int
        Its true class; -1 where unknown.

    Raises
    ------
    ValueError
        No such sample, or the predictor refuses the run.
    """
    if predictor_id not in PRODUCTS or run.n_classes < 2:
        return None
    settings = resolve(predictor_id, settings, kind=run.kind, n_exits=run.n_exits)
    logits = run.logits.take(np.array([position]))
    probs = shown_probs(logits, predictor_id, settings)
    answers = np.where(probs.any(axis=1), probs.argmax(axis=1), -1)
    followed = label if label >= 0 else int(answers[-1] if answers[-1] >= 0 else logits[-1, 0].argmax())
    leading = np.flatnonzero(answers == followed)
    last = len(answers) - 1
    overtaken = int(leading[-1]) + 1 if len(leading) and leading[-1] < last else None
    until = last if overtaken is None else overtaken
    strength = probs[until] if probs[until].any() else logits[until, 0].astype(np.float64)
    rival = int(np.where(np.arange(run.n_classes) == followed, -np.inf, strength).argmax())
    weights, activations = _factors(predictor_id, settings, logits)
    if predictor_id == "softmax-poe" and settings["combine"] == "mean":
        weights = weights / (until + 1)
    pair = activations[:, 0, [followed, rival]].T
    evidence = _evidence(weights, pair)
    so_far = np.nan_to_num(evidence[: until + 1], nan=0.0, posinf=np.inf, neginf=-np.inf)
    leads = bool(len(leading)) and overtaken is None
    lost = np.flatnonzero(np.isneginf(pair[0, : until + 1]) & (weights[: until + 1] > 0))
    return Factors(
        followed,
        rival,
        overtaken,
        bool(len(leading)),
        until,
        weights,
        pair,
        evidence,
        int(so_far.argmax() if leads else so_far.argmin()),
        int(lost[0]) if len(lost) else None,
    )


def factor_evidence(
    predictor_id: str,
    settings: Mapping[str, object],
    logits: np.ndarray,
    followed: np.ndarray,
    rivals: np.ndarray,
    until: np.ndarray,
) -> np.ndarray:
    """Each exit's evidence for one class of each sample against another: float64 (exits, samples), as `Factors` has it.

    Parameters
    ----------
    predictor_id : one of `PRODUCTS`
    settings : resolved
    logits : (exits, samples, classes)
    followed, rivals : int (samples,), the two classes
    until : int (samples,), the exit, from 0, that the comparison goes up to; it is what a mean is over
    """
    weights, activations = _factors(predictor_id, settings, logits)
    samples = np.arange(logits.shape[1])
    pair = np.stack([activations[:, samples, followed], activations[:, samples, rivals]])
    shared = until + 1 if predictor_id == "softmax-poe" and settings["combine"] == "mean" else np.ones(len(samples))
    return _evidence(weights[:, None] / shared, pair)


def _evidence(weights: np.ndarray, pair: np.ndarray) -> np.ndarray:
    """w (log a - log r); 0 where the weight is 0, since 0^0 = 1."""
    with np.errstate(invalid="ignore"):  # both are -inf: they cannot be told apart
        differences = pair[0] - pair[1]
    return np.where(weights > 0, np.where(weights > 0, weights, 1.0) * differences, 0.0)


def _factors(predictor_id: str, settings: Mapping[str, object], logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The weight of each exit, and the logarithm of its factor for every class: float64 (exits,), as the logits.

    Of the geometric mean of softmaxes the weights are still to be divided by the number of exits that it is over.
    """
    own, values, n_exits = in_type_of(logits.dtype, dict(settings)), logits.astype(np.float64), len(logits)
    if predictor_id == "softmax-poe":
        return np.full(n_exits, 1 / own["temperature"]), _log_softmax(values)
    weights = np.array(exit_weights(own["weights"], n_exits)) if "weights" in own else np.ones(n_exits)
    if predictor_id == "adaptive-pa":
        import torch

        from analysis.predictors.adaptive_product import adaptive_log_factors

        return weights, adaptive_log_factors(torch.from_numpy(values), own["mass"]).numpy()
    highest = values.max(axis=-1, keepdims=True)
    bound = own["threshold"] if own["relative_threshold"] is None else highest * own["relative_threshold"]
    if predictor_id == "hard-poe":
        return weights, np.where(values > bound, 0.0, -np.inf)
    bounded = _bounded(values, bound, own["threshold_mode"], own["cap"])
    return weights / own["temperature"], _log_activation(bounded, own["activation"])


def _log_softmax(values: np.ndarray) -> np.ndarray:
    below = values - values.max(axis=-1, keepdims=True)
    return below - np.log(np.exp(below).sum(axis=-1, keepdims=True))


def _bounded(values: np.ndarray, bound: float | np.ndarray | None, mode: str, cap: float | None) -> np.ndarray:
    """As `analysis.predictors.activations.bound_logits`."""
    if bound is not None:
        values = np.where((values < bound) & (values > -np.inf), bound if mode == "clamp" else 0.0, values)
    return values if cap is None else np.minimum(values, cap)


def _log_activation(values: np.ndarray, activation: str) -> np.ndarray:
    """As `analysis.predictors.activations.log_activation`."""
    if activation == "heaviside":
        return np.where(values > 0, 0.0, -np.inf)
    with np.errstate(divide="ignore"):
        if activation == "relu":
            return np.log(np.maximum(values, 0))
        softplus = np.maximum(values, 0) + np.log1p(np.exp(-np.abs(values)))
        return np.where(values < SOFTPLUS_TAIL, values, np.log(softplus))
