"""The anytime setting: everyone stops where the budget ends, so accuracy over cost is a step function.

Needs only NumPy.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from analysis.policies.what_stops import stopped_too_early

Numbers = Sequence[float | int] | np.ndarray
"""One number for each exit, or of budgets."""


def checked_costs(costs: Numbers) -> Float[np.ndarray, " exits"]:
    """Cumulative costs as an array.

    Raises
    ------
    ValueError
        They are not finite, not positive or not increasing: the message names the exit.
    """
    values = np.asarray(costs, dtype=np.float64)
    if values.ndim != 1 or not len(values):
        raise ValueError(f"costs must hold one number per exit, got shape {values.shape}")
    for exit_, value in enumerate(values, start=1):
        before = values[exit_ - 2] if exit_ > 1 else 0.0
        if not np.isfinite(value) or value <= 0 or (exit_ > 1 and value < before):
            raise ValueError(
                f"costs of exit {exit_} are {value:g}: cumulative costs are finite, positive and do not fall"
            )
    return values


def answering_exit(costs: Numbers, budget: float | int) -> int | None:
    """The exit that answers within a budget: max{m : cost_m <= budget}.

    Parameters
    ----------
    costs : sequence of float, one per exit
        Cumulative cost of reaching each exit, in any unit, not falling.
    budget : float
        In the same unit. Equal to a cost, it reaches that exit.

    Returns
    -------
    int or None
        From 0; None where the budget ends before the first exit.

    Examples
    --------
    >>> answering_exit([10, 20, 40], 39.9)
    1
    >>> answering_exit([10, 20, 40], 9) is None
    True
    """
    reached = int(np.searchsorted(checked_costs(costs), budget, side="right"))
    return reached - 1 if reached else None


def anytime_values(costs: Numbers, values: Numbers, budgets: Numbers, prior: float | int = np.nan) -> np.ndarray:
    """A quantity per exit (accuracy, say) read at budgets: the step function value_m, m = max{i : cost_i <= budget}.

    Parameters
    ----------
    costs, values : sequences of float, one per exit
    budgets : sequence of float
    prior : float
        What stands where no exit is reached yet.

    Returns
    -------
    numpy.ndarray
        float64, one per budget.

    Examples
    --------
    >>> anytime_values([10, 20], [0.5, 0.75], [5, 10, 19, 20, 99], prior=0.1).tolist()
    [0.1, 0.5, 0.5, 0.75, 0.75]
    """
    reached = np.searchsorted(checked_costs(costs), np.asarray(budgets, dtype=np.float64), side="right")
    return np.concatenate([[prior], np.asarray(values, dtype=np.float64)])[reached]


def right_deeper(correct: Bool[np.ndarray, "exits samples"], exit_: int) -> Bool[np.ndarray, " samples"]:
    """Samples that are wrong at an exit and right at some deeper one: what stopping there loses.

    Parameters
    ----------
    correct : bool, (exits, samples)
    exit_ : int
        From 0. At the last exit nothing is deeper, and no sample qualifies.

    Examples
    --------
    >>> right_deeper(np.array([[True, False, False], [False, True, False]]), 0).tolist()
    [False, True, False]
    """
    return stopped_too_early(correct, np.full(correct.shape[1], exit_))


def answer_counts(correct: Bool[np.ndarray, "exits samples"]) -> dict[str, np.ndarray]:
    """Per exit, how many samples are answered rightly there, wrongly but rightly deeper, and wrongly from there on.

    Returns
    -------
    dict
        `right`, `right_deeper` and `wrong_from_here`, int64 of shape (exits,); the three add up to the samples.
    """
    n_exits, n_samples = correct.shape
    right = correct.sum(axis=1).astype(np.int64)
    deeper = np.array([right_deeper(correct, exit_).sum() for exit_ in range(n_exits)], dtype=np.int64)
    return {"right": right, "right_deeper": deeper, "wrong_from_here": n_samples - right - deeper}


def convert_budget(budget: float | int, costs: Numbers, other_costs: Numbers) -> float:
    """A budget in another unit: at the same place between the same two exits, clipped to the first and last exit.

    Examples
    --------
    >>> convert_budget(15, [10, 20, 40], [1, 2, 3])
    1.5
    """
    return float(np.interp(budget, checked_costs(costs), checked_costs(other_costs)))
