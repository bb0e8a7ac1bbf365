"""The picture of trajectories: what is drawn, what a click carries, and that names stay text."""

import numpy as np

from analysis.figures.trajectories import SAMPLES, Trajectories, trajectories_figure


def side(predictor_id="pa"):
    return Trajectories(
        predictor_id=predictor_id,
        label="PA",
        samples=np.array([[0.2, 0.8], [0.9, 0.7], [0.4, 0.75]]),
        fall=np.array([0.5, 0.1]),
        from_exit=np.array([1, 0]),
        to_exit=np.array([2, 1]),
        mean=np.array([0.4, 0.5, 0.6]),
    )


def drawn(shown, behind=None, **changed):
    arguments = {
        "ids": ["7", "<b>x</b>"],
        "names": ["fox", "a & b"],
        "exit_names": ["1", "2", "3"],
        "quantity": "probability of the true class",
        "threshold": 0.1,
        "title": "t",
        "subtitle": "s",
    }
    return trajectories_figure(shown, behind, **arguments | changed)


def trace(figure, name):
    return next(t for t in figure.data if t.name.startswith(name))


def test_every_sample_is_one_line_cut_by_a_gap():
    lines = trace(drawn(side()), SAMPLES)
    np.testing.assert_array_equal(lines.y, [0.2, 0.9, 0.4, np.nan, 0.8, 0.7, 0.75, np.nan])
    assert lines.x[0] == lines.x[4] == 1


def test_a_click_carries_the_sample_as_it_is_and_the_hover_as_text():
    about = trace(drawn(side()), SAMPLES).customdata
    assert about[0][0] == "7"
    assert about[4][0] == "<b>x</b>"
    assert list(about[4][1:3]) == ["&lt;b&gt;x&lt;/b&gt;", "a &amp; b"]
    assert about[0][4] == "largest fall 0.500, exit 2 to 3"


def test_only_falls_strictly_above_the_threshold_are_drawn_thick():
    falls = trace(drawn(side()), "falls")
    np.testing.assert_array_equal(falls.x, [2, 3, np.nan])
    np.testing.assert_array_equal(falls.y, [0.9, 0.4, np.nan])


def test_without_falls_the_trace_is_empty_but_there():
    """Same traces in the same order, so that the switch updates them in place."""
    assert len(drawn(side(), threshold=0.9).data) == len(drawn(side()).data)


def test_the_baseline_behind_is_faint_and_the_axis_never_moves():
    figure = drawn(side(), side("baseline"))
    behind, shown = (t for t in figure.data if t.name.startswith("mean"))
    assert behind.opacity < shown.opacity
    assert behind.line.dash == "dash"
    assert tuple(figure.layout.yaxis.range) == tuple(drawn(side()).layout.yaxis.range) == (-0.02, 1.02)


def test_it_holds_no_shapes():
    assert not drawn(side()).layout.shapes
