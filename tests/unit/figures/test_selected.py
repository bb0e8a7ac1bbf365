"""What is selected stands out: a part of each bar as high as its share, the rest in grey; lines, strokes."""

import numpy as np
import pytest

from analysis.figures.answers import answers_figure
from analysis.figures.class_falls import class_falls_figure
from analysis.figures.correction_price import correction_price_figure
from analysis.figures.decrease_curve import Curve, decrease_curve_figure
from analysis.figures.decrease_share import decrease_share_figure
from analysis.figures.exits import Panel, exits_figure
from analysis.figures.fall_histogram import Bars, fall_histogram_figure
from analysis.figures.lost_classes import lost_classes_figure
from analysis.figures.selected import REST
from analysis.figures.share_bars import ShareBars, share_bars_figure
from analysis.reference.symlog import PERCENT_UNIT, to_scale

SAID = {"title": "t", "subtitle": "s"}
EXITS = ["1", "2"]


def lit(figure):
    """The selected parts and the wholes that they are of, in the same order."""
    parts = [one for one in figure.data if (one.name or "").endswith(", selected")]
    wholes = [one for one in figure.data if one.type == "bar" and one not in parts]
    assert list(figure.data[: len(parts)]) == parts  # behind the numbers that stand on bars
    return parts, wholes


def check(whole, selected):
    assert whole.marker.color == REST
    assert list(whole.hovertext) == [f"{count:,} of them selected" for count in selected]
    assert "%{hovertext}" in whole.hovertemplate


def test_bars_of_shares_have_a_part_of_their_own_place():
    bars = [
        ShareBars("baseline", "Baseline", np.array([80, 20]), np.array([80.0, 20.0]), True, np.array([20, 0])),
        ShareBars("pa", "PA", np.array([50, 50]), np.array([50.0, 50.0]), False, np.array([10, 10])),
    ]
    parts, wholes = lit(share_bars_figure(bars, ["a", "b"], x_title="x", said=["a", "b"], **SAID))
    assert [list(one.y) for one in parts] == [[20, 0], [10, 10]]
    for part, whole, one in zip(parts, wholes, bars, strict=True):
        check(whole, one.selected)
        assert part.offsetgroup == whole.offsetgroup
    assert parts[0].offsetgroup != parts[1].offsetgroup
    plain = [ShareBars(*vars(one).values()) for one in bars]
    plain = [ShareBars(one.predictor_id, one.label, one.counts, one.percents, one.full) for one in plain]
    figure = share_bars_figure(plain, ["a", "b"], x_title="x", said=["a", "b"], **SAID)
    assert len(figure.data) == 2
    assert all(one.offsetgroup is None for one in figure.data)


def test_stacked_parts_begin_where_their_bars_do():
    counts = {"right": np.array([60, 80]), "right_deeper": np.array([30, 0]), "wrong_from_here": np.array([10, 20])}
    some = {"right": np.array([6, 8]), "right_deeper": np.array([15, 0]), "wrong_from_here": np.array([10, 0])}
    figure = answers_figure(counts, exit_names=EXITS, predictor_id="pa", answering=0, selected=some, **SAID)
    parts, wholes = lit(figure)
    assert [list(one.base) for one in parts] == [[0, 0], [60, 80], [90, 80]]
    assert [list(one.y) for one in parts] == [[6, 8], [15, 0], [10, 0]]
    for whole, selected in zip(wholes, some.values(), strict=True):
        check(whole, selected)


@pytest.mark.parametrize("make", [answers_figure, lost_classes_figure])
def test_numbers_on_stacked_bars_are_of_a_size_that_can_be_read_or_left_out(make):
    counts = {key: np.array([5, 5]) for key in ("right", "right_deeper", "wrong_from_here", "outvoted", "off support")}
    about = {"answering": None} if make is answers_figure else {"x_title": "x"}
    counts = counts if make is answers_figure else {key: counts[key] for key in ("outvoted", "off support")}
    figure = make(counts, exit_names=EXITS, predictor_id="pa", **about, **SAID)
    assert (figure.layout.uniformtext.minsize, figure.layout.uniformtext.mode) == (10, "hide")


@pytest.mark.parametrize("log", [True, False])
def test_a_histogram_lights_the_share_of_each_bin(log):
    bars = [Bars("pa", "PA", np.array([40, 10]), np.array([80.0, 20.0]), True, np.array([10, 0]))]
    figure = fall_histogram_figure(bars, np.array([0, 0.5, 1]), x_title="x", y_title="y", log_percent=log, **SAID)
    (part,), (whole,) = lit(figure)
    check(whole, [10, 0])
    assert part.y[1] == 0
    assert part.y[0] == pytest.approx(float(to_scale(20, PERCENT_UNIT)) if log else 20)
    assert 0 < part.y[0] < whole.y[0]


def test_fixed_and_broken_are_lit_upwards_and_downwards():
    lines = [("baseline", "Baseline", np.array([0.1, 0.2])), ("pa", "PA", np.array([0.2, 0.1]))]
    bars = [("fixed", np.array([4, 6])), ("broken", np.array([3, 0]))]
    figure = correction_price_figure(
        lines, bars, line_name="ece", bar_name="samples", predictor_id="pa", predictor_shown=True, exit_names=EXITS,
        selected=[np.array([1, 2]), np.array([3, 0])], **SAID,
    )  # fmt: skip
    parts, wholes = lit(figure)
    assert [list(one.y) for one in parts] == [[1, 2], [-3, 0]]
    assert all(one.yaxis == "y2" for one in parts)
    check(wholes[0], [1, 2])


def test_lost_classes_are_lit_by_cause():
    figure = lost_classes_figure(
        {"outvoted": np.array([4, 6])}, exit_names=EXITS, predictor_id="pa", x_title="x",
        selected={"outvoted": np.array([1, 6]), "off support": np.array([0, 0])}, **SAID,
    )  # fmt: skip
    (part,), (whole,) = lit(figure)
    assert list(part.y) == [1, 6]
    check(whole, [1, 6])


def test_curves_have_a_thin_line_of_the_selected():
    grid = np.array([0.0, 0.5, 1.0])
    curve = Curve("pa", "PA", np.array([50.0, 20, 0]), np.array([20.0]), selected=np.array([90.0, 10, 0]))
    figure = decrease_curve_figure([curve], grid, [0.5], x_title="x", y_title="y", log_percent=False, **SAID)
    line = figure.data[-1]
    assert (line.mode, line.line.dash, list(line.y)) == ("lines", None, [90, 10, 0])
    assert "of the selected" in line.hovertemplate
    panel = Panel("accuracy, %", np.array([60.0, 70]), np.array([61.0, 73]), selected=(("pa", np.array([20.0, 90])),))
    figure = exits_figure(
        [panel], predictor_id="pa", predictor_label="PA", baseline_label="Baseline", predictor_shown=True,
        exit_names=EXITS, **SAID,
    )  # fmt: skip
    assert list(figure.data[-1].y) == [20, 90]
    low, high = figure.layout.yaxis.range
    assert low <= 20
    assert high >= 90


def test_rows_of_marks_have_strokes_of_the_selected():
    lines = [("baseline", "Baseline", np.array([60.0, 30])), ("pa", "PA", np.array([10.0, 0]))]
    chosen = [("pa", np.array([100.0, np.nan]))]
    falls = decrease_share_figure([0.1, 0.5], lines, emphasised="pa", x_title="x", selected=chosen, **SAID)
    classes = class_falls_figure(["fox", "wolf"], [5, 5], lines, emphasised="pa", x_title="x", selected=chosen, **SAID)
    for figure in (falls, classes):
        assert figure.data[-1].marker.symbol == "line-ns"
        np.testing.assert_array_equal(figure.data[-1].x, [100, np.nan])
    assert classes.layout.xaxis.range[1] > 100
