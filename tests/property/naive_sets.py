"""Every kind of set again, slowly: loops over samples and classes, as the definitions read. Plain Python."""

from __future__ import annotations

import math


def raps_score(probs: list[float], label: int, uniform: float, penalty: float, free: int) -> float:
    """The sum up to the label's rank, with a penalty for each rank beyond `free`, less U times its probability."""
    order = sorted(range(len(probs)), key=lambda c: (-probs[c], c))
    total = 0.0
    for place, c in enumerate(order, 1):
        total += probs[c] + (penalty if place > free else 0.0)
        if c == label:
            return total - uniform * probs[c]
    raise AssertionError


def quantile(scores: list[float], alpha: float) -> float:
    """NumPy's `higher` at ceil((n + 1)(1 - alpha)) / n: the value at ceil(level (n - 1)), counted from 0."""
    n = len(scores)
    count = math.ceil(round((n + 1) * (1 - alpha), 9))
    if count > n:
        return math.inf
    return sorted(scores)[math.ceil(round(count * (n - 1) / n, 9))]


def nested(logits: list[list[float]], gammas: list[list[float]], b: float, alpha: float) -> list[set[int]]:
    """The set of each exit, of one sample: products of ratios, in the order of the definition."""
    product = dict.fromkeys(range(len(logits[0])), 1.0)
    found = []
    for row, drawn in zip(logits, gammas):
        support = [c for c, f in enumerate(row) if f > 0 and f >= b]
        mass, weight = sum(row[c] for c in support), sum(drawn[c] for c in support)
        for c in product:
            ratio = (row[c] / mass) / (drawn[c] / weight) if c in support else math.inf
            product[c] *= ratio
        found.append({c for c, value in product.items() if value <= 1 / alpha})
    return found
