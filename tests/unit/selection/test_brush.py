"""Brushes: read, written, described, and resolved over all samples."""

import numpy as np
import pytest

from analysis.metrics.decrease import Fall, decrease_percent, exit_pairs
from analysis.metrics.fall_histogram import fall_counts, fall_edges
from analysis.reference.symlog import FALL_UNIT, to_scale
from analysis.selection.brush import Brush, brushed, describe, parse_brush, scatter_brush, text_of

BASELINE = np.array([0.5, 0.0, 0.2, np.nan], np.float32)
FALLS = np.array([0.1, 0.0, 0.2, np.nan], np.float32)
FROM, TO = np.array([0, -1, 1, -1], np.int16), np.array([2, -1, 2, -1], np.int16)


@pytest.mark.parametrize(
    "text",
    [
        "scatter:true_class:absolute:pa:box:0,0.5,1,2",
        "scatter:any_class:relative:mine:lasso:0,0,1,1,2,0",
        "histogram:final_prediction:absolute:baseline:0.0001,0.0126",
        "over:true_class:relative:hard-poe:0.25",
        "pair:true_class:absolute:pa:1-3,0.01",
    ],
)
def test_texts_survive(text):
    assert text_of(parse_brush(text)) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("scatter", "figure:of:size:predictor:shape"),
        ("pie:true_class:absolute:pa:0.1", "must be one of scatter"),
        ("over:label:absolute:pa:0.1", "must be one of true_class"),
        ("over:true_class:big:pa:0.1", "must be one of absolute"),
        ("over:true_class:absolute:pa:much", "must be 1 number"),
        ("histogram:true_class:absolute:pa:0.1", "must be 2 numbers"),
        ("pair:true_class:absolute:pa:3-1,0.1", "the earlier first"),
        ("pair:true_class:absolute:pa:1-x,0.1", "the earlier first"),
        ("over:true_class:absolute:pa:inf", "must be 1 number"),
    ],
)
def test_what_is_no_brush_says_why(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse_brush(text)


def test_a_scatter_s_region_is_resolved_on_its_scale():
    low, high = to_scale([0.15, 0.6], FALL_UNIT)
    brush = scatter_brush("true_class", "absolute", "pa", {"kind": "box", "x": [low, high], "y": [0, high]})
    assert brush.needs_baseline
    assert brushed(brush, FALLS, BASELINE).tolist() == [True, False, True, False]


def test_over_is_strict_in_the_precision_of_the_falls():
    brush = parse_brush("over:true_class:absolute:pa:0.2")  # the float32 nearest to 0.2 is larger than 0.2
    assert brushed(brush, FALLS).tolist() == [False, False, False, False]
    assert brushed(parse_brush("over:true_class:absolute:pa:0"), FALLS).tolist() == [True, False, True, False]


def test_a_pair_needs_both_exits_and_the_threshold():
    assert brushed(parse_brush("pair:true_class:absolute:pa:1-3,0.05"), FALLS, None, FROM, TO).tolist() == [
        True,
        False,
        False,
        False,
    ]
    assert not brushed(parse_brush("pair:true_class:absolute:pa:1-3,0.1"), FALLS, None, FROM, TO).any()


def test_what_a_figure_counts_is_what_its_brush_holds():
    generator = np.random.default_rng(0)
    sizes = (generator.random(2000) ** 6).astype(np.float32)
    sizes[:300] = 0
    sizes[300] = 1
    start = generator.integers(0, 3, 2000).astype(np.int16)
    end = (start + generator.integers(1, 3, 2000)).astype(np.int16)
    edges = fall_edges()
    for low, high, count in zip(edges, edges[1:], fall_counts(sizes, edges)):
        brush = Brush("histogram", "true_class", "absolute", "pa", numbers=(float(low), float(high)))
        assert brushed(parse_brush(text_of(brush)), sizes).sum() == count
    counts = exit_pairs(Fall(sizes, start, end), 5, 0.01)
    for i, j in zip(*np.nonzero(counts)):
        brush = Brush("pair", "true_class", "absolute", "pa", numbers=(0.01,), pair=(int(i) + 1, int(j) + 1))
        assert brushed(parse_brush(text_of(brush)), sizes, None, start, end).sum() == counts[i, j]
    for tau in (0, 0.0001, 0.33):
        held = brushed(parse_brush(f"over:true_class:absolute:pa:{tau}"), sizes)
        assert held.sum() == round(decrease_percent(sizes, [tau])[0] * 20)


def test_words():
    assert describe(parse_brush("pair:true_class:relative:pa:1-3,0.01"), "PA", ("a", "b", "c")) == (
        "whose largest relative fall of the true class is above 0.01 under PA and goes from exit a to c"
    )
    assert describe(parse_brush("histogram:any_class:absolute:baseline:0,0.1"), "the baseline") == (
        "whose largest fall of any class lies from 0 to 0.1 under the baseline"
    )
    assert describe(parse_brush("scatter:true_class:absolute:pa:lasso:0,0,1,0,1,1"), "PA").endswith(
        "under PA, inside a lasso"
    )
