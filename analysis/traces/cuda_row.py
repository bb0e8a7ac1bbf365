"""The fused kernel's arithmetic over the classes of one exit and sample. Imports Triton."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable

import triton
import triton.language as tl

from analysis.metrics import decrease

BEYOND = tl.constexpr(2147483647)
"""Higher than any class."""
LOWEST_LOG2 = tl.constexpr(-149.5)
"""Below it a probability is 0 in float32."""
NO_MASS = tl.constexpr(-1e30)
LOWEST_SHIFT = tl.constexpr(-(2.0**100))
"""Stands for -inf where sums have to stay finite; sums of it are exact."""
FULL_FALL = tl.constexpr(-math.log2(decrease.SAME))
"""Bits that a probability loses when its relative fall is as good as 1."""


def kernel(function: Callable) -> triton.JITFunction:
    """`triton.jit` of what was written: the type checks that tests wrap around a function are no kernel."""
    return triton.jit(inspect.unwrap(function))


@kernel
def bound(logits, threshold, cap, HAS_THRESHOLD: tl.constexpr, ZERO: tl.constexpr, HAS_CAP: tl.constexpr):
    """max(f, 0) of bounded logits, NaN of NaN; see `analysis.predictors.activations.bound_logits`."""
    bounded = logits
    if HAS_THRESHOLD:
        floor = 0.0 if ZERO else threshold
        raised = (logits < threshold) & (logits > -float("inf"))
        bounded = tl.where(raised, floor, bounded)
    if HAS_CAP:
        bounded = tl.where(bounded > cap, cap, bounded)
    return tl.maximum(bounded, 0.0, propagate_nan=tl.PropagateNan.ALL)


@kernel
def fast_log2(factors, INTERPRETED: tl.constexpr):
    """log2 in float32 to 2^-22, of the logarithm or absolute; Triton's own is exact and takes twenty instructions."""
    if INTERPRETED:
        return tl.log2(factors)
    return tl.inline_asm_elementwise("lg2.approx.ftz.f32 $0, $1;", "=f,f", [factors], tl.float32, True, 1)


@kernel
def count(mask):
    """How many of a mask are set."""
    return tl.sum(mask.to(tl.int32), 0)


@kernel
def lowest_class(mask, classes, n_classes):
    """The lowest class of a mask; the last class where it is empty, as NaN can make it."""
    return tl.minimum(tl.min(tl.where(mask, classes, BEYOND), 0), n_classes - 1)


@kernel
def clamped(differences):
    """Finite, for the products that follow, but NaN of NaN."""
    return tl.maximum(differences, LOWEST_SHIFT, propagate_nan=tl.PropagateNan.ALL)


@kernel
def add_add_lower(sum_a, count_a, class_a, sum_b, count_b, class_b):
    """Two sums and the lower of two classes, of two parts of a row."""
    return sum_a + sum_b, count_a + count_b, tl.minimum(class_a, class_b)


@kernel
def row_counts(below, at_top, key, true_key, slack, classes, n_classes):
    """How many of the clamped differences were -inf, the lowest class of the top ones, and the true class's neighbours.

    Returns
    -------
    missing : a real number, NaN where a logit is invalid. A sum takes one instruction a class, a count three; finite
        values as low as the clamp make it no whole number
    top : the lowest class of the mask; the last class where it is empty, as NaN can make it
    above, around : classes whose key is above the true class's by more than the slack, and within the slack of it
    """
    # Both counts in one number: the first in the upper 16 bits.
    packed = tl.where(key > true_key + slack, 65537, tl.where(key >= true_key - slack, 1, 0))
    candidates = tl.where(at_top, classes, BEYOND)
    total, counts, top = tl.reduce((below, packed, candidates), 0, add_add_lower)
    above = counts >> 16
    return total * (1.0 / LOWEST_SHIFT), tl.minimum(top, n_classes - 1), above, (counts & 65535) - above


@kernel
def add_add_add_higher(sum_a, square_a, entropy_a, high_a, sum_b, square_b, entropy_b, high_b):
    """Three sums and the higher of two values, of two parts of a row."""
    return sum_a + sum_b, square_a + square_b, entropy_a + entropy_b, tl.maximum(high_a, high_b)


@kernel
def row_sums(shifted, top, classes):
    """Sum, sum of squares, entropy term and maximum of 2^shifted, all without the likeliest class."""
    others = tl.where(classes == top, 0.0, tl.exp2(shifted))
    return tl.reduce((others, others * others, others * shifted, others), 0, add_add_add_higher)


@kernel
def higher_higher(drop_a, bits_a, drop_b, bits_b):
    """The higher of two pairs of values, of two parts of a row."""
    return tl.maximum(drop_a, drop_b), tl.maximum(bits_a, bits_b)


@kernel
def update_falls(shifted, others, peak, furthest, furthest_class, deepest, deepest_class, classes, n_classes):
    """One exit's log-probabilities into every class's maximum so far and the classes that fell furthest.

    Only logarithms are kept, since registers are scarcer than exponentials.
    """
    logs = shifted - tl.log2(1.0 + others)
    logs = tl.where(logs > LOWEST_LOG2, logs, NO_MASS)
    drop = tl.exp2(peak) - tl.exp2(logs)
    bits = peak - logs
    largest, most = tl.reduce((drop, bits), 0, higher_higher)
    most = tl.minimum(most, FULL_FALL)
    if largest > furthest:
        furthest = largest
        furthest_class = lowest_class(drop == largest, classes, n_classes)
    if most > deepest:
        deepest = most
        deepest_class = lowest_class(bits >= most, classes, n_classes)
    elif most == FULL_FALL:  # of the classes that fall to 0, at whatever exit, the lowest
        deepest_class = tl.minimum(deepest_class, lowest_class(bits >= most, classes, n_classes))
    return tl.maximum(peak, logs), furthest, furthest_class, deepest, deepest_class
