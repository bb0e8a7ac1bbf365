"""The figures of the live page: the film-strip's scales, images and gaps, the trajectory that grows exit by exit."""

import numpy as np
import pytest

from analysis.figures.film_strip import film_strip_figure
from analysis.figures.live_trajectory import live_trajectory_figure
from analysis.figures.sample_trajectory import Trajectory

MAPS = np.stack([np.full((2, 3), 0.01), np.full((2, 3), np.nan), np.array([[-4.0, 0, 1], [2, 3, 4]])])


def strip(**changed):
    arguments = {
        "exit_names": ["<1>", "2", "3"],
        "captions": ["p 0.01", "removed", "p 0.90"],
        "correlations": [float("nan"), 0.25],
        "limits": [0.01, 1.0, 4.0],
        "picture": "data:whole",
        "under": "data:grey",
        "title": "t",
        "subtitle": "s",
    }
    return film_strip_figure(MAPS, **(arguments | changed))


def test_each_map_has_its_own_symmetric_scale_which_stands_below_it():
    figure = strip()
    assert [(one.zmin, one.zmax) for one in figure.data] == [(-0.1, 0.1), (-1, 1), (-2, 2)]
    assert not any(one.showscale for one in figure.data)
    written = [note.text for note in figure.layout.annotations]
    assert [text for text in written if text.startswith("\N{PLUS-MINUS SIGN}")] == [
        "\N{PLUS-MINUS SIGN}0.01",
        "\N{PLUS-MINUS SIGN}4",
    ]  # the exit without a map has none


def test_a_map_that_did_not_converge_is_crossed_out_and_faint():
    figure = strip(doubtful=[True, False, False], cell=4)
    heatmaps = [one for one in figure.data if one.type == "heatmap"]
    assert [one.opacity < 1 for one in heatmaps] == [True, False, False]
    (cross,) = (one for one in figure.data if one.type == "scatter")
    assert (cross.xaxis, cross.yaxis, cross.name) == ("x2", "y2", "not converged")
    assert list(cross.x) == [-0.5, 11.5, None, -0.5, 11.5]  # from corner to corner of 12 x 8 pixels
    assert list(cross.y) == [-0.5, 7.5, None, 7.5, -0.5]
    colour = {note.text: note.font.color for note in figure.layout.annotations}
    assert colour["p 0.01"] != colour["p 0.90"]
    assert all(one.type == "heatmap" and one.opacity == 1 for one in strip().data)


def test_the_image_is_the_first_cell_and_lies_in_grey_below_each_map():
    figure = strip(cell=4)
    assert [one.source for one in figure.layout.images] == ["data:whole", *["data:grey"] * 3]
    assert [one.xref for one in figure.layout.images] == ["x", "x2", "x3", "x4"]
    assert {(one.x, one.y, one.sizex, one.sizey, one.layer) for one in figure.layout.images} == {
        (-0.5, -0.5, 12, 8, "below")
    }
    assert [one.xaxis for one in figure.data] == ["x2", "x3", "x4"]
    assert tuple(figure.layout.yaxis2.range) == (7.5, -0.5)  # rows go down, as in the image
    assert [colour[colour.rindex(",") :] for place, colour in figure.data[0].colorscale if place == 0.5] == [
        ",0)",
        ",0)",
    ]


def test_a_small_attribution_is_seen_beside_a_large_one():
    first, _, last = strip().data
    assert first.z[0][0] == pytest.approx(0.1)  # the root of the value
    assert list(last.z[0]) == [-2, 0, 1]
    assert last.customdata[0][0][1] == "-4"  # the pointer gives the value itself


def test_cells_lie_where_their_pixels_do():
    first = strip(cell=4).data[0]
    assert (first.x0, first.dx, first.y0, first.dy) == (1.5, 4, 1.5, 4)


def test_an_exit_without_a_map_stays_empty_and_says_why():
    figure = strip()
    assert all(value is None for row in figure.data[1].z for value in row)
    written = [note.text for note in figure.layout.annotations]
    assert "removed" in written
    assert [text for text in written if text.startswith("\N{GREEK SMALL LETTER RHO}")] == [
        "\N{GREEK SMALL LETTER RHO} 0.25"
    ]
    assert figure.data[0].name == "&lt;1&gt;"


def trajectory(probs, predictor="pa"):
    probs = np.array(probs)
    right = np.ones(len(probs), bool)
    return Trajectory(
        predictor_id=predictor,
        label=predictor.upper(),
        probs=probs,
        confidence=probs,
        right=right,
        predicted=["cat"] * len(probs),
        fall=(float(probs[1] - probs[2]), 1, 2) if len(probs) > 2 else None,
    )


def live(reached, clean=None):
    return live_trajectory_figure(
        trajectory([0.2, 0.6, 0.4][:reached]),
        trajectory([0.3, 0.4, 0.35][:reached], "baseline"),
        clean,
        latency_ms=[1.0, 2.5, 4.0][:reached],  # nothing is known of an exit that has not run
        exit_names=["1", "2", "3"],
        quantity="P(true class)",
        title="t",
        subtitle="s",
    )


def test_exits_are_added_and_no_axis_moves():
    two, three = live(2), live(3)
    assert max(len(one.y) for one in two.data if one.y is not None) == 2
    assert max(len(one.y) for one in three.data if one.y is not None) == 3
    assert two.layout.xaxis.range == three.layout.xaxis.range
    assert two.layout.yaxis.range == three.layout.yaxis.range
    assert list(two.layout.xaxis.ticktext) == ["1<br>1.0 ms", "2<br>2.5 ms", "3"]  # 3 has not answered yet


def test_the_undistorted_image_is_drawn_up_to_the_same_exit():
    assert not any("undistorted" in (one.name or "") for one in live(2).data)
    line = next(one for one in live(2, np.array([0.5, 0.7, 0.9])).data if "undistorted" in (one.name or ""))
    assert list(line.y) == [0.5, 0.7]
