"""Traces of `baseline` and `pa` in one visit to every logit: a Triton kernel, one program per sample.

A program keeps one exit's classes in registers and walks over the exits. Imports torch and Triton: import this module
when it is called.

Most of the arithmetic is float32. What float32 cannot decide is decided otherwise: `baseline` and the first exit of
`pa` compare the logits themselves; at later exits of `pa` the classes within rounding of the maximum or of the true
class are compared by products evaluated in float64. The probabilities of the classes that traces name (the true class,
the final prediction, those that fall furthest) are evaluated in float64 from the row's float32 sum. Which class falls
furthest is decided in float32, so that of two that fall equally far to a millionth either may be shown.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from torch import Tensor

from analysis.predictors.apply import in_type_of
from analysis.predictors.weights import exit_weights

LOG2_E = tl.constexpr(1.4426950408889634)
LN_2 = tl.constexpr(0.6931471805599453)
BEYOND = tl.constexpr(2147483647)
"""Higher than any class."""
LOWEST_LOG2 = tl.constexpr(-149.5)
"""Below it a probability is 0 in float32."""
NO_MASS = tl.constexpr(-1e30)
FULL_FALL = tl.constexpr(54.0)
"""Bits that a probability loses when its relative fall rounds to 1 in float64."""
TIE = tl.constexpr(2.0**-37)
"""Half the grid of `analysis.traces.compute.TIE_GRID`."""
MOST_CANDIDATES = tl.constexpr(32)
"""More classes than this within rounding of another are left to the reference path."""
INVALID = tl.constexpr(1)
UNDECIDED = tl.constexpr(2)

LARGEST_BLOCK = 4096
"""Classes, rounded up to a power of two, that a program holds in registers."""
MOST_EXITS = 32
LARGEST_POWER = 8.0
"""Sum of weights / T up to which float32 logarithms give probabilities to 1e-6."""
LARGEST_LOG2 = {torch.float16: 24.0, torch.bfloat16: 128.0, torch.float32: 128.0}
"""Of a factor of the product, by the type of the logits."""
FLOAT_COLUMNS = (
    "log_true_class_prob",
    "true_class_prob",
    "max_prob",
    "final_prediction_prob",
    "sum_squared",
    "entropy",
    "margin",
)
INTEGER_COLUMNS = ("predicted", "rank", "support", "collapsed")


def kernel(function: Callable) -> triton.JITFunction:
    """`triton.jit` of what was written: the type checks that tests wrap around a function are no kernel."""
    return triton.jit(inspect.unwrap(function))


@kernel
def bound(logits, threshold, cap, HAS_THRESHOLD: tl.constexpr, ZERO: tl.constexpr, HAS_CAP: tl.constexpr):
    """max(f, 0) of bounded logits; see `analysis.predictors.activations.bound_logits`."""
    bounded = logits
    if HAS_THRESHOLD:
        floor = 0.0 if ZERO else threshold
        raised = (logits < threshold) & (logits > -float("inf"))
        bounded = tl.where(raised, floor, bounded)
    if HAS_CAP:
        bounded = tl.where(bounded > cap, cap, bounded)
    return tl.where(bounded > 0, bounded, 0.0)


@kernel
def weighted_log2(factors, weights):
    """weights * log2(factors), -inf for a factor of 0, with 0 * -inf = 0."""
    logs = weights * tl.log2(tl.where(factors > 0, factors, 1.0))
    return tl.where(weights == 0, 0.0, tl.where(factors > 0, logs, -float("inf")))


@kernel
def decide(key, true_key, slack, true_slack, classes, true_class):
    """The likeliest class, the rank of the true class, and how many classes are within the slack of either."""
    highest = tl.max(key, 0)
    near = key >= highest - slack
    top = tl.min(tl.where(near, classes, BEYOND), 0)
    rank = 1 + tl.sum(((key > true_key) | ((key == true_key) & (classes < true_class))).to(tl.int32), 0)
    beside = (key >= true_key - true_slack) & (key <= true_key + true_slack) & (classes != true_class)
    return top, rank, near, beside


@kernel
def count(mask):
    return tl.sum(mask.to(tl.int32), 0)


@kernel
def row_sums(shifted, correction, top, classes):
    """2^(shifted + correction) and, without the likeliest class, its sum, sum of squares, entropy term and maximum."""
    values = tl.exp2(shifted)
    values = tl.fma(values, correction * 0.69314718, values)
    others = tl.where(classes == top, 0.0, values)
    return (
        values,
        tl.sum(others, 0),
        tl.sum(others * others, 0),
        tl.sum(others * tl.maximum(shifted, -1000.0), 0),
        tl.max(others, 0),
    )


@kernel
def update_falls(values, shifted, others, peak, log_peak, furthest, furthest_class, deepest, deepest_class, classes):
    """One exit's probabilities into every class's maximum so far and the classes that fell furthest."""
    total = 1.0 + others
    probs = values / total
    logs = shifted - tl.log2(total)
    logs = tl.where(logs > LOWEST_LOG2, logs, NO_MASS)
    drop = peak - probs
    largest = tl.max(drop, 0)
    if largest > furthest:
        furthest = largest
        furthest_class = tl.min(tl.where(drop == largest, classes, BEYOND), 0)
    bits = log_peak - logs
    most = tl.minimum(tl.max(bits, 0), FULL_FALL)
    if most > deepest:
        deepest = most
        deepest_class = tl.min(tl.where(bits >= most, classes, BEYOND), 0)
    elif most == FULL_FALL:  # of the classes that fall to 0, at whatever exit, the lowest
        deepest_class = tl.minimum(deepest_class, tl.min(tl.where(bits >= most, classes, BEYOND), 0))
    return tl.maximum(peak, probs), tl.maximum(log_peak, logs), furthest, furthest_class, deepest, deepest_class


@kernel
def put(vector, exits, exit_index, value):
    """The vector over exits with one element replaced."""
    return tl.where(exits == exit_index, value, vector)


@kernel
def log1p(values):
    """log(1 + x) for float64 x >= 0, to 1e-10 relative."""
    return tl.where(values < 1e-5, values - values * values * 0.5, tl.log(1.0 + values))


@kernel
def largest_fall(column, exits, relative: tl.constexpr):
    """Size and pair of exits of the largest fall of a float32 trajectory, as `analysis.metrics.decrease` finds it."""
    start = column[:, None]
    later = exits[None, :] >= exits[:, None]
    if relative:
        wide = start.to(tl.float64)
        drop = tl.where(wide > 0, (wide - column[None, :].to(tl.float64)) / tl.where(wide > 0, wide, 1.0), 0.0)
        drop = drop.to(tl.float32)
    else:
        drop = start - column[None, :]
    drop = tl.where(later, drop, 0.0)
    size = tl.max(tl.max(drop, 1), 0)
    length: tl.constexpr = drop.shape[0]
    pair = exits[:, None] * length + exits[None, :]
    first = tl.min(tl.min(tl.where(later & (drop == size), pair, BEYOND), 1), 0)
    return size, tl.where(size > 0, first // length, -1), tl.where(size > 0, first % length, -1)


@kernel
def finish(
    scores_true, scores_final, scores_furthest, scores_deepest, maxima, others, squares, entropies, seconds,
    tops, ranks, supports, collapsed, label, exits, n_exits, n_samples, n_classes, sample,
    floats, integers, fall_sizes, fall_exits, slot: tl.constexpr,
):  # fmt: skip
    """Write one predictor's columns and falls of one sample, all exits at once, from base-2 scores in float64."""
    is_exit = exits < n_exits
    known = label >= 0
    total = 1.0 + others
    true_log = tl.where(scores_true == -float("inf"), scores_true, (scores_true - maxima) * LN_2 - log1p(others))
    true_log = tl.minimum(true_log, 0.0)
    cells = n_exits.to(tl.int64) * n_samples
    place = exits.to(tl.int64) * n_samples + sample
    here = floats + slot * 7 * cells + place
    stored_log = tl.where(true_log > -float("inf"), tl.maximum(true_log, -3.4028234663852886e38), true_log)
    tl.store(here, tl.where(known, stored_log, float("nan")).to(tl.float32), mask=is_exit)
    tl.store(here + cells, tl.where(known, tl.exp(true_log), float("nan")).to(tl.float32), mask=is_exit)
    tl.store(here + 2 * cells, (1.0 / total).to(tl.float32), mask=is_exit)
    tl.store(here + 3 * cells, (tl.exp2(scores_final - maxima) / total).to(tl.float32), mask=is_exit)
    tl.store(here + 4 * cells, ((1.0 + squares) / (total * total)).to(tl.float32), mask=is_exit)
    tl.store(here + 5 * cells, (log1p(others) - LN_2 * entropies / total).to(tl.float32), mask=is_exit)
    tl.store(here + 6 * cells, ((1.0 - tl.minimum(seconds, 1.0)) / total).to(tl.float32), mask=is_exit)
    rank = tl.where(known, tl.where(scores_true == -float("inf"), n_classes + 1, ranks), 0)
    here = integers + slot * 4 * cells + place
    tl.store(here, tops, mask=is_exit)
    tl.store(here + cells, rank, mask=is_exit)
    tl.store(here + 2 * cells, tl.where(collapsed > 0, 0, supports), mask=is_exit)
    tl.store(here + 3 * cells, collapsed, mask=is_exit)
    # Past the last exit, its value again: nothing falls there.
    furthest = tl.where(is_exit, (tl.exp2(scores_furthest - maxima) / total).to(tl.float32), 2.0)
    deepest = tl.where(is_exit, (tl.exp2(scores_deepest - maxima) / total).to(tl.float32), 2.0)
    size, start, end = largest_fall(furthest, exits, False)
    tl.store(fall_sizes + (2 * slot) * n_samples + sample, size)
    tl.store(fall_exits + (4 * slot) * n_samples + sample, start)
    tl.store(fall_exits + (4 * slot + 1) * n_samples + sample, end)
    size, start, end = largest_fall(deepest, exits, True)
    tl.store(fall_sizes + (2 * slot + 1) * n_samples + sample, size)
    tl.store(fall_exits + (4 * slot + 2) * n_samples + sample, start)
    tl.store(fall_exits + (4 * slot + 3) * n_samples + sample, end)


@kernel
def trajectory(row, exit_stride, class_index, exits, n_exits):
    """One class's logits at every exit."""
    return tl.load(row + exits * exit_stride + class_index, mask=exits < n_exits, other=0.0).to(tl.float32)


@kernel
def product_score(
    row, exit_stride, class_index, weights, exits, last, threshold, cap,
    HAS_THRESHOLD: tl.constexpr, ZERO: tl.constexpr, HAS_CAP: tl.constexpr,
):  # fmt: skip
    """log2 of one class's product up to and including an exit, in float64."""
    logits = trajectory(row, exit_stride, class_index, exits, last + 1)
    factors = bound(logits, threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP).to(tl.float64)
    return tl.sum(tl.where(exits <= last, weighted_log2(factors, weights), 0.0), 0)


@kernel
def product_scores(
    row, exit_stride, class_index, weights, exits, n_exits, threshold, cap, fallen, raw_maxima,
    HAS_THRESHOLD: tl.constexpr, ZERO: tl.constexpr, HAS_CAP: tl.constexpr,
):  # fmt: skip
    """log2 of one class's product at every exit, in float64; where collapsed, its fallback's below the maximum."""
    logits = trajectory(row, exit_stride, class_index, exits, n_exits)
    factors = bound(logits, threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP).to(tl.float64)
    scores = tl.cumsum(weighted_log2(factors, weights), 0)
    return tl.where(fallen > 0, (logits.to(tl.float64) - raw_maxima) * LOG2_E, scores)


@kernel
def trace_kernel(
    logits, labels, numbers, floats, integers, fall_sizes, fall_exits, flags,
    n_exits, n_samples, n_classes, exit_stride, sample_stride, threshold, cap, base_slack, product_slack,
    BASELINE: tl.constexpr, PRODUCT: tl.constexpr,
    HAS_THRESHOLD: tl.constexpr, ZERO: tl.constexpr, HAS_CAP: tl.constexpr, EXITS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """The traces of the sample that is this program's number.

    `numbers` holds log2(e) / T of the baseline and the weights / T of the product, float64.
    """
    sample = tl.program_id(0)
    classes = tl.arange(0, BLOCK)
    exits = tl.arange(0, EXITS)
    inside = classes < n_classes
    exit_stride = exit_stride.to(tl.int64)  # times an exit it may pass 32 bits
    row = logits + sample.to(tl.int64) * sample_stride
    label = tl.load(labels + sample).to(tl.int32)
    true_class = tl.maximum(label, 0)
    scale = tl.load(numbers)
    scale_high = scale.to(tl.float32)
    scale_low = (scale - scale_high.to(tl.float64)).to(tl.float32)
    weights = tl.load(numbers + 1 + exits, mask=exits < n_exits, other=0.0)

    nothing = tl.zeros([EXITS], tl.float32)
    no_class = tl.zeros([EXITS], tl.int32)
    flag = 0
    raw_maxima = nothing
    # Of the baseline.
    b_peak = tl.zeros([BLOCK], tl.float32)
    b_log_peak = tl.full([BLOCK], NO_MASS, tl.float32)
    b_furthest, b_furthest_class, b_deepest, b_deepest_class = 0.0, 0, 0.0, 0
    b_others, b_squares, b_entropies, b_seconds = nothing, nothing, nothing, nothing
    b_tops, b_ranks, b_supports = no_class, no_class, no_class
    # Of the product.
    product = tl.zeros([BLOCK], tl.float32)
    true_product = 0.0
    power = 0.0
    p_peak = tl.zeros([BLOCK], tl.float32)
    p_log_peak = tl.full([BLOCK], NO_MASS, tl.float32)
    p_furthest, p_furthest_class, p_deepest, p_deepest_class = 0.0, 0, 0.0, 0
    p_maxima, p_others, p_squares, p_entropies, p_seconds = nothing, nothing, nothing, nothing, nothing
    p_tops, p_ranks, p_supports, p_fallen = no_class, no_class, no_class, no_class

    coming = tl.load(row + classes, mask=inside, other=-float("inf"))
    for m in range(n_exits):
        values = coming.to(tl.float32)
        # The next exit's row is on its way while this one is worked on.
        following = row + (m + 1) * exit_stride
        coming = tl.load(following + classes, mask=inside & (m + 1 < n_exits), other=-float("inf"))
        true_logit = tl.load(row + m * exit_stride + true_class).to(tl.float32)
        highest = tl.max(values, 0)
        if count(values != values) + tl.where(tl.abs(highest) == float("inf"), 1, 0) > 0:
            flag = flag | INVALID
            values, true_logit, highest = tl.zeros([BLOCK], tl.float32), 0.0, 0.0
        raw_maxima = put(raw_maxima, exits, m, highest)
        below = tl.maximum(values - highest, -1e30)  # finite, for the products that follow

        if BASELINE:
            top, rank, near, beside = decide(values, true_logit, base_slack, base_slack, classes, true_class)
            if base_slack > 0:
                doubtful = count(near & (values != highest))
                doubtful += tl.where(label >= 0, count(beside & (values != true_logit)), 0)
                flag = flag | tl.where(doubtful > 0, UNDECIDED, 0)
            shifted = below * scale_high
            correction = tl.fma(below, scale_low, tl.fma(below, scale_high, -shifted))
            correction = tl.where(shifted > -1000.0, correction, 0.0)
            powers, others, squares, entropy, second = row_sums(shifted, correction, top, classes)
            b_peak, b_log_peak, b_furthest, b_furthest_class, b_deepest, b_deepest_class = update_falls(
                powers, shifted, others, b_peak, b_log_peak,
                b_furthest, b_furthest_class, b_deepest, b_deepest_class, classes,
            )  # fmt: skip
            b_others = put(b_others, exits, m, others)
            b_squares = put(b_squares, exits, m, squares)
            b_entropies = put(b_entropies, exits, m, entropy)
            b_seconds = put(b_seconds, exits, m, second)
            b_tops = put(b_tops, exits, m, top)
            b_ranks = put(b_ranks, exits, m, rank)
            b_supports = put(b_supports, exits, m, count(values > -float("inf")))

        if PRODUCT:
            weight = tl.load(numbers + 1 + m).to(tl.float32)
            power += weight
            factors = bound(values, threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP)
            factors = tl.where(inside, factors, 0.0)
            true_factor = bound(true_logit, threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP)
            # float32's logarithm takes what is below its normal numbers for 0.
            subnormal = count((factors > 0) & (factors < 1.1754943508222875e-38)) > 0
            flag = flag | tl.where(subnormal, UNDECIDED, 0)
            product += weighted_log2(factors, weight)
            product = tl.where(inside, product, -float("inf"))
            true_product += weighted_log2(true_factor, weight)
            p_highest = tl.max(product, 0)
            fallen = p_highest == -float("inf")
            support = count(product > -float("inf"))
            key, true_key, slack = product, true_product, product_slack * power
            shifted = tl.maximum(product - tl.where(fallen, 0.0, p_highest), -1e30)
            if fallen:  # the fallback: the softmax of this exit's logits
                key, true_key, slack = values, true_logit, 0.0
                shifted = below * 1.4426950408889634
            elif m == 0:
                key, true_key, slack = factors, true_factor, 0.0
            top, rank, near, beside = decide(key, true_key, slack, slack, classes, true_class)
            if slack > 0:
                candidates = count(near)
                if candidates > MOST_CANDIDATES:
                    flag = flag | UNDECIDED
                elif candidates > 1:
                    best = product_score(
                        row, exit_stride, top, weights, exits, m, threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP
                    )
                    last = top
                    for _ in range(candidates - 1):
                        last = tl.min(tl.where(near & (classes > last), classes, BEYOND), 0)
                        score = product_score(
                            row, exit_stride, last, weights, exits, m, threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP
                        )
                        above = (score - best) * LN_2 > TIE
                        best = tl.where(above, score, best)
                        top = tl.where(above, last, top)
                candidates = tl.where(label >= 0, tl.where(true_key > -float("inf"), count(beside), 0), 0)
                if candidates > MOST_CANDIDATES:
                    flag = flag | UNDECIDED
                elif candidates > 0:
                    rank = 1 + count((key > true_key) & (beside == 0) & (classes != true_class))
                    true_score = product_score(
                        row, exit_stride, true_class, weights, exits, m, threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP
                    )
                    last = -1
                    for _ in range(candidates):
                        last = tl.min(tl.where(beside & (classes > last), classes, BEYOND), 0)
                        score = product_score(
                            row, exit_stride, last, weights, exits, m, threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP
                        )
                        difference = (score - true_score) * LN_2
                        rank += tl.where(difference > tl.where(last < true_class, -TIE, TIE), 1, 0)
            powers, others, squares, entropy, second = row_sums(shifted, 0.0, top, classes)
            p_peak, p_log_peak, p_furthest, p_furthest_class, p_deepest, p_deepest_class = update_falls(
                powers, shifted, others, p_peak, p_log_peak,
                p_furthest, p_furthest_class, p_deepest, p_deepest_class, classes,
            )  # fmt: skip
            p_maxima = put(p_maxima, exits, m, p_highest)
            p_others = put(p_others, exits, m, others)
            p_squares = put(p_squares, exits, m, squares)
            p_entropies = put(p_entropies, exits, m, entropy)
            p_seconds = put(p_seconds, exits, m, second)
            p_tops = put(p_tops, exits, m, top)
            p_ranks = put(p_ranks, exits, m, rank)
            p_supports = put(p_supports, exits, m, support)
            p_fallen = put(p_fallen, exits, m, fallen.to(tl.int32))

    tl.store(flags + sample, flag)
    is_last = exits == n_exits - 1
    maxima = raw_maxima.to(tl.float64)
    if BASELINE:
        final = tl.sum(tl.where(is_last, b_tops, 0), 0)
        finish(
            (trajectory(row, exit_stride, true_class, exits, n_exits).to(tl.float64) - maxima) * scale,
            (trajectory(row, exit_stride, final, exits, n_exits).to(tl.float64) - maxima) * scale,
            (trajectory(row, exit_stride, b_furthest_class, exits, n_exits).to(tl.float64) - maxima) * scale,
            (trajectory(row, exit_stride, b_deepest_class, exits, n_exits).to(tl.float64) - maxima) * scale,
            tl.zeros([EXITS], tl.float64), b_others.to(tl.float64), b_squares.to(tl.float64),
            b_entropies.to(tl.float64), b_seconds.to(tl.float64), b_tops, b_ranks, b_supports, no_class,
            label, exits, n_exits, n_samples, n_classes, sample, floats, integers, fall_sizes, fall_exits, 0,
        )  # fmt: skip
    if PRODUCT:
        final = tl.sum(tl.where(is_last, p_tops, 0), 0)
        # The products of every exit's likeliest class, in float64: rows are exits, columns the exits so far.
        so_far = exits[None, :] <= exits[:, None]
        place = row + exits[None, :] * exit_stride + p_tops[:, None]
        top_logits = tl.load(place, mask=so_far & (exits[:, None] < n_exits), other=1.0).to(tl.float32)
        top_factors = bound(top_logits, threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP).to(tl.float64)
        top_scores = tl.sum(tl.where(so_far, weighted_log2(top_factors, weights[None, :]), 0.0), 1)
        top_scores = tl.where((p_fallen > 0) | (exits >= n_exits), 0.0, top_scores)
        # The sums are relative to the float32 maximum.
        rounding = tl.exp2(tl.where(p_fallen > 0, 0.0, p_maxima.to(tl.float64) - top_scores))
        rounding = tl.where(exits < n_exits, rounding, 1.0)
        finish(
            product_scores(
                row, exit_stride, true_class, weights, exits, n_exits, threshold, cap, p_fallen, maxima,
                HAS_THRESHOLD, ZERO, HAS_CAP,
            ),
            product_scores(
                row, exit_stride, final, weights, exits, n_exits, threshold, cap, p_fallen, maxima,
                HAS_THRESHOLD, ZERO, HAS_CAP,
            ),
            product_scores(
                row, exit_stride, p_furthest_class, weights, exits, n_exits, threshold, cap, p_fallen, maxima,
                HAS_THRESHOLD, ZERO, HAS_CAP,
            ),
            product_scores(
                row, exit_stride, p_deepest_class, weights, exits, n_exits, threshold, cap, p_fallen, maxima,
                HAS_THRESHOLD, ZERO, HAS_CAP,
            ),
            top_scores, p_others.to(tl.float64) * rounding, p_squares.to(tl.float64) * rounding * rounding,
            p_entropies.to(tl.float64) * rounding, p_seconds.to(tl.float64) * rounding,
            p_tops, p_ranks, p_supports, p_fallen,
            label, exits, n_exits, n_samples, n_classes, sample, floats, integers, fall_sizes, fall_exits,
            1 if BASELINE else 0,
        )  # fmt: skip


@dataclass(frozen=True)
class FusedColumns:
    """What the kernel wrote, on the device."""

    floats: Tensor
    """float32 (predictors, `FLOAT_COLUMNS`, exits, samples)."""
    integers: Tensor
    """int32 (predictors, `INTEGER_COLUMNS`, exits, samples)."""
    fall_sizes: Tensor
    """float32 (predictors, absolute and relative, samples)."""
    fall_exits: Tensor
    """int32 (predictors, absolute from, absolute to, relative from, relative to, samples)."""
    flags: Tensor
    """int32 (samples,): `INVALID` logits, or `UNDECIDED` by the kernel; 0 where the columns stand."""


def product_powers(settings: Mapping[str, object], n_exits: int) -> list[float]:
    return [weight / settings["temperature"] for weight in exit_weights(settings["weights"], n_exits)]


def is_fused(shape: tuple[int, ...], dtype: torch.dtype, predictor_id: str, settings: Mapping[str, object]) -> bool:
    """Whether the kernel computes a predictor with these resolved settings on logits of that shape and type."""
    n_exits, n_samples, n_classes = shape
    if dtype not in LARGEST_LOG2 or n_samples == 0:
        return False
    if not (2 <= n_exits <= MOST_EXITS and 2 <= n_classes <= LARGEST_BLOCK):
        return False
    if predictor_id == "baseline":
        return settings["activation"] == "softmax" and 1e-3 <= settings["temperature"] <= 1e3
    if predictor_id != "pa" or settings["activation"] != "relu" or settings["fallback"] != "softmax":
        return False
    powers = product_powers(settings, n_exits)
    return settings["relative_threshold"] is None and powers[0] >= 1e-3 and sum(powers) <= LARGEST_POWER


def warps_for(block: int, n_predictors: int) -> int:
    """Warps per program: with 16 classes a thread the registers hold one predictor's state, with 8 both."""
    return min(8, max(1, block * n_predictors // 512))


def launch(
    logits: Tensor, labels: Tensor, requests: Mapping[str, Mapping[str, object]], warps: int | None = None
) -> FusedColumns:
    """Run the kernel for `baseline`, `pa` or both, in that order, on tensors of one device.

    Parameters
    ----------
    logits
        (exits, samples, classes), classes contiguous; float16, bfloat16 or float32.
    labels
        int64 (samples,); -1 where unknown.
    requests
        Predictor id -> resolved settings for which `is_fused` holds.
    warps
        Per program; by default as many as the registers ask for.
    """
    n_exits, n_samples, n_classes = logits.shape
    if logits.stride(-1) != 1:
        logits = logits.contiguous()
    count, device = len(requests), logits.device
    baseline = requests.get("baseline")
    product = in_type_of(logits, dict(requests["pa"])) if "pa" in requests else None
    temperature = baseline["temperature"] if baseline else 1.0
    powers = product_powers(product, n_exits) if product else [0.0] * n_exits
    threshold, cap = (product["threshold"], product["cap"]) if product else (None, None)
    narrow = logits.dtype == torch.float16
    columns = FusedColumns(
        torch.empty((count, len(FLOAT_COLUMNS), n_exits, n_samples), dtype=torch.float32, device=device),
        torch.empty((count, len(INTEGER_COLUMNS), n_exits, n_samples), dtype=torch.int32, device=device),
        torch.empty((count, 2, n_samples), dtype=torch.float32, device=device),
        torch.empty((count, 4, n_samples), dtype=torch.int32, device=device),
        torch.empty(n_samples, dtype=torch.int32, device=device),
    )
    block = max(32, triton.next_power_of_2(n_classes))
    trace_kernel[(n_samples,)](
        logits, labels,
        torch.tensor([LOG2_E.value / temperature, *powers], dtype=torch.float64, device=device),
        columns.floats, columns.integers, columns.fall_sizes, columns.fall_exits, columns.flags,
        n_exits, n_samples, n_classes, logits.stride(0), logits.stride(1),
        float(threshold or 0.0), float(cap or 0.0),
        # float16 logits never differ by as little as the grid of ties; others are looked at where they might.
        0.0 if narrow else temperature * 2.0**-35,
        LARGEST_LOG2[logits.dtype] * 2.0**-20.5,
        BASELINE=baseline is not None, PRODUCT=product is not None,
        HAS_THRESHOLD=threshold is not None, ZERO=bool(product and product["threshold_mode"] == "zero"),
        HAS_CAP=cap is not None, EXITS=max(2, triton.next_power_of_2(n_exits)), BLOCK=block,
        num_warps=warps or warps_for(block, count),
    )  # fmt: skip
    return columns
