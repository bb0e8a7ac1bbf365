"""What is said of sets by their size."""

import numpy as np
import pytest

from analysis.words.deciding.sets import by_size_title

BINS = ["0", "1", "2-5", "6-20"]
NAN = np.nan


@pytest.mark.parametrize(
    ("labelled", "coverage", "telling", "text"),
    [
        ([1, 900, 90, 9], [0, 0.97, 0.8, 0.1], [0, 1, 1, 0],
         "At exit 7, PA's sets of 2-5 classes cover least: 80.0% of 90, where 95.0% is asked on average"),
        ([0, 0, 0, 10_000], [NAN, NAN, NAN, 0.951], [0, 0, 0, 1],
         "At exit 7, PA's sets are all of 6-20 classes: they cover 95.1% of 10,000, where 95.0% is asked on average"),
        ([5, 995, 0, 0], [0, 0.94, NAN, NAN], [0, 1, 0, 0],
         "At exit 7, PA's sets of 1 class, 995 of 1,000, cover 94.0%, where 95.0% is asked on average"),
        ([900, 9, 0, 1], [0, 1, NAN, 0], [0, 0, 0, 0],
         "At exit 7, too few of PA's sets that are not empty have one size to say what it covers"),
        ([900, 0, 0, 0], [0, NAN, NAN, NAN], [0, 0, 0, 0], "At exit 7 every set is empty"),
        ([0, 0, 0, 0], [NAN] * 4, [0, 0, 0, 0], "Without labels nobody knows what the sets cover"),
    ],
)  # fmt: skip
def test_the_title_speaks_of_sizes_that_tell_something(labelled, coverage, telling, text):
    arrays = np.array(labelled), np.array(coverage), np.array(telling, bool)
    assert by_size_title("PA's sets", 0.95, *arrays, BINS, "7") == text
