"""Unnormalised log-probabilities of one exit and sample, in float64, one class beside the other. Imports numba.

Rows are as long as `ROUND` allows; classes past the last have a logit of -inf, and so no mass under any predictor.
Each function fills a row and returns its largest value: -inf where no class has support.
"""

from __future__ import annotations

import numpy as np

from analysis.traces.compiled.arithmetic import LOWEST, SMALLEST, exp, half, log, log_softplus
from analysis.traces.compiled.compiler import compiled, double_at, half_at, higher, pointer_to, single_at

CLOSE = 1e-12
"""As in `analysis.predictors.adaptive_product`."""
LARGEST = 1e300
"""As in `analysis.predictors.checks`."""
ROUND = 32
"""Rows hold a multiple of it, so that the compiler's vectors leave no rest, which would take as long as they do."""
HALF, SINGLE, DOUBLE = range(3)
"""Types of logits."""
SOFTMAX, RELU, HEAVISIDE, SOFTPLUS = range(4)
"""Activations."""


@compiled()
def widen(address, kind, n_classes, row):
    """Put logits into a row. Returns the largest, how many are NaN, which it does not show, and subnormal."""
    highest, unknown, subnormal = -np.inf, 0, 0
    first = pointer_to(address)
    if kind == HALF:
        for c in range(n_classes):
            row[c] = half(half_at(first, c))
    elif kind == SINGLE:
        for c in range(n_classes):
            row[c] = single_at(first, c)
    else:
        for c in range(n_classes):
            row[c] = double_at(first, c)
            subnormal += (row[c] > 0.0) & (row[c] < SMALLEST)
    for c in range(row.shape[0]):
        value = row[c]
        unknown += value != value
        highest = higher(value, highest)
    return highest, unknown, subnormal


@compiled()
def highest_of(row):
    """The largest of a row."""
    highest = -np.inf
    for c in range(row.shape[0]):
        highest = higher(row[c], highest)
    return highest


@compiled()
def bounded(logit, threshold, floor, cap):
    """`analysis.predictors.activations.bound_logits`; a threshold of -inf and a cap of inf do nothing."""
    raised = floor if (logit < threshold) & (logit > -np.inf) else logit
    return cap if raised > cap else raised


@compiled()
def add_log_factors(scores, logits, activation, weight, threshold, floor, cap):
    """scores += weight * log a(bounded logits); a weight of 0 changes nothing."""
    n_classes, highest = scores.shape[0], -np.inf
    if weight == 0.0:
        return highest_of(scores)
    if activation == RELU and threshold == -np.inf and cap == np.inf:
        for c in range(n_classes):
            score = scores[c] + weight * log(higher(logits[c], 0.0))
            scores[c] = score
            highest = higher(score, highest)
    elif activation == RELU:
        for c in range(n_classes):
            score = scores[c] + weight * log(higher(bounded(logits[c], threshold, floor, cap), 0.0))
            scores[c] = score
            highest = higher(score, highest)
    elif activation == HEAVISIDE:
        for c in range(n_classes):
            score = scores[c] if bounded(logits[c], threshold, floor, cap) > 0.0 else -np.inf
            scores[c] = score
            highest = higher(score, highest)
    else:
        for c in range(n_classes):
            score = scores[c] + weight * log_softplus(bounded(logits[c], threshold, floor, cap))
            scores[c] = score
            highest = higher(score, highest)
    return highest


@compiled()
def keep_above(scores, logits, threshold):
    """scores to -inf where a logit is not above the threshold."""
    highest = -np.inf
    for c in range(scores.shape[0]):
        score = scores[c] if logits[c] > threshold else -np.inf
        scores[c] = score
        highest = higher(score, highest)
    return highest


@compiled()
def add_logits(scores, logits):
    """scores += logits."""
    highest = -np.inf
    for c in range(scores.shape[0]):
        score = scores[c] + logits[c]
        scores[c] = score
        highest = higher(score, highest)
    return highest


@compiled()
def divide(scores, divisor, into):
    """into = scores / divisor."""
    for c in range(scores.shape[0]):
        into[c] = scores[c] / divisor
    return highest_of(into)


@compiled()
def normalised(scores, highest, probs):
    """probs = exp(scores) / sum of exp(scores), exactly 0 without support."""
    total = 0.0
    for c in range(scores.shape[0]):
        prob = exp(higher(scores[c] - highest, LOWEST)) if scores[c] > -np.inf else 0.0
        probs[c] = prob
        total += prob
    share = 1.0 / total
    for c in range(scores.shape[0]):
        probs[c] *= share


@compiled()
def log_of_sum(sums, probs, smallest, into):
    """sums += probs and into = log sums. Returns its maximum and how many sums lie between 0 and the smallest."""
    highest, low = -np.inf, 0
    for c in range(sums.shape[0]):
        mass = sums[c] + probs[c]
        sums[c] = mass
        low += (mass > 0.0) & (mass < smallest)
        score = log(mass)
        into[c] = score
        highest = higher(score, highest)
    return highest, low


@compiled()
def log_of_mean(opinions, shares, smallest, into):
    """into = log of the mean of opinions with the shares. Returns as `log_of_sum`, of means."""
    highest, low, n_opinions = -np.inf, 0, shares.shape[0]
    for c in range(into.shape[0]):
        into[c] = 0.0
    for i in range(n_opinions):
        share = shares[i]
        for c in range(into.shape[0]):
            into[c] += share * opinions[i, c]
    for i in range(n_opinions):
        if shares[i] > 0.0:
            for c in range(into.shape[0]):
                low += (into[c] < smallest) & (opinions[i, c] > 0.0)
    for c in range(into.shape[0]):
        score = log(into[c])
        into[c] = score
        highest = higher(score, highest)
    return highest, low


@compiled()
def vote(answers, power, shares):
    """The share of each exit in a vote: as many as give its answer, to a power."""
    most, total = 0.0, 0.0
    for i in range(answers.shape[0]):
        shares[i] = 0.0
        for other in range(answers.shape[0]):
            shares[i] += 1.0 if answers[other] == answers[i] else 0.0
        most = max(shares[i], most)
    for i in range(answers.shape[0]):
        shares[i] = (shares[i] / most) ** power
        total += shares[i]
    for i in range(answers.shape[0]):
        shares[i] /= total


@compiled()
def mass_from(logits, masses, bound):
    """The mass of the classes whose logits reach a bound, the lowest of these logits, and the highest of the others."""
    mass, lowest, below = 0.0, np.inf, -np.inf
    for c in range(logits.shape[0]):
        reaches = logits[c] >= bound
        mass += masses[c] if reaches else 0.0
        lowest = -higher(-logits[c] if reaches else -np.inf, -lowest)
        below = higher(-np.inf if reaches else logits[c], below)
    return mass, lowest, below


@compiled()
def own_threshold(logits, highest, mass, masses):
    """The largest logit that is reached by classes which hold `mass` of the softmax; `masses` is written into.

    As `analysis.predictors.adaptive_product`, without ordering the classes: what lies between two logits is halved.
    """
    total = 0.0
    for c in range(logits.shape[0]):
        masses[c] = exp(higher(logits[c] - highest, LOWEST)) if logits[c] > -np.inf else 0.0
        total += masses[c]
    needed = (mass - CLOSE) * total
    low, high = mass_from(logits, masses, -LARGEST)[1], highest
    while low < high:
        middle = low + (high - low) / 2.0
        if middle <= low:
            middle = high
        held, lowest, below = mass_from(logits, masses, middle)
        if held >= needed:
            low = lowest
        else:
            high = below
    return low
