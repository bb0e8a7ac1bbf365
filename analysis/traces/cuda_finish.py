"""The end of the fused kernel: a sample's columns and falls from sums over its classes, all exits at once.

Imports Triton.
"""

from __future__ import annotations

import triton.language as tl

from analysis.metrics import decrease
from analysis.traces.cuda_row import BEYOND, kernel

LN_2 = tl.constexpr(0.6931471805599453)
LOWEST_LOG = tl.constexpr(decrease.LOWEST_LOG)
SAME = tl.constexpr(decrease.SAME)


@kernel
def log1p(values):
    """log(1 + x) for float64 x >= 0, to 1e-10 relative."""
    return tl.where(values < 1e-5, values - values * values * 0.5, tl.log(1.0 + values))


@kernel
def expm1(values):
    """exp(x) - 1 for float64 x <= 0, to 1e-10 relative."""
    small = values * (1.0 + values * (0.5 + values * 0.16666666666666666))
    return tl.where(values > -1e-4, small, tl.exp(values) - 1.0)


@kernel
def write_fall(logs, exits, n_samples, sample, sizes, pairs, place, relative: tl.constexpr):
    """Size and pair of exits of the largest fall of natural logarithms, as `analysis.metrics.decrease` finds it."""
    finite = tl.maximum(logs, LOWEST_LOG)  # this is NaN's place too
    later = exits[None, :] > exits[:, None]
    if relative:
        size = -expm1(tl.minimum(finite[None, :] - finite[:, None], 0.0))
        least = tl.zeros_like(size) + SAME
    else:
        probs = tl.exp(finite)
        size = probs[:, None] - probs[None, :]
        least = probs[:, None] * SAME
    size = tl.where(later & (size > least), size, 0.0)
    largest = tl.max(tl.max(size, 1), 0)
    length: tl.constexpr = size.shape[0]
    pair = exits[:, None] * length + exits[None, :]
    first = tl.min(tl.min(tl.where(later & (size >= largest * (1.0 - SAME)), pair, BEYOND), 1), 0)
    known = tl.sum((logs != logs).to(tl.int32), 0) == 0
    tl.store(sizes + place * n_samples + sample, tl.where(known, largest, float("nan")))
    falls = known & (largest > 0)
    tl.store(pairs + 2 * place * n_samples + sample, tl.where(falls, first // length, -1))
    tl.store(pairs + (2 * place + 1) * n_samples + sample, tl.where(falls, first % length, -1))


@kernel
def log_probs_of(scores, maxima, log_total, is_exit):
    """Natural logarithms of a class's probabilities, from base-2 scores; past the last exit higher than all."""
    logs = tl.where(scores == -float("inf"), scores, (scores - maxima) * LN_2 - log_total)
    return tl.where(is_exit, tl.minimum(logs, 0.0), 1.0)


@kernel
def finish(
    scores_true, scores_final, scores_furthest, scores_deepest, maxima, others, squares, entropies, seconds,
    tops, ranks, supports, collapsed, label, exits, n_exits, n_samples, n_classes, sample,
    floats, integers, fall_sizes, fall_exits,
):  # fmt: skip
    """Write the columns and falls of one sample, all exits at once, from base-2 scores in float64."""
    is_exit = exits < n_exits
    known = label >= 0
    share = 1.0 / (1.0 + others)  # of the likeliest class
    log_total = log1p(others)
    true_log = log_probs_of(scores_true, maxima, log_total, is_exit)
    final_log = log_probs_of(scores_final, maxima, log_total, is_exit)
    cells = n_exits.to(tl.int64) * n_samples
    place = exits.to(tl.int64) * n_samples + sample
    here = floats + place
    stored_log = tl.where(true_log > -float("inf"), tl.maximum(true_log, -3.4028234663852886e38), true_log)
    tl.store(here, tl.where(known, stored_log, float("nan")).to(tl.float32), mask=is_exit)
    tl.store(here + cells, tl.where(known, tl.exp(true_log), float("nan")).to(tl.float32), mask=is_exit)
    tl.store(here + 2 * cells, share.to(tl.float32), mask=is_exit)
    tl.store(here + 3 * cells, tl.exp(final_log).to(tl.float32), mask=is_exit)
    tl.store(here + 4 * cells, ((1.0 + squares) * share * share).to(tl.float32), mask=is_exit)
    tl.store(here + 5 * cells, (tl.maximum(log_total - LN_2 * entropies * share, 0.0)).to(tl.float32), mask=is_exit)
    tl.store(here + 6 * cells, ((1.0 - tl.minimum(seconds, 1.0)) * share).to(tl.float32), mask=is_exit)
    rank = tl.where(known, tl.where(scores_true == -float("inf"), n_classes + 1, ranks), 0)
    here = integers + place
    tl.store(here, tops, mask=is_exit)
    tl.store(here + cells, rank, mask=is_exit)
    tl.store(here + 2 * cells, tl.where(collapsed > 0, 0, supports), mask=is_exit)
    tl.store(here + 3 * cells, collapsed, mask=is_exit)
    known_log = tl.where(known, true_log, float("nan"))
    furthest_log = log_probs_of(scores_furthest, maxima, log_total, is_exit)
    deepest_log = log_probs_of(scores_deepest, maxima, log_total, is_exit)
    write_fall(known_log, exits, n_samples, sample, fall_sizes, fall_exits, 0, False)
    write_fall(known_log, exits, n_samples, sample, fall_sizes, fall_exits, 1, True)
    write_fall(final_log, exits, n_samples, sample, fall_sizes, fall_exits, 2, False)
    write_fall(final_log, exits, n_samples, sample, fall_sizes, fall_exits, 3, True)
    write_fall(furthest_log, exits, n_samples, sample, fall_sizes, fall_exits, 4, False)
    write_fall(deepest_log, exits, n_samples, sample, fall_sizes, fall_exits, 5, True)
