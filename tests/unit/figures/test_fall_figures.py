"""Figures of falls: where numbers stand on their scales, what a click hands back, what is text."""

import numpy as np
import pytest

from analysis.figures.decrease_curve import Curve, decrease_curve_figure
from analysis.figures.exit_pairs import exit_pairs_figure
from analysis.figures.fall_histogram import Bars, fall_histogram_figure
from analysis.figures.fall_scatter import drawn_points, fall_points, fall_scatter_figure
from analysis.figures.points import Line
from analysis.figures.selected import REST
from analysis.reference.symlog import FALL_UNIT, PERCENT_UNIT, to_scale

GRID = np.array([0.0, 0.001, 0.003, 0.1, 1.0])
MARKED = (0.001, 0.1)
TITLES = {"title": "t", "subtitle": "s", "x_title": "x", "y_title": "y"}


def curve(predictor, percents, emphasised=True):
    percents = np.array(percents)
    return Curve(predictor, predictor.upper(), percents, percents[[1, 3]], emphasised)


def curves(**changed):
    drawn = [curve("baseline", [100, 90, 80, 50, 0], False), curve("pa", [20, 10, 8, 0, 0])]
    return decrease_curve_figure(drawn, GRID, MARKED, **(TITLES | changed))


def test_both_axes_hold_zero_and_place_numbers_on_their_scales():
    figure = curves()
    line = figure.data[2]
    assert np.allclose(line.x, to_scale(GRID, FALL_UNIT))
    assert np.allclose(line.y, to_scale([20, 10, 8, 0, 0], PERCENT_UNIT))
    assert figure.layout.xaxis.ticktext[0] == "0"
    assert figure.layout.yaxis.ticktext[0] == "0%"


def test_percents_may_be_linear():
    figure = curves(log_percent=False)
    assert np.allclose(figure.data[2].y, [20, 10, 8, 0, 0])
    assert figure.layout.uirevision != curves().layout.uirevision


def test_a_click_hands_back_threshold_percent_and_predictor():
    figure = curves()
    assert list(figure.data[3].customdata[1]) == [0.1, 0.0, "pa"]
    assert list(figure.data[0].customdata[4]) == [1.0, 0.0, "baseline"]


def test_published_values_are_open_markers():
    figure = curves(published=[("pa", "PA", np.array([12.0, np.nan]))])
    assert figure.data[-1].marker.symbol == "circle-open"
    assert figure.data[-1].mode == "markers"
    assert figure.data[-1].name == "published, PA"


def test_what_is_not_on_screen_stays_faint_and_every_curve_is_named():
    figure = curves()
    assert figure.data[0].opacity < figure.data[2].opacity
    assert [a.text for a in figure.layout.annotations] == ["BASELINE", "PA"]
    top = to_scale(100, PERCENT_UNIT)
    assert all(a.y < top for a in figure.layout.annotations)


def test_the_scatter_holds_all_samples_on_its_scales_in_the_colour_of_what_is_shown():
    names = (Line("sample ", np.array(["a", "<b>"], dtype=object)),)
    before, after = np.array([0.0, 0.5]), np.array([np.nan, 0.2])
    points = fall_points(
        before, after, names, predictor_label="<PA>", colour_of="baseline", kept=np.array([True, False])
    )
    assert np.allclose(points.x, to_scale(before, FALL_UNIT))
    assert np.allclose(points.y, to_scale(after, FALL_UNIT), equal_nan=True)
    assert (points.x.dtype, points.y.dtype) == (np.float32, np.float32)
    assert points.colouring.colours == ("#7A7A7A",)
    assert points.lines[0] is names[0]
    assert [line.before + line.after for line in points.lines[1:]] == [
        "falls by  under the baseline", "and by  under <PA>", "click to open it",
    ]  # fmt: skip
    assert np.allclose(points.lines[2].values, after, equal_nan=True)
    assert points.kept.tolist() == [True, False]


def test_the_sample_on_screen_is_ringed_where_its_falls_are_known():
    ringed = fall_scatter_figure(predictor_id="pa", chosen=(0.5, 0.2), **TITLES)
    assert np.allclose([ringed.data[-1].x[0], ringed.data[-1].y[0]], to_scale([0.5, 0.2], FALL_UNIT))
    assert ringed.layout.xaxis.range == ringed.layout.yaxis.range
    for chosen in (None, (np.nan, np.nan)):
        figure = fall_scatter_figure(predictor_id="pa", chosen=chosen, **TITLES)
        assert [trace.name for trace in figure.data] == ["equal falls"]


def test_bars_fill_their_bins_and_hand_them_back():
    edges = np.array([0.0, 0.01, 1.0])
    bars = [
        Bars("baseline", "Baseline", np.array([1, 3]), np.array([25.0, 75.0]), False),
        Bars("pa", "PA", np.array([4, 0]), np.array([100.0, 0.0]), True),
    ]
    figure = fall_histogram_figure(bars, edges, **TITLES)
    assert list(figure.data[1].customdata[0]) == [0.0, 0.01, 4, 100.0, "pa"]
    assert figure.data[0].marker.color == "rgba(122,122,122,0.35)"
    assert figure.data[1].marker.color == "rgba(0,114,178,0.85)"
    assert figure.data[0].marker.line.color == "#7A7A7A"  # what is behind is outlined in full
    left = to_scale(edges, FALL_UNIT)
    assert np.allclose(figure.data[0].x, (left[1:] + left[:-1]) / 2)
    assert figure.layout.barmode == "overlay"


def test_empty_cells_are_empty_and_the_rows_run_down():
    counts = np.array([[0, 2, 0], [0, 0, 6], [0, 0, 0]])
    figure = exit_pairs_figure(counts, 200, exit_names=["1", "2", "<3>"], threshold=0.01, title="t", subtitle="s")
    cells = figure.data[0]
    assert cells.z[0][1] == 1.0
    assert cells.z[1][2] == 3.0
    assert cells.z[0][0] is None
    assert cells.customdata[1][2][:3] == (2, 3, 6) or list(cells.customdata[1][2][:3]) == [2, 3, 6]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]
    assert "&lt;3&gt;" in figure.layout.xaxis.ticktext


def test_cells_that_hold_selected_samples_keep_their_colours_and_numbers_the_others_are_grey():
    counts, selected = np.array([[0, 2, 0], [0, 0, 6], [0, 0, 0]]), np.array([[0, 1, 0], [0, 0, 0], [0, 0, 0]])
    about = {"exit_names": ["1", "2", "3"], "threshold": 0.01, "title": "t", "subtitle": "s"}
    cells, rest = exit_pairs_figure(counts, 200, selected=selected, **about).data
    assert (cells.z[0][1], cells.z[1][2], cells.text[0][1], cells.text[1][2]) == (1.0, None, "1.0", "")
    assert (rest.z[0][1], rest.z[1][2], rest.text[0][1], rest.text[1][2]) == (None, 3.0, "", "3.0")
    assert (cells.zmin, cells.zmax) == (rest.zmin, rest.zmax) == (0, 3.0)  # a colour means what it means without
    assert {colour for _, colour in rest.colorscale} == {REST}
    assert "%{hovertext}" in cells.hovertemplate
    assert cells.hovertext[0][1] == "1 of them selected"


def test_forty_exits_hold_no_numbers():
    figure = exit_pairs_figure(
        np.ones((40, 40), int), 10, exit_names=[str(i) for i in range(40)], threshold=0, title="t", subtitle="s"
    )
    assert figure.data[0].texttemplate is None
    assert len(figure.layout.xaxis.tickvals) <= 14


def test_some_samples_are_a_trace_of_their_own_for_a_file_that_stands_alone():
    before, after = np.array([0.5, np.nan]), np.array([0.01, 0.2])
    trace = drawn_points(before, after, ["a", "<b>"], ["fox", "%{y}"], "P<A", "baseline")
    assert trace.x[0] == pytest.approx(to_scale(0.5, FALL_UNIT), abs=1e-4)
    assert trace.y[0] == pytest.approx(to_scale(0.01, FALL_UNIT), abs=1e-4)
    assert np.isnan(trace.x[1])
    assert list(trace.customdata[0]) == ["a", "fox", "0.5000", "0.0100"]
    assert trace.customdata[1][0] == "&lt;b&gt;"
    assert "%{y}" not in trace.customdata[1][1]
    assert "P&lt;A" in trace.hovertemplate
    assert trace.marker.color == "#7A7A7A"
