"""What a mark selects is what its figure counted."""

import numpy as np
import pandas as pd
import pytest

from analysis.metrics.decrease import Fall, decrease_percent, exit_pairs
from analysis.metrics.fall_histogram import fall_counts, fall_edges
from analysis.reference.symlog import FALL_UNIT, to_scale
from analysis.selection.columns import FallColumn, fall_column
from analysis.selection.marks import (
    answered,
    fall_axis,
    falls_above,
    falls_between,
    falls_from_to,
    falls_inside,
    of_classes,
    taken_for,
)
from analysis.selection.selection import Selection

PA, BEFORE = (FallColumn(predictor, "true_class", "absolute") for predictor in ("pa", "baseline"))


def table(fall, before=None, start=None, end=None):
    columns = {PA.name: fall, BEFORE.name: fall if before is None else before}
    if start is not None:
        columns |= {PA.start: np.where(fall > 0, start + 1.0, np.nan), PA.end: np.where(fall > 0, end + 1.0, np.nan)}
    return pd.DataFrame(columns)


FEW = table(
    np.array([0.1, 0.0, 0.2, np.nan], np.float32),
    np.array([0.5, 0.0, 0.2, np.nan], np.float32),
    np.array([0, -1, 1, -1], np.int16),
    np.array([2, -1, 2, -1], np.int16),
)


def again(selection):
    """The selection as its text gives it back."""
    assert Selection.parse(selection.text) == selection
    return Selection.parse(selection.text)


@pytest.mark.parametrize("fall", [PA, FallColumn("hard-poe", "any_class", "relative")])
def test_a_fall_s_column_is_known_by_its_name(fall):
    assert fall_column(fall.name) == fall
    assert fall_column("pa.fall_from") is None
    assert fall_column("fall_true_class") is None


def test_a_region_is_resolved_on_the_scale_of_falls():
    low, high = to_scale([0.15, 0.6], FALL_UNIT)
    selection = again(falls_inside(BEFORE, PA, {"kind": "box", "x": [low, high], "y": [0, high]}))
    assert selection.mask(FEW).tolist() == [True, False, True, False]
    assert selection.region_over(fall_axis(BEFORE), fall_axis(PA)).x == (low, high)
    assert selection.region_over(fall_axis(PA), fall_axis(BEFORE)) is None


def test_above_is_strict_in_the_precision_of_the_falls():
    assert not falls_above(PA, 0.2).mask(FEW).any()  # the float32 nearest to 0.2 is larger than 0.2
    assert falls_above(PA, 0).mask(FEW).tolist() == [True, False, True, False]


def test_a_pair_needs_both_exits_and_the_threshold():
    assert falls_from_to(PA, 0.05, 1, 3).mask(FEW).tolist() == [True, False, False, False]
    assert not falls_from_to(PA, 0.1, 1, 3).mask(FEW).any()


def test_what_a_figure_counts_is_what_its_mark_selects():
    generator = np.random.default_rng(0)
    sizes = (generator.random(2000) ** 6).astype(np.float32)
    sizes[:300] = 0
    sizes[300] = 1
    start = generator.integers(0, 3, 2000).astype(np.int16)
    end = (start + generator.integers(1, 3, 2000)).astype(np.int16)
    many = table(sizes, None, start, end)
    edges = fall_edges()
    for low, high, count in zip(edges, edges[1:], fall_counts(sizes, edges)):
        assert again(falls_between(PA, float(low), float(high))).mask(many).sum() == count
    counts = exit_pairs(Fall(sizes, start, end), 5, 0.01)
    for i, j in zip(*np.nonzero(counts)):
        assert again(falls_from_to(PA, 0.01, int(i) + 1, int(j) + 1)).mask(many).sum() == counts[i, j]
    for tau in (0, 0.0001, 0.33):
        assert falls_above(PA, tau).mask(many).sum() == round(decrease_percent(sizes, [tau])[0] * 20)


def test_classes_and_answers():
    samples = pd.DataFrame({"label": [0, 1, 2, np.nan], "correct_1": [1, 0, 0, 0], "correct_2": [0, 1, 0, 0]})
    samples = samples.astype({"correct_1": bool, "correct_2": bool})
    assert of_classes([1], "label").mask(samples).tolist() == [False, True, False, False]
    assert of_classes([0, 2], "label").mask(samples).tolist() == [True, False, True, False]
    assert answered(1, 2, "right").mask(samples).tolist() == [True, False, False, False]
    assert answered(1, 2, "right_deeper").mask(samples).tolist() == [False, True, False, False]
    assert answered(1, 2, "wrong_from_here", some_unknown=True).mask(samples).tolist() == [False, False, True, False]


def test_what_is_taken_for_what_counts_any_of_the_exits():
    samples = pd.DataFrame({
        "label": [0, 0, 1, np.nan], "pa.predicted_1": [1, 2, 1, 1], "pa.predicted_2": [2, 2, 2, 1],
    })  # fmt: skip

    def about(*exits):
        return again(taken_for([0], [1], exits, column="label", predictor="pa")).mask(samples).tolist()

    assert about(1) == [True, False, False, False]
    assert about(2) == [False] * 4
    assert about(1, 2) == [True, False, False, False]
    groups = again(taken_for([0, 1], [1, 2], [2], column="label", predictor="pa"))
    assert groups.mask(samples).tolist() == [True, True, True, False]
    own = again(taken_for([0], [1], [2], column="label", predictor="hard-poe"))
    assert own.columns == ("label", "hard-poe.predicted_2")
