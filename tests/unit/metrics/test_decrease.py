"""Falls and their exits, worked by hand."""

import numpy as np
import pytest

from analysis.metrics.decrease import (
    THRESHOLDS,
    decrease_percent,
    exit_pairs,
    largest_fall,
    largest_relative_fall,
    stored,
)


def falls(*columns):
    return largest_fall(np.array(columns, np.float32).T)


def relative_falls(*columns):
    with np.errstate(divide="ignore"):
        return largest_relative_fall(np.log(np.array(columns, np.float64)).T)


def test_the_fall_is_from_the_highest_earlier_value_to_a_later_one():
    fall = falls([0.5, 0.25, 0.75, 0.625], [0.125, 0.25, 0.5, 1.0])
    assert fall.size.tolist() == [0.25, 0]
    assert fall.from_exit.tolist() == [0, -1]
    assert fall.to_exit.tolist() == [1, -1]


def test_a_relative_fall_is_a_share_of_where_it_starts():
    fall = relative_falls([0.5, 0.375, 1.0, 0.5], [0, 0, 0.25, 0])
    assert fall.size.tolist() == pytest.approx([0.5, 1], abs=1e-15)
    assert fall.from_exit.tolist() == [2, 2]


def test_of_equal_falls_the_one_that_starts_and_ends_first_is_named():
    fall = falls([0.75, 0.5, 0.75, 0.5])
    assert (fall.from_exit[0], fall.to_exit[0]) == (0, 1)


def test_unknown_values_give_an_unknown_fall():
    fall = falls([np.nan, np.nan], [0.5, 0.25])
    assert np.isnan(fall.size[0])
    assert fall.size[1] == 0.25
    assert fall.from_exit.tolist() == [-1, 0]
    np.testing.assert_allclose(decrease_percent(fall.size, [0.1]), [100])


def test_one_exit_never_falls():
    assert falls([0.5]).size.tolist() == [0]


def test_a_fall_equal_to_the_threshold_does_not_count():
    sizes = np.array([0.2, 0.2, 0.25, 0.0], np.float32)
    assert decrease_percent(sizes, [0.0, 0.2, 0.25]).tolist() == [75, 25, 0]


def test_without_a_known_fall_the_share_is_unknown():
    assert np.isnan(decrease_percent(np.full(3, np.nan, np.float32))).all()
    assert len(decrease_percent(np.empty(0, np.float32))) == len(THRESHOLDS)


def test_pairs_of_exits_are_counted_above_the_threshold():
    fall = falls([0.5, 0.25, 0.25], [0.5, 0.5, 0.0], [0.5, 0.75, 1.0])
    assert exit_pairs(fall, 3).tolist() == [[0, 1, 1], [0, 0, 0], [0, 0, 0]]
    assert exit_pairs(fall, 3, 0.25).tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]


def test_the_precision_of_the_values_is_kept():
    assert largest_fall(np.array([[0.5], [0.25]], np.float64)).size.dtype == np.float64
    assert falls([0.5, 0.25]).size.dtype == np.float32


def test_of_falls_that_round_to_the_same_size_the_first_end_is_named():
    fall = largest_fall(np.array([[0.25], [2.220446e-16], [0.0]], np.float32))
    assert (fall.size[0], fall.from_exit[0], fall.to_exit[0]) == (np.float32(0.25), 0, 1)


def test_a_rise_from_the_smallest_number_is_no_overflow():
    fall = relative_falls([0.5, 1e-45, 0.25], [1e-45, 0, 1], [5e-324, 0, 0])
    assert (fall.size[0], fall.from_exit[0], fall.to_exit[0]) == (1, 0, 1)
    assert fall.size.tolist() == [1, 1, 1]


def test_the_fall_of_a_probability_that_no_float_holds_is_seen():
    fall = largest_relative_fall(np.array([[-2000.0, -1e6], [-1999.0, -np.inf], [-1999 - np.log(4), -1e6]]))
    assert fall.size.tolist() == pytest.approx([0.75, 1], abs=1e-12)
    assert fall.from_exit.tolist() == [1, 0]
    assert fall.to_exit.tolist() == [2, 1]


def test_what_falls_by_rounding_alone_does_not_fall():
    values = np.array([[0.3], [0.1 * 3], [0.3]])
    assert values[0] < values[1]
    assert (largest_fall(values).size[0], largest_fall(values).from_exit[0]) == (0, -1)
    assert (largest_relative_fall(np.log(values)).size[0], largest_relative_fall(np.log(values)).to_exit[0]) == (0, -1)
    assert largest_fall(np.array([[1e-12], [0.0]])).size[0] == 1e-12


def test_falls_that_are_equal_but_for_rounding_are_of_the_first_pair():
    fall = largest_fall(np.array([[0.3], [0.1], [0.3], [0.1 * (1 - 1e-15)]]))
    assert (fall.from_exit[0], fall.to_exit[0]) == (0, 1)


@pytest.mark.parametrize("tau", [*THRESHOLDS, 0.3])
def test_a_fall_within_1e_9_of_a_threshold_is_at_it(tau):
    sizes = np.array([tau, tau * (1 + 1e-15), tau + 0.99e-9, tau + 1.01e-9, tau - 1e-9, np.nan])
    assert decrease_percent(sizes, [tau])[0] == 20
    if tau in THRESHOLDS:
        assert decrease_percent(stored(sizes), [tau])[0] == 20


def test_stored_sizes_are_rounded_and_keep_their_side_of_each_threshold():
    sizes = np.concatenate([np.random.default_rng(0).random(1000), [0, 1, 1e-30]])
    assert np.array_equal(stored(sizes), sizes.astype(np.float32))
    for tau in THRESHOLDS:
        near = tau + np.linspace(-2e-7, 2e-7, 4001)
        kept = stored(near)
        assert kept.dtype == np.float32
        assert ((kept > np.float32(tau)) == (near > tau + 1e-9)).all()
        assert (np.diff(kept) >= 0).all()
        assert np.abs(kept - near).max() <= 1e-9 + 6e-8
