"""The server's half of the chart component: what the browser may send, what its CSV holds."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa
import pytest

from analysis.figures.points import Line
from app.components import chart as component


@pytest.mark.parametrize(
    "sent",
    [
        "x",
        {},
        {"kind": "box", "x": [0, 1]},
        {"kind": "box", "x": [0], "y": [1]},
        {"kind": "lasso", "x": [0, 1], "y": [0, 1]},
        {"kind": "lasso", "x": [0, 1, 2], "y": [0, 1]},
        {"kind": "box", "x": [0, float("nan")], "y": [0, 1]},
        {"kind": "box", "x": [0, "1e999"], "y": [0, 1]},
        {"kind": "circle", "x": [0, 1, 2], "y": [0, 1, 2]},
    ],
)
def test_what_is_no_region_is_dropped(sent):
    with pytest.raises((TypeError, KeyError, ValueError, OverflowError)):
        component._region(sent)


def test_regions_come_with_numbers_only():
    box = {"kind": "box", "x": [0, "0.5"], "y": [1, 2], "more": "x"}
    assert component._region(box) == {"kind": "box", "x": [0.0, 0.5], "y": [1.0, 2.0]}
    assert component._region(None) is None


def test_a_point_has_every_field_and_no_other():
    assert component._point({"x": 3, "evil": 1}) == {
        "curve": None, "number": None, "x": 3, "y": None, "z": None, "row": None, "column": None, "customdata": None,
        "points": None,
    }  # fmt: skip


def test_a_figure_with_shapes_is_refused_with_the_remedy():
    figure = go.Figure(layout={"shapes": [{"type": "line", "x0": 1, "x1": 1, "y0": 0, "y1": 1}]})
    with pytest.raises(ValueError, match="draw fixed lines as traces"):
        component.chart(figure, name="c", data=pd.DataFrame)


@pytest.mark.parametrize("sent", [-1, 3, True, 1.0, "1", None, [1]])
def test_what_is_no_point_is_dropped(sent):
    with pytest.raises((TypeError, ValueError)):
        component._index(sent, count=3)


def test_the_place_of_a_point_comes_as_it_is():
    assert [component._index(place, count=3) for place in (0, 2)] == [0, 2]


def test_texts_that_repeat_travel_once_and_a_line_without_values_is_a_text():
    names = np.array(["fox", "wolf"] * 4, dtype=object)
    lines = [Line("", names), Line("id ", np.array([f"{i}" for i in range(8)], dtype=object)), Line("click")]
    columns, told = component._columns({"x": np.zeros(8)}, lines, "line")
    assert told == [["", "line0", ""], ["id ", "line1", ""], ["click", None, ""]]
    assert isinstance(columns["line0"], pa.DictionaryArray)
    assert columns["line0"].to_pylist() == names.tolist()
    assert pa.types.is_string(columns["line1"].type)


def test_a_table_s_name_is_its_content():
    def table(last, name="wolf"):
        return pa.table({"x": [0.0, last], "name": pa.array(["fox", name]).dictionary_encode()})

    assert component._digest(table(1.0)) == component._digest(table(1.0))
    assert len({component._digest(one) for one in (table(1.0), table(2.0), table(1.0, "hare"))}) == 3
