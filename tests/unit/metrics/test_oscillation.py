"""Changes of answers, against loops."""

import itertools
from collections import Counter
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.metrics.oscillation import answer_entropy, changes, right_so_far, settled_at, settled_shares

answers = st.integers(1, 6).flatmap(
    lambda exits: st.lists(st.lists(st.integers(-1, 3), min_size=exits, max_size=exits), min_size=1, max_size=8)
)


@given(answers)
def test_each_sample_is_that_of_a_loop(by_sample):
    predicted = np.array(by_sample).T
    exits = len(predicted)
    for number, of in enumerate(by_sample):
        assert changes(predicted)[number] == sum(a != b for a, b in itertools.pairwise(of))
        assert settled_at(predicted)[number] == min(m + 1 for m in range(exits) if len(set(of[m:])) == 1)
        entropy = -sum(n / exits * log(n / exits) for n in Counter(of).values())
        assert answer_entropy(predicted)[number] == pytest.approx(entropy, abs=1e-12)
    shares = settled_shares(predicted)
    assert shares.sum() == pytest.approx(1)
    assert shares[0] == np.mean([len(set(of)) == 1 for of in by_sample])


def test_once_right_is_right_so_far():
    correct = np.array([[True, False, False], [False, False, True], [False, False, False]])
    assert right_so_far(correct).tolist() == pytest.approx([1 / 3, 2 / 3, 2 / 3])


def test_no_sample_gives_what_is_unknown():
    none = np.empty((3, 0), np.int64)
    assert np.isnan(settled_shares(none)).all()
    assert np.isnan(right_so_far(none.astype(bool))).all()
    assert changes(none).shape == settled_at(none).shape == answer_entropy(none).shape == (0,)
