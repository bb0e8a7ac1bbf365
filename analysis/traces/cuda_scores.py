"""Single classes' products in float64, for what the fused kernel's float32 cannot decide. Imports Triton."""

from __future__ import annotations

import triton.language as tl

from analysis.traces import ties
from analysis.traces.cuda_row import bound, count, kernel, lowest_class

LOG2_E = tl.constexpr(1.4426950408889634)
TIE = tl.constexpr(ties.TIE * 1.4426950408889634)
"""`analysis.traces.ties.TIE` in base 2."""
MOST_CANDIDATES = tl.constexpr(32)
"""More classes than this within rounding of another are left to the reference path."""


@kernel
def weighted_log2(factors, weights):
    """weights * log2(factors) in float64, -inf for a factor of 0, with 0 * -inf = 0."""
    logs = weights * tl.log2(tl.where(factors > 0, factors, 1.0))
    return tl.where(weights == 0, 0.0, tl.where(factors > 0, logs, -float("inf")))


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
        best = tl.maximum(best, score)
    last = -1
    found = 0
    for _ in range(tl.minimum(candidates, MOST_CANDIDATES)):
        last = lowest_class(near & (classes > last), classes, n_classes)
        score = exact_score(
            row, exit_stride, last, weights, exits, exit_index, fallen, threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP
        )
        tied = score >= best - TIE
        top = tl.where(tied & (found == 0), last, top)
        found += tied.to(tl.int32)
    return top


@kernel
def resolve_rank(
    beside, rank, true_class, top, row, exit_stride, weights, exits, exit_index, fallen, classes, n_classes,
    threshold, cap, HAS_THRESHOLD: tl.constexpr, ZERO: tl.constexpr, HAS_CAP: tl.constexpr,
):  # fmt: skip
    """The true class's rank with the classes beside it that are before it, by their scores in float64; 1 of the top."""
    true_score = exact_score(
        row, exit_stride, true_class, weights, exits, exit_index, fallen, threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP
    )
    last = -1
    for _ in range(tl.minimum(count(beside), MOST_CANDIDATES)):
        last = lowest_class(beside & (classes > last), classes, n_classes)
        score = exact_score(
            row, exit_stride, last, weights, exits, exit_index, fallen, threshold, cap, HAS_THRESHOLD, ZERO, HAS_CAP
        )
        tied_or_above = score >= true_score - TIE
        rank += tl.where(tl.where(last < true_class, tied_or_above, score > true_score + TIE), 1, 0)
    return tl.where(true_class == top, 1, rank)


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
