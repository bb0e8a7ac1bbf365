"""What a selection holds, in words."""

import pytest

from analysis.selection.selection import Selection
from analysis.words.selections import selection_words

BOX = "box(symlog(baseline.fall_true_class), symlog(pa.fall_true_class), 1,0, 3,2)"


def named(predictor):
    return "the baseline" if predictor == "baseline" else predictor.upper()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "pa.relative_fall_true_class > 0.01 and pa.relative_fall_true_class_from = 1 "
            "and pa.relative_fall_true_class_to = 3",
            "whose largest relative fall of the true class is above 0.01 under PA and goes from exit a to c",
        ),
        (
            "0 <= baseline.fall_any_class < 0.1",
            "whose largest fall of any class lies from 0 to 0.1 under the baseline",
        ),
        (
            "0.5 <= pa.fall_final_prediction <= 1",
            "whose largest fall of the final prediction lies from 0.5 to 1 under PA",
        ),
        ("pa.fall_true_class > 0.123678", "whose largest fall of the true class is above 0.123 under PA"),
        ("0.123678 <= pa.fall_true_class < 0.123678",
         "whose largest fall of the true class lies from 0.123 to 0.124 under PA"),
        ("pa.fall_true_class > 0.00001", "whose largest fall of the true class is above 1e-05 under PA"),
        (
            f"in drawn; drawn = {BOX}",
            "whose largest fall of the true class is 0.0009 to 0.1 under the baseline and 0 to 0.0099 under PA",
        ),
        (
            "in drawn; drawn = lasso(symlog(baseline.fall_true_class), symlog(pa.fall_true_class), -1,0, 1,0, 1,1)",
            "whose largest fall of the true class is 0 to 0.0009 under the baseline and 0 to 0.0009 under PA, inside a "
            "lasso",
        ),
        ("in part; part = box(a, `b c`, 0,0, 1,1)", "inside a box drawn over a and b c"),
        (
            f"label = 3 and not correct and in drawn; drawn = {BOX}",
            "where label = 3 and where not correct and whose largest fall of the true class is 0.0009 to 0.1 under the "
            "baseline and 0 to 0.0099 under PA",
        ),
        ("pa.fall_true_class_from = 2 and pa.fall_true_class_to = 3", "whose largest fall goes from exit b to c"),
        ("pa.fall_true_class_from = 2 and moe.fall_true_class_to = 3",
         "where pa.fall_true_class_from = 2 and where moe.fall_true_class_to = 3"),
        ("pa.fall_true_class >= 0.1", "where pa.fall_true_class >= 0.1"),
        ("0.1 > pa.fall_true_class", "where 0.1 > pa.fall_true_class"),
        ("fall > 0.1 or correct", "where fall > 0.1 or correct"),
        ("", ""),
    ],
)  # fmt: skip
def test_words(text, words):
    assert selection_words(Selection.parse(text), named, ("a", "b", "c")) == words
