"""The laws of budgets, each in closed form."""

import math

import numpy as np
import pytest

from analysis.policies.interruption import expected_value, reached_shares, step_area

COSTS = [10, 20, 40]


@pytest.mark.parametrize(
    ("law", "named", "expected"),
    [
        ("uniform", {}, [0, 1 / 3, 2 / 3, 0]),
        ("log-uniform", {}, [0, 1 / 2, 1 / 2, 0]),
        ("exponential", {"mean": 20.0}, -np.diff(np.exp([0, -0.5, -1, -2, -np.inf]))),
        ("list", {"budgets": (5.0, 10.0, 19.9, 20.0, 99.0)}, [0.2, 0.4, 0.2, 0.2]),
    ],
)
def test_where_a_budget_ends(law, named, expected):
    found = reached_shares(law, COSTS, **named)
    np.testing.assert_allclose(found, expected, atol=1e-15)
    assert not np.signbit(found).any()


@pytest.mark.parametrize("law", ["uniform", "log-uniform"])
def test_where_all_exits_cost_the_same_the_last_answers(law):
    assert reached_shares(law, [10, 10]).tolist() == [0, 0, 1]
    assert reached_shares(law, [10]).tolist() == [0, 1]


def test_of_exits_of_equal_cost_the_deeper_answers():
    assert reached_shares("uniform", [10, 10, 30]).tolist() == [0, 0, 1, 0]
    assert reached_shares("list", [10, 10], budgets=(10.0,)).tolist() == [0, 0, 1]


def test_a_budget_that_never_reaches_the_first_exit_leaves_the_prior():
    shares = reached_shares("list", COSTS, budgets=(1.0, 9.0))
    assert expected_value(shares, [0.5, 0.6, 0.7], prior=0.01) == 0.01


def test_an_exit_that_never_answers_counts_for_nothing():
    shares = reached_shares("uniform", COSTS)
    assert expected_value(shares, [0.3, 0.6, math.nan]) == pytest.approx(0.5)


def test_the_step_area_is_no_trapezoid():
    assert step_area(COSTS, [0.0, 0.75, 1.0]) == pytest.approx(0.5)
    assert step_area(COSTS, [0.0, 0.75, 1.0]) < np.trapezoid([0.0, 0.75, 1.0], COSTS) / 30
    assert step_area([10, 10], [0.2, 0.4]) == 0.4


def test_costs_that_fall_are_refused():
    with pytest.raises(ValueError, match="costs of exit 2 are 5"):
        reached_shares("uniform", [10, 5])


def test_an_unknown_law_is_refused():
    with pytest.raises(ValueError, match="give one of uniform, log-uniform, exponential, list"):
        reached_shares("normal", COSTS)
