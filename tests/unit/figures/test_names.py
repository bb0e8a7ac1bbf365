"""Where names stand: each at its own line, none on another, all within the axis; long ones cut."""

import itertools

import numpy as np
import pytest

from analysis.figures import names
from analysis.figures.decrease_curve import Curve, decrease_curve_figure
from analysis.figures.style import INK, base_figure
from analysis.reference.symlog import FALL_UNIT, from_scale


@pytest.mark.parametrize(
    ("positions", "gap", "expected"),
    [
        ([0.5, 0.52], 0.1, [0.46, 0.56]),
        ([3.0, 1.0], 0.5, [3.0, 1.0]),
        ([1.0, 1.0, 1.0], 1.0, [0.0, 1.0, 2.0]),
        ([], 1.0, []),
    ],
)
def test_labels_are_moved_apart_as_little_as_possible(positions, gap, expected):
    assert names.spread(positions, gap) == pytest.approx(expected)


@pytest.mark.parametrize("positions", [[0.0] * 5, [100.0] * 5, [50.0, 50.0, 0.0, 100.0, 99.0], [0.0] * 12])
def test_labels_stay_within_the_axis(positions):
    places = sorted(names.spread_within(positions, 15, 0, 100))
    gap = min(15, 100 / (len(positions) - 1))
    assert places[0] >= -1e-9
    assert places[-1] <= 100 + 1e-9
    assert all(b - a >= gap - 1e-9 for a, b in itertools.pairwise(places))


def ends(*heights, pixels=200.0):
    figure = base_figure("t")
    lines = [(7, y, f"line {number}", INK) for number, y in enumerate(heights)]
    names.name_ends(figure, lines, span=(0, 1), pixels=pixels)
    return figure


def test_lines_that_end_together_have_their_names_apart_and_joined_to_their_ends():
    notes = ends(0.5, 0.5, 0.51).layout.annotations
    assert [note.y for note in notes] == [0.5, 0.5, 0.51]  # what a name is anchored to is its line's end
    assert all(note.showarrow and note.arrowhead == 0 for note in notes)
    heights = sorted((1 - note.y) * 200 + note.ay for note in notes)
    assert min(np.diff(heights)) >= names.LINE - 1e-6


def shown_at(note, width, height, spans):
    """The box of a name in a figure of this width: left, top, right, bottom in pixels."""
    (left, right), (low, high) = spans
    x, y = (note.x - left) / (right - left) * width, (high - note.y) / (high - low) * height
    x, y = (x + note.ax, y + note.ay) if note.showarrow else (x + note.xshift, y - note.yshift)
    across = x - names.text_width(note.text) if note.xanchor == "right" else x
    up = y - names.LINE / 2 if note.showarrow else y - names.LINE if note.yanchor == "bottom" else y
    return across, up, across + names.text_width(note.text), up + names.LINE


def test_names_of_points_stay_apart_in_wider_figures():
    spans, height = ((0.0, 0.3), (70.0, 78.0)), 328
    marks = {
        "Baseline": (0.0526, 77.253), "Baseline tempered": (0.0083, 76.345), "PA": (0.2672, 71.15),
        "PA tempered": (0.0195, 76.941), "Softmax PoE": (0.0669, 77.333), "MoE": (0.0278, 74.364),
        "CA": (0.0671, 76.488), "Adaptive PA": (0.0540, 76.473), "Ensemble": (0.0278, 74.364), "Vote": (0.0343, 75.14),
    }  # fmt: skip
    figure = base_figure("t")
    curves = [(name, INK, np.array([x]), np.array([y])) for name, (x, y) in marks.items()]
    names.name_curves(figure, curves, spans=spans, pixels=height, near=0.15)
    for width in range(300, 1201, 50):
        boxes = [shown_at(note, width, height, spans) for note in figure.layout.annotations]
        for one, other in itertools.combinations(boxes, 2):
            apart = one[2] < other[0] or other[2] < one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert apart, width


def test_lines_that_end_apart_need_no_joints():
    assert not any(note.showarrow for note in ends(0.1, 0.5, 0.9).layout.annotations)


@pytest.mark.parametrize("heights", [(0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (1.4, -0.3)])
def test_no_name_is_pushed_beyond_the_axis(heights):
    for note in ends(*heights).layout.annotations:
        assert 0 <= note.y <= 1
        assert 0 <= (1 - note.y) * 200 + (note.ay if note.showarrow else 0) <= 200


def test_a_long_name_is_cut_and_whole_for_the_pointer_and_gets_no_more_room_than_that():
    figure = base_figure("t")
    names.name_ends(figure, [(1, 0.5, "PA", INK)], span=(0, 1), pixels=200)
    short = figure.layout.margin.r
    names.name_ends(figure, [(1, 0.5, "<i>" + "very long " * 30, INK)], span=(0, 1), pixels=200)
    note = figure.layout.annotations[1]
    assert note.text == "&lt;i&gt;very long very long ve…"
    assert note.hovertext.startswith("&lt;i&gt;very long")
    assert note.hovertext.replace("<br>", " ").count("very long") == 30
    assert short < figure.layout.margin.r < 220


def test_a_name_is_in_lines_for_the_pointer_and_never_endless():
    assert names.in_lines("x" * 300, 60) == "<br>".join(["x" * 60] * 5)
    assert names.in_lines("word " * 1000).count("<br>") == 7
    assert names.in_lines("") == ""


def test_wide_characters_count_as_wide():
    assert names.text_width("漢字") > names.text_width("ab")
    assert names.text_width("WW") > names.text_width("ii")


@pytest.mark.parametrize("xs", [(0.0, 1.0), (1.0, 1.0), (0.5, 0.55), (0.0, 0.02)])
def test_names_above_marks_stay_within_the_figure_and_apart(xs):
    figure = base_figure("t")
    names.name_marks(figure, [(x, f"name {x}", INK) for x in xs], 0, (0, 1))
    notes = figure.layout.annotations
    for note in notes:
        assert note.xanchor == ("left" if note.x < 0.2 else "right" if note.x > 0.8 else "center")
    if abs(xs[0] - xs[1]) < 0.25:
        assert notes[0].yshift != notes[1].yshift
    assert figure.layout.margin.t >= max(note.yshift for note in notes)


GRID = from_scale(np.linspace(0, 4, 81), FALL_UNIT)
TEXTS = {"x_title": "x", "y_title": "y", "title": "t", "subtitle": "s"}


def falling(predictor, start, steep):
    percents = start * np.exp(-steep * GRID)
    return Curve(predictor, predictor, percents, percents[[40]])


def boxes(figure, pixels, width=390):
    """Where names are drawn, in pixels of a figure of some width: (left, top, right, bottom) by name."""
    (left, right), (low, high) = figure.layout.xaxis.range, figure.layout.yaxis.range
    found = {}
    for note in figure.layout.annotations:
        x, y = (note.x - left) / (right - left) * width, (high - note.y) / (high - low) * pixels
        wide = names.text_width(note.text)
        if note.showarrow:
            x, top = x + note.ax - (wide if note.xanchor == "right" else 0), y + note.ay - names.LINE / 2
        else:
            x, top = x + note.xshift, y - (note.yshift or 0) - (names.LINE if note.yanchor == "bottom" else 0)
            x -= wide if note.xanchor == "right" else 0
        found[note.text] = (x, top, x + wide, top + names.LINE)
    return found


@pytest.mark.parametrize("width", [300, 390, 900])
@pytest.mark.parametrize(
    "curves",
    [
        [falling("baseline", 90, 3), falling("pa", 20, 30), falling("moe", 60, 8)],
        [falling("baseline", 90, 3), falling("softmax-poe", 80, 5), falling("moe", 80, 5), falling("pa", 80, 5)],
        [falling(key, 50, 6) for key in ("baseline", "pa", "hard-poe", "softmax-poe", "moe", "ca")],
        [falling("baseline", 100, 0.1), falling("pa", 0.0, 1)],
    ],
    ids=["apart", "three together", "all together", "at the borders"],
)
def test_every_curve_has_its_name_within_the_axes_and_no_two_meet(curves, width):
    figure = decrease_curve_figure(curves, GRID, GRID[[40]], height=330, **TEXTS)
    found = boxes(figure, 270, width)
    assert set(found) == {curve.label for curve in curves}
    for left, top, right, bottom in found.values():
        assert left >= -1
        assert right <= width + 1
        assert top >= -1
        assert bottom <= 271
    for a, b in itertools.combinations(found.values(), 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_a_name_without_a_joint_is_nearer_to_its_own_curve_than_to_any_other():
    curves = [falling("baseline", 90, 3), falling("softmax-poe", 80, 5), falling("moe", 79, 5), falling("pa", 20, 30)]
    figure = decrease_curve_figure(curves, GRID, GRID[[40]], height=330, **TEXTS)
    lines = {trace.name: trace for trace in figure.data if trace.mode == "lines"}
    (left, right), (low, high) = figure.layout.xaxis.range, figure.layout.yaxis.range
    joined = {note.text for note in figure.layout.annotations if note.showarrow}
    assert "baseline" not in joined
    for name, (x0, y0, x1, y1) in boxes(figure, 270).items():
        if name in joined:
            continue
        away = {}
        for other, line in lines.items():
            x, y = (np.array(line.x) - left) / (right - left) * 390, (high - np.array(line.y)) / (high - low) * 270
            away[other] = np.hypot(
                np.maximum(0, np.maximum(x0 - x, x - x1)), np.maximum(0, np.maximum(y0 - y, y - y1))
            ).min()
        assert min(away, key=away.get) == name


@pytest.mark.parametrize("width", [390, 860, 1500])
def test_names_of_single_points_do_not_meet_at_any_width(width):
    places = [(0.082, 75.23), (0.083, 74.14), (0.056, 74.15), (0.036, 77), (0.015, 75.96), (0.045, 74.7)]
    curves = [(f"name {i}", INK, np.array([x]), np.array([y])) for i, (x, y) in enumerate(places)]
    figure = base_figure("t", height=380)
    figure.update_xaxes(range=[0, 0.3])
    figure.update_yaxes(range=[70, 78])
    names.name_curves(figure, curves, spans=((0, 0.3), (70, 78)), pixels=328, near=0.15)
    found = boxes(figure, 328, width)
    assert len(found) == len(places)
    for a, b in itertools.combinations(found.values(), 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_a_joint_goes_round_a_name():
    place, through, beside = (
        np.array([[100, 100, 20, 20, 60, 35]]),
        [[90, 90, 15, 20, 45, 35]],
        [[200, 90, 5, 5, 45, 20]],
    )
    assert names._through(place, np.array(through, float))[0] > 0
    assert names._through(place, np.array(beside, float))[0] == 0
