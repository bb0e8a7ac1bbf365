"""Thinning draws the same points every time and never one twice."""

import numpy as np

from analysis.selection.thinning import thinned


def test_all_points_when_they_are_few():
    assert thinned(5, 5).tolist() == [0, 1, 2, 3, 4]
    assert thinned(0, 5).tolist() == []


def test_same_seed_same_points():
    first, again, other = thinned(1000, 100), thinned(1000, 100), thinned(1000, 100, seed=1)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len(np.unique(first)) == 100
    assert first.max() < 1000
