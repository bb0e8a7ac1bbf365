"""The anytime step function, worked by hand."""

import numpy as np
import pytest

from analysis.policies.anytime import answer_counts, answering_exit, anytime_values, convert_budget, right_deeper


def test_a_budget_equal_to_a_cost_reaches_that_exit():
    assert [answering_exit([10, 20, 40], budget) for budget in (9.99, 10, 19, 20, 40, 1e9)] == [None, 0, 0, 1, 2, 2]


def test_exits_of_equal_cost_answer_with_the_deeper_one():
    assert answering_exit([10, 10, 40], 10) == 1


def test_values_are_read_as_steps_and_the_prior_stands_before_the_first_exit():
    assert anytime_values([10, 20], [0.5, 0.75], [5, 10, 15, 20, 30], prior=0.01).tolist() == [
        0.01,
        0.5,
        0.5,
        0.75,
        0.75,
    ]
    assert np.isnan(anytime_values([10, 20], [0.5, 0.75], [5]))[0]


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        ([10, 5], "costs of exit 2 are 5: cumulative costs are finite, positive and do not fall"),
        ([0, 5], "costs of exit 1 are 0"),
        ([1, float("nan")], "costs of exit 2 are nan"),
        ([], r"one number per exit, got shape \(0,\)"),
    ],
)
def test_costs_that_cannot_be_cumulative_are_refused(costs, message):
    with pytest.raises(ValueError, match=message):
        answering_exit(costs, 1)


CORRECT = np.array([[1, 0, 0, 1], [0, 1, 0, 1], [1, 0, 0, 0]], dtype=bool)


def test_right_deeper_looks_at_every_deeper_exit():
    assert right_deeper(CORRECT, 0).tolist() == [False, True, False, False]
    assert right_deeper(CORRECT, 1).tolist() == [True, False, False, False]
    assert not right_deeper(CORRECT, 2).any()


def test_answer_counts_partition_the_samples():
    counts = answer_counts(CORRECT)
    assert counts["right"].tolist() == [2, 2, 1]
    assert counts["right_deeper"].tolist() == [1, 1, 0]
    assert counts["wrong_from_here"].tolist() == [1, 1, 3]


def test_a_budget_keeps_its_place_between_exits_in_another_unit():
    assert convert_budget(30, [10, 20, 40], [1, 2, 3]) == 2.5
    assert convert_budget(99, [10, 20, 40], [1, 2, 3]) == 3
