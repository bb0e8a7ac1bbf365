"""Who stops where, by hand; samples that stop nowhere; classes without samples."""

import numpy as np

from analysis.policies.what_stops import (
    class_depths,
    right_where_stopped,
    stop_groups,
    stopped_too_early,
    stopped_too_late,
)

CORRECT = np.array([[1, 0, 0, 1, 0], [0, 1, 0, 1, 0], [0, 1, 1, 0, 0]], bool)
STOPS = np.array([1, 0, 0, 2, -1])


def test_right_where_they_stop():
    assert right_where_stopped(CORRECT, STOPS).tolist() == [False, False, False, False, False]
    assert right_where_stopped(CORRECT, np.array([0, 1, 2, 0, 2])).tolist() == [True, True, True, True, False]


def test_groups_by_exit_and_up_to_it():
    by_exit = stop_groups(CORRECT, STOPS)
    assert by_exit.samples.tolist() == [2, 1, 1]
    assert by_exit.gap.tolist() == [1.0, 0.0, 0.0]
    up_to = stop_groups(CORRECT, STOPS, up_to=True)
    assert up_to.samples.tolist() == [2, 3, 4]
    np.testing.assert_allclose(up_to.gap, [1, 2 / 3, 1 / 2])


def test_an_exit_where_nobody_stops_has_no_share():
    groups = stop_groups(CORRECT[:, :1], np.array([2]))
    assert np.isnan(groups.accuracy[:2]).all()
    assert groups.samples.tolist() == [0, 0, 1]


def test_too_early_and_too_late():
    assert stopped_too_early(CORRECT, STOPS).tolist() == [False, True, True, False, False]
    assert stopped_too_late(CORRECT, STOPS).tolist() == [True, False, False, True, False]


def test_right_at_the_stop_may_be_too_late_all_the_same():
    correct = np.array([[1], [1]], bool)
    assert stopped_too_late(correct, np.array([1])).tolist() == [True]
    assert stopped_too_early(correct, np.array([1])).tolist() == [False]


def test_classes_by_hand():
    found = class_depths(CORRECT, STOPS, np.array([0, 0, 2, 2, 2]), 3, np.array([10.0, 20.0, 40.0]))
    assert found.samples.tolist() == [2, 0, 2]
    np.testing.assert_allclose(found.mean_exit, [1.5, np.nan, 2.0])
    np.testing.assert_allclose(found.mean_cost, [15, np.nan, 25])
    np.testing.assert_allclose(found.accuracy, [0, np.nan, 0])
    np.testing.assert_allclose(found.gap, [0.5, np.nan, 0.5])


def test_without_costs_and_without_samples():
    found = class_depths(np.zeros((2, 0), bool), np.zeros(0, np.int64), np.zeros(0, np.int64), 2)
    assert found.mean_cost is None
    assert np.isnan(found.accuracy).all()
    assert stop_groups(np.zeros((2, 0), bool), np.zeros(0, np.int64)).samples.tolist() == [0, 0]
