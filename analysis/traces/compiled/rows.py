"""One exit's distribution for one sample, from its scores to the columns of traces and the falls. Imports numba."""

from __future__ import annotations

import math

import numpy as np

from analysis.metrics.decrease import LOWEST_LOG, SAME
from analysis.traces.compiled.arithmetic import LOWEST, exp, log1p
from analysis.traces.compiled.compiler import AS_WRITTEN, compiled, higher
from analysis.traces.ties import TIE

LOG_TRUE, TRUE, MAX, FINAL, SQUARES, ENTROPY, MARGIN = range(7)
"""Places in `analysis.traces.cuda_columns.FLOAT_COLUMNS`."""
PREDICTED, RANK, SUPPORT, COLLAPSED = range(4)
"""Places in `analysis.traces.cuda_columns.INTEGER_COLUMNS`."""
BLOCK = 64


@compiled()
def first_equal(row, value):
    """The lowest class that has a value; one has."""
    start, found = 0, False
    while start + BLOCK <= row.shape[0]:
        for c in range(BLOCK):
            found |= row[start + c] == value
        if found:
            break
        start += BLOCK
    while row[start] != value:
        start += 1
    return start


@compiled()
def first_at_least(row, value):
    """The lowest class that has at least a value; one has."""
    start, found = 0, False
    while start + BLOCK <= row.shape[0]:
        for c in range(BLOCK):
            found |= row[start + c] >= value
        if found:
            break
        start += BLOCK
    while row[start] < value:
        start += 1
    return start


@compiled()
def count_between(row, low, high, stop):
    """How many classes before `stop` have a value from `low` to `high`."""
    count = 0
    for c in range(stop):
        count += (row[c] >= low) & (row[c] <= high)
    return count


@compiled(AS_WRITTEN)
def log_prob(score, highest, log_total):
    """Of a class, given the largest score and the logarithm of the sum of all exp(scores - highest)."""
    return min((score - highest) - log_total, 0.0)


@compiled()
def reduce_row(scores, highest, label, n_classes, masses, floats, integers, r, m, s):
    """Write the columns of one exit and sample, and the masses exp(scores - highest).

    Returns their share each, and the logarithm of their sum.

    Sums are taken without the likeliest class, so that what is small beside it keeps its digits.
    """
    first = first_equal(scores, highest)
    known = label >= 0
    score = scores[label] if known else np.inf
    upper, lower = score + TIE, score - TIE
    above, near = 0, 0
    if known and label != first:
        above, near = int(highest > upper), int(highest >= lower)
    others, squares, entropy, second, support = 0.0, 0.0, 0.0, -np.inf, 1
    scores[first] = -np.inf
    for c in range(scores.shape[0]):
        below = higher(scores[c] - highest, LOWEST)
        mass = exp(below)
        masses[c] = mass
        others += mass
        squares += mass * mass
        entropy += mass * below
    for c in range(scores.shape[0]):  # apart from the sums: together they need more registers than there are
        here = scores[c]
        second = higher(here, second)
        above += here > upper
        near += here >= lower
        support += here > -np.inf
    scores[first] = highest
    masses[first] = 1.0
    near -= above
    share, log_total = 1.0 / (1.0 + others), log1p(others)
    top, tied = first, second >= highest - TIE
    if tied:
        top = first_at_least(scores, highest - TIE)
    rank, log_true = 0, np.nan
    if known:
        rank, log_true = n_classes + 1, -np.inf
        if score > -np.inf:
            log_true = log_prob(score, highest, log_total)
            rank = 1
            if label != top:
                rank += above
                if near > (label != first):  # the highest was left out of the count
                    rank += count_between(scores, lower, upper, label)
    floats[r, LOG_TRUE, m, s] = log_true
    floats[r, TRUE, m, s] = math.exp(log_true)
    floats[r, MAX, m, s] = share if top == first else math.exp(scores[top] - highest) * share
    floats[r, MARGIN, m, s] = 0.0 if tied else (1.0 - math.exp(second - highest)) * share
    floats[r, SQUARES, m, s] = (1.0 + squares) * share * share
    floats[r, ENTROPY, m, s] = higher(log_total - entropy * share, 0.0)
    integers[r, PREDICTED, m, s] = top
    integers[r, RANK, m, s] = rank
    integers[r, SUPPORT, m, s] = support
    integers[r, COLLAPSED, m, s] = 0
    return share, log_total


@compiled()
def copy_columns(floats, integers, r, source, m, s):
    """What another exit shows, here too."""
    for column in range(floats.shape[1]):
        floats[r, column, m, s] = floats[r, column, source, s]
    for column in range(integers.shape[1]):
        integers[r, column, m, s] = integers[r, column, source, s]


@compiled()
def copy_row(row, into):
    """into = row."""
    for c in range(row.shape[0]):
        into[c] = row[c]


@compiled()
def show_nothing(label, n_classes, floats, integers, r, m, s):
    """The columns of a row of zeros."""
    for column in range(floats.shape[1]):
        floats[r, column, m, s] = 0.0
    floats[r, LOG_TRUE, m, s] = -np.inf if label >= 0 else np.nan
    floats[r, TRUE, m, s] = 0.0 if label >= 0 else np.nan
    integers[r, PREDICTED, m, s] = -1
    integers[r, RANK, m, s] = n_classes + 1 if label >= 0 else 0


@compiled()
def begin_at(scores, highest, log_total, masses, share, logs, peak, furthest):
    """The first exit's log-probabilities, finite, and its probabilities; nothing has fallen."""
    for c in range(logs.shape[0]):
        logs[c] = higher(log_prob(scores[c], highest, log_total), LOWEST_LOG)
        peak[c], furthest[c] = masses[c] * share, 0.0


@compiled()
def move_to(scores, highest, log_total, masses, share, logs, peak, furthest):
    """One exit's log-probabilities, finite, and its probabilities into each class's highest so far and largest fall."""
    for c in range(logs.shape[0]):
        logs[c] = higher(log_prob(scores[c], highest, log_total), LOWEST_LOG)
        prob, high = masses[c] * share, peak[c]
        drop = high - prob
        furthest[c] = higher(drop if drop > SAME * high else 0.0, furthest[c])
        peak[c] = higher(prob, high)


@compiled()
def move_to_nothing(logs, peak, furthest):
    """As `move_to`, of a row of zeros."""
    for c in range(logs.shape[0]):
        logs[c] = LOWEST_LOG
        furthest[c] = higher(peak[c], furthest[c])


@compiled()
def deepest_falls(logs, highest, deepest):
    """Each class's largest fall of the logarithm; `highest` is written into. Two exits at a time."""
    n_exits, n_classes = logs.shape[0], highest.shape[0]
    for c in range(n_classes):
        highest[c], deepest[c] = logs[0, c], 0.0
    for m in range(1, n_exits, 2):
        following = min(m + 1, n_exits - 1)
        for c in range(n_classes):
            here, then, high = logs[m, c], logs[following, c], highest[c]
            fall = higher(high - here, deepest[c])
            high = higher(here, high)
            deepest[c] = higher(high - then, fall)
            highest[c] = higher(then, high)


@compiled()
def fall_reached(most, relative):
    """What drops have to reach to be as large as the largest; `relative` ones are of logarithms."""
    return reached_in_logs(math.expm1(-most)) if relative else most * (1.0 - SAME)


@compiled()
def reached_in_logs(less):
    """The same where the largest drop takes a probability to 1 + `less` of itself."""
    return -math.log1p(less * (1.0 - SAME))


@compiled()
def drop_between(values, i, j, relative):
    """The drop from one exit to another; none where a probability falls by rounding alone."""
    drop = values[i] - values[j]
    return drop if relative or drop > SAME * values[i] else 0.0


@compiled()
def write_fall(values, relative, sizes, exits, r, place, s):
    """Size and pair of exits of the largest fall of probabilities, as `analysis.metrics.decrease` finds it.

    Of a `relative` fall the values are logarithms. NaN and no pair where they are unknown.
    """
    n_exits, most, start, end = values.shape[0], 0.0, -1, -1
    for i in range(n_exits):
        for j in range(i + 1, n_exits):
            most = max(drop_between(values, i, j, relative), most)
    less = math.expm1(-most) if relative else -most
    size = -less
    if size <= (SAME if relative else 0.0):
        size = 0.0
    else:
        reached = reached_in_logs(less) if relative else fall_reached(most, False)
        for i in range(n_exits):
            for j in range(i + 1, n_exits):
                if start < 0 and drop_between(values, i, j, relative) >= reached:
                    start, end = i, j
    sizes[r, place, s] = size if values[0] == values[0] else np.nan
    exits[r, 2 * place, s] = start
    exits[r, 2 * place + 1, s] = end
