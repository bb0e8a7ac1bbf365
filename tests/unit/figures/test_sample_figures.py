"""Figures of one sample: numbers in, the right marks out; names stay text."""

import numpy as np
import pytest

from analysis.figures.class_race import Racer, class_race_figure
from analysis.figures.sample_trajectory import Trajectory, sample_trajectory_figure
from analysis.figures.sparkline import HEIGHT, WIDTH, sparkline_paths

EXITS = ["1", "2", "<3>"]
AXIS = {"x": [1, 2, 3], "x_title": "exit", "exit_names": EXITS, "title": "t", "subtitle": "s"}


def line(predictor, probs, right=(True, False, True), fall=None):
    return Trajectory(
        predictor,
        predictor.upper(),
        np.array(probs),
        np.array(probs) + 0.1,
        None if right is None else np.array(right),
        ["fox", "<b>", "fox"],
        fall,
    )


def drawn(shown, behind=None, **changed):
    return sample_trajectory_figure(shown, behind, quantity="P(true class)", **(AXIS | changed))


def by_name(figure):
    return {trace.name: trace for trace in figure.data}


def test_right_and_wrong_differ_by_shape_and_every_exit_keeps_its_predictor_s_marker():
    figure = drawn(line("pa", [0.5, 0.2, 0.7]), line("baseline", [0.9, 0.1, 0.2], right=(False, False, True)))
    traces = by_name(figure)
    assert traces["PA, P(true class)"].marker.symbol == "circle"
    assert traces["PA, P(true class)"].marker.opacity == 1
    assert traces["BASELINE, P(true class)"].marker.symbol == "square"
    assert list(traces["PA, P(true class), wrong"].x) == [2]
    assert list(traces["BASELINE, P(true class), wrong"].y) == [0.9, 0.1]
    assert traces["PA, P(true class), wrong"].marker.symbol == "x-thin"
    unknown = drawn(line("pa", [0.5, 0.2, 0.7], right=None))
    assert len(by_name(unknown)["PA, P(true class), wrong"].x) == 0


def test_the_baseline_is_faint_behind_and_the_axis_never_moves():
    figure = drawn(line("pa", [0.5, 0.2, 0.7]), line("baseline", [0.9, 0.1, 0.2]))
    traces = by_name(figure)
    assert traces["BASELINE, P(true class)"].opacity < 1
    assert traces["PA, P(true class)"].opacity == 1
    assert figure.layout.yaxis.range == drawn(line("pa", [0.0, 0.0, 0.0])).layout.yaxis.range


def test_the_largest_fall_is_marked_from_where_to_where():
    figure = drawn(line("pa", [0.5, 0.6, 0.2], fall=(0.4, 1, 2)))
    mark = by_name(figure)["largest fall"]
    assert (mark.x, mark.y) == ((2, 3, 3), (0.6, 0.6, 0.2))
    assert "\N{MINUS SIGN}0.400" in [a.text for a in figure.layout.annotations]
    assert "largest fall" not in by_name(drawn(line("pa", [0.1, 0.2, 0.3])))


@pytest.mark.parametrize("height", [240, 300, 340])
@pytest.mark.parametrize("fall", [(0.999, 0, 1), (0.6, 0, 2), (0.4, 1, 2)])
def test_the_size_of_the_fall_is_written_on_the_pages_colour_above_its_bracket_within_the_figure(fall, height):
    figure = drawn(line("pa", [1.0, 1.0, 0.2], fall=fall), height=height)
    note = next(one for one in figure.layout.annotations if one.text == f"\N{MINUS SIGN}{fall[0]:.3f}")
    start, end = fall[1] + 1, fall[2] + 1
    assert (note.x, note.xanchor) == ((start, "left") if start + end <= 4 else (end, "right"))
    assert note.bgcolor == "rgba(253,253,253,0.85)"
    assert (note.y, note.yanchor) == (1.0, "bottom")
    markers = by_name(figure)["PA, P(true class)"].marker.size
    assert note.yshift > max(markers) / 2
    (low, top), margin = figure.layout.yaxis.range, figure.layout.margin
    room = margin.t + (top - 1) / (top - low) * (height - margin.t - margin.b)
    assert room >= note.yshift + 18  # a line of text, and its padding
    assert margin == drawn(line("pa", [0.1, 0.2, 0.3]), height=height).layout.margin


def test_names_are_text_in_ticks_and_hover():
    figure = drawn(line("pa", [0.5, 0.2, 0.7]))
    assert figure.layout.xaxis.ticktext == ("1", "2", "&lt;3&gt;")
    assert by_name(figure)["PA, P(true class)"].customdata[1][1] == "&lt;b&gt;"


def test_a_cost_axis_starts_at_zero():
    figure = drawn(line("pa", [0.5, 0.2, 0.7]), x=[10.0, 20.0, 40.0], over_cost=True)
    assert figure.layout.xaxis.range[0] == 0
    assert figure.layout.xaxis.range[1] > 40


def test_many_exits_leave_room_between_ticks():
    many = [str(i) for i in range(40)]
    shown = Trajectory("pa", "PA", np.zeros(40), np.zeros(40), None, ["a"] * 40)
    figure = drawn(shown, x=list(range(1, 41)), exit_names=many)
    assert len(figure.layout.xaxis.tickvals) <= 14


def racer(name, probs, ranks, behind=None, is_true=False):
    return Racer(name, np.array(probs), np.array(ranks, float), behind and np.array(behind, float), is_true)


def test_classes_race_over_their_ranks_with_their_percent_in_rings_and_the_true_one_in_colour():
    racers = [
        racer("fox", [0.1, 0.2, 0.6], [3, 2, 1]),
        racer("<i>wolf</i>", [0.2, 0.3, 0.001], [1, 1, 9], [2, 1, 1], True),
        racer("cat", [0.1, 0.0, 0.0], [2, np.nan, np.nan]),
    ]
    figure = class_race_figure(racers, lowest=3, predictor_id="pa", **AXIS)
    traces = by_name(figure)
    wolf, fox, cat = (traces[name] for name in ("&lt;i&gt;wolf&lt;/i&gt;", "fox", "cat"))
    assert (wolf.line.color, wolf.line.dash, fox.line.dash) == ("#0072B2", "solid", "solid")  # PA's
    assert fox.line.color != "#0072B2"
    assert wolf.line.width > fox.line.width
    assert (tuple(fox.y), fox.text) == ((3, 2, 1), ("10", "20", "60"))
    assert (tuple(wolf.y), wolf.text) == ((1, 1, 4), ("20", "30", ""))  # below the last row no ring
    assert tuple(cat.y) == (2, 4, 4)
    behind = traces["baseline: &lt;i&gt;wolf&lt;/i&gt;"]
    assert (tuple(behind.y), behind.line.dash, behind.line.color) == ((2, 1, 1), "dash", "#7A7A7A")
    assert not [name for name in traces if name.startswith("baseline: ") and "wolf" not in name]
    low, high = figure.layout.yaxis.range
    assert low > 4 > high  # rank 1 is on top
    assert figure.layout.yaxis.ticktext == ("1", "2", "3", "lower")
    names = {note.text: note.y for note in figure.layout.annotations}
    assert names == {"fox": 1, "&lt;i&gt;wolf&lt;/i&gt;, true": 4, "cat": 4}
    assert list(fox.customdata[2][2:]) == [0.6, "1"]


def test_a_long_class_name_is_cut_beside_its_line_and_whole_for_the_pointer():
    name = "a long scientific description " * 10
    figure = class_race_figure([racer(name, [0.5] * 3, [1, 1, 1])], lowest=6, predictor_id="pa", **AXIS)
    label = figure.layout.annotations[0]
    assert label.text == "a long scientific…"
    assert label.hovertext.replace("<br>", " ") == name.strip()
    assert figure.data[0].customdata[0][1].replace("<br>", " ") == name.strip()
    assert max(len(part) for part in label.hovertext.split("<br>")) <= 60


def test_sparklines_span_their_drawing():
    paths = sparkline_paths(np.array([[0.0, 0.5, np.nan], [1.0, 0.5, 0.2], [0.0, 0.5, 0.4]]))
    assert paths[0] == "M6,58L48,6L90,58"
    assert paths[1] == "M6,32L48,32L90,32"
    assert paths[2].startswith("M48,")
    assert (WIDTH, HEIGHT) == (96, 64)


@pytest.mark.parametrize("probs", [np.array([[0.5]]), np.array([[np.nan]])])
def test_one_exit_is_no_line(probs):
    assert sparkline_paths(probs)[0] in ("M48,32", "")
