"""What a correction itself costs when exits arrive one by one: operations and bytes per sample and exit, by counting.

Counted is what comes on top of the softmax that the baseline needs too, in the incremental form that a deployment would
run: the state of the exits so far is kept, and each new exit updates it. One operation is one multiplication, addition,
comparison, exponential or logarithm of one number. May import NumPy only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

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
    """

    operations: tuple[int, ...]
    bytes_kept: tuple[int, ...]
    counted: str


def correction_cost(
    predictor_id: str, settings: Mapping[str, object], *, n_exits: int, n_classes: int
) -> CorrectionCost | None:
    """Operations and bytes that a correction adds per sample at each exit.

    Parameters
    ----------
    predictor_id : str
        An id of the table of predictors.
    settings : mapping
        Resolved settings; those that are missing count as their defaults.
    n_exits, n_classes : int

    Returns
    -------
    CorrectionCost or None
        None for anyone's own correction, whose operations are unknown.

    Notes
    -----
    A collapsed sample pays one more softmax per exit under `fallback=softmax`; it is not counted: collapses are rare.

    Examples
    --------
    >>> correction_cost("pa", {}, n_exits=7, n_classes=100).operations
    (400, 400, 400, 400, 400, 400, 300)
    """
    if predictor_id not in _COUNTS:
        return None
    operations, state_bytes, counted = _COUNTS[predictor_id](settings, n_exits, n_classes)
    kept = tuple(state_bytes if exit_ < n_exits else 0 for exit_ in range(1, n_exits + 1))
    return CorrectionCost(tuple(operations), kept, counted)


def share_of_exits(operations: Sequence[int], cumulative_cost: Sequence[float]) -> np.ndarray:
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
    return NUMBER_BYTES * n_classes if settings.get("fallback", "softmax") == "previous" else 0


def _exit_weights(settings: Mapping[str, object], n_exits: int) -> np.ndarray:
    weights = settings.get("weights", "linear")
    if isinstance(weights, str):
        return np.ones(n_exits) if weights == "uniform" else np.arange(1, n_exits + 1) / n_exits
    return np.asarray(weights, dtype=np.float64)


# Passes over the classes that an activation and its logarithm take; heaviside needs no logarithm.
_LOG_ACTIVATION_PASSES = {"relu": 2, "softplus": 4, "heaviside": 1}


def _baseline(settings: Mapping[str, object], n_exits: int, n_classes: int) -> tuple[list[int], int, str]:
    return [0] * n_exits, 0, "nothing beyond the softmax itself"


def _product(settings: Mapping[str, object], n_exits: int, n_classes: int) -> tuple[list[int], int, str]:
    clips = (settings.get("threshold") is not None) + (settings.get("cap") is not None)
    clips += 3 * (settings.get("relative_threshold") is not None)  # the largest logit, its share, the comparison
    clips += settings.get("temperature", 1) != 1
    passes = _LOG_ACTIVATION_PASSES[str(settings.get("activation", "relu"))] + clips
    weighted = [weight not in (0, 1) for weight in _exit_weights(settings, n_exits)]
    operations = [(passes + multiply + 1) * n_classes for multiply in weighted]
    counted = "per class the activation, its logarithm, the weight, and one addition to the log-product that is kept"
    return operations, NUMBER_BYTES * n_classes + _fallback_bytes(settings, n_classes), counted


def _hard_product(settings: Mapping[str, object], n_exits: int, n_classes: int) -> tuple[list[int], int, str]:
    softmax = 5 * n_classes - 2  # maximum, difference, exponential, sum, quotient
    own = 3 * n_classes  # comparison, conjunction, count of n - 1 additions, one quotient
    counted = "per class a comparison, a conjunction and a count in place of the softmax; one bit per class is kept"
    return [own - softmax] * n_exits, -(-n_classes // 8) + _fallback_bytes(settings, n_classes), counted


def _softmax_product(settings: Mapping[str, object], n_exits: int, n_classes: int) -> tuple[list[int], int, str]:
    mean, heated = settings.get("combine", "sum") == "mean", settings.get("temperature", 1) != 1
    counted = "per class one addition to the running sum of logits that is kept"
    counted += "".join(f" and one division by {what}" for what, is_so in (("the count", mean), ("T", heated)) if is_so)
    return (
        [(1 + mean + heated) * n_classes] * n_exits,
        NUMBER_BYTES * n_classes + _fallback_bytes(settings, n_classes),
        counted,
    )


def _mixture(settings: Mapping[str, object], n_exits: int, n_classes: int) -> tuple[list[int], int, str]:
    counted = "per class one addition to the running sum of probabilities that is kept, and one division"
    return [2 * n_classes] * n_exits, NUMBER_BYTES * n_classes + _fallback_bytes(settings, n_classes), counted


def _caching(settings: Mapping[str, object], n_exits: int, n_classes: int) -> tuple[list[int], int, str]:
    counted = "one comparison of confidences, which the softmax finds anyway; the most confident distribution is kept"
    return [1] * n_exits, NUMBER_BYTES * (n_classes + 1), counted


_COUNTS: dict[str, Callable[[Mapping[str, object], int, int], tuple[list[int], int, str]]] = {
    "baseline": _baseline,
    "pa": _product,
    "hard-poe": _hard_product,
    "softmax-poe": _softmax_product,
    "moe": _mixture,
    "ca": _caching,
}
