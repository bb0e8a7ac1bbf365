"""A rule stops where its thresholds or bins say so, of many samples and of one exit by exit."""

import numpy as np
import pytest

from analysis.policies.rule import ExitBins, Rule, bin_of, same_threshold, stopping_exits, stops_at, stops_now

SCORES = np.array([[0.5, 0.6, 0.9, 0.1], [0.9, 0.7, 0.2, 0.1], [0.3, 0.3, 0.3, 0.0]], np.float32)


def test_the_first_exit_above_the_threshold_and_the_last_takes_the_rest():
    rule = Rule("confidence", {}, "max-prob", same_threshold(0.6, 3))
    assert stopping_exits(rule, SCORES).tolist() == [1, 1, 0, 2]


def test_reaching_the_threshold_is_enough_where_the_rule_says_so():
    rule = Rule("budgeted", {}, "max-prob", (0.6, 0.7, 0.0), reaches=True)
    assert stopping_exits(rule, SCORES).tolist() == [1, 0, 0, 2]


def test_nobody_stops_where_there_is_no_threshold():
    rule = Rule("budgeted", {}, "max-prob", (None, 0.1, 0.0), reaches=True)
    assert stopping_exits(rule, SCORES).tolist() == [1, 1, 1, 1]


def test_nobody_is_above_1():
    rule = Rule("risk", {}, "max-prob", same_threshold(1.0, 2))
    assert stopping_exits(rule, np.ones((2, 3), np.float32)).tolist() == [1, 1, 1]


def test_a_threshold_is_compared_as_the_score_is_held():
    """0.6 as float32 is above 0.6 as float64: a score of 0.6 is at the threshold 0.6, not above it."""
    assert np.float64(np.float32(0.6)) > 0.6
    rule = Rule("confidence", {}, "max-prob", same_threshold(0.6, 2))
    assert not stops_at(rule, 0, np.float32(0.6))


def test_bins_stop_where_their_accuracy_reaches_the_target():
    bins = (ExitBins((0.0, 0.5, 0.8, 1.0), (0.3, 0.9, None)), ExitBins((0.4,), (1.0,)))
    rule = Rule("pcee", {}, "max-prob", (None, None, 0.0), bins=bins, target=0.9)
    assert stops_at(rule, 0, np.array([0.49, 0.5, 0.79, 0.8, 1.0])).tolist() == [False, True, True, False, False]
    assert stops_at(rule, 1, np.array([0.0, 1.0])).all()
    assert stops_at(rule, 2, np.array([0.0])).all()


def test_bins_beyond_the_ends_are_the_end_bins():
    assert bin_of(np.array([-1, 0.5, 2]), [0.5]).tolist() == [0, 0, 0]
    assert bin_of(np.array([0.0, 0.1, 0.3, 9.0]), [0.1, 0.2, 0.3]).tolist() == [0, 0, 1, 1]


def test_a_network_of_one_exit_stops_there():
    rule = Rule("confidence", {}, "max-prob", same_threshold(0.6, 1))
    assert rule.thresholds == (0.0,)
    assert stopping_exits(rule, np.zeros((1, 2), np.float32)).tolist() == [0, 0]
    assert stops_now(rule, np.array([[0.5, 0.5]]))


def test_patience_of_one_sample_is_counted_over_the_exits_so_far():
    rule = Rule("confidence", {}, "patience", same_threshold(2.0, 5), reaches=True)
    probs = np.eye(3)[[0, 1, 1, 1, 2]]
    assert [stops_now(rule, probs[:m]) for m in range(1, 6)] == [False, False, False, True, True]


def test_another_number_of_exits_is_refused():
    rule = Rule("confidence", {}, "max-prob", same_threshold(0.6, 3))
    with pytest.raises(ValueError, match="for 3 exits, and there are 2"):
        stopping_exits(rule, SCORES[:2])
    with pytest.raises(ValueError, match="for 3 exits, and there are 4"):
        stops_now(rule, np.full((4, 2), 0.5))
