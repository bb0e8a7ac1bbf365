"""What a correction itself costs when exits arrive one by one: operations and bytes per sample and exit, by counting.

Counted is what comes on top of the softmax that the baseline needs too, in the incremental form that a deployment would
run: the state of the exits so far is kept, and each new exit updates it. One operation is one multiplication, addition,
comparison, exponential or logarithm of one number. Each row of PREDICTORS names its count. Imports no torch.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.predictors.weights import exit_weights

NUMBER_BYTES = 4  # float32, as networks compute


@dataclass(frozen=True)
class CorrectionCost:
    """What a correction adds, per sample.

    Attributes
    ----------
    operations : tuple of int, one per exit
        Operations that the correction adds when this exit arrives, beyond the softmax. May be negative: a correction
        that needs no exponentials is cheaper than the softmax.
    bytes_kept : tuple of int, one per exit
        Bytes that stay in memory until the next exit arrives; 0 at the last exit, after which nothing follows.
    counted : str
        What was counted, in words.

    Notes
    -----
    A collapsed sample pays one more softmax per exit under `fallback=softmax`; it is not counted: collapses are rare.
    """

    operations: tuple[int, ...]
    bytes_kept: tuple[int, ...]
    counted: str


Count = Callable[[Mapping[str, object], int, int], CorrectionCost]
"""Resolved settings, number of exits, number of classes -> what is added."""


def share_of_exits(operations: Sequence[int], cumulative_cost: Sequence[int | float]) -> np.ndarray:
    """Operations of the correction over the cost of the block and head of its exit: cost_m - cost_{m-1}.

    Returns
    -------
    numpy.ndarray
        float64, one per exit, a fraction of 1. In MACs this overstates: one MAC is two operations. NaN where an exit
        costs no more than the one before.
    """
    own = np.diff(np.asarray(cumulative_cost, dtype=np.float64), prepend=0.0)
    return np.divide(operations, own, out=np.full(len(own), np.nan), where=own > 0)


def _fallback_bytes(settings: Mapping[str, object], n_classes: int) -> int:
    return NUMBER_BYTES * n_classes if settings["fallback"] == "previous" else 0


def _cost(operations: list[int], state_bytes: int, counted: str) -> CorrectionCost:
    """The state is kept until the next exit arrives: not after the last."""
    return CorrectionCost(tuple(operations), (state_bytes,) * (len(operations) - 1) + (0,), counted)


# Passes over the classes that an activation and its logarithm take; heaviside needs no logarithm.
_LOG_ACTIVATION_PASSES = {"relu": 2, "softplus": 4, "heaviside": 1}


def baseline(settings: Mapping[str, object], n_exits: int, n_classes: int) -> CorrectionCost:
    """Nothing, but for what a fallback shows again."""
    return _cost([0] * n_exits, _fallback_bytes(settings, n_classes), "nothing beyond the softmax itself")


def product(settings: Mapping[str, object], n_exits: int, n_classes: int) -> CorrectionCost:
    """Of PA."""
    clips = (settings["threshold"] is not None) + (settings["cap"] is not None)
    clips += 3 * (settings["relative_threshold"] is not None)  # the largest logit, its share, the comparison
    clips += settings["temperature"] != 1
    passes = _LOG_ACTIVATION_PASSES[settings["activation"]] + clips
    weighted = [weight not in (0, 1) for weight in exit_weights(settings["weights"], n_exits)]
    operations = [(passes + multiply + 1) * n_classes for multiply in weighted]
    counted = "per class the activation, its logarithm, the weight, and one addition to the log-product that is kept"
    return _cost(operations, NUMBER_BYTES * n_classes + _fallback_bytes(settings, n_classes), counted)


def adaptive_product(settings: Mapping[str, object], n_exits: int, n_classes: int) -> CorrectionCost:
    """Of adaptive PA."""
    finding = n_classes * (math.ceil(math.log2(max(n_classes, 2))) + 2)  # sorting, summing, comparing
    weighted = [weight not in (0, 1) for weight in exit_weights(settings["weights"], n_exits)]
    operations = [finding + (_LOG_ACTIVATION_PASSES["relu"] + multiply + 1) * n_classes for multiply in weighted]
    counted = "sorting the classes for the sample's threshold, and what PA computes"
    return _cost(operations, NUMBER_BYTES * n_classes + _fallback_bytes(settings, n_classes), counted)


def hard_product(settings: Mapping[str, object], n_exits: int, n_classes: int) -> CorrectionCost:
    """Of the Heaviside product."""
    softmax = 5 * n_classes - 2  # maximum, difference, exponential, sum, quotient
    own = 3 * n_classes  # comparison, conjunction, count of n - 1 additions, one quotient
    counted = "per class a comparison, a conjunction and a count in place of the softmax; one bit per class is kept"
    return _cost([own - softmax] * n_exits, -(-n_classes // 8) + _fallback_bytes(settings, n_classes), counted)


def softmax_product(settings: Mapping[str, object], n_exits: int, n_classes: int) -> CorrectionCost:
    """Of the product of softmaxes."""
    mean, heated = settings["combine"] == "mean", settings["temperature"] != 1
    counted = "per class one addition to the running sum of logits that is kept"
    counted += "".join(f" and one division by {what}" for what, is_so in (("the count", mean), ("T", heated)) if is_so)
    operations = [(1 + mean + heated) * n_classes] * n_exits
    return _cost(operations, NUMBER_BYTES * n_classes + _fallback_bytes(settings, n_classes), counted)


def mixture(settings: Mapping[str, object], n_exits: int, n_classes: int) -> CorrectionCost:
    """Of the mixture."""
    counted = "per class one addition to the running sum of probabilities that is kept, and one division"
    operations = [2 * n_classes] * n_exits
    return _cost(operations, NUMBER_BYTES * n_classes + _fallback_bytes(settings, n_classes), counted)


def _over_kept_exits(n_exits: int, n_classes: int, more: Sequence[int], counted: str) -> CorrectionCost:
    """Of a weighted mean whose weights change from exit to exit: every distribution so far is kept."""
    operations = [(2 * exit_ - 1) * n_classes + own for exit_, own in enumerate(more, start=1)]
    kept = [NUMBER_BYTES * n_classes * exit_ for exit_ in range(1, n_exits)]
    return CorrectionCost(tuple(operations), (*kept, 0), counted)


def exit_ensemble(settings: Mapping[str, object], n_exits: int, n_classes: int) -> CorrectionCost:
    """Of the exit ensemble."""
    counted = "per class and exit so far one multiplication and one addition; every exit's probabilities are kept"
    return _over_kept_exits(n_exits, n_classes, [0] * n_exits, counted)


def agreement_vote(settings: Mapping[str, object], n_exits: int, n_classes: int) -> CorrectionCost:
    """Of the agreement vote."""
    counted = "the exits' answers compared, and per class and exit so far one multiplication and one addition; every "
    counted += "exit's probabilities are kept"
    return _over_kept_exits(n_exits, n_classes, [exit_ for exit_ in range(1, n_exits + 1)], counted)


def caching(settings: Mapping[str, object], n_exits: int, n_classes: int) -> CorrectionCost:
    """Of caching."""
    counted = "one comparison of confidences, which the softmax finds anyway; the most confident distribution is kept"
    return _cost([1] * n_exits, NUMBER_BYTES * (n_classes + 1), counted)
