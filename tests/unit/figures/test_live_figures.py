"""The figures of the live page: the film-strip's one colour scale and gaps, the trajectory that grows exit by exit."""

import numpy as np
import pytest

from analysis.figures.film_strip import film_strip_figure, rooted
from analysis.figures.live_trajectory import live_trajectory_figure
from analysis.figures.sample_trajectory import Trajectory

MAPS = np.stack([np.full((2, 3), 0.01), np.full((2, 3), np.nan), np.array([[-4.0, 0, 1], [2, 3, 4]])])


def strip(**changed):
    arguments = {
        "exit_names": ["<1>", "2", "3"],
        "captions": ["p 0.01", "removed", "p 0.90"],
        "correlations": [float("nan"), 0.25],
        "limit": 4.0,
        "title": "t",
        "subtitle": "s",
    }
    return film_strip_figure(MAPS, **(arguments | changed))


def test_all_maps_share_one_symmetric_scale_whose_ticks_are_the_values():
    figure = strip()
    assert {one.coloraxis for one in figure.data} == {"coloraxis"}
    axis = figure.layout.coloraxis
    assert (axis.cmin, axis.cmax) == (-2, 2)
    assert np.allclose(axis.colorbar.tickvals, rooted([-4, -0.4, 0, 0.4, 4]))
    assert axis.colorbar.ticktext == ("-4", "-0.4", "0", "0.4", "4")


def test_a_small_attribution_is_seen_beside_a_large_one():
    first, _, last = strip().data
    assert first.z[0][0] == pytest.approx(0.1)  # 1/20 of the scale, where the value is 1/400 of it
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
