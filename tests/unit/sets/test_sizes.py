"""Sets by their size, worked by hand."""

import numpy as np

from analysis.sets.sizes import LEAST, SIZE_BINS, by_size


def test_every_size_has_its_bin_and_its_coverage():
    sizes = np.array([[0, 1, 1, 2, 5, 6, 20, 21, 500]], np.int32)
    covered = np.array([[False, True, False, True, True, True, False, True, False]])
    found = by_size(sizes, covered, np.ones(9, bool))
    assert list(SIZE_BINS) == ["0", "1", "2-5", "6-20", "21+"]
    assert found.samples.tolist() == [[1, 2, 2, 2, 2]]
    assert found.coverage.tolist() == [[0, 0.5, 1, 0.5, 0.5]]


def test_coverage_tells_something_of_enough_labelled_sets_that_are_not_empty():
    sizes = np.repeat([0, 1, 3, 9], [LEAST, LEAST, LEAST + 1, LEAST - 1]).astype(np.int32)[None]
    labelled = np.arange(sizes.shape[1]) != LEAST  # the first of size 1 is not
    found = by_size(sizes, sizes > 1, labelled)
    assert found.labelled.tolist() == [[LEAST, LEAST - 1, LEAST + 1, LEAST - 1, 0]]
    assert found.telling.tolist() == [[False, False, True, False, False]]


def test_unlabelled_samples_count_and_are_not_judged():
    sizes, covered = np.array([[1, 1, 3]], np.int32), np.array([[True, False, False]])
    found = by_size(sizes, covered, np.array([True, False, False]))
    assert found.samples.tolist() == [[0, 2, 1, 0, 0]]
    np.testing.assert_array_equal(found.coverage, [[np.nan, 1, np.nan, np.nan, np.nan]])
