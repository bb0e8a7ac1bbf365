"""Points on a canvas: which colour each has, what the colours mean, what is refused; and the map they stand in."""

import numpy as np
import pytest

from analysis.figures import points as module
from analysis.figures.points import (
    CATEGORY_COLOURS,
    REST,
    SCALE_STEPS,
    Line,
    Points,
    by_category,
    by_number,
    one_colour,
)
from analysis.figures.style import THEMED
from analysis.figures.trajectory_map import trajectory_map_figure
from analysis.reference.symlog import FALL_UNIT, to_scale

TITLES = {"title": "t", "subtitle": "s", "x_title": "x", "y_title": "y", "height": 400, "uirevision": "pca"}


def test_the_most_frequent_categories_have_colours_and_the_rest_is_grey():
    names = [f"class {i}" for i in range(9)]
    codes = np.repeat(np.arange(9), [1, 9, 2, 8, 3, 7, 4, 6, 5])
    colouring, legend = by_category(np.append(codes, -1), names, "label")
    shown = dict(zip([text for _, text in legend], [colour for colour, _ in legend]))
    assert list(shown)[:2] == ["class 1 (9)", "class 3 (8)"]
    assert shown["class 1 (9)"] == CATEGORY_COLOURS[0]
    assert shown["2 others (3)"] == shown["unknown (1)"] == REST
    for i in (1, 3, 5, 7, 8, 6, 4):
        assert set(colouring.codes[:-1][codes == i]) == {[1, 3, 5, 7, 8, 6, 4].index(i)}
    assert set(colouring.codes[:-1][np.isin(codes, (0, 2))]) == {colouring.rest} == {colouring.codes[-1]}
    assert colouring.colours[colouring.rest] == REST
    assert colouring.line.values[-1] == "unknown"


def test_every_colour_of_a_category_has_a_light_and_a_dark_one():
    assert len(set(CATEGORY_COLOURS)) == len(CATEGORY_COLOURS) <= 10
    assert set(CATEGORY_COLOURS) <= set(THEMED)


def test_many_categories_do_not_overflow_a_byte():
    colouring, legend = by_category(np.arange(1000), [str(i) for i in range(1000)], "own")
    assert colouring.codes.dtype == np.uint8
    assert legend[-1][1] == "993 others (993)"


def test_names_stay_text_and_turn_nothing_around():
    colouring, legend = by_category(np.array([0]), ["<b>\u202eshalom"], "<i>")
    assert "\u202e" not in colouring.line.values[0]
    figure = trajectory_map_figure(np.zeros((1, 2)), legend=legend, legend_title="<i>", unit=True, **TITLES)
    assert figure.data[0].name.startswith("&lt;b&gt;")
    assert figure.layout.legend.title.text == "&lt;i&gt;"


def test_numbers_run_from_the_lowest_to_the_highest_and_unknown_ones_are_apart():
    colouring, bar = by_number(np.array([1.0, 2.0, 3.0, np.nan, np.inf]), "margin")
    assert colouring.codes.tolist() == [0, 127, 254, SCALE_STEPS, SCALE_STEPS]
    assert (bar["cmin"], bar["cmax"]) == (1, 3)
    assert colouring.rest == SCALE_STEPS
    assert np.isnan(colouring.line.values[3:]).all()


def test_falls_are_coloured_on_the_scale_of_falls():
    colouring, bar = by_number(np.array([0.0, 0.0099, 1.0]), "fall", falls=True)
    assert colouring.codes[0] == 0
    assert colouring.codes[1] == round(254 * 2 / float(to_scale(1.0, FALL_UNIT)))
    assert colouring.codes[2] == 254
    assert bar["colorbar"]["ticktext"][0] == "0"


@pytest.mark.parametrize("values", [[], [np.nan, np.nan], [5.0, 5.0]])
def test_numbers_that_are_all_alike_or_unknown_have_a_scale(values):
    colouring, bar = by_number(np.array(values), "margin")
    assert len(colouring.codes) == len(values)
    assert bar["cmax"] > bar["cmin"]


def test_what_differs_in_length_is_refused():
    with pytest.raises(ValueError, match="differ in length"):
        Points(np.zeros(2), np.zeros(2), (), one_colour(3, "#0072B2"))
    with pytest.raises(ValueError, match="differ in length"):
        Points(np.zeros(2), np.zeros(2), (Line("a", [1]),), one_colour(2, "#0072B2"))
    with pytest.raises(ValueError, match="differ in length"):
        Points(np.zeros(2), np.zeros(2), (), one_colour(2, "#0072B2"), np.array([True]))


def test_more_points_are_smaller():
    sizes = [Points(np.zeros(n), np.zeros(n), (), one_colour(n, "#0072B2")).size for n in (100, 10_000, 50_000)]
    assert sizes == [5, 4, 3]


def test_the_map_holds_all_places_in_one_unit():
    places = np.array([[0.0, -2.0], [10.0, 2.0]])
    _, bar = by_number(np.array([1.0, 2.0]), "margin")
    figure = trajectory_map_figure(places, bar=bar, chosen=(10.0, 2.0), unit=True, **TITLES)
    (left, right), (bottom, top) = figure.layout.xaxis.range, figure.layout.yaxis.range
    assert left < 0 < 10 < right
    assert bottom < -2 < 2 < top
    assert figure.layout.yaxis.scaleanchor == "x"
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (1, 2)
    assert [trace.name for trace in figure.data] == [module.ENDS, "rim", "sample on screen"]


def test_a_map_of_one_sample_or_none_has_axes():
    for count in (0, 1):
        figure = trajectory_map_figure(np.zeros((count, 2)), unit=False, **TITLES)
        assert figure.layout.xaxis.range[0] < figure.layout.xaxis.range[1]
