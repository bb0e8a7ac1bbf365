"""Every predictor and setting once more, in plain Python floats, one class at a time: what the tests compare against.

Written from the definitions, with products multiplied out instead of summed as logarithms, so only for small, moderate
inputs. Logits are nested lists [exit][class] of one sample.
"""

from __future__ import annotations

import math

INFINITY = math.inf


def softmax(logits: list[float], temperature: float = 1.0) -> list[float]:
    top = max(logits)
    exponentials = [math.exp((f - top) / temperature) for f in logits]
    return [e / sum(exponentials) for e in exponentials]


def shares(values: list[float]) -> list[float] | None:
    """The values divided by their sum, or None where all are zero."""
    total = sum(values)
    return [value / total for value in values] if total > 0 else None


def activate(f: float, activation: str) -> float:
    if f == -INFINITY:
        return 0.0
    if activation == "relu":
        return max(f, 0.0)
    return {"heaviside": 1.0 if f > 0 else 0.0, "softplus": math.log1p(math.exp(f))}[activation]


def bound(f: float, threshold: float | None, mode: str, cap: float | None) -> float:
    if f == -INFINITY:
        return f
    if threshold is not None and f < threshold:
        f = threshold if mode == "clamp" else 0.0
    return min(f, cap) if cap is not None else f


def rows_with_fallback(rows: list[list[float] | None], logits: list[list[float]], fallback: str) -> list[list[float]]:
    """Replace the rows that are None by what the fallback shows."""
    shown: list[list[float]] = []
    for m, row in enumerate(rows):
        earlier = [r for r in rows[:m] if r is not None]
        if row is not None:
            shown.append(row)
        elif fallback == "none":
            shown.append([0.0] * len(logits[m]))
        elif fallback == "previous" and earlier:
            shown.append(earlier[-1])
        else:
            shown.append(softmax(logits[m]))
    return shown


def baseline_rows(logits, temperature=1.0, activation="softmax") -> list[list[float] | None]:
    if activation == "softmax":
        return [softmax(row, temperature) for row in logits]
    return [shares([activate(f, activation) for f in row]) for row in logits]


def baseline(logits, temperature=1.0, activation="softmax", fallback="softmax"):
    rows = baseline_rows(logits, temperature, activation)
    return rows_with_fallback(rows, logits, fallback), [row is None for row in rows]


def pa(
    logits,
    weights="linear",
    activation="relu",
    threshold=None,
    threshold_mode="clamp",
    relative_threshold=None,
    cap=None,
    temperature=1.0,
    fallback="softmax",
):
    n_exits, n_classes = len(logits), len(logits[0])
    powers = {"linear": [(m + 1) / n_exits for m in range(n_exits)], "uniform": [1.0] * n_exits}.get(weights, weights)
    rows = []
    for m in range(n_exits):
        products = []
        for c in range(n_classes):
            product = 1.0
            for i in range(m + 1):
                b = threshold if relative_threshold is None else relative_threshold * max(logits[i])
                product *= activate(bound(logits[i][c], b, threshold_mode, cap), activation) ** powers[i]
            products.append(product ** (1 / temperature))
        rows.append(shares(products))
    return rows_with_fallback(rows, logits, fallback), [row is None for row in rows]


def hard_poe(logits, threshold=0.0, relative_threshold=None, fallback="softmax"):
    rows = []
    for m in range(len(logits)):
        bounds = [threshold if relative_threshold is None else relative_threshold * max(row) for row in logits]
        rows.append(shares([float(all(logits[i][c] > bounds[i] for i in range(m + 1))) for c in range(len(logits[0]))]))
    return rows_with_fallback(rows, logits, fallback), [row is None for row in rows]


def softmax_poe(logits, combine="sum", temperature=1.0, fallback="softmax"):
    rows = []
    for m in range(len(logits)):
        sums = [sum(logits[i][c] for i in range(m + 1)) for c in range(len(logits[0]))]
        means = [s / (m + 1) for s in sums] if combine == "mean" else sums
        rows.append(softmax(means, temperature) if max(means) > -INFINITY else None)
    return rows_with_fallback(rows, logits, fallback), [row is None for row in rows]


def moe(logits, activation="softmax", fallback="softmax"):
    rows, collapsed = baseline(logits, activation=activation, fallback=fallback)
    mixed = []
    for m in range(len(rows)):
        parts = [row for row in rows[: m + 1] if any(row)]
        empty = fallback == "none" and collapsed[m]
        mixed.append([0.0 if empty else sum(row[c] for row in parts) / len(parts) for c in range(len(rows[0]))])
    return mixed, collapsed


def ca(logits):
    shown: list[list[float]] = []
    for row in (softmax(exit_logits) for exit_logits in logits):
        shown.append(row if not shown or max(row) >= max(shown[-1]) else shown[-1])
    return shown, [False] * len(shown)


def adaptive_pa(logits, mass=0.99, weights="linear", fallback="softmax"):
    n_exits, n_classes = len(logits), len(logits[0])
    powers = {"linear": [(m + 1) / n_exits for m in range(n_exits)], "uniform": [1.0] * n_exits}.get(weights, weights)
    kept = []
    for row in logits:
        probs, thresholds = softmax(row), sorted(set(row), reverse=True)
        held = [(b, sum(p for f, p in zip(row, probs) if f >= b)) for b in thresholds]
        reached = [b for b, share in held if share >= mass - 1e-12]
        kept.append([f >= (-INFINITY if mass == 1 else reached[0]) for f in row])
    rows = []
    for m in range(n_exits):
        factors = [
            [(activate(logits[i][c], "relu") if kept[i][c] else 0.0) ** powers[i] for i in range(m + 1)]
            for c in range(n_classes)
        ]
        rows.append(shares([math.prod(of) for of in factors]))
    return rows_with_fallback(rows, logits, fallback), [row is None for row in rows]


def exit_ensemble(logits, weights="equal", activation="softmax"):
    rows, collapsed = baseline(logits, activation=activation)
    shown, start = [], 0
    for m in range(len(rows)):
        own = {"equal": [1.0] * (m + 1), "latest": [0.0] * m + [1.0]}.get(weights, weights[start : start + m + 1])
        start += m + 1
        shown.append([sum(v * row[c] for v, row in zip(own, rows)) / sum(own) for c in range(len(rows[0]))])
    return shown, collapsed


def agreement_vote(logits, power=1.0):
    rows, shown = [softmax(row) for row in logits], []
    answers = [row.index(max(row)) for row in logits]
    for m in range(len(rows)):
        votes = [answers[: m + 1].count(answers[i]) ** power for i in range(m + 1)]
        shown.append([sum(v * row[c] for v, row in zip(votes, rows)) / sum(votes) for c in range(len(rows[0]))])
    return shown, [False] * len(shown)


NAIVE = {
    "baseline": baseline,
    "pa": pa,
    "hard-poe": hard_poe,
    "softmax-poe": softmax_poe,
    "moe": moe,
    "ca": ca,
    "adaptive-pa": adaptive_pa,
    "exit-ensemble": exit_ensemble,
    "agreement-vote": agreement_vote,
}
