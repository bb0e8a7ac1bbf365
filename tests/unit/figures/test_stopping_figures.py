"""Figures of stopping rules: curves on the compute axis, bars by stopping exit, risk with its bound, classes."""

import numpy as np
import pytest

from analysis.figures.answers import answers_figure
from analysis.figures.class_depths import class_depths_figure
from analysis.figures.compute_curve import Curve, RuleCurve, compute_curve_figure
from analysis.figures.stop_risk import stop_risk_figure

NAN = float("nan")


def rule(predictor="baseline", label="Baseline, threshold", **more):
    own = {"x": np.array([1.0, 2.0, 3.0]), "values": np.array([60.0, 66.0, 70.0]), "settings": ["0.1", "0.5", "0.9"]}
    own |= {"about": [f"lambda {value}" for value in own["settings"]]}
    return RuleCurve(predictor, label, "threshold", "confidence", **(own | more))


def compute(*rules, emphasised="baseline"):
    return compute_curve_figure(
        [1.0, 2.0, 3.0],
        [Curve("baseline", "Baseline", np.array([60.0, 65.0, 70.0])), Curve("pa", "PA", np.array([61.0, 66.0, 71.0]))],
        rules=rules,
        exit_names=["1", "2", "3"],
        emphasised=emphasised,
        unit="MACs",
        quantity="accuracy, %",
        title="t",
        subtitle="s",
    )


def traces(figure):
    return {trace.name: trace for trace in figure.data}


def test_a_click_on_a_rule_reports_its_policy_and_setting():
    found = traces(compute(rule()))["Baseline, threshold"]
    assert [list(about[:2]) for about in found.customdata] == [
        ["confidence", "0.1"],
        ["confidence", "0.5"],
        ["confidence", "0.9"],
    ]


def test_lines_are_joined_points_stand_alone_and_the_rule_on_screen_is_thick():
    lines = traces(compute(
        rule(label="a"), rule(label="b", marked=True), rule(label="c", joined=False), rule(label="d", chosen=True),
        rule("pa", label="e", chosen=True),
    ))  # fmt: skip
    assert [lines[name].mode for name in "abcd"] == ["lines", "lines+markers", "markers", "lines"]
    assert lines["d"].line.width > lines["a"].line.width > lines["e"].line.width
    assert lines["e"].opacity < 1 == lines["a"].opacity


def test_the_rules_of_the_predictor_on_screen_are_named():
    figure = compute(rule(), rule("pa", "PA, threshold"), emphasised="pa")
    named = [note for note in figure.layout.annotations if note.text == "threshold"]
    assert [note.font.color for note in named] == ["#0072B2"]


def test_what_lies_far_below_the_steps_does_not_stretch_the_axis():
    far = rule(values=np.array([1.0, 66.0, 70.0]))
    assert compute(far).layout.yaxis.range == compute(rule()).layout.yaxis.range


def test_a_rule_of_one_point_is_a_marker():
    alone = rule(x=np.array([2.0]), values=np.array([65.0]), settings=[""], about=["law uniform"])
    assert traces(compute(alone))["Baseline, threshold"].mode == "markers"


def test_bars_of_those_that_stop_are_shares_of_all():
    counts = {"right": np.array([30, 10]), "right_deeper": np.array([5, 0]), "wrong_from_here": np.array([5, 0])}
    figure = answers_figure(
        counts, exit_names=["1", "2"], predictor_id="pa", answering=None, whole=100, title="t", subtitle="s"
    )
    assert [list(trace.y) for trace in figure.data] == [[30, 10], [5, 0], [5, 0]]
    assert 40 < figure.layout.yaxis.range[1] <= 60
    assert not figure.layout.annotations


def risk(here, bound, samples, so_far):
    count = len(here)
    return stop_risk_figure(
        np.array(here), np.array(bound), samples, [1] * count, np.array(so_far), np.array(so_far) + 1, samples,
        [2] * count, exit_names=[str(i + 1) for i in range(count)], predictor_id="pa", level=95, title="", subtitle="",
    )  # fmt: skip


def test_whiskers_reach_the_bound_and_those_of_few_samples_do_not_stretch_the_axis():
    figure = risk([2.0, 5.0, 0.0], [3.0, 6.0, 95.0], [500, 500, 1], [2.0, 3.0, 3.0])
    assert figure.data[0].error_y.array.tolist() == [1.0, 1.0, 95.0]
    assert figure.layout.yaxis.range[1] < 10
    assert [about[3] for trace in figure.data for about in trace.customdata] == ["here"] * 3 + ["so far"] * 3


def test_where_nobody_stops_there_is_no_bar():
    figure = risk([NAN, 5.0], [NAN, 6.0], [0, 500], [NAN, 5.0])
    assert np.isnan(figure.data[0].y[0])
    assert figure.data[0].customdata[0][4] is None


def test_without_labels_the_figure_is_empty():
    figure = risk([NAN, NAN], [NAN, NAN], [3, 2], [NAN, NAN])
    assert figure.layout.yaxis.range == (0.0, 1.0)
    assert not figure.layout.annotations


@pytest.mark.parametrize("gaps", [[3.0, -1.0, NAN], [0.0, 0.0, NAN], [NAN, NAN, NAN]])
def test_classes_without_samples_are_not_drawn_and_zero_is_on_the_axis(gaps):
    figure = class_depths_figure(
        np.array([1.5, 2.0, NAN]), np.array(gaps), [4, 5, 0], class_names=["<fox>", "wolf", "owl"], predictor_id="pa",
        n_exits=3, title="t", subtitle="s",
    )  # fmt: skip
    drawn = int(np.isfinite(gaps).sum())
    assert [about[0] for about in figure.data[0].customdata or ()] == list(range(drawn))
    low, high = figure.layout.yaxis.range
    assert low < 0 < high
    assert {note.text for note in figure.layout.annotations} == ({"&lt;fox&gt;", "wolf"} if drawn else set())
