"""Sentences made of numbers: wording and rounding."""

import numpy as np
import pytest

from analysis import findings
from analysis.comparison import Comparison, Side
from analysis.metrics.decrease import Fall


def side(falls, right, confidence=0.6, ece=0.05, collapsed=0):
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
    assert findings.percent(value) == text


def test_the_sentence_names_both_shares_and_both_accuracies():
    assert findings.correction_sentence(BOTH, "PA") == (
        "Under PA no sample loses more than 0.1 of the true class's probability on the way through the network; "
        "under the baseline 50.0% do; the last exit's accuracy rises from 67.0% to 68.2%."
    )


def test_without_labels_the_sentence_counts_changed_answers():
    text = findings.correction_sentence(comparison(BOTH.baseline, BOTH.corrected, "final_prediction"), "PA")
    assert "final prediction" in text
    assert text.endswith("PA changes 5 of 4 final answers.")


def test_the_price_names_confidence_calibration_and_broken_answers():
    assert findings.price_sentence(BOTH, "PA") == (
        "What PA costs: confidence at the last exit goes from 0.60 to 0.05; "
        "calibration error (ECE) from 0.050 to 0.600; last answers broken 1, fixed 3; no prediction collapses."
    )


def test_collapses_are_counted_over_samples_and_exits():
    collapsing = comparison(BOTH.baseline, side([0.0] * 4, 0.7, collapsed=2))
    assert findings.collapse_words(collapsing) == "2 of 8 predictions collapse (25.0%)"


def test_titles_follow_the_switch():
    assert findings.trajectories_title(BOTH, "Baseline", corrected=False).startswith("Baseline: 50.0% of samples lose")
    assert findings.trajectories_title(BOTH, "PA", corrected=True).startswith("PA: no sample loses more than 0.1")
    assert "; the mean of all " in findings.trajectories_title(BOTH, "PA", corrected=True)  # not of those that lose
