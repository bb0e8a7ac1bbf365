"""Sentences made of numbers: wording and rounding."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.metrics.decrease import Fall
from analysis.results.comparison import Comparison, Side
from analysis.words import correction, formats


def side(falls, right, confidence=0.6, ece=0.05, collapsed=0, relative=(), impossible=0, tied=0):
    none = np.zeros(len(falls), dtype=np.int16)
    return Side(
        right=np.array([0.5, right]),
        probability=np.array([0.4, 0.55]),
        confidence=np.array([0.5, confidence]),
        ece=np.array([0.04, ece]),
        entropy=np.array([1.0, 0.8]),
        probabilities=np.zeros((2, len(falls)), dtype=np.float32),
        fall=Fall(np.array(falls, dtype=np.float32), none, none),
        collapsed=collapsed,
        relative_fall=Fall(np.array(relative, dtype=np.float32), none, none),
        impossible=impossible,
        tied=tied,
    )


def comparison(baseline, corrected, of="true_class"):
    count = len(baseline.fall.size)
    return Comparison(
        of=of,
        positions=np.arange(count),
        baseline=baseline,
        corrected=corrected,
        fixed=np.array([0, 3]),
        broken=np.array([0, 1]),
        changed=np.array([0, 5]),
        groups=np.zeros(count, dtype=np.int64),
    )


BOTH = comparison(side([0.2, 0.3, 0.0, 0.05], 0.67), side([0.0, 0.0, 0.0, 0.02], 0.682, confidence=0.05, ece=0.6))


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
    text = correction.correction_sentence(comparison(BOTH.baseline, BOTH.corrected, "final_prediction"), "PA")
    assert "final prediction" in text
    assert text.endswith("PA changes 5 of 4 final answers.")


def test_the_price_names_confidence_calibration_and_broken_answers():
    assert correction.price_sentence(BOTH, "PA") == (
        "What PA costs: confidence at the last exit goes from 0.60 to 0.05; "
        "calibration error (ECE) from 0.050 to 0.600; last answers broken 1, fixed 3; no prediction collapses."
    )


def test_collapses_are_counted_over_samples_and_exits():
    collapsing = comparison(BOTH.baseline, side([0.0] * 4, 0.7, collapsed=2))
    assert correction.collapse_words(collapsing) == "2 of 8 predictions collapse: no class is left (25.0%)"


def test_titles_follow_the_switch():
    assert correction.trajectories_title(BOTH, "Baseline", corrected=False).startswith(
        "Baseline: 50.0% of samples lose"
    )
    assert correction.trajectories_title(BOTH, "PA", corrected=True).startswith("PA: no sample loses more than 0.1")
    assert "; the mean of all " in correction.trajectories_title(BOTH, "PA", corrected=True)  # not of those that lose


def test_the_price_names_impossible_true_classes_and_ties():
    corrected = side([0.0] * 4, 0.7, impossible=1, tied=2)
    text = correction.price_sentence(comparison(BOTH.baseline, corrected), "Hard PoE")
    assert "1 sample (25.0%) end with probability 0 for the true class, so the log-likelihood is infinite" in text
    assert "2 last answers are ties, given to the first of the tied classes" in text
    assert "ties" not in correction.price_sentence(BOTH, "PA")


def test_relative_falls_stand_beside_the_absolute_ones():
    both = comparison(
        side([0.2, 0.3, 0, 0], 0.6, relative=[0.5, 0.5, 0.2, 0]), side([0] * 4, 0.6, relative=[0.2, 0, 0, 0])
    )
    text = correction.relative_sentence(both, "PA")
    assert text == (
        "Relative to its highest value so far the true class's probability falls by more than 10% for 25.0% of samples "
        "under PA, for 75.0% under the baseline."
    )
    small = replace(both, corrected=replace(both.corrected, probability=np.array([0.03, 0.5])))
    assert correction.relative_sentence(small, "PA").endswith(
        "under the baseline: at the first exit it is 0.03 on average under PA and 0.4 under the baseline, and what is "
        "small cannot fall far."
    )


@pytest.mark.parametrize(
    ("right", "text"),
    [
        ([0.6, 0.67], "PA is more accurate than the baseline at 1 of 2 exits; at the last level with it"),
        ([0.5, 0.6], "PA is less accurate than the baseline at 1 of 2 exits; at the last 7.00 points below it"),
        ([0.5, 0.67], "PA is as accurate as the baseline at every exit"),
    ],
)
def test_the_exits_where_it_helps_are_counted_or_else_those_where_it_hurts(right, text):
    corrected = replace(BOTH.corrected, right=np.array(right))
    assert correction.exits_title(comparison(BOTH.baseline, corrected), "PA") == text


def test_a_network_of_one_exit_has_no_falls_to_speak_of():
    one = replace(BOTH, changed=np.array([5]))
    text = correction.correction_sentence(one, "PA")
    assert text == (
        "This network has one exit, so nothing can fall on the way through it; its accuracy is 67.0%, "
        "and 68.2% under PA."
    )
    assert "falls" not in correction.trajectories_title(one, "PA", corrected=True)
