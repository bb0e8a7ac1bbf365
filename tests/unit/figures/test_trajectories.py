"""The picture of trajectories: what each panel draws, what a click carries, and that names stay text."""

import numpy as np

from analysis.figures.trajectories import SAMPLES, Trajectories, trajectories_figure


def side(predictor_id="pa"):
    return Trajectories(
        predictor_id=predictor_id,
        heading="<PA>: the mean rises",
        samples=np.array([[0.2, 0.8], [0.9, 0.7], [0.4, 0.75]]),
        fall=np.array([0.5, 0.1]),
        from_exit=np.array([1, 0]),
        to_exit=np.array([2, 1]),
        mean=np.array([0.4, 0.5, 0.6]),
    )


def drawn(*panels, **changed):
    arguments = {
        "ids": ["7", "<b>x</b>"],
        "names": ["fox", "a & b"],
        "followed": None,
        "exit_names": ["1", "2", "3"],
        "quantity": "probability of the true class",
        "threshold": 0.1,
        "title": "t",
        "subtitle": "s",
    }
    return trajectories_figure(panels or (side("baseline"), side()), **arguments | changed)


def traces(figure, name):
    return [t for t in figure.data if t.name.startswith(name)]


def test_every_sample_is_one_line_cut_by_a_gap():
    lines = traces(drawn(), SAMPLES)[0]
    np.testing.assert_array_equal(lines.y, [0.2, 0.9, 0.4, np.nan, 0.8, 0.7, 0.75, np.nan])
    assert lines.x[0] == lines.x[4] == 1


def test_a_click_carries_the_sample_as_it_is_and_its_panel_and_the_hover_as_text():
    for lines, predictor in zip(traces(drawn(), SAMPLES), ("baseline", "pa")):
        about = lines.customdata
        assert (about[0][0], about[0][5]) == ("7", predictor)
        assert about[4][0] == "<b>x</b>"
        assert list(about[4][1:3]) == ["&lt;b&gt;x&lt;/b&gt;", "a &amp; b"]
        assert about[0][4] == "largest fall 0.500, exit 2 to 3"


def test_only_falls_strictly_above_the_threshold_are_drawn_thick():
    falls = traces(drawn(), "falls")[0]
    np.testing.assert_array_equal(falls.x, [2, 3, np.nan])
    np.testing.assert_array_equal(falls.y, [0.9, 0.4, np.nan])


def test_both_panels_show_the_same_samples_on_one_scale_with_means_in_bold():
    figure = drawn()
    before, after = traces(figure, SAMPLES)
    assert [about[0] for about in before.customdata] == [about[0] for about in after.customdata]
    assert (before.yaxis, after.yaxis) == ("y", "y2")
    assert figure.layout.yaxis2.matches == "y"
    assert tuple(figure.layout.yaxis.range) == (-0.02, 1.02)
    assert figure.layout.xaxis.domain[1] < figure.layout.xaxis2.domain[0]
    means = traces(figure, "mean")
    assert [mean.xaxis for mean in means] == ["x", "x2"]
    assert min(mean.line.width for mean in means) > max(line.line.width for line in (before, after))
    assert means[0].line.dash == "dash"


def test_headings_are_text():
    assert [note.text for note in drawn().layout.annotations] == ["&lt;PA&gt;: the mean rises"] * 2


def test_the_sample_that_is_followed_is_drawn_in_ink_and_once_in_each_panel():
    figure = drawn(followed=1)
    lines = traces(figure, SAMPLES)
    assert [{about[0] for about in line.customdata if about[0]} for line in lines] == [{"7"}, {"<b>x</b>"}] * 2
    assert lines[1].line.width > lines[0].line.width
    assert lines[1].line.color == "#1B1B1F"


def test_those_that_are_not_selected_are_grey_behind_and_never_thick():
    figure = drawn(rest=[0])
    grey, lit = traces(figure, SAMPLES)[:2]
    assert {about[0] for about in grey.customdata if about[0]} == {"7"}
    assert {about[0] for about in lit.customdata if about[0]} == {"<b>x</b>"}
    assert (grey.line.color, figure.data[0].name) == ("#6A6A70", SAMPLES)
    assert grey.opacity < lit.opacity
    assert grey.line.width < lit.line.width
    assert not traces(figure, "falls")[0].x[0]  # the only fall above the threshold is of a grey one


def test_it_holds_no_shapes():
    assert not drawn().layout.shapes
