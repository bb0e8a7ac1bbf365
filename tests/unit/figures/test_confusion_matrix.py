"""The matrix of classes: percents of a row in colour, right answers apart, names as text."""

import numpy as np
import pytest

from analysis.figures.confusion_matrix import RIGHT, confusion_matrix_figure
from analysis.figures.selected import REST
from analysis.figures.style import INK, SURFACE, THEMED

COUNTS = np.array([[8, 2, 0], [0, 5, 0], [1, 0, 0]])
TEXTS = {"title": "t", "subtitle": "s", "x_title": "answer", "y_title": "true class"}


def drawn(**changed):
    about = {"counts": COUNTS, "names": ["<b>fox</b>", "elk", "owl"], "samples": [20, 5, 4], "highest": 30.0}
    return confusion_matrix_figure(**(about | TEXTS | changed))


def test_a_cell_holds_the_percent_of_all_the_row_s_samples_and_the_diagonal_is_a_trace_of_its_own():
    wrong, right = drawn().data
    assert [list(row) for row in wrong.z] == [[None, 10.0, None], [None, None, None], [25.0, None, None]]
    assert [list(row) for row in right.z] == [[40.0, None, None], [None, 100.0, None], [None, None, None]]
    assert right.name == RIGHT
    assert not right.showscale
    assert (wrong.zmin, wrong.zmax) == (0, 30.0)
    assert [colour for _, colour in wrong.colorscale] == [SURFACE, "#0072B2", INK]  # nothing is the page's own colour
    assert all(colour in THEMED for _, colour in wrong.colorscale)
    assert wrong.customdata[0][1][:3] == [0, 1, 2]
    assert right.customdata[1][1][:3] == [1, 1, 5]


def test_names_are_text_and_the_first_row_is_on_top():
    figure = drawn()
    assert figure.layout.yaxis.ticktext[0] == "&lt;b&gt;fox&lt;/b&gt;"
    assert figure.data[0].customdata[0][1][3] == "&lt;b&gt;fox&lt;/b&gt;"
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]


@pytest.mark.parametrize(("classes", "angle"), [(12, None), (13, -90)])
def test_names_of_few_columns_are_written_across_and_few_rows_are_higher(classes, angle):
    figure = drawn(counts=np.eye(classes, dtype=int), names=["n"] * classes, samples=[1] * classes)
    assert figure.layout.xaxis.tickangle == angle
    assert figure.layout.height == 150 + 320


def test_what_is_selected_is_in_the_colours_that_all_stand_out_and_the_rest_in_grey():
    figure = drawn(selected=np.array([[0, 1, 0], [0, 3, 0], [0, 0, 0]]))
    wrong, other_wrong, right, other_right = figure.data
    assert [list(row) for row in wrong.z] == [[None, 10.0, None], [None] * 3, [None] * 3]
    assert [list(row) for row in other_wrong.z] == [[None] * 3, [None] * 3, [25.0, None, None]]
    assert [list(row) for row in right.z] == [[None] * 3, [None, 100.0, None], [None] * 3]
    assert [list(row) for row in other_right.z] == [[40.0, None, None], [None] * 3, [None] * 3]
    assert wrong.colorscale is None  # the house's, whose palest cells reach contrast
    for rest in (other_wrong, other_right):
        assert {colour for _, colour in rest.colorscale} == {REST}
        assert not rest.showscale
    assert wrong.hovertext[0][1] == "1 of them selected"
    assert wrong.customdata[0][1][:3] == [0, 1, 2]


def test_a_class_without_samples_divides_by_nothing():
    figure = drawn(counts=np.zeros((3, 3), int), samples=[0, 0, 0])
    assert not figure.data[0].z[0][0]
