"""Sentences made of numbers: wording and rounding."""

import numpy as np
import pytest

from analysis.results import Difference
from analysis.words import correction, formats
from tests.unit.results.by_hand import given, told


def side(falls, right, relative=(), of="true_class", n_exits=2, confidence=0.6, ece=0.05, **numbers):
    return told(
        falls,
        relative,
        of,
        n_exits,
        right_share=[0.5, right],
        confidence=[0.5, confidence],
        ece=[0.04, ece],
        **{"true_class_prob": [0.4, 0.55], "collapses": 0, "impossible": 0, "tied": 0, **numbers},
    )


def difference(a, b):
    clear = np.sign(b.right_share - a.right_share)
    return given(Difference((a, b), a, b), a_only=[0, 1], b_only=[0, 3], changed=[0, 5], clear=clear)


BEFORE, AFTER = [0.2, 0.3, 0.0, 0.05], [0.0, 0.0, 0.0, 0.02]
BOTH = difference(side(BEFORE, 0.67), side(AFTER, 0.682, confidence=0.05, ece=0.6))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (53.724, "53.7%"),
        (7.404, "7.40%"),
        (9.996, "10.0%"),
        (0.0433, "0.04%"),
        (0.001, "<0.01%"),
        (0, "0%"),
        (99.99, ">99.9%"),
        (100, "100%"),
    ],
)
def test_percentages_are_rounded_but_never_to_a_false_zero(value, text):
    assert formats.percent(value) == text


def test_the_sentence_names_both_shares_and_both_accuracies():
    assert correction.correction_sentence(BOTH, "PA") == (
        "More computation should help, yet for 50.0% of samples the true class's probability falls by more than 0.1 on "
        "the way through the network; under PA for none; the last exit's accuracy rises from 67.0% to 68.2%."
    )


def test_where_nothing_falls_under_the_baseline_the_sentence_says_so_first():
    level = difference(side(AFTER, 0.67), side(AFTER, 0.67))
    assert correction.correction_sentence(level, "PA").startswith(
        "For no sample the true class's probability falls by "
    )
    assert "; nor under PA; " in correction.correction_sentence(level, "PA")
    worse = difference(side(AFTER, 0.67), side(BEFORE, 0.67))
    assert "; under PA for 50.0%; " in correction.correction_sentence(worse, "PA")


def test_without_labels_the_sentence_counts_changed_answers():
    both = difference(*(side(falls, 0.67, of="final_prediction") for falls in (BEFORE, AFTER)))
    text = correction.correction_sentence(both, "PA")
    assert "final prediction" in text
    assert text.endswith("PA changes 5 of 4 final answers.")


def test_the_price_names_confidence_calibration_and_broken_answers():
    assert correction.price_sentence(BOTH, "PA") == (
        "What PA costs: confidence at the last exit goes from 0.60 to 0.05; "
        "calibration error (ECE) goes from 0.050 to 0.600; last answers broken 1, fixed 3; no prediction collapses."
    )


def test_collapses_are_counted_over_samples_and_exits():
    collapsing = difference(BOTH.a, side([0.0] * 4, 0.7, collapses=2))
    assert correction.collapse_words(collapsing) == "2 of 8 predictions (25.0%) collapse: no class is left"


@pytest.mark.parametrize(
    ("falling", "drawn", "text"),
    [
        ((6, 0), 10, "Of the same 10 samples, 6 fall by more than 0.1 under the baseline, none under PA"),
        ((1, 2), 10, "Of the same 10 samples, 1 falls by more than 0.1 under the baseline, 2 under PA"),
        ((0, 3), 10, "Of the same 10 samples, none falls by more than 0.1 under the baseline, 3 under PA"),
        ((0, 0), 10, "No sample of these 10 falls by more than 0.1, neither under the baseline nor under PA"),
        ((1, 0), 1, "This sample falls by more than 0.1 under the baseline, not under PA"),
        ((0, 0), 1, "This sample falls by more than 0.1 neither under the baseline nor under PA"),
        ((1, 1), 1, "This sample falls by more than 0.1 under the baseline and under PA"),
    ],
)
def test_the_title_counts_the_drawn_samples_that_fall_in_each_panel(falling, drawn, text):
    assert correction.trajectories_title(falling, drawn, "PA") == text


def test_the_mean_of_all_is_said_for_each_panel():
    assert correction.mean_words("PA", np.array([0.03, 0.2, 0.5])) == "PA: the mean rises from 0.03 to 0.50"
    assert correction.mean_words("CA", np.array([0.4, 0.4])) == "CA: the mean stays at 0.40"
    assert correction.mean_words("CA", np.array([0.4])) == "CA: the mean is 0.40"


def test_the_price_names_impossible_true_classes_and_ties():
    corrected = side([0.0] * 4, 0.7, impossible=1, tied=2)
    text = correction.price_sentence(difference(BOTH.a, corrected), "Hard PoE")
    assert "1 sample (25.0%) ends with probability 0 for the true class, so the log-likelihood is infinite" in text
    assert "2 last answers are ties, given to the first of the tied classes" in text
    assert "ties" not in correction.price_sentence(BOTH, "PA")


def test_relative_falls_stand_beside_the_absolute_ones():
    before = side([0.2, 0.3, 0, 0], 0.6, relative=[0.5, 0.5, 0.2, 0])
    text = correction.relative_sentence(difference(before, side([0] * 4, 0.6, relative=[0.2, 0, 0, 0])), "PA")
    assert text == (
        "Relative to its highest value so far, the true class's probability falls by more than 10% for 25.0% of "
        "samples under PA, for 75.0% under the baseline."
    )
    small = side([0] * 4, 0.6, relative=[0.2, 0, 0, 0], true_class_prob=[0.03, 0.5])
    assert correction.relative_sentence(difference(before, small), "PA").endswith(
        "under the baseline: at the first exit it is 0.030 on average under PA and 0.400 under the baseline, and what "
        "is small cannot fall far."
    )
    as_often = side([0.2, 0.3, 0, 0], 0.6, relative=[0.2, 0, 0, 0], true_class_prob=[0.03, 0.5])
    text = correction.relative_sentence(difference(before, as_often), "PA")
    assert text.endswith("under the baseline.")  # absolute falls are not rarer: there is nothing to explain
    level = side([0] * 4, 0.6, relative=[0.2, 0, 0, 0], true_class_prob=[0.4 - 1e-4, 0.5])  # 0.400, as it reads
    assert correction.relative_sentence(difference(before, level), "CA").endswith("under the baseline.")


@pytest.mark.parametrize(
    ("right", "text"),
    [
        ([0.5, 0.67], "PA is as accurate as the baseline at every exit"),
        (
            [0.6, 0.67],
            "PA is as accurate as the baseline at 1 of 2 exits, more accurate at 1; at the last level with it",
        ),
        ([0.6, 0.68], "PA is more accurate than the baseline at every exit; at the last 1.00 points above it"),
        ([0.4, 0.669996], "PA is less accurate than the baseline at every exit; at the last 0.0004 points below it"),
    ],
)
def test_the_title_says_what_happens_at_most_exits(right, text):
    corrected = given(side(AFTER, 0), right_share=right)
    assert correction.exits_title(difference(BOTH.a, corrected), "PA") == text


def test_a_win_at_one_exit_of_five_is_no_title():
    before = told(BEFORE, n_exits=5, right_share=[0.5] * 5)
    after = told(AFTER, n_exits=5, right_share=[0.4, 0.4, 0.5, 0.4, 0.6])
    both = given(Difference((before, after), before, after), clear=[-1, -1, 0, -1, 1])
    assert correction.exits_title(both, "PA") == (
        "PA is less accurate than the baseline at 3 of 5 exits, as accurate at 1, more accurate at 1; at the last "
        "10.0 points above it"
    )


def test_what_may_be_chance_is_worded_so():
    unsure = given(difference(BOTH.a, side(AFTER, 0.682)), clear=[0, 0])
    assert correction.correction_sentence(unsure, "PA").endswith(
        "; the last exit's accuracy goes from 67.0% to 68.2%, no clear difference."
    )
    alike = given(difference(BOTH.a, side(AFTER, 0.6703)), clear=[0, 0])
    assert correction.correction_sentence(alike, "PA").endswith("; the last exit's accuracy stays at about 67.0%.")
    one = difference(side(BEFORE, 0.67, n_exits=1), side(AFTER, 0.682, n_exits=1))
    text = correction.correction_sentence(given(one, clear=[0]), "PA")
    assert text.endswith("; its accuracy is 67.0%, and 68.2% under PA, no clear difference.")


@pytest.mark.parametrize(
    ("change", "clear", "text"),
    [
        ([1, -0.2, 2], [1, 0, 1], "PA is more accurate than the baseline at 2 of 3 exits, no clear difference at 1; at "
         "the last 2.00 points above it"),
        ([1, 0, 0.1], [1, 0, 0], "PA is more accurate than the baseline at 1 of 3 exits; no clear difference at the "
         "other 2 (at the last +0.10 points)"),
        ([1, 0.1, 0], [1, 0, 0], "PA is more accurate than the baseline at 1 of 3 exits; no clear difference at the "
         "other 2"),
        ([1, -2, -0.1], [1, -1, 0], "PA is more accurate than the baseline at 1 of 3 exits, less accurate at 1; no "
         "clear difference at the last (−0.10 points)"),
        ([1, 2], [0.5, 1], "PA is more accurate than the baseline at 1 of 2 exits, no clear difference at 1; at the "
         "last 2.00 points above it"),
        ([0, 2], [0, 0], "PA and the baseline: no clear difference in accuracy at any exit (at the last +2.00 points)"),
        ([1], [0], "PA and the baseline: no clear difference in accuracy (+1.00 points)"),
        ([1], [1], "PA is 1.00 points more accurate than the baseline"),
    ],
)  # fmt: skip
def test_only_clear_differences_count_in_the_title(change, clear, text):
    assert correction.accuracy_title(np.array(change), np.array(clear), "PA") == text


def test_the_class_that_falls_most_is_one_that_the_figure_shows():
    names, falls = ["lion", "fox", "crane"], np.array([0.1, 0.05, 0.2])
    assert correction.groups_title(names, falls, "PA", 3) == "Falls most under PA: crane, by 0.200 on average"
    assert correction.groups_title(names, falls, "PA", 2) == "Of these, lion falls most under PA, by 0.100 on average"
    assert correction.groups_title(names, np.zeros(3), "PA", 2) == "No class falls under PA"
    assert correction.groups_title(names, np.array([0, 0, 0.2]), "PA", 2) == "None of these falls under PA"
    assert correction.groups_title(names, np.full(3, np.nan), "PA", 2) == "No class has samples here"


def test_what_reads_alike_does_not_go_from_one_to_the_other():
    same = difference(BOTH.a, given(side(BEFORE, 0.67), ece=[0.04, 0.05001], confidence=[0.5, 0.6]))
    text = correction.price_sentence(same, "CA")
    assert "confidence at the last exit stays at 0.60; calibration error (ECE) stays at about 0.050" in text
    barely = correction.correction_sentence(difference(BOTH.a, side(AFTER, 0.6703)), "CA")
    assert barely.endswith("the last exit's accuracy rises by 0.03 points to 67.0%.")


def test_what_is_neither_fixed_nor_broken_is_not_counted():
    assert correction.price_title(BOTH, "PA").startswith("PA fixes 3 and breaks 1 last answers; calibration error goes")
    none = given(Difference((BOTH.a, BOTH.a), BOTH.a, BOTH.a), a_only=[0, 0], b_only=[0, 0])
    assert correction.price_title(none, "CA") == (
        "CA neither fixes nor breaks a last answer; calibration error stays at 0.050"
    )


def test_the_paper_is_quoted_where_it_has_numbers():
    assert correction.published_sentence((np.nan, np.nan), (0.7, 0.71), "PA") == (
        "The paper: accuracy 70.0% and 71.0% under the baseline and PA."
    )
    assert correction.distance_sentence(0.7466, 0.7469) == (
        "Its last exit reaches 74.66%, 0.03 points below the paper's 74.69%."
    )
    assert correction.distance_sentence(0.74691, 0.7469).startswith("Its last exit reaches 74.69%, level with")


def test_a_network_of_one_exit_has_no_falls_to_speak_of():
    one = difference(side(BEFORE, 0.67, n_exits=1), side(AFTER, 0.682, n_exits=1))
    text = correction.correction_sentence(one, "PA")
    assert text == (
        "This network has one exit, so nothing can fall on the way through it; its accuracy is 67.0%, "
        "and 68.2% under PA."
    )
