"""Falls under two predictors, counted by hand."""

import numpy as np

from analysis.results.fall_statistics import fall_statistics


def test_falls_are_counted_over_the_samples_whose_fall_is_known():
    found = fall_statistics(np.array([0.5, 0.05, np.nan, 0.2]), np.array([0.0, 0.3, np.nan, 0.2]))
    assert found.falling_percent.keys() == {0.01, 0.1}
    assert np.allclose(found.falling_percent[0.01], (100, 200 / 3))
    assert np.allclose(found.falling_percent[0.1], (200 / 3, 200 / 3))
    assert np.allclose((found.less_percent, found.more_percent), (100 / 3, 100 / 3))
    assert np.allclose(found.median, (0.2, 0.2))
    assert np.allclose(found.never_percent, (0, 100 / 3))


def test_where_no_fall_is_known_there_are_no_statistics():
    assert fall_statistics(np.array([np.nan]), np.array([np.nan])) is None
    assert fall_statistics(np.array([]), np.array([])) is None
    assert fall_statistics(np.array([0.5]), np.array([np.nan])) is None  # one of them is not known


def test_less_and_more_are_of_the_samples_whose_falls_are_known_under_both():
    found = fall_statistics(np.array([0.5, 0.5, np.nan]), np.array([0.1, np.nan, 0.1]))
    assert (found.less_percent, found.more_percent) == (100, 0)
