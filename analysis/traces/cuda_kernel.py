"""Traces of `baseline` or `pa` in one visit to every logit: a Triton kernel, one program per sample.

A program keeps one exit's classes in registers and walks over the exits. Imports torch and Triton: import this module
when it is called.

Most of the arithmetic is float32. What float32 cannot decide is decided otherwise: `baseline` compares the logits
themselves, and for `pa` the classes within rounding of the maximum or of the true class are compared by products
evaluated in float64. The probabilities of the classes that traces name (the true class, the final prediction, those
that fall furthest) are evaluated in float64 from the row's float32 sum, and so are their falls: a fall that exceeds a
threshold by less than 7e-7 may be counted or not, except where the sum is exact, as of equal shares. Which class falls
furthest is decided in float32, so that of two that fall equally far to a millionth either may be shown.

Against the reference: integers and masks are equal, probabilities differ by 4e-7, margins and sizes of falls by 7e-7,
entropies by 1.5e-6, log-probabilities by 1.2e-6 of themselves where they are above 1e-12 (below, the reference has lost
them).
"""

from __future__ import annotations

import triton.language as tl

from analysis.traces import cuda_columns
from analysis.traces.cuda_finish import finish
from analysis.traces.cuda_row import (
    LOWEST_SHIFT,
    NO_MASS,
    bound,
    clamped,
    count,
    fast_log2,
    kernel,
    row_counts,
    row_sums,
    update_falls,
)
from analysis.traces.cuda_scores import (
    MOST_CANDIDATES,
    product_scores,
    resolve_rank,
    resolve_top,
    trajectory,
    weighted_log2,
)

INVALID = tl.constexpr(cuda_columns.INVALID)
UNDECIDED = tl.constexpr(cuda_columns.UNDECIDED)


@kernel
def put(vector, exits, exit_index, value):
    """The vector over exits with one element replaced."""
    return tl.where(exits == exit_index, value, vector)


@kernel
def trace_kernel(
    logits, labels, numbers, floats, integers, fall_sizes, fall_exits, flags,
    n_exits, n_samples, n_classes, exit_stride, sample_stride, threshold, cap, base_slack, product_slack,
    PRODUCT: tl.constexpr, HAS_THRESHOLD: tl.constexpr, ZERO: tl.constexpr, HAS_CAP: tl.constexpr,
    EXITS: tl.constexpr, BLOCK: tl.constexpr, ALIGNED: tl.constexpr,
    SUBNORMALS: tl.constexpr, INTERPRETED: tl.constexpr,
):  # fmt: skip
    """The traces of the sample that is this program's number, of the product or of the baseline.

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
    product = tl.where(inside, 0.0, -float("inf"))
    true_product = 0.0
    power = 0.0
    peak = tl.full([BLOCK], NO_MASS, tl.float32)
    furthest, furthest_class, deepest, deepest_class = 0.0, 0, 0.0, 0
    maxima, all_others, all_squares, entropies, seconds = nothing, nothing, nothing, nothing, nothing
    tops, ranks, supports, collapsed = no_class, no_class, no_class, no_class

    coming = tl.load(row + classes, mask=inside, other=-float("inf"))
    for m in range(n_exits):
        values = coming.to(tl.float32)
        # The next exit's row is on its way while this one is worked on.
        following = row + (m + 1) * exit_stride
        coming = tl.load(following + classes, mask=inside & (m + 1 < n_exits), other=-float("inf"))
        true_logit = tl.load(row + m * exit_stride + true_class).to(tl.float32)

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
            highest = tl.max(product, 0)
            maxima = put(maxima, exits, m, highest)
            fallen = highest == -float("inf")
            below = product - highest
            true_below = true_product - highest
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
                    beside, rank, true_class, top, row, exit_stride, weights, exits, m, fallen, classes, n_classes,
                    threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP,
                )  # fmt: skip
            collapsed = put(collapsed, exits, m, fallen.to(tl.int32))
        else:
            highest = tl.max(values, 0)
            raw_maxima = put(raw_maxima, exits, m, highest)
            below = clamped(values - highest)
            missing, top, above, around = row_counts(
                below, values == highest, values, true_logit, base_slack, classes, n_classes
            )
            whole = tl.floor(missing + 0.5)
            flag = flag | tl.where(missing == missing, 0, INVALID)
            flag = flag | tl.where(tl.abs(missing - whole) > 1e-3, UNDECIDED, 0)
            support = BLOCK - whole.to(tl.int32)
            rank = 1 + above
            if around > 1:
                same = values == true_logit
                rank += count(same & (classes < true_class))
                if base_slack > 0:
                    flag = flag | tl.where(label >= 0, tl.where(around != count(same), UNDECIDED, 0), 0)
            below = below * scale_32
            others, squares, entropy, second = row_sums(below, top, classes)
            if second > 0.999:
                near = (values >= highest - base_slack) & (values != highest)
                flag = flag | tl.where(count(near) > 0, UNDECIDED, 0)

        peak, furthest, furthest_class, deepest, deepest_class = update_falls(
            below, others, peak, furthest, furthest_class, deepest, deepest_class, classes, n_classes
        )
        all_others = put(all_others, exits, m, others)
        all_squares = put(all_squares, exits, m, squares)
        entropies = put(entropies, exits, m, entropy)
        seconds = put(seconds, exits, m, second)
        tops = put(tops, exits, m, top)
        ranks = put(ranks, exits, m, rank)
        supports = put(supports, exits, m, support)

    tl.store(flags + sample, flag)
    final = tl.sum(tl.where(exits == n_exits - 1, tops, 0), 0)
    exact = raw_maxima.to(tl.float64)
    if PRODUCT:
        # The products of every exit's likeliest class, in float64: rows are exits, columns the exits so far.
        so_far = exits[None, :] <= exits[:, None]
        place = row + exits[None, :] * exit_stride + tops[:, None]
        top_logits = tl.load(place, mask=so_far & (exits[:, None] < n_exits), other=1.0).to(tl.float32)
        top_factors = bound(top_logits, threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP).to(tl.float64)
        top_scores = tl.sum(tl.where(so_far, weighted_log2(top_factors, weights[None, :]), 0.0), 1)
        top_scores = tl.where((collapsed > 0) | (exits >= n_exits), 0.0, top_scores)
        # The sums are relative to the float32 maximum.
        rounding = tl.exp2(tl.where(collapsed > 0, 0.0, maxima.to(tl.float64) - top_scores))
        rounding = tl.where(exits < n_exits, rounding, 1.0)
        finish(
            product_scores(
                row, exit_stride, true_class, weights, exits, n_exits, threshold, cap, collapsed, exact,
                HAS_THRESHOLD, ZERO, HAS_CAP,
            ),
            product_scores(
                row, exit_stride, final, weights, exits, n_exits, threshold, cap, collapsed, exact,
                HAS_THRESHOLD, ZERO, HAS_CAP,
            ),
            product_scores(
                row, exit_stride, furthest_class, weights, exits, n_exits, threshold, cap, collapsed, exact,
                HAS_THRESHOLD, ZERO, HAS_CAP,
            ),
            product_scores(
                row, exit_stride, deepest_class, weights, exits, n_exits, threshold, cap, collapsed, exact,
                HAS_THRESHOLD, ZERO, HAS_CAP,
            ),
            top_scores, all_others.to(tl.float64) * rounding, all_squares.to(tl.float64) * rounding * rounding,
            entropies.to(tl.float64) * rounding, seconds.to(tl.float64) * rounding,
            tops, ranks, supports, collapsed,
            label, exits, n_exits, n_samples, n_classes, sample, floats, integers, fall_sizes, fall_exits,
        )  # fmt: skip
    else:
        finish(
            (trajectory(row, exit_stride, true_class, exits, n_exits).to(tl.float64) - exact) * scale,
            (trajectory(row, exit_stride, final, exits, n_exits).to(tl.float64) - exact) * scale,
            (trajectory(row, exit_stride, furthest_class, exits, n_exits).to(tl.float64) - exact) * scale,
            (trajectory(row, exit_stride, deepest_class, exits, n_exits).to(tl.float64) - exact) * scale,
            tl.zeros([EXITS], tl.float64), all_others.to(tl.float64), all_squares.to(tl.float64),
            entropies.to(tl.float64), seconds.to(tl.float64), tops, ranks, supports, no_class,
            label, exits, n_exits, n_samples, n_classes, sample, floats, integers, fall_sizes, fall_exits,
        )  # fmt: skip
