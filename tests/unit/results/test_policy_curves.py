"""Curves of accuracy over compute: what runs along them, and what is read off at a budget."""

import numpy as np
import pytest

from analysis.results import policy_of
from analysis.results.policy_curves import policy_curve
from analysis.storage import write_run


@pytest.fixture
def curve(small_run):
    return lambda policy, settings=None, **more: policy_curve(policy_of(small_run, policy, settings, **more))


def test_a_threshold_runs_from_everyone_at_the_first_exit_to_everyone_at_the_last(small_run, curve):
    found = curve("confidence", {"lambda": 0.5})
    costs = small_run.costs["MACs"]
    assert found.setting == "lambda"
    assert found.costs[0] == costs[0]
    assert found.costs[-1] == costs[-1]
    assert (np.diff(found.costs) >= 0).all()
    one = policy_of(small_run, "confidence", {"lambda": found.values[20]})
    assert (one.mean_cost, one.accuracy) == (found.costs[20], found.right[20])


def test_patience_is_counted_up_to_the_exits(curve):
    assert curve("confidence", {"lambda": 2, "measure": "patience"}).values == (1, 2, 3, 4, 5, 6, 7)


def test_budgeted_batches_are_the_points_of_the_policy(small_run, curve):
    found = curve("budgeted")
    points = sorted(policy_of(small_run, "budgeted").points, key=lambda point: point.cost)
    assert found.costs.tolist() == [point.cost for point in points]
    assert found.right.tolist() == [point.accuracy for point in points]


def test_risk_has_a_point_for_each_epsilon_below_the_bound_and_the_one_that_is_set(curve):
    assert sorted(curve("risk", {"epsilon": 0.07}).values) == [0.01, 0.02, 0.05, 0.07, 0.1, 0.2]


def test_interruption_is_a_curve_where_its_law_has_a_mean_and_else_a_point(small_run, curve):
    point = curve("interruption")
    assert (point.setting, point.values, len(point.costs)) == ("", (), 1)
    assert point.right[0] == policy_of(small_run, "interruption").expected_accuracy
    assert len(curve("interruption", {"law": "exponential", "mean": 1e6}).costs) > 10


def test_what_a_budget_buys_is_the_dearest_point_within_it(curve):
    found = curve("confidence", {"lambda": 0.5})
    assert found.within(found.costs[0] - 1) is None
    assert found.within(found.costs[-1]) == len(found.costs) - 1
    place = found.within(3e6)
    assert found.costs[place] <= 3e6 < found.costs[place + 1]


def test_without_costs_exits_are_counted_and_without_labels_final_answers(runs, small_logits):
    run = write_run(runs / "bare", logits=small_logits)
    found = policy_curve(policy_of(run, "confidence", {"lambda": 0.5}))
    assert (found.costs[0], found.costs[-1]) == (1, 7)
    assert found.right[-1] == 1
    one = policy_of(run, "confidence", {"lambda": 0.5})
    assert sum(map(sum, one.answers.values())) == run.n_samples
    assert one.right_share == one.answers["right"].sum() / run.n_samples


def test_the_answers_of_those_that_stop_somewhere_add_up(small_run):
    found = policy_of(small_run, "confidence", {"lambda": 0.5})
    counts = found.answers
    assert (sum(counts.values()) == found.by_exit.samples).all()
    assert counts["right"].sum() / 300 == found.accuracy == found.right_share
    assert counts["right_deeper"].sum() == found.too_early.sum()


def test_of_one_exit_the_curve_stands_at_one_place(runs, small_logits, small_labels):
    run = write_run(runs / "one", logits=small_logits[-1:], labels=small_labels, costs={"MACs": [5.0]})
    found = policy_curve(policy_of(run, "confidence", {"lambda": 0.5}))
    assert set(found.costs) == {5.0}
    assert found.within(5.0) is not None
