"""What the app keeps between reruns stays bounded, whatever is tried; what is kept is what would be made."""

import gc
import inspect
import json
import weakref

import numpy as np
import plotly.graph_objects as go
import pytest
from streamlit.elements import spinner

from app import cache
from app.components.chart import chart


def test_a_setting_that_is_dragged_leaves_a_bounded_number_of_results(small_run):
    baseline, made = cache.results(small_run, "baseline"), []
    for cap in np.arange(0.5, 20, 0.5):
        found = cache.results(small_run, "pa", {"cap": float(cap)})
        made.append(weakref.ref(found))
        cache.difference(baseline, found).b_only  # noqa: B018
        cache.results(small_run, "baseline")  # each rerun asks for it too
    assert cache.results(small_run, "baseline") is baseline
    del found
    gc.collect()
    assert len(made) == 39
    assert sum(one() is not None for one in made) <= cache.RESULTS_KEPT + cache.DIFFERENCES_KEPT


def test_what_is_computed_is_said_after_a_moment():
    assert spinner.DELAY_SECS < 0.3
    assert "Timer(DELAY_SECS" in inspect.getsource(spinner)


def test_a_figure_is_made_once_for_the_same_data():
    made = []

    def bars(values: np.ndarray, *, title: str) -> go.Figure:
        made.append(title)
        return go.Figure(go.Bar(y=values), layout={"title": title, "height": 200})

    values = np.arange(3.0)
    first = cache.drawn(bars, values, title="a")
    assert cache.drawn(bars, values.copy(), title="a") is first  # by content, whoever holds it
    assert (first.height, first.shapes) == (200, 0)
    assert json.loads(first.json) == json.loads(bars(values, title="a").to_json())
    assert made == ["a", "a"]
    other = cache.drawn(bars, values + 1, title="a")
    assert other.json != first.json
    assert cache.drawn(bars, values, title="b").json != first.json


def test_two_functions_of_the_same_data_are_told_apart():
    def one(values: list[float]) -> go.Figure:
        return go.Figure(go.Bar(y=values))

    def other(values: list[float]) -> go.Figure:
        return go.Figure(go.Scatter(y=values))

    assert cache.drawn(one, [1.0]).json != cache.drawn(other, [1.0]).json


def test_a_chart_refuses_shapes_of_a_kept_figure_too():
    def lined() -> go.Figure:
        return go.Figure(layout={"shapes": [{"type": "line"}]})

    with pytest.raises(ValueError, match="holds shapes, which would all become draggable"):
        chart(cache.drawn(lined), name="lined", data=list)
