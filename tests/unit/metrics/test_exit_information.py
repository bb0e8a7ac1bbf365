"""What the exit tells about the class: by hand, and beside chance."""

import math

import numpy as np
import pytest

from analysis.metrics.exit_information import exit_information


def test_two_classes_by_hand():
    """Exit 0 holds 2 of class 0 and 1 of class 1, exit 1 one of class 1: I = H(exit) - 3/4 H(1/3)."""
    stops, labels = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    exits = -(3 / 4 * math.log(3 / 4) + 1 / 4 * math.log(1 / 4))
    exits_in_class = (1 / 2) * math.log(2)  # class 1 is half of the samples, evenly over both exits
    found = exit_information(stops, labels, 3, 2)
    assert found.information == pytest.approx((exits - exits_in_class) / exits)


def test_a_class_that_tells_the_exit_reveals_all_of_it():
    labels = np.repeat(np.arange(4), 50)
    found = exit_information(labels // 2, labels, 2, 4)
    assert found.information == pytest.approx(1)
    assert found.shuffled_p95 < 0.1


def test_an_exit_that_is_drawn_looks_like_the_shuffles():
    labels = np.repeat(np.arange(20), 100)
    found = exit_information(np.random.default_rng(5).integers(0, 5, 2000), labels, 5, 20)
    assert abs(found.information - found.shuffled_mean) < 0.01
    assert 0 < found.shuffled_mean < found.shuffled_p95 < 0.05


def test_the_seed_gives_the_shuffles():
    stops, labels = np.arange(60) % 3, np.arange(60) % 7
    assert exit_information(stops, labels, 3, 7, seed=1) == exit_information(stops, labels, 3, 7, seed=1)
    assert exit_information(stops, labels, 3, 7, seed=1) != exit_information(stops, labels, 3, 7, seed=2)


@pytest.mark.parametrize("stops", [[], [2, 2, 2]])
def test_where_all_stop_at_one_exit_there_is_nothing_to_reveal(stops):
    found = exit_information(np.array(stops, np.int64), np.arange(len(stops)), 3, 3)
    assert all(math.isnan(value) for value in found)
