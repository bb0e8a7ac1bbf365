"""The world interrupts: a budget comes from a law, and the deepest exit within it answers. Needs only NumPy."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from analysis.policies.anytime import Numbers, checked_costs
from analysis.policies.table import LAWS


def reached_shares(
    law: str, costs: Numbers, *, mean: float | None = None, budgets: Numbers | str = ()
) -> Float64[np.ndarray, " exits_and_before"]:
    """P(before exit 1), then P(exit m answers) for every exit; they sum to 1.

    Parameters
    ----------
    law : one of `LAWS`
        Of the budget: `uniform` and `log-uniform` on [cost of the first exit, cost of the last] (where both are equal
        the last always answers), `exponential` with a mean, or each of a `list` with the same probability.
    costs : cumulative, one per exit
    mean, budgets : in the costs' unit; a budget equal to a cost reaches that exit

    Examples
    --------
    >>> reached_shares("uniform", [10, 20, 40]).round(3).tolist()
    [0.0, 0.333, 0.667, 0.0]
    >>> reached_shares("list", [10, 20], budgets=[5, 10, 19, 20]).tolist()
    [0.25, 0.5, 0.25]
    """
    costs = checked_costs(costs)
    match law:
        case "uniform" | "log-uniform":
            places = costs if law == "uniform" else np.log(costs)
            span = places[-1] - places[0]
            at_least = (places[-1] - places) / span if span > 0 else np.ones(len(costs))
        case "exponential":
            at_least = np.exp(-costs / mean)
        case "list":
            at_least = (np.asarray(budgets, np.float64)[:, None] >= costs).mean(axis=0)
        case _:
            raise ValueError(f"law is {law!r}: give one of {', '.join(LAWS)}")
    at_least = np.concatenate([[1.0], at_least, [0.0]])  # P(budget >= the cost), of nothing, of each exit, of more
    return at_least[:-1] - at_least[1:]


def drawn_places(positions: np.ndarray, seed: int) -> Float64[np.ndarray, " samples"]:
    """Where in the law each sample's budget is drawn, from 0 to below 1: the same whichever others are measured.

    Parameters
    ----------
    positions : int, (samples,)
        In the run.
    """
    count = int(positions.max()) + 1 if len(positions) else 0
    return np.random.default_rng([seed, 1]).random(count)[positions]  # a stream of its own beside the shuffles


def exits_reached(places: np.ndarray, reached: np.ndarray) -> np.ndarray:
    """The exit, from 0, that answers each sample whose budget is drawn there; -1: it ends before exit 1.

    Examples
    --------
    >>> exits_reached(np.array([0.0, 0.2, 0.99]), np.array([0.2, 0.5, 0.3])).tolist()
    [-1, 0, 1]
    """
    return np.searchsorted(ends_of(reached), places, side="right") - 1


def ends_of(reached: np.ndarray) -> np.ndarray:
    """Up to where budgets are drawn that end before exit 1, that reach exit 1 and no other, ...; the last is 1."""
    ends = np.cumsum(reached)
    return ends / ends[-1]


def expected_value(shares: np.ndarray, values: Numbers, prior: float = 0.0) -> float:
    """sum_m P(m) value_m + P(before exit 1) prior; an exit that never answers counts for nothing, whatever it holds.

    >>> expected_value(np.array([0.5, 0.25, 0.25]), [0.5, 1.0], prior=0.1)
    0.425
    """
    each = np.concatenate([[prior], np.asarray(values, np.float64)])
    return float((shares * np.where(shares > 0, each, 0)).sum())


def step_area(costs: Numbers, values: Numbers) -> float:
    """The area under the step function of values over cost, divided by its width: what a uniform budget expects.

    The trapezoid between the points in general is not. Where all exits cost the same, the last value.

    >>> step_area([10, 20, 40], [0.0, 0.75, 1.0])
    0.5
    """
    costs, values = checked_costs(costs), np.asarray(values, np.float64)
    width = costs[-1] - costs[0]
    return float((np.diff(costs) * values[:-1]).sum() / width) if width > 0 else float(values[-1])
