"""Accuracy over compute under one policy: the curve that one of its settings draws. May import results and policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from analysis.policies.budgeted import SHARES
from analysis.policies.scores import scores
from analysis.policies.table import LOSSES
from analysis.results.policies import PolicyResults, sweep
from analysis.statistics.paired import difference_interval

DIGITS = 6
"""Of a threshold of the curve: as it is typed."""
POINTS = 40
"""Of a curve over a threshold."""
EPSILONS = (0.01, 0.02, 0.05, 0.1, 0.2)
"""Of risk control's points, beside the one that is set."""
TARGETS = tuple(i / 50 for i in range(25, 51))
"""Of PCEE's curve."""
RUNNING = {"confidence": "lambda", "budgeted": "p", "interruption": "mean", "risk": "epsilon", "pcee": "target"}
"""Policy -> the setting that runs along its curve."""
MEANS = tuple(2.0 ** (i / 4) for i in range(-8, 17))
"""Of the exponential law's curve, as multiples of the last exit's cost."""


@dataclass(frozen=True, eq=False)
class StopCurve:
    """What a policy spends and gets right, along one of its settings.

    Attributes
    ----------
    policy, setting : an id of `POLICIES`; the name of the setting that runs, empty where the curve is a single point
    values : of that setting, (points,)
    costs : mean cost in the cost unit, mean exit from 1 where costs are unknown; rising
    right : `PolicyResults.right_share` at each, fractions of 1
    """

    policy: str
    setting: str
    values: tuple[float, ...]
    costs: Float[np.ndarray, " points"]
    right: Float[np.ndarray, " points"]

    def within(self, budget: float) -> int | None:
        """The dearest point whose mean cost is within a budget; None where all cost more.

        Examples
        --------
        >>> curve = StopCurve("confidence", "lambda", (0.5, 0.9), np.array([10.0, 20.0]), np.array([0.6, 0.7]))
        >>> curve.within(19.9), curve.within(9)
        (0, None)
        """
        reached = int(np.searchsorted(self.costs, budget * (1 + 1e-12), side="right"))
        return reached - 1 if reached else None

    def cheapest(self, right: float) -> int | None:
        """The cheapest point with at least such a share right; None where none has it.

        Examples
        --------
        >>> curve = StopCurve("confidence", "lambda", (0.5, 0.9), np.array([10.0, 20.0]), np.array([0.6, 0.7]))
        >>> curve.cheapest(0.55), curve.cheapest(0.65), curve.cheapest(0.75)
        (0, 1, None)
        """
        good = np.flatnonzero(self.right >= right - 1e-12)
        return int(good[0]) if len(good) else None


def _thresholds(results: PolicyResults) -> tuple[float, ...]:
    """Thresholds of the measure at which equally many answers of the measured samples lie between two."""
    measure, n_exits = results.settings["measure"], results.measured.n_exits
    if measure == "patience":
        return tuple(float(count) for count in range(1, n_exits + 1))
    before = scores(measure, results.measured.traces)[:-1]
    if not before.size:
        return (1.0,)
    found = np.quantile(before.astype(np.float64), np.linspace(0, 1, POINTS))
    return tuple(np.unique(np.round(np.clip([*found, 0.0, 1.0], 0.0, 1.0), DIGITS)).tolist())


def _along(results: PolicyResults) -> tuple[float, ...]:
    """The values of the setting that runs; none where nothing does."""
    match results.policy:
        case "budgeted":
            return SHARES
        case "confidence":
            return _thresholds(results)
        case "risk":
            bound, own = LOSSES[results.settings["loss"]], results.settings["epsilon"]
            return tuple(sorted({*(value for value in EPSILONS if value < bound), own}))
        case "pcee":
            return TARGETS
    if results.settings["law"] == "exponential":
        return tuple(float(results.costs[-1]) * times for times in MEANS)
    return ()


def policy_curve(results: PolicyResults) -> StopCurve:
    """The curve that a policy draws through its results: over p, the threshold, epsilon, the target or the mean.

    Under every other law `interruption` is a point. What is fitted is fitted anew at each, on the same samples.

    Examples
    --------
    >>> from analysis.results import policy_of
    >>> from analysis.storage import find_run, load_run
    >>> curve = policy_curve(policy_of(load_run(find_run("msdnet-cifar100")), "confidence", {"lambda": 0.8}))
    >>> place = curve.within(30e6)
    >>> print(f"{curve.costs[place] / 1e6:.1f} {curve.right[place]:.3f} {curve.values[place]:.2f}")
    28.6 0.704 0.86
    """
    values = _along(results)
    name = RUNNING[results.policy] if values else ""
    each = sweep(results, name, values) if values else [results]
    known = results.costs is not None
    costs = np.array([one.mean_cost if known else one.mean_exit for one in each])
    order = np.argsort(costs, kind="stable")
    kept = tuple(values[place] for place in order) if values else ()
    return StopCurve(results.policy, name, kept, costs[order], np.array([one.right_share for one in each])[order])


class Gain(NamedTuple):
    """How many more samples one has right than the other, a share of the samples that both answer."""

    difference: float
    low: float
    """Of a 95% interval."""
    high: float


def gain_of(right: Bool[np.ndarray, " samples"], other: Bool[np.ndarray, " samples"]) -> Gain | None:
    """What one way to answer the same samples gains over another; None without samples.

    Examples
    --------
    >>> gain = gain_of(np.array([True, True, True, False]), np.array([True, False, False, False]))
    >>> gain.difference, round(gain.low, 2), round(gain.high, 2)
    (0.5, -0.17, 0.83)
    """
    if not len(right):
        return None
    mine, others = int((right & ~other).sum()), int((other & ~right).sum())
    return Gain((mine - others) / len(right), *difference_interval(others, mine, len(right)))
