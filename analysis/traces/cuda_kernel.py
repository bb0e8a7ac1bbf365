"""Traces of `baseline` and `pa` in one visit to every logit: a Triton kernel, one program per sample.

A program keeps one exit's classes in registers and walks over the exits. Imports Triton: import this module when it
is called.

Most of the arithmetic is float32. What float32 cannot decide is decided otherwise: `baseline` compares the logits
themselves, and for `pa` the classes within rounding of the maximum or of the true class are compared by products
evaluated in float64. The probabilities of the classes that traces name (the true class,
the final prediction, those that fall furthest) are evaluated in float64 from the row's float32 sum. Which class falls
furthest is decided in float32, so that of two that fall equally far to a millionth either may be shown.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable

import triton
import triton.language as tl

LOG2_E = tl.constexpr(1.4426950408889634)
LN_2 = tl.constexpr(0.6931471805599453)
BEYOND = tl.constexpr(2147483647)
"""Higher than any class."""
LOWEST_LOG2 = tl.constexpr(-149.5)
"""Below it a probability is 0 in float32."""
NO_MASS = tl.constexpr(-1e30)
LOWEST_SHIFT = tl.constexpr(-(2.0**100))
"""Stands for -inf where sums have to stay finite; sums of it are exact."""
FULL_FALL = tl.constexpr(54.0)
"""Bits that a probability loses when its relative fall rounds to 1 in float64."""
TIE = tl.constexpr(2.0**-37 * 1.4426950408889634)
"""Half the grid of `analysis.traces.compute.TIE_GRID`, in base 2."""
MOST_CANDIDATES = tl.constexpr(32)
"""More classes than this within rounding of another are left to the reference path."""
INVALID = tl.constexpr(1)
UNDECIDED = tl.constexpr(2)


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
def weighted_log2(factors, weights):
    """weights * log2(factors) in float64, -inf for a factor of 0, with 0 * -inf = 0."""
    logs = weights * tl.log2(tl.where(factors > 0, factors, 1.0))
    return tl.where(weights == 0, 0.0, tl.where(factors > 0, logs, -float("inf")))


@kernel
def fast_log2(factors, INTERPRETED: tl.constexpr):
    """log2 in float32 to 2^-22, of the logarithm or absolute; Triton's own is exact and takes twenty instructions."""
    if INTERPRETED:
        return tl.log2(factors)
    return tl.inline_asm_elementwise("lg2.approx.ftz.f32 $0, $1;", "=f,f", [factors], tl.float32, True, 1)


@kernel
def count(mask):
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
    return sum_a + sum_b, square_a + square_b, entropy_a + entropy_b, tl.maximum(high_a, high_b)


@kernel
def row_sums(shifted, top, classes):
    """Sum, sum of squares, entropy term and maximum of 2^shifted, all without the likeliest class."""
    others = tl.where(classes == top, 0.0, tl.exp2(shifted))
    return tl.reduce((others, others * others, others * shifted, others), 0, add_add_add_higher)


@kernel
def higher_higher(drop_a, bits_a, drop_b, bits_b):
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
    share = 1.0 / (1.0 + others)  # of the likeliest class
    log_total = log1p(others)
    true_log = tl.where(scores_true == -float("inf"), scores_true, (scores_true - maxima) * LN_2 - log_total)
    true_log = tl.minimum(true_log, 0.0)
    cells = n_exits.to(tl.int64) * n_samples
    place = exits.to(tl.int64) * n_samples + sample
    here = floats + slot * 7 * cells + place
    stored_log = tl.where(true_log > -float("inf"), tl.maximum(true_log, -3.4028234663852886e38), true_log)
    tl.store(here, tl.where(known, stored_log, float("nan")).to(tl.float32), mask=is_exit)
    tl.store(here + cells, tl.where(known, tl.exp(true_log), float("nan")).to(tl.float32), mask=is_exit)
    tl.store(here + 2 * cells, share.to(tl.float32), mask=is_exit)
    tl.store(here + 3 * cells, (tl.exp2(scores_final - maxima) * share).to(tl.float32), mask=is_exit)
    tl.store(here + 4 * cells, ((1.0 + squares) * share * share).to(tl.float32), mask=is_exit)
    tl.store(here + 5 * cells, (tl.maximum(log_total - LN_2 * entropies * share, 0.0)).to(tl.float32), mask=is_exit)
    tl.store(here + 6 * cells, ((1.0 - tl.minimum(seconds, 1.0)) * share).to(tl.float32), mask=is_exit)
    rank = tl.where(known, tl.where(scores_true == -float("inf"), n_classes + 1, ranks), 0)
    here = integers + slot * 4 * cells + place
    tl.store(here, tops, mask=is_exit)
    tl.store(here + cells, rank, mask=is_exit)
    tl.store(here + 2 * cells, tl.where(collapsed > 0, 0, supports), mask=is_exit)
    tl.store(here + 3 * cells, collapsed, mask=is_exit)
    # Past the last exit, its value again: nothing falls there.
    furthest = tl.where(is_exit, (tl.exp2(scores_furthest - maxima) * share).to(tl.float32), 2.0)
    deepest = tl.where(is_exit, (tl.exp2(scores_deepest - maxima) * share).to(tl.float32), 2.0)
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
def exact_score(
    row, exit_stride, class_index, weights, exits, exit_index, fallen, threshold, cap,
    HAS_THRESHOLD: tl.constexpr, ZERO: tl.constexpr, HAS_CAP: tl.constexpr,
):  # fmt: skip
    """log2 of one class's product up to and including an exit, or of its fallback there, in float64."""
    logits = trajectory(row, exit_stride, class_index, exits, exit_index + 1)
    factors = bound(logits, threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP).to(tl.float64)
    product = tl.sum(tl.where(exits <= exit_index, weighted_log2(factors, weights), 0.0), 0)
    shown = tl.sum(tl.where(exits == exit_index, logits, 0.0), 0).to(tl.float64) * LOG2_E
    return tl.where(fallen, shown, product)


@kernel
def resolve_top(
    near, top, candidates, row, exit_stride, weights, exits, exit_index, fallen, classes, n_classes, threshold, cap,
    HAS_THRESHOLD: tl.constexpr, ZERO: tl.constexpr, HAS_CAP: tl.constexpr,
):  # fmt: skip
    """The likeliest of the classes near the maximum, by their scores in float64; the lowest of ties."""
    last = -1
    best = tl.full([], -float("inf"), tl.float64)
    for _ in range(tl.minimum(candidates, MOST_CANDIDATES)):
        last = lowest_class(near & (classes > last), classes, n_classes)
        score = exact_score(
            row, exit_stride, last, weights, exits, exit_index, fallen, threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP
        )
        top = tl.where(score - best > TIE, last, top)
        best = tl.where(score - best > TIE, score, best)
    return top


@kernel
def resolve_rank(
    beside, rank, true_class, row, exit_stride, weights, exits, exit_index, fallen, classes, n_classes, threshold, cap,
    HAS_THRESHOLD: tl.constexpr, ZERO: tl.constexpr, HAS_CAP: tl.constexpr,
):  # fmt: skip
    """The true class's rank with the classes beside it that are before it, by their scores in float64."""
    true_score = exact_score(
        row, exit_stride, true_class, weights, exits, exit_index, fallen, threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP
    )
    last = -1
    for _ in range(tl.minimum(count(beside), MOST_CANDIDATES)):
        last = lowest_class(beside & (classes > last), classes, n_classes)
        score = exact_score(
            row, exit_stride, last, weights, exits, exit_index, fallen, threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP
        )
        rank += tl.where(score - true_score > tl.where(last < true_class, -TIE, TIE), 1, 0)
    return rank


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
    HAS_THRESHOLD: tl.constexpr, ZERO: tl.constexpr, HAS_CAP: tl.constexpr,
    EXITS: tl.constexpr, BLOCK: tl.constexpr, ALIGNED: tl.constexpr,
    SUBNORMALS: tl.constexpr, INTERPRETED: tl.constexpr,
):  # fmt: skip
    """The traces of the sample that is this program's number.

    `numbers` holds log2(e) / T of the baseline and the weights / T of the product, float64. Strides and the number of
    classes are multiples of ALIGNED, which lets a thread read several logits at once.
    """
    sample = tl.program_id(0)
    classes = tl.arange(0, BLOCK)
    exits = tl.arange(0, EXITS)
    n_classes = n_classes // ALIGNED * ALIGNED
    exit_stride = exit_stride.to(tl.int64) // ALIGNED * ALIGNED  # 64 bits for its product with an exit
    inside = classes < n_classes
    row = logits + sample.to(tl.int64) * (sample_stride // ALIGNED * ALIGNED)
    label = tl.load(labels + sample).to(tl.int32)
    true_class = tl.maximum(label, 0)
    scale = tl.load(numbers)
    scale_32 = scale.to(tl.float32)
    weights = tl.load(numbers + 1 + exits, mask=exits < n_exits, other=0.0)

    nothing = tl.zeros([EXITS], tl.float32)
    no_class = tl.zeros([EXITS], tl.int32)
    flag = 0
    raw_maxima = nothing
    # Of the baseline.
    b_peak = tl.full([BLOCK], NO_MASS, tl.float32)
    b_furthest, b_furthest_class, b_deepest, b_deepest_class = 0.0, 0, 0.0, 0
    b_others, b_squares, b_entropies, b_seconds = nothing, nothing, nothing, nothing
    b_tops, b_ranks, b_supports = no_class, no_class, no_class
    # Of the product.
    product = tl.where(inside, 0.0, -float("inf"))
    true_product = 0.0
    power = 0.0
    p_peak = tl.full([BLOCK], NO_MASS, tl.float32)
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

        if BASELINE:
            highest = tl.max(values, 0)
            raw_maxima = put(raw_maxima, exits, m, highest)
            below = clamped(values - highest)
            missing, top, above, around = row_counts(
                below, values == highest, values, true_logit, base_slack, classes, n_classes
            )
            whole = tl.floor(missing + 0.5)
            flag = flag | tl.where(missing == missing, 0, INVALID)
            flag = flag | tl.where(tl.abs(missing - whole) > 1e-3, UNDECIDED, 0)
            rank = 1 + above
            if around > 1:
                same = values == true_logit
                rank += count(same & (classes < true_class))
                if base_slack > 0:
                    flag = flag | tl.where(label >= 0, tl.where(around != count(same), UNDECIDED, 0), 0)
            shifted = below * scale_32
            others, squares, entropy, second = row_sums(shifted, top, classes)
            if second > 0.999:
                near = (values >= highest - base_slack) & (values != highest)
                flag = flag | tl.where(count(near) > 0, UNDECIDED, 0)
            b_peak, b_furthest, b_furthest_class, b_deepest, b_deepest_class = update_falls(
                shifted, others, b_peak, b_furthest, b_furthest_class, b_deepest, b_deepest_class, classes, n_classes
            )
            b_others = put(b_others, exits, m, others)
            b_squares = put(b_squares, exits, m, squares)
            b_entropies = put(b_entropies, exits, m, entropy)
            b_seconds = put(b_seconds, exits, m, second)
            b_tops = put(b_tops, exits, m, top)
            b_ranks = put(b_ranks, exits, m, rank)
            b_supports = put(b_supports, exits, m, BLOCK - whole.to(tl.int32))

        if PRODUCT:
            weight = tl.load(numbers + 1 + m).to(tl.float32)
            power += weight
            factors = bound(values, threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP)
            if SUBNORMALS:  # the float32 logarithm takes them for 0
                subnormal = (factors > 0) & (factors < 1.1754943508222875e-38)
                flag = flag | tl.where(count(subnormal) > 0, UNDECIDED, 0)
            if weight > 0:
                product += weight * fast_log2(factors, INTERPRETED)
                true_factor = bound(true_logit, threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP)
                true_product += weight * fast_log2(true_factor, INTERPRETED)
            if HAS_CAP or weight == 0:  # the product does not show what is invalid
                flag = flag | tl.where(tl.abs(tl.max(values, 0)) < float("inf"), 0, INVALID)
                flag = flag | tl.where(count(values != values) > 0, INVALID, 0)
            p_highest = tl.max(product, 0)
            fallen = p_highest == -float("inf")
            below = product - p_highest
            true_below = true_product - p_highest
            slack = product_slack * power
            if fallen:  # the fallback: the softmax of this exit's logits
                highest = tl.max(values, 0)
                raw_maxima = put(raw_maxima, exits, m, highest)
                below = (values - highest) * 1.4426950408889634
                true_below = (true_logit - highest) * 1.4426950408889634
                slack = slack - true_below * 2.0**-21
            below = clamped(below)
            missing, top, above, around = row_counts(below, below == 0, below, true_below, slack, classes, n_classes)
            flag = flag | tl.where(missing == missing, 0, INVALID)
            support = BLOCK - (missing + 0.5).to(tl.int32)
            rank = 1 + above
            others, squares, entropy, second = row_sums(below, top, classes)
            if second > 1 - slack:
                near = below >= -slack
                candidates = count(near)
                flag = flag | tl.where(candidates > MOST_CANDIDATES, UNDECIDED, 0)
                likeliest = resolve_top(
                    near, top, candidates, row, exit_stride, weights, exits, m, fallen, classes, n_classes,
                    threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP,
                )  # fmt: skip
                if likeliest != top:
                    top = likeliest
                    others, squares, entropy, second = row_sums(below, top, classes)
            # The true class itself is one of those around it.
            around = tl.where(label >= 0, tl.where(true_below > LOWEST_SHIFT, around, 0), 0)
            if around > 1:
                beside = (below <= true_below + slack) & (below >= true_below - slack) & (classes != true_class)
                flag = flag | tl.where(around > MOST_CANDIDATES, UNDECIDED, 0)
                rank = resolve_rank(
                    beside, rank, true_class, row, exit_stride, weights, exits, m, fallen, classes, n_classes,
                    threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP,
                )  # fmt: skip
            p_peak, p_furthest, p_furthest_class, p_deepest, p_deepest_class = update_falls(
                below, others, p_peak, p_furthest, p_furthest_class, p_deepest, p_deepest_class, classes, n_classes
            )
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
