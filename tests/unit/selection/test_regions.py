"""Boxes and lassos: worked by hand, and against a point-by-point count of edge crossings."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.reference.symlog import to_scale
from analysis.selection.regions import Axis, Region, drawn_region, inside
from analysis.selection.selection import Selection

NUMBERS = st.floats(-5, 5, allow_nan=False).map(lambda v: float(f"{v:.5g}"))


ACROSS, UP = Axis("x"), Axis("y")


def crossings(region: Region, x: float, y: float) -> bool:
    """The textbook even-odd loop, in exact arithmetic."""
    odd = False
    x, y = Fraction(x), Fraction(y)
    corners = [(Fraction(a), Fraction(b)) for a, b in zip(region.x, region.y)]
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1]):
        if (y0 <= y) != (y1 <= y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            odd = not odd
    return odd


def on_an_edge(region: Region, x: float, y: float) -> bool:
    """Whether a point lies so near to an edge's line that rounding decides."""
    px, py = np.array(region.x), np.array(region.y)
    width, rise = np.roll(px, -1) - px, np.roll(py, -1) - py
    return bool((np.abs((x - px) * rise - (y - py) * width) < 1e-9).any())


def test_a_box_holds_its_edges_and_no_nan():
    x, y = [0.0, 1.0, 2.0, 0.5, np.nan], [0.0, 1.0, 1.0, 3.0, 0.5]
    assert inside(Region("box", (1.0, 0.0), (0.0, 2.0), ACROSS, UP), x, y).tolist() == [True, True, False, False, False]


def test_a_lasso_that_crosses_itself_leaves_its_middle_out():
    star = Region("lasso", (0.0, 4.0, 0.0, 4.0), (0.0, 4.0, 4.0, 0.0), ACROSS, UP)  # a bow tie
    assert inside(star, [2.0, 2.0, 0.5, 3.5], [3.5, 0.5, 2.0, 2.0]).tolist() == [True, True, False, False]


def test_many_points_agree_with_one_at_a_time():
    generator = np.random.default_rng(3)
    angle = np.sort(generator.uniform(0, 2 * np.pi, 60))
    radius = generator.uniform(0.3, 1, 60)
    region = Region("lasso", tuple(radius * np.cos(angle)), tuple(radius * np.sin(angle)), ACROSS, UP)
    x, y = generator.uniform(-1, 1, (2, 9000))
    mask = inside(region, x, y)
    assert mask.tolist() == [crossings(region, *point) for point in zip(x, y)]
    assert 0 < mask.sum() < 9000


@given(
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=12), st.lists(st.tuples(NUMBERS, NUMBERS), max_size=8)
)
def test_any_lasso_agrees_with_the_loop_and_survives_an_address(vertices, points):
    region = Region("lasso", *zip(*vertices), ACROSS, UP)
    assert Selection.parse(Selection.inside(region).text).regions == {"drawn": region}
    points = [point for point in points if not on_an_edge(region, *point)]
    x, y = [p[0] for p in points], [p[1] for p in points]
    assert inside(region, x, y).tolist() == [crossings(region, *point) for point in points]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("circle(x, y, 0,0, 1,1)", "must be box or lasso"),
        ("box(x, y, 0,0, 1)", "3 numbers"),
        ("box(x, y, 0,0, 1,1, 2,2)", "2 corners"),
        ("lasso(x, y, 0,0, 1,1)", "3 to 500 vertices"),
        ("box(x, y, 0,0, 1,x)", "expected a number, found 'x'"),
        ("box(x, y, 0,0, 1,1e999)", "too large"),
        ("box(x, 0,0, 1,1)", "expected a column"),
        ("box(log(x), y, 0,0, 1,1)", "'log' is no scale: symlog is one"),
        ("box(x, y, 0,0, 1,1", r"expected '\)' to close the region"),
        ("", "expected box, lasso or ids"),
    ],
)
def test_what_is_no_region_says_why(text, reason):
    with pytest.raises(ValueError, match=f"query, character .*{reason}"):
        Selection.parse(f"in drawn; drawn = {text}")


@pytest.mark.parametrize(
    ("numbers", "reason"), [((0.0, np.nan), "finite"), ((0.0, np.inf), "finite"), ((0.0, 1.0, 2.0), "2 corners")]
)
def test_a_region_has_finite_numbers_and_its_corners(numbers, reason):
    with pytest.raises(ValueError, match=reason):
        Region("box", numbers, numbers, ACROSS, UP)


def test_a_figure_s_event_is_a_region():
    event = {"kind": "box", "x": [0, 1], "y": [2, 3]}
    assert drawn_region(event, ACROSS, UP) == Region("box", (0.0, 1.0), (2.0, 3.0), ACROSS, UP)


def test_an_axis_may_have_the_scale_of_falls():
    values = np.array([0.0, 0.0009, 1.0])
    assert np.array_equal(Axis("fall", "symlog").places(values), to_scale(values, 1e-4))
    assert np.array_equal(Axis("fall").places(values), values)
    with pytest.raises(ValueError, match="'log' is no scale"):
        Axis("fall", "log")
