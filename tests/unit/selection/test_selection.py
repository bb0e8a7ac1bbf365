"""Selections: one text and its inverse, sets of samples, regions by name."""

import string

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.selection.grammar import DEEPEST
from analysis.selection.listed import Listed
from analysis.selection.regions import MOST_VERTICES, Axis, Region
from analysis.selection.selection import LONGEST, Selection

TABLE = pd.DataFrame(
    {
        "position": [10, 11, 12, 13, 14],
        "id": ["s0", "s1", "s2", "s3", "s4"],
        "x": [0.0, 1.0, 2.0, 3.0, np.nan],
        "y": np.array([0, 1, 2, 3, 4], np.float32),
        "wide": pd.array([0, 1, 2, None, 4], dtype="Int64"),
        "word": list("abcde"),
        "odd name": [1, 2, 3, 4, 5],
        "hard-poe.fall_any_class": [0.0, 0.5, 1.0, 0.5, 0.0],
    }
)


def kept(text: str) -> str:
    return "".join("1" if row else "0" for row in Selection.parse(text).mask(TABLE))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("in a; a = box(x, y, 0.5,0, 2.5,9)", "01100"),
        ("not in a; a = box(x, y, 0.5,0, 2.5,9)", "10011"),
        ("x > 1 and in a; a = box(x, y, 0.5,0, 2.5,9)", "00100"),
        ("in a or in b; a = box(x, y, 0,0, 0,0); b = lasso(y, `odd name`, 2.5,3.5, 9,3.5, 9,9, 2.5,9)", "10011"),
        ("in a ; a=box( wide,y,1,0,9,9 )", "01101"),
        ("in `my part`; `my part` = box(x, y, 0,0, 1,1)", "11000"),
        ("in box; box = box(x, y, 0,0, 1,1)", "11000"),
        ("word = a or in a; a = box(x, y, 3,3, 3,3)", "10010"),  # a region's name is no column's and no text
        ("in a; a = box(symlog(hard-poe.fall_any_class), y, 3.5,0, 4.5,9)", "01110"),
        ("hard-poe.fall_any_class = 0.5", "01010"),
        ("true", "11111"),
        ("false", "00000"),
        ("not false and x < 1", "10000"),
        ("in a; a = ids(s1, s3)", "01010"),
        ("in a and x > 1; a = ids('s1', s3 , s99)", "00010"),
        ("not in a; a = ids()", "11111"),
        ("in a or in b; a = ids(s0); b = box(x, y, 2,0, 2,9)", "10100"),
    ],
)
def test_by_hand(text, rows):
    assert kept(text) == rows
    assert kept(Selection.parse(text).text) == rows


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("in a", 1, "there is no region and no slice 'a'"),
        ("x > 1 and in a; b = box(x, y, 0,0, 1,1)", 40, "the region 'b' is used nowhere"),
        ("x > 1; b = box(x, y, 0,0, 1,1)", 31, "the region 'b' is used nowhere"),
        ("in a; a = box(x, y, 0,0, 1,1); a = box(x, y, 0,0, 2,2)", 32, "two regions 'a'"),
        ("in a; a", 8, "expected '=' after the region's name"),
        ("in 3", 4, "expected the name of a region or a slice, found '3'"),
        ("in a; a = box(z, y, 0,0, 1,1)", 1, "there is no column 'z'"),
        ("in a; a = box(word, y, 0,0, 1,1)", 1, "a region lies over numbers, and 'word' holds none"),
        ("(x > 1; a = box(x, y, 0,0, 1,1)", 7, r"expected '\)' to close the parenthesis"),
        ("in a; a = box(x, y, 0,0, 1,1) and x > 1", 31, "expected `and`, `or` or the end, found 'and'"),
    ],
)
def test_errors_name_the_position(text, position, reason):
    with pytest.raises(ValueError, match=f"query, character {position}: .*{reason}"):
        Selection.parse(text).mask(TABLE)


def test_one_text_for_one_selection():
    one, same = Selection.parse("NOT (x>1  AND y < .5) or (x = 3)"), Selection.parse("not (x > 1 and y < .5) or x = 3")
    assert one == same
    assert hash(one) == hash(same)
    assert one.text == str(one) == "not (x > 1 and y < .5) or x = 3"
    assert one != Selection.parse("not (x > 1 and y < .5) or x = 4")
    assert repr(one) == f"Selection.parse({one.text!r})"


def test_sets_of_samples():
    low, odd = Selection.parse("y < 2"), Selection.parse("x = 1 or x = 3")
    assert (low & odd).mask(TABLE).tolist() == [False, True, False, False, False]
    assert (low | odd).mask(TABLE).tolist() == [True, True, False, True, False]
    assert (~odd).mask(TABLE).tolist() == [True, False, True, False, True]
    assert (~odd).positions(TABLE).tolist() == [10, 12, 14]
    assert (~~odd) == odd
    everything = Selection()
    assert everything.text == ""
    assert everything.mask(TABLE).all()
    assert (everything & low) == (low & everything) == low
    assert (everything | low) == (low | everything) == everything
    assert not (~everything).mask(TABLE).any()
    assert (~~everything).mask(TABLE).all()
    assert (low & low & odd).text == "y < 2 and y < 2 and (x = 1 or x = 3)"


def test_regions_of_one_name_are_told_apart_and_the_same_is_kept_once():
    first, second, third = (
        Selection.inside(Region("box", (0.0, n), (0.0, n), Axis("x"), Axis("y"))) for n in (1.0, 2.0, 3.0)
    )
    both = first & ~second
    assert both.text == "in drawn and not in drawn_2; drawn = box(x, y, 0,0, 1,1); drawn_2 = box(x, y, 0,0, 2,2)"
    assert (second & ~first).mask(TABLE).tolist() == [False, False, True, False, False]
    assert (both | third | first).text.count("box") == 3
    assert (first & first).text == "in drawn and in drawn; drawn = box(x, y, 0,0, 1,1)"


def test_what_is_built_can_always_be_read_again():
    long = Selection.parse(f"word = {'x' * (LONGEST // 2)}")
    with pytest.raises(ValueError, match="shorten it"):
        long & ~long
    deep = Selection.parse("not " * (DEEPEST - 2) + "(x > 1 or y > 1)")
    with pytest.raises(ValueError, match="levels of parentheses"):
        (deep | Selection.parse("y > 1")) & ~(deep | Selection.parse("x > 1"))
    angle = np.linspace(0.001, 6, MOST_VERTICES)
    lasso = Region("lasso", tuple(np.cos(angle) / 3), tuple(np.sin(angle) / 3), Axis("x"), Axis("y"))
    assert Selection.parse(Selection.inside(lasso).text).regions["drawn"] == lasso


def test_columns_are_those_of_the_query_and_of_the_regions():
    text = "x > 1 and in a; a = box(symlog(`odd name`), y, 0,0, 1,1)"
    assert Selection.parse(text).columns == ("x", "odd name", "y")


def test_a_lasso_of_many_vertices_holds_the_samples_of_a_large_run():
    generator = np.random.default_rng(0)
    many = pd.DataFrame({"x": generator.normal(size=50_000), "y": generator.normal(size=50_000)})
    angle = np.linspace(0, 2 * np.pi, MOST_VERTICES, endpoint=False)
    radius = np.hypot(many["x"], many["y"])
    circle = Region("lasso", tuple(np.cos(angle)), tuple(np.sin(angle)), Axis("x"), Axis("y"))
    mask = Selection.inside(circle).mask(many)
    assert mask[radius < 0.9999].all()
    assert not mask[radius > 1].any()


NAMES = st.text(st.sampled_from(string.ascii_letters + " .-_'\"9ä;=(,"), min_size=1, max_size=6)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
COLUMNS = NAMES.map(lambda name: f"`{name}`")
OPERANDS = (
    COLUMNS | NUMBERS.map(repr) | st.sampled_from(["'a \"quoted\" one'", '"it\'s"', "word", "true", "007", "-.5e3"])
)
ATOMS = st.one_of(
    st.tuples(OPERANDS, st.sampled_from(["=", "==", "!=", "<", "<=", ">", ">=", "~"]), OPERANDS).map(" ".join),
    st.tuples(OPERANDS, OPERANDS, OPERANDS).map(lambda three: f"{three[0]} <= {three[1]} < {three[2]}"),
    st.tuples(OPERANDS, st.sampled_from(["in", "not in"]), OPERANDS, OPERANDS).map(
        lambda four: f"{four[0]} {four[1]} ({four[2]}, {four[3]})"
    ),
    st.tuples(OPERANDS, st.sampled_from(["is missing", "is not missing"])).map(" ".join),
    COLUMNS,
    st.just("in there"),
)
QUERIES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.lists(inner.map(lambda one: f"({one})"), min_size=2, max_size=3).map(" and ".join),
        st.lists(inner.map(lambda one: f"({one})"), min_size=2, max_size=3).map(" or ".join),
    ),
    max_leaves=8,
)


@given(QUERIES, NAMES, NAMES, st.lists(st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=6))
def test_any_selection_survives_its_text(query, across, up, vertices):
    selection = Selection.parse(f"{query} or in there; there = lasso(x, y, 0,0, 1,1, 2,0)")
    assert Selection.parse(selection.text) == selection
    assert Selection.parse(selection.text).text == selection.text
    region = Region("lasso", *map(tuple, zip(*vertices)), Axis(across), Axis(up, "symlog"))
    joined = selection & Selection.inside(region, name=across)
    assert Selection.parse(joined.text) == joined
    assert region in Selection.parse(joined.text).regions.values()


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.one_of(ANY_TEXT, st.integers(0, 99).map(str), st.sampled_from(["to", "and", "In", "007", "1e5"]))))
def test_any_ids_come_back_from_the_text(ids):
    selection = Selection.of_ids(ids)
    assert Selection.parse(selection.text) == selection
    assert selection.regions["chosen"].ids == tuple(dict.fromkeys(ids))
    table = pd.DataFrame({"id": [*ids, "none of them, as it is longer"], "position": range(len(ids) + 1)})
    assert selection.mask(table).tolist() == [True] * len(ids) + [False]


def test_whole_numbers_in_a_row_are_a_range():
    selection = Selection.of_ids([7, 8, 9, 10, 12, 13, "x y", 3])
    assert selection.text == 'in chosen; chosen = ids(7 to 10, 12, 13, "x y", 3)'
    assert len(Selection.of_ids(range(10_000)).text) < 40


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("in a; a = ids(0 to 999999999999)", "more than 1,000,000 ids"),
        ("in a; a = ids(5 to 5)", "a range of ids goes from a whole number to a larger"),
        ("in a; a = ids(1.5 to 2)", "a range of ids"),
        ("in a; a = ids(fox to 2)", "expected ',' between two ids"),
        ("in a; a = ids(fox", "expected ',' between two ids"),
        ("in a; a = ids(=)", "expected an id, found '='"),
    ],
)
def test_what_is_no_list_of_ids_says_why(text, reason):
    with pytest.raises(ValueError, match=reason):
        Selection.parse(text)


def test_a_saved_slice_is_a_name_until_it_is_bound():
    selection = Selection.parse("in worst and x > 0")
    assert selection.slices == ("worst",)
    assert selection.text == "in worst and x > 0"
    bound = selection.bound({"worst": Listed.of(["s1", "s4"]), "another": Listed.of(["s0"])})
    assert bound.slices == ()
    assert bound.mask(TABLE).tolist() == [False, True, False, False, False]
    assert selection.bound({}) == selection
    with pytest.raises(ValueError, match="character 1: there is no region and no slice 'worst'"):
        selection.mask(TABLE)


def test_a_region_never_takes_the_name_of_a_slice_when_joined():
    region = Selection.inside(Listed.of(["s0"]), "worst")
    slices = Selection.parse("in worst and not in worst_2")
    for joined in (region & slices, slices & region):
        assert joined.slices == ("worst", "worst_2")
        assert {name: one.ids for name, one in joined.regions.items()} == {"worst_3": ("s0",)}
