"""Sentences made of numbers: wording and rounding."""

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
    return given(Difference((a, b), a, b), a_only=[0, 1], b_only=[0, 3], changed=[0, 5])


BEFORE, AFTER = [0.2, 0.3, 0.0, 0.05], [0.0, 0.0, 0.0, 0.02]
BOTH = difference(side(BEFORE, 0.67), side(AFTER, 0.682, confidence=0.05, ece=0.6))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (53.724, "53.7%"),
        (7.404, "7.40%"),
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
        "Under PA no sample loses more than 0.1 of the true class's probability on the way through the network; "
        "under the baseline 50.0% do; the last exit's accuracy rises from 67.0% to 68.2%."
    )


def test_without_labels_the_sentence_counts_changed_answers():
    both = difference(*(side(falls, 0.67, of="final_prediction") for falls in (BEFORE, AFTER)))
    text = correction.correction_sentence(both, "PA")
    assert "final prediction" in text
    assert text.endswith("PA changes 5 of 4 final answers.")


def test_the_price_names_confidence_calibration_and_broken_answers():
    assert correction.price_sentence(BOTH, "PA") == (
        "What PA costs: confidence at the last exit goes from 0.60 to 0.05; "
        "calibration error (ECE) from 0.050 to 0.600; last answers broken 1, fixed 3; no prediction collapses."
    )


def test_collapses_are_counted_over_samples_and_exits():
    collapsing = difference(BOTH.a, side([0.0] * 4, 0.7, collapses=2))
    assert correction.collapse_words(collapsing) == "2 of 8 predictions collapse: no class is left (25.0%)"


def test_titles_follow_the_switch():
    assert correction.trajectories_title(BOTH, "Baseline", corrected=False).startswith(
        "Baseline: 50.0% of samples lose"
    )
    assert correction.trajectories_title(BOTH, "PA", corrected=True).startswith("PA: no sample loses more than 0.1")
    assert "; the mean of all " in correction.trajectories_title(BOTH, "PA", corrected=True)  # not of those that lose


def test_the_price_names_impossible_true_classes_and_ties():
    corrected = side([0.0] * 4, 0.7, impossible=1, tied=2)
    text = correction.price_sentence(difference(BOTH.a, corrected), "Hard PoE")
    assert "1 sample (25.0%) end with probability 0 for the true class, so the log-likelihood is infinite" in text
    assert "2 last answers are ties, given to the first of the tied classes" in text
    assert "ties" not in correction.price_sentence(BOTH, "PA")


def test_relative_falls_stand_beside_the_absolute_ones():
    before = side([0.2, 0.3, 0, 0], 0.6, relative=[0.5, 0.5, 0.2, 0])
    text = correction.relative_sentence(difference(before, side([0] * 4, 0.6, relative=[0.2, 0, 0, 0])), "PA")
    assert text == (
        "Relative to its highest value so far the true class's probability falls by more than 10% for 25.0% of samples "
        "under PA, for 75.0% under the baseline."
    )
    small = side([0] * 4, 0.6, relative=[0.2, 0, 0, 0], true_class_prob=[0.03, 0.5])
    assert correction.relative_sentence(difference(before, small), "PA").endswith(
        "under the baseline: at the first exit it is 0.03 on average under PA and 0.4 under the baseline, and what is "
        "small cannot fall far."
    )
    level = side([0] * 4, 0.6, relative=[0.2, 0, 0, 0], true_class_prob=[0.4 - 1e-16, 0.5])  # 0.4, but for rounding
    assert correction.relative_sentence(difference(before, level), "CA").endswith("under the baseline.")


@pytest.mark.parametrize(
    ("right", "text"),
    [
        ([0.6, 0.67], "PA is more accurate than the baseline at 1 of 2 exits; at the last level with it"),
        ([0.5, 0.6], "PA is less accurate than the baseline at 1 of 2 exits; at the last 7.00 points below it"),
        ([0.5, 0.67], "PA is as accurate as the baseline at every exit"),
    ],
)
def test_the_exits_where_it_helps_are_counted_or_else_those_where_it_hurts(right, text):
    corrected = given(side(AFTER, 0), right_share=right)
    assert correction.exits_title(difference(BOTH.a, corrected), "PA") == text


def test_a_network_of_one_exit_has_no_falls_to_speak_of():
    one = difference(side(BEFORE, 0.67, n_exits=1), side(AFTER, 0.682, n_exits=1))
    text = correction.correction_sentence(one, "PA")
    assert text == (
        "This network has one exit, so nothing can fall on the way through it; its accuracy is 67.0%, "
        "and 68.2% under PA."
    )
    assert "falls" not in correction.trajectories_title(one, "PA", corrected=True)
