"""Falls and their exits, worked by hand."""

import numpy as np
import pytest

from analysis.metrics.decrease import THRESHOLDS, decrease_percent, exit_pairs, largest_fall


def falls(*columns, **options):
    return largest_fall(np.array(columns, np.float32).T, **options)


def test_the_fall_is_from_the_highest_earlier_value_to_a_later_one():
    fall = falls([0.5, 0.25, 0.75, 0.625], [0.125, 0.25, 0.5, 1.0])
    assert fall.size.tolist() == [0.25, 0]
    assert fall.from_exit.tolist() == [0, -1]
    assert fall.to_exit.tolist() == [1, -1]


def test_a_relative_fall_is_a_share_of_where_it_starts():
    fall = falls([0.5, 0.375, 1.0, 0.5], [0, 0, 0.25, 0], relative=True)
    assert fall.size.tolist() == [0.5, 1]
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


@pytest.mark.parametrize("relative", [False, True])
def test_the_precision_of_the_values_is_kept(relative):
    assert largest_fall(np.array([[0.5], [0.25]], np.float64), relative=relative).size.dtype == np.float64
    assert falls([0.5, 0.25], relative=relative).size.dtype == np.float32


def test_of_falls_that_round_to_the_same_size_the_first_end_is_named():
    fall = largest_fall(np.array([[0.25], [2.220446e-16], [0.0]], np.float32))
    assert (fall.size[0], fall.from_exit[0], fall.to_exit[0]) == (np.float32(0.25), 0, 1)


def test_a_rise_from_the_smallest_number_is_no_overflow():
    values = np.array([[0.5], [1e-45], [0.25]], np.float32)
    fall = largest_fall(values, relative=True)
    assert (fall.size[0], fall.from_exit[0], fall.to_exit[0]) == (1, 0, 1)
    rising = np.array([[1e-45], [0], [1]], np.float32)
    assert largest_fall(rising, relative=True).size[0] == 1
