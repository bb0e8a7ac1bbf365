"""One exit's distribution for one sample, from its scores to the columns of traces and the falls. Imports numba."""

from __future__ import annotations

import math

import numpy as np

from analysis.traces.compiled.arithmetic import LOWEST, exp
from analysis.traces.compiled.compiler import AS_WRITTEN, compiled, higher
from analysis.traces.ties import TIE_GRID

LOG_TRUE, TRUE, MAX, FINAL, SQUARES, ENTROPY, MARGIN = range(7)
"""Places in `analysis.traces.cuda_columns.FLOAT_COLUMNS`."""
PREDICTED, RANK, SUPPORT, COLLAPSED = range(4)
"""Places in `analysis.traces.cuda_columns.INTEGER_COLUMNS`."""
NEAR, NEAR_SHARE = 2.0 / TIE_GRID, 1e-14
"""Scores further apart than this, and this share of them, are no tie, whatever their rounding."""
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
def count_equal(row, value, stop):
    """How many classes before `stop` have a value."""
    count = 0
    for c in range(stop):
        count += row[c] == value
    return count


@compiled()
def count_at_least(row, value):
    """How many of a row are at least so large."""
    count = 0
    for c in range(row.shape[0]):
        count += row[c] >= value
    return count


@compiled(AS_WRITTEN)
def log_prob(score, highest, log_total):
    """Of a class, given the largest score and the logarithm of the sum of all exp(scores - highest)."""
    return min((score - highest) - log_total, 0.0)


@compiled(AS_WRITTEN)
def key(score, highest, log_total):
    """A log-probability on the grid of ties."""
    return np.rint(log_prob(score, highest, log_total) * TIE_GRID)


@compiled()
def likeliest_by_key(scores, highest, log_total, slack):
    """The likeliest class, the lowest of ties, among scores so near that their keys decide."""
    top, best = -1, -np.inf
    for c in range(scores.shape[0]):
        if scores[c] >= highest - slack:
            here = key(scores[c], highest, log_total)
            if here > best:
                top, best = c, here
    return top


@compiled()
def rank_by_key(scores, highest, log_total, label, slack):
    """The rank of a class some of whose neighbours are so near that their keys decide."""
    rank, mine = 1, key(scores[label], highest, log_total)
    for c in range(scores.shape[0]):
        if scores[c] > scores[label] + slack:
            rank += 1
        elif scores[c] >= scores[label] - slack:
            here = key(scores[c], highest, log_total)
            rank += (here > mine) | ((here == mine) & (c < label))
    return rank


@compiled()
def reduce_row(scores, highest, label, n_classes, masses, floats, integers, r, m, s):
    """Write the columns of one exit and sample, and the masses exp(scores - highest). Returns their share each.

    Sums are taken without the likeliest class, so that what is small beside it keeps its digits.
    """
    first = first_equal(scores, highest)
    known = label >= 0
    score = scores[label] if known else np.inf
    slack = NEAR + NEAR_SHARE * abs(score) if known and score > -np.inf else 0.0
    upper, lower = score + slack, score - slack
    above, near = 0, 0
    if known and label != first:
        above, near = int(highest > upper), int(highest >= lower)
    others, squares, entropy, second, support = 0.0, 0.0, 0.0, -np.inf, 1
    scores[first] = -np.inf
    for c in range(scores.shape[0]):
        here = scores[c]
        below = higher(here - highest, LOWEST)
        mass = exp(below)
        masses[c] = mass
        others += mass
        squares += mass * mass
        entropy += mass * below
        second = higher(here, second)
        above += here > upper
        near += here >= lower
        support += here > -np.inf
    scores[first] = highest
    masses[first] = 1.0
    near -= above
    share, log_total = 1.0 / (1.0 + others), math.log1p(others)
    top, slack_of_top = first, NEAR + NEAR_SHARE * abs(highest)
    if second >= highest - slack_of_top:
        same = count_equal(scores, highest, scores.shape[0])
        if count_at_least(scores, highest - slack_of_top) != same:
            top = likeliest_by_key(scores, highest, log_total, slack_of_top)
    rank, log_true = 0, np.nan
    if known:
        rank, log_true = n_classes + 1, -np.inf
        if score > -np.inf:
            log_true = log_prob(score, highest, log_total)
            rank = 1 + above
            if near > (label != first):
                if count_equal(scores, score, scores.shape[0]) == near + (label == first):
                    rank += count_equal(scores, score, label)
                else:
                    rank = rank_by_key(scores, highest, log_total, label, slack)
    floats[r, LOG_TRUE, m, s] = log_true
    floats[r, TRUE, m, s] = math.exp(log_true)
    if top == first:
        floats[r, MAX, m, s] = share
        floats[r, MARGIN, m, s] = (1.0 - math.exp(second - highest)) * share
    else:
        floats[r, MAX, m, s] = math.exp(scores[top] - highest) * share
        floats[r, MARGIN, m, s] = (math.exp(scores[top] - highest) - 1.0) * share
    floats[r, SQUARES, m, s] = (1.0 + squares) * share * share
    floats[r, ENTROPY, m, s] = higher(log_total - entropy * share, 0.0)
    integers[r, PREDICTED, m, s] = top
    integers[r, RANK, m, s] = rank
    integers[r, SUPPORT, m, s] = support
    integers[r, COLLAPSED, m, s] = 0
    return share


@compiled()
def copy_columns(floats, integers, r, source, m, s):
    """What another exit shows, here too."""
    for column in range(floats.shape[1]):
        floats[r, column, m, s] = floats[r, column, source, s]
    for column in range(integers.shape[1]):
        integers[r, column, m, s] = integers[r, column, source, s]


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
def to_probs(masses, share, probs):
    """probs = masses * share, in float32."""
    for c in range(probs.shape[0]):
        probs[c] = np.float32(masses[c] * share)


@compiled()
def start_falls(probs, peak, furthest, deepest):
    """The first exit's: nothing has fallen."""
    for c in range(probs.shape[0]):
        peak[c] = np.float64(probs[c])
    furthest[:] = 0.0
    deepest[:] = 0.0


@compiled()
def update_falls(probs, peak, furthest, deepest):
    """One exit's float32 probabilities into each class's highest so far and largest fall, absolute and relative."""
    for c in range(probs.shape[0]):
        furthest[c] = higher(peak[c] - np.float64(probs[c]), furthest[c])
    for c in range(probs.shape[0]):
        prob, high = np.float64(probs[c]), peak[c]
        deepest[c] = higher((high - prob) / higher(high, 1e-300), deepest[c])
        peak[c] = higher(prob, high)


@compiled()
def write_fall(trajectory, relative, sizes, exits, r, place, s):
    """Size and pair of exits of the largest fall of float32 values, as `analysis.metrics.decrease` finds it.

    NaN and no pair where they are unknown.
    """
    size, start, end = np.float32(0.0), -1, -1
    for i in range(trajectory.shape[0]):
        for j in range(i + 1, trajectory.shape[0]):
            drop = trajectory[i] - trajectory[j]
            if relative and trajectory[i] > 0.0:
                high = np.float64(trajectory[i])
                drop = np.float32((high - np.float64(trajectory[j])) / high)
            if drop > size:
                size, start, end = drop, i, j
    sizes[r, place, s] = size if trajectory[0] == trajectory[0] else np.float32(np.nan)
    exits[r, 2 * place, s] = start
    exits[r, 2 * place + 1, s] = end
