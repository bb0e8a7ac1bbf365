"""What an earlier version called a brush, in the language of selections; what it held is in test_earlier_files.py."""

import pytest

from analysis.selection.earlier import read_selection
from analysis.selection.selection import Selection


@pytest.mark.parametrize(
    ("brush", "text"),
    [
        (
            "scatter:true_class:absolute:pa:box:0,0.5,1,2",
            "in drawn; drawn = box(symlog(baseline.fall_true_class), symlog(pa.fall_true_class), 0,0.5, 1,2)",
        ),
        (
            "scatter:any_class:relative:mine:lasso:0,0,1,1,2,0",
            "in drawn; drawn = lasso(symlog(baseline.relative_fall_any_class), symlog(mine.relative_fall_any_class), "
            "0,0, 1,1, 2,0)",
        ),
        (
            "histogram:final_prediction:absolute:baseline:0.0001,0.0126",
            "0.0001 <= baseline.fall_final_prediction < 0.0126",
        ),
        ("histogram:any_class:relative:pa:0.5,1", "0.5 <= pa.relative_fall_any_class <= 1"),
        ("over:true_class:relative:hard-poe:0.25", "hard-poe.relative_fall_true_class > 0.25"),
        (
            "pair:true_class:absolute:pa:1-3,0.01",
            "pa.fall_true_class > 0.01 and pa.fall_true_class_from = 1 and pa.fall_true_class_to = 3",
        ),
    ],
)
def test_a_brush_is_a_selection(brush, text):
    assert read_selection(brush).text == text
    assert read_selection(text) == read_selection(brush)


@pytest.mark.parametrize(
    "text", ["", "fall > 0.1", 'label_name = "a:b"', "`over:n` = 1", "label_name in (over, 'x:y')"]
)
def test_a_selection_of_today_is_read_as_one(text):
    assert read_selection(text) == Selection.parse(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("scatter:", "figure:of:size:predictor:shape"),
        ("pie:true_class:absolute:pa:0.1", "must be one of scatter"),
        ("over:label:absolute:pa:0.1", "must be one of true_class"),
        ("over:true_class:big:pa:0.1", "must be one of absolute"),
        ("over:true_class:absolute:pa:much", "must be 1 number"),
        ("histogram:true_class:absolute:pa:0.1", "must be 2 numbers"),
        ("pair:true_class:absolute:pa:3-1,0.1", "the earlier first"),
        ("pair:true_class:absolute:pa:1-x,0.1", "the earlier first"),
        ("over:true_class:absolute:pa:inf", "must be 1 number"),
        ("over:true_class:absolute:a`b:0.1", "holds a backquote"),
        ("scatter:true_class:absolute:pa:circle:0,0,1,1", "must be box or lasso"),
        ("scatter:true_class:absolute:pa:box:0,0,1", "3 numbers"),
        ("scatter:true_class:absolute:pa:box:0,0,1,1,2,2", "2 corners"),
        ("scatter:true_class:absolute:pa:lasso:0,0,1,1", "3 to 500 vertices"),
        ("scatter:true_class:absolute:pa:box:0,0,1,x", "numbers with commas"),
        ("scatter:true_class:absolute:pa:box:0,0,1,nan", "finite"),
        ("scatter:true_class:absolute:pa:", "numbers with commas"),
    ],
)
def test_what_is_no_brush_says_why(text, reason):
    with pytest.raises(ValueError, match=reason):
        read_selection(text)
