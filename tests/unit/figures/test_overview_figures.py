"""Figures of the overview and of compute: numbers in, the right marks out; nothing moves by the switch."""

import numpy as np
import pytest

from analysis.figures.answers import answers_figure
from analysis.figures.class_falls import class_falls_figure
from analysis.figures.compute_curve import Curve, compute_curve_figure
from analysis.figures.correction_price import correction_price_figure
from analysis.figures.decrease_share import decrease_share_figure
from analysis.figures.exits import Panel, exits_figure
from analysis.figures.style import predictor_style

EXITS = ["1", "2", "<3>"]
LINES = [("baseline", "Baseline", np.array([0.1, 0.2, 0.3])), ("pa", "PA", np.array([0.2, 0.3, 0.6]))]


def exits(shown, panels=None):
    panels = panels or [
        Panel("accuracy, %", np.array([60.0, 62, 64]), np.array([60.0, 63, 66]), (("pa", np.array([70.0, 71, 72])),)),
        Panel("confidence", LINES[0][2], LINES[1][2], from_zero_to=1),
    ]
    return exits_figure(
        panels,
        predictor_id="pa",
        predictor_label="PA",
        baseline_label="Baseline",
        predictor_shown=shown,
        exit_names=EXITS,
        title="t",
        subtitle="s",
    )


def test_panels_draw_both_predictors_and_open_markers_for_published_values():
    figure = exits(True)
    assert [t.xaxis for t in figure.data] == ["x", "x", "x", "x2", "x2"]
    assert figure.data[2].marker.symbol == "circle-open"
    assert figure.data[1].line.color == predictor_style("pa")["color"]
    assert figure.layout.xaxis.ticktext[2] == "&lt;3&gt;"


def test_the_switch_moves_the_emphasis_and_no_axis():
    on, off = exits(True), exits(False)
    assert on.data[1].opacity > on.data[0].opacity
    assert off.data[0].opacity > off.data[1].opacity
    assert on.layout.yaxis.range == off.layout.yaxis.range


def test_an_axis_that_does_not_start_at_zero_says_so():
    figure = exits(True)
    low = figure.layout.yaxis.range[0]
    assert 0 < low <= 60
    texts = [a.text for a in figure.layout.annotations]
    assert f"accuracy, % (axis from {low:g})" in texts
    assert "confidence" in texts


def test_an_axis_says_where_it_starts_exactly_and_only_where_that_is_not_zero():
    def drawn(values):
        figure = exits(True, [Panel("accuracy, %", values, values)])
        return figure.layout.annotations[0].text, figure.layout.yaxis.range[0]

    assert drawn(np.array([0.0, 50, 100]))[0] == "accuracy, %"
    for values in ([92.81, 92.86, 92.93], [92.757, 92.76, 92.765], [40.0, 70, 90]):
        heading, low = drawn(np.array(values))
        assert 0 < low < min(values)
        assert heading == f"accuracy, % (axis from {low!r})".replace(".0)", ")")


def test_panels_without_a_number_still_draw():
    unknown = np.full(3, np.nan)
    figure = exits(True, [Panel("accuracy, %", unknown, unknown)])
    assert tuple(figure.layout.yaxis.range) == (0, 1)


def test_shares_are_one_row_per_threshold_and_joined():
    figure = decrease_share_figure(
        [0.01, 0.1, 0.5],
        LINES,
        published=[("pa", np.array([1, 2, np.nan]))],
        emphasised="pa",
        title="t",
        subtitle="s",
        x_title="x",
    )
    joins, baseline, pa, published = figure.data
    assert list(baseline.y) == ["> 0.01", "> 0.1", "> 0.5"]
    assert list(joins.x) == [0.1, 0.2, None, 0.2, 0.3, None, 0.3, 0.6, None]
    assert published.marker.symbol == "circle-open"
    assert pa.opacity > baseline.opacity


def test_class_rows_carry_their_number_and_their_name_as_text():
    figure = class_falls_figure(
        ["<i>fox</i>", "elk", "owl"], [3, 2, 1], LINES, emphasised="baseline", title="t", subtitle="s", x_title="x"
    )
    assert list(figure.data[1].customdata[0]) == [0, "&lt;i&gt;fox&lt;/i&gt;", 3, "baseline"]
    assert figure.layout.yaxis.ticktext[0] == "&lt;i&gt;fox&lt;/i&gt;"
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]  # the first row is on top


@pytest.mark.parametrize(("most", "high"), [(24.8, 26), (68.1, 70), (100.0, 100)])
def test_shares_reach_across_their_axis(most, high):
    lines = [("baseline", "Baseline", np.array([most, 5.0])), ("pa", "PA", np.array([7.0, 0.0]))]
    figure = decrease_share_figure([0.01, 0.1], lines, emphasised="pa", title="t", subtitle="s", x_title="x")
    assert list(figure.layout.xaxis.range) == pytest.approx([-0.04 * high, 1.04 * high])


def test_a_mark_at_zero_leaves_the_row_s_name_to_be_read():
    lines = [(key, label, 0 * values) for key, label, values in LINES[:1]] + LINES[1:]
    figure = class_falls_figure(
        ["a", "b", "c"], [1, 1, 1], lines, emphasised="pa", title="t", subtitle="s", x_title="x"
    )
    low, high = figure.layout.xaxis.range
    assert -low / (high - low) * 200 > figure.data[1].marker.size / 2  # pixels of a narrow figure


def test_no_classes_draw_an_empty_figure():
    empty = [("baseline", "Baseline", np.array([])), ("pa", "PA", np.array([]))]
    assert class_falls_figure([], [], empty, emphasised="pa", title="t", subtitle="s", x_title="x").data


def price(bars):
    return correction_price_figure(
        LINES,
        bars,
        line_name="ECE",
        bar_name="samples",
        predictor_id="pa",
        predictor_shown=True,
        exit_names=EXITS,
        title="t",
        subtitle="s",
    )


def test_broken_samples_point_down_and_are_hatched():
    figure = price([("fixed", np.array([0, 4, 5])), ("broken", np.array([0, 2, 3]))])
    fixed, broken = (t for t in figure.data if t.type == "bar")
    assert list(broken.y) == [0, -2, -3]
    assert (fixed.marker.pattern.shape, broken.marker.pattern.shape) == (None, "/")
    assert [row[2] for row in broken.customdata] == [0, 2, 3]
    assert ["click" in row[4] for row in fixed.customdata] == [False, False, True]


def test_a_single_count_starts_at_zero():
    assert price([("changed", np.array([0, 4, 5]))]).layout.yaxis2.range[0] == 0


CURVES = [Curve("baseline", "Baseline", np.array([60.0, 62, 64])), Curve("pa", "PA", np.array([60.0, 63, 66]))]


def curve(**changed):
    arguments = {
        "exit_names": EXITS,
        "emphasised": "pa",
        "unit": "MACs",
        "quantity": "accuracy",
        "title": "t",
        "subtitle": "s",
    }
    return compute_curve_figure([1e6, 2e6, 4e6], CURVES, **arguments | changed)


def test_the_curve_is_a_step_function_with_the_shown_predictor_on_top():
    figure = curve()
    assert [t.line.shape for t in figure.data] == ["hv", "hv"]
    assert figure.data[-1].name == "PA"
    assert [a.text for a in figure.layout.annotations] == ["Baseline", "PA"]


def test_published_points_are_open_and_the_answer_is_ringed():
    figure = curve(published=[(CURVES[0], [1.1e6, 2.1e6, 4.1e6])], answer=(3e6, 63.0))
    assert figure.data[2].marker.symbol == "square-open"
    assert (figure.data[3].x, figure.data[3].y) == ((3e6,), (63.0,))


def test_without_costs_the_axis_counts_exits_and_says_so():
    figure = compute_curve_figure(
        [1, 2, 3], CURVES, exit_names=EXITS, emphasised="pa", unit=None, quantity="q", title="t", subtitle="s"
    )
    assert "states no costs" in figure.layout.xaxis.title.text
    assert list(figure.layout.xaxis.ticktext) == ["1", "2", "&lt;3&gt;"]


def test_answers_add_up_to_all_samples():
    counts = {"right": np.array([6, 7, 8]), "right_deeper": np.array([2, 1, 0]), "wrong_from_here": np.array([2, 2, 2])}
    figure = answers_figure(counts, exit_names=EXITS, predictor_id="pa", answering=1, title="t", subtitle="s")
    np.testing.assert_allclose(np.sum([t.y for t in figure.data], axis=0), 100)
    assert figure.data[1].marker.color == ("rgba(0,114,178,0.1)", "rgba(0,114,178,0.2)", "rgba(0,114,178,0.1)")
    assert {t.marker.line.color for t in figure.data} == {"#0072B2"}
    assert list(figure.data[1].customdata[0]) == [1, "1", 2, "right_deeper"]
