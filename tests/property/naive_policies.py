"""Every policy again, slowly: loops over samples, exits and thresholds, as the definitions read. Plain Python."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction


def score(measure: str, rows: list[list[float]]) -> float:
    """The score of one sample at the last of the exits so far, of the probabilities of each."""
    probs = rows[-1]
    top = sorted(probs, reverse=True)
    if measure == "max-prob":
        return top[0]
    if measure == "margin":
        return top[0] - (top[1] if len(top) > 1 else 0.0)
    if measure == "entropy":
        if len(probs) == 1:
            return 1.0
        return 1 - sum(-p * math.log(p) for p in probs if p > 0) / math.log(len(probs))
    answers = [row.index(max(row)) for row in rows]
    counter = 0
    for before, answer in itertools.pairwise(answers):
        counter = counter + 1 if before == answer else 0
    return counter


def budgeted(confidence: list[list[float]], p: float) -> list[float | None]:
    """MSDNet's thresholds, in the public code's own loop: samples from the surest down, counting those not yet gone."""
    n_exits, n = len(confidence), len(confidence[0])
    powers = [p**k for k in range(1, n_exits + 1)]
    gone, thresholds = [False] * n, []
    for m in range(n_exits - 1):
        wanted, count, threshold = math.floor(n * (powers[m] / sum(powers))), 0, None
        for i in sorted(range(n), key=lambda i: -confidence[m][i]):
            if not gone[i]:
                count += 1
                if count == wanted:
                    threshold = confidence[m][i]
                    break
        thresholds.append(threshold)
        if threshold is not None:
            gone = [g or c >= threshold for g, c in zip(gone, confidence[m])]
    return [*thresholds, 0.0]


def first_above(confidence: list[list[float]], i: int, threshold: float) -> int:
    """The exit where sample i stops under one threshold that must be exceeded."""
    for m in range(len(confidence) - 1):
        if confidence[m][i] > threshold:
            return m
    return len(confidence) - 1


def wsr_bound(losses: list[float], delta: float, grid: int = 2000) -> float:
    """inf {R : max_t K_t(R) > 1 / delta}, tried on a grid of R, rounded up to it; 1 where there is none."""
    n = len(losses)
    stakes, variance, total, spread = [], 0.25, 0.0, 0.0
    for t, loss in enumerate(losses, start=1):
        stakes.append(min(1.0, math.sqrt(2 * math.log(1 / delta) / (n * variance))))
        total += loss
        mean = (0.5 + total) / (1 + t)
        spread += (loss - mean) ** 2
        variance = (0.25 + spread) / (1 + t)
    for step in range(grid + 1):
        wealth = best = 1.0
        for stake, loss in zip(stakes, losses):
            wealth *= 1 - stake * (loss - step / grid)
            best = max(best, wealth)
        if best > 1 / delta:
            return step / grid
    return 1.0


def hb_p_value(lost: int, n: int, limit: Fraction) -> float:
    """Hoeffding-Bentkus of `lost` losses of 1 among n, in exact fractions where there are."""
    tail = sum(math.comb(n, k) * limit**k * (1 - limit) ** (n - k) for k in range(lost + 1))
    a, b = float(min(Fraction(lost, n), limit)), float(limit)
    h = (a * math.log(a / b) if a else 0.0) + (1 - a) * math.log((1 - a) / (1 - b))
    return min(math.exp(-n * h), math.e * float(tail), 1.0)


def information(stops: list[int], labels: list[int]) -> float | None:
    """Mutual information of two lists over the entropy of the first, by its definition."""
    n = len(stops)
    share = lambda pairs, value: sum(pair == value for pair in pairs) / n  # noqa: E731
    entropy = -sum(share(stops, s) * math.log(share(stops, s)) for s in set(stops))
    if len(set(stops)) < 2:
        return None
    pairs = list(zip(stops, labels))
    shared = sum(
        share(pairs, (s, y)) * math.log(share(pairs, (s, y)) / (share(stops, s) * share(labels, y)))
        for s, y in set(pairs)
    )
    return shared / entropy
