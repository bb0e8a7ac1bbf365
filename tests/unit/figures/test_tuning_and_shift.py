"""The frontier of tuned settings, and a rule over severities: what is drawn where, and that text stays text."""

import numpy as np

from analysis.figures.shift import ShiftLine, shift_figure
from analysis.figures.tuning_frontier import below_axis, tuning_frontier_figure

FALLING, ACCURACY = np.array([9.0, 0.0, 3.0, 1.0]), np.array([70.0, 69.0, 69.5, 20.0])


def frontier(chosen=2, told=("defaults", "<b>a</b>", "b", "c")):
    return tuning_frontier_figure(
        FALLING, ACCURACY, np.array([True, True, True, False]), chosen, told, predictor_id="pa", max_falling=4,
        x_title="falls", y_title="accuracy", title="t", subtitle="s",
    )  # fmt: skip


def test_the_frontier_is_joined_by_rising_falls_and_bad_settings_do_not_flatten_it():
    figure = frontier()
    by_name = {trace.name: trace for trace in figure.data}
    assert list(by_name["beaten by none"].x) == [0, 3, 9]
    assert list(by_name["beaten by another"].y) == [20]
    assert list(by_name["chosen"].x) == [3]
    assert figure.layout.yaxis.range[0] > 60
    assert below_axis(ACCURACY, 2) == 1
    assert by_name["beaten by none"].customdata[0][1] == "&lt;b&gt;a&lt;/b&gt;"
    assert {note.text for note in figure.layout.annotations} == {"defaults", "chosen"}
    assert [note.text for note in frontier(chosen=0).layout.annotations] == ["defaults, chosen"]


def test_the_chosen_setting_lies_within_the_axes_and_its_name_is_clear_of_the_others():
    figure = frontier(chosen=3)
    low, high = figure.layout.yaxis.range
    assert low < 20 < 70 < high
    assert below_axis(ACCURACY, 3) == 0
    crowd = np.linspace(0, 30, 400)
    accuracy = 70 + 3 * np.sin(7 * crowd)
    figure = tuning_frontier_figure(
        crowd, accuracy, np.zeros(400, bool), 200, [""] * 400, predictor_id="pa", max_falling=4, x_title="falls",
        y_title="accuracy", title="t", subtitle="s",
    )  # fmt: skip
    (left, right), (low, high) = figure.layout.xaxis.range, figure.layout.yaxis.range
    for note in figure.layout.annotations:
        assert left <= note.x <= right
        assert low <= note.y <= high
        assert note.showarrow  # in a crowd a line leads to where there is room


def line(predictor, emphasised):
    values = np.array([0.04, 0.09, np.nan])
    return ShiftLine(predictor, f"<{predictor}>", np.full(3, 0.05), values, values - 0.01, values + 0.01,
                     ["<a>", "b", "c"], emphasised)  # fmt: skip


def test_promised_is_one_line_and_unknown_values_draw_nothing():
    figure = shift_figure(
        [line("pa", True), line("baseline", False)], [0, 1, 5], y_title="risk", percent=False, title="t", subtitle="s"
    )
    names = [trace.name for trace in figure.data]
    assert names == ["&lt;baseline&gt;", "95% interval, &lt;pa&gt;", "promised", "&lt;pa&gt;"]
    assert len(figure.data[1].x) == 4  # two known points, there and back
    assert figure.layout.xaxis.ticktext == ("clean", "1", "5")
    assert figure.layout.yaxis.range[0] == 0
    assert figure.data[3].customdata[0][0] == "&lt;a&gt;"
    assert not [note for note in figure.layout.annotations if "pa" in note.text]  # its last value is unknown


def test_one_severity_alone_has_an_axis():
    one = ShiftLine("pa", "PA", *(np.array([0.7]) for _ in range(4)), ["x"], True)
    figure = shift_figure([one], [0], y_title="accuracy", percent=True, title="t", subtitle="s")
    assert figure.layout.xaxis.range[0] < 0 < figure.layout.xaxis.range[1]
