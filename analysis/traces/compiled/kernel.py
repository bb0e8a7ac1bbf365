"""The traces of a chunk in one visit of each logit, by any of the table's predictors together. Imports numba.

Everything is float64, as on the reference path, and so are its results: what float32 could not decide does not arise.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from analysis.metrics.decrease import LOWEST_LOG
from analysis.traces.compiled import rows, scores
from analysis.traces.compiled.compiler import compile_and_keep, fetch
from analysis.traces.compiled.rows import (
    begin_at,
    copy_columns,
    copy_row,
    deepest_falls,
    fall_reached,
    first_at_least,
    first_equal,
    move_to,
    move_to_nothing,
    reduce_row,
    show_nothing,
    write_fall,
)
from analysis.traces.compiled.scores import (
    add_log_factors,
    add_logits,
    divide,
    highest_of,
    keep_above,
    log_of_mean,
    log_of_sum,
    normalised,
    own_threshold,
    vote,
    widen,
)

BASELINE, PRODUCT, HARD, SOFTMAX_PRODUCT, MIXTURE, CACHING, ADAPTIVE, ENSEMBLE, VOTE = range(9)
"""Kinds of predictors."""
BY_SOFTMAX, BY_PREVIOUS, BY_NOTHING = range(3)
"""Fallbacks."""
KIND, ACTIVATION, FALLBACK, IS_MEAN, IS_RELATIVE, FLOOR_IS_THRESHOLD = range(6)
"""Columns of `choices`."""
THRESHOLD, CAP, TEMPERATURE, MASS, POWER = range(5)
"""Columns of `numbers`."""
INVALID, UNDECIDED = 1, 2
"""Flags of a sample: logits to be refused; left to the reference path."""
LINE, PAGE = 8, 512
"""float64 numbers in a cache line and in a memory page."""
SMALLEST_SUM = 1e-290
"""As in `analysis.predictors.mixture`."""
SIGNATURE = (
    "void(int64, int64, int64, int64, int64[::1], int64[:, ::1], float64[:, ::1], float64[:, :, ::1], int64, "
    "float64[:, :, :, ::1], int32[:, :, :, ::1], float64[:, :, ::1], int16[:, :, ::1], int32[::1], "
    "float64[:, ::1], float64[:, ::1], float64[:, :, ::1], float64[:, :, ::1], float64[:, :, ::1], float64[:, :, ::1], "
    "int64[:, ::1], float64[::1], float64[::1])"
)


def trace_samples(
    address, kind, exit_stride, sample_stride, labels, choices, numbers, weights, n_classes,
    floats, integers, fall_sizes, fall_exits, flags,
    widened, rows_of_sample, rows_of_predictors, logs, opinions, falling, exits, tops, shares,
):  # fmt: skip
    """Trace every sample of a chunk.

    Parameters
    ----------
    address, kind, exit_stride, sample_stride : where the logits lie, their type, and the bytes between rows
    labels : (samples,), -1 where unknown
    choices, numbers, weights : of each predictor: (predictors, choices), (predictors, numbers), and at each exit what
        the exits so far weigh, a power of a product at its own exit, (predictors, exits, exits)
    floats, integers : (predictors, columns, exits, samples)
    fall_sizes, fall_exits : of each predictor, in the order of `analysis.traces.table.FALLS`: (predictors, falls,
        samples), and the exits from and to which each leads, (predictors, 2 falls, samples)
    flags : (samples,)
    widened, rows_of_sample, rows_of_predictors, logs, opinions, falling, exits, tops, shares : `working_memory`
    """
    n_predictors, n_exits = weights.shape[:2]
    length = (n_classes + scores.ROUND - 1) // scores.ROUND * scores.ROUND
    shown, masses = rows_of_sample[0, :length], rows_of_sample[1, :length]
    highest_log, deepest = rows_of_sample[2, :length], rows_of_sample[3, :length]
    falling, falling_logs = falling[0], falling[1]
    widened[:, n_classes:] = -np.inf
    row_item = 2 << kind
    for s in range(labels.shape[0]):
        label, flag = labels[s], 0
        exits[:] = -1
        for m in range(n_exits):
            place = address + m * exit_stride + s * sample_stride
            tops[m], unknown, subnormal = widen(place, kind, n_classes, widened[m, :length])
            if subnormal > 0:
                flag |= UNDECIDED
            if unknown > 0 or not abs(tops[m]) <= scores.LARGEST:
                flag |= INVALID
                break
        if flag & INVALID:
            flags[s] = flag
            continue
        for r in range(n_predictors):
            for m in range(n_exits):
                if r == 0 and s + 1 < labels.shape[0]:  # what the next sample needs
                    following = address + m * exit_stride + (s + 1) * sample_stride
                    for line in range(0, n_classes * row_item, 64):
                        fetch(following + line)
                logits, top_logit = widened[m, :length], tops[m]
                sums, peak = rows_of_predictors[0, r, :length], rows_of_predictors[1, r, :length]
                furthest = rows_of_predictors[2, r, :length]
                logs_here = logs[r, m, :length]
                method, activation, fallback = choices[r, KIND], choices[r, ACTIVATION], choices[r, FALLBACK]
                temperature, threshold, cap = numbers[r, TEMPERATURE], numbers[r, THRESHOLD], numbers[r, CAP]
                if choices[r, IS_RELATIVE]:
                    threshold *= top_logit
                if method == ADAPTIVE and numbers[r, MASS] < 1.0:
                    threshold = own_threshold(logits, top_logit, numbers[r, MASS], masses)
                floor = threshold if choices[r, FLOOR_IS_THRESHOLD] else 0.0
                row, highest, divisor, weight = logits, top_logit, temperature, weights[r, m, m]
                if m == 0:
                    sums[:] = 0.0
                    if method != MIXTURE:
                        sums[n_classes:] = -np.inf
                if method == HARD:
                    row = sums
                    highest = keep_above(row, logits, threshold)
                elif method == SOFTMAX_PRODUCT:
                    row = sums
                    highest = add_logits(row, logits)
                    if choices[r, IS_MEAN]:
                        divisor *= m + 1.0
                elif activation != scores.SOFTMAX:
                    row = sums
                    if method != PRODUCT and method != ADAPTIVE:  # each exit by itself
                        row = shown
                        row[:] = 0.0
                        divisor = 1.0
                    highest = add_log_factors(row, logits, activation, weight, threshold, floor, cap)
                if divisor != 1.0:
                    highest = divide(row, divisor, shown)
                    row = shown
                collapsed = highest == -np.inf
                source = m
                if collapsed:
                    if fallback == BY_PREVIOUS and exits[0, r] >= 0:
                        source = exits[0, r]
                    elif fallback == BY_NOTHING:
                        source = -1
                    else:
                        row, highest = logits, top_logit
                else:
                    exits[0, r] = m
                if method in (ENSEMBLE, VOTE):
                    normalised(row, highest, opinions[r, m, :length])
                    shown_by = weights[r, m, : m + 1]
                    if method == VOTE:
                        exits[1 + r, m] = first_equal(logits, top_logit)
                        shown_by = shares[: m + 1]
                        vote(exits[1 + r, : m + 1], numbers[r, POWER], shown_by)
                    highest, too_low = log_of_mean(opinions[r], shown_by, SMALLEST_SUM, shown)
                    row = shown
                    if too_low > 0:
                        flag |= UNDECIDED
                elif method == MIXTURE and source >= 0:
                    if source == m:
                        normalised(row, highest, opinions[r, 0, :length])
                    highest, too_low = log_of_sum(sums, opinions[r, 0, :length], SMALLEST_SUM, shown)
                    row, source = shown, m
                    if too_low > 0:
                        flag |= UNDECIDED
                if source == m:
                    share, log_total = reduce_row(row, highest, label, n_classes, masses, floats, integers, r, m, s)
                    if method == CACHING:
                        confidence = np.float32(share)
                        if m > 0 and confidence < np.float32(floats[r, rows.MAX, m - 1, s]):
                            source = m - 1
                if source == m == 0:
                    begin_at(row, highest, log_total, masses, share, logs_here, peak, furthest)
                elif source == m:
                    move_to(row, highest, log_total, masses, share, logs_here, peak, furthest)
                elif source < 0:
                    if m == 0:
                        peak[:] = 0.0
                        furthest[:] = 0.0
                    show_nothing(label, n_classes, floats, integers, r, m, s)
                    move_to_nothing(logs_here, peak, furthest)
                else:  # nothing falls: the exit before has shown it too
                    copy_columns(floats, integers, r, source, m, s)
                    copy_row(logs[r, source, :length], logs_here)
                if collapsed:
                    integers[r, rows.SUPPORT, m, s] = 0
                    integers[r, rows.COLLAPSED, m, s] = 1
        flags[s] = flag
        for r in range(n_predictors):
            furthest = rows_of_predictors[2, r, :length]
            final = integers[r, rows.PREDICTED, n_exits - 1, s]
            furthest_class = first_at_least(furthest, fall_reached(highest_of(furthest), False))
            deepest_falls(logs[r], highest_log, deepest)
            deepest_class = first_at_least(deepest, fall_reached(highest_of(deepest), True))
            for m in range(n_exits):
                falling[0, m] = floats[r, rows.TRUE, m, s]
                falling_logs[0, m] = max(floats[r, rows.LOG_TRUE, m, s], LOWEST_LOG) if label >= 0 else np.nan
                falling_logs[1, m] = logs[r, m, final] if final >= 0 else LOWEST_LOG
                falling[1, m] = floats[r, rows.FINAL, m, s] = math.exp(falling_logs[1, m])
                falling[2, m] = math.exp(logs[r, m, furthest_class])
                falling_logs[2, m] = logs[r, m, deepest_class]
            for of in range(3):
                write_fall(falling[of], False, fall_sizes, fall_exits, r, 2 * of, s)
                write_fall(falling_logs[of], True, fall_sizes, fall_exits, r, 2 * of + 1, s)


def aligned(*shape: int) -> np.ndarray:
    """Uninitialised float64 rows that begin at a cache line each, and not all at the same place of a memory page."""
    stride = shape[-1] + (LINE if shape[-1] % PAGE == 0 else 0)
    size = math.prod(shape[:-1]) * stride
    memory = np.empty(size + LINE)
    start = -memory.ctypes.data // memory.itemsize % LINE
    return memory[start : start + size].reshape(*shape[:-1], stride)


def working_memory(n_predictors: int, n_exits: int, n_classes: int) -> tuple[np.ndarray, ...]:
    """What `trace_samples` writes into beside its results; it allocates nothing itself."""
    length = (n_classes + scores.ROUND - 1) // scores.ROUND * scores.ROUND
    return (
        aligned(n_exits, length),
        aligned(4, length),
        aligned(3, n_predictors, length),
        aligned(n_predictors, n_exits, length),
        aligned(n_predictors, n_exits, length),
        np.empty((2, 3, n_exits)),
        np.empty((1 + n_predictors, max(n_predictors, n_exits)), np.int64),
        np.empty(n_exits),
        np.empty(n_exits),
    )


@functools.cache
def trace_kernel() -> Callable:
    """`trace_samples`, its working memory included, as machine code, compiled or loaded at the first call."""
    compiled = compile_and_keep(trace_samples, SIGNATURE)

    def trace(*given: object) -> None:
        weights, n_classes = given[7:9]
        compiled(*given, *working_memory(*weights.shape[:2], n_classes))

    return trace
