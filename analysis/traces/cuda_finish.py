"""The end of the fused kernel: a sample's columns and falls from sums over its classes, all exits at once.

Imports Triton.
"""

from __future__ import annotations

import triton.language as tl

from analysis.traces.cuda_row import BEYOND, kernel

LN_2 = tl.constexpr(0.6931471805599453)


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
