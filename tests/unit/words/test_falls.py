"""Sentences of falls, where the doc examples do not reach."""

import numpy as np

from analysis.results.fall_statistics import fall_statistics
from analysis.words.falls import (
    NOTHING_KNOWN,
    curve_finding,
    histogram_finding,
    pairs_finding,
    scatter_finding,
    smallness_finding,
    trajectory_finding,
)

UNKNOWN = fall_statistics(np.array([np.nan]), np.array([np.nan]))


def test_nothing_known_is_said():
    assert curve_finding(UNKNOWN, "PA", relative=False) == NOTHING_KNOWN
    assert scatter_finding(UNKNOWN, "PA") == NOTHING_KNOWN
    assert histogram_finding(UNKNOWN, "PA") == NOTHING_KNOWN
    assert pairs_finding(np.zeros((3, 3), int), 0.01, "PA", "123") == "Under PA, no sample falls by more than 0.01"


def test_relative_falls_say_of_what():
    said = curve_finding(fall_statistics(np.array([0.5]), np.array([0.0])), "PA", relative=True)
    assert said.startswith(
        "100% of samples fall by more than 0.01 of their highest value under the baseline, none under PA"
    )


def test_titles_say_both_sides():
    found = fall_statistics(np.array([0.5, 0.05]), np.array([0.0, 0.05]))
    assert curve_finding(found, "PA", relative=False) == (
        "100% of samples fall by more than 0.01 under the baseline, 50.0% under PA; by more than 0.1: 50.0% and none"
    )
    found = fall_statistics(np.array([0.5, 0.1]), np.array([0.1, 0.1]))
    assert scatter_finding(found, "PA") == "50.0% of samples fall less under PA than under the baseline, none more"
    found = fall_statistics(np.array([0.5, 0.1, 0.2]), np.array([0.0, 0.0, 0.1]))
    assert histogram_finding(found, "PA") == (
        "At least half of the samples fall by 0.2 or more under the baseline; 66.7% of samples never fall under PA"
    )


def test_smallness_is_said_only_where_it_holds():
    small, large = np.array([0.02, 0.4]), np.array([0.5, 0.6])
    said = smallness_finding(large, small, "true class", "PA")
    assert "gets 0.020 on average at the first exit and 0.400 at the last, against 0.500 and 0.600" in said
    assert smallness_finding(small, large, "true class", "PA") == ""
    assert (
        smallness_finding(large, large - 1e-5, "true class", "PA") == ""
    )  # what reads alike is not said to be smaller
    assert smallness_finding(large, np.array([0.5 - 1e-16, 0.4]), "true class", "CA") == ""  # equal but for rounding
    assert smallness_finding(large, np.array([np.nan, np.nan]), "true class", "PA") == ""


def test_one_sample_in_words():
    fall = (0.25, "1", "3")
    assert trajectory_finding("true class", {"the baseline": fall}, "the baseline") == (
        "P(true class) falls by 0.250 from exit 1 to 3 under the baseline"
    )
    said = trajectory_finding("true class", {"the baseline": None, "PA": fall}, "PA")
    assert said.endswith("under PA, never under the baseline")
    said = trajectory_finding("true class", {"the baseline": None, "PA": None}, "PA")
    assert said == "P(true class) never falls under PA, nor under the baseline"
    said = trajectory_finding("true class", {"the baseline": (1e-5, "1", "2"), "PA": fall}, "PA")
    assert said.endswith("by less than 0.001 under the baseline")
    said = trajectory_finding("true class", {"the baseline": (0.906, "1", "2"), "PA": None}, "PA")
    assert said == "P(true class) never falls under PA; it falls by 0.906 under the baseline"


def test_a_median_is_rounded_down_before_or_more():
    sizes = np.array([0.9968, 0.9968, 0.9999])  # by 1 or more falls none of them
    said = histogram_finding(fall_statistics(sizes, np.array([0.0, 3.87e-5, 1.0])), "PA")
    assert said == ("At least half of the samples fall by 0.99 or more under the baseline, by 3.8e-05 or more under PA")


def test_equal_falls_are_said_to_be_equal():
    same = np.array([0.5, 0.0])
    assert scatter_finding(fall_statistics(same, same), "PA") == (
        "Every sample falls as far under PA as under the baseline"
    )
    more = scatter_finding(fall_statistics(same, same + np.array([0.1, 0.0])), "PA")
    assert more == "50.0% of samples fall more under PA than under the baseline, none less"


def test_one_pair_of_exits_is_not_called_the_most_frequent():
    counts = np.zeros((3, 3), int)
    counts[0, 2] = 1
    assert pairs_finding(counts, 0.01, "PA", "123") == "Under PA, one sample falls by more than 0.01, from exit 1 to 3"
    said = pairs_finding(7 * counts, 0.01, "PA", "123")
    assert said == "Under PA, all 7 samples that fall by more than 0.01 fall most from exit 1 to 3"
    counts = np.array([[0, 3, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    assert pairs_finding(counts, 0.01, "PA", "1234").endswith("exit 1 to 2 (75.0% of 4); none ends at the last exit")
