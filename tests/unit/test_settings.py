"""Settings: text becomes values and values become text, exactly; what is refused is refused in one wording."""

import doctest
import math
import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import settings
from analysis.settings import REQUIRED, Refused, Setting, as_text, parse, parse_slice, resolve

NUMBER = Setting("n", "number", 0.5, "", low=0, high=1)
COUNT = Setting("k", "integer", 3, "", low=1, high=100)
TURN = Setting("turn", "integer", 0, "", low=-180, high=180, unit="degrees")
SEED = Setting("seed", "integer", 0, "", low=0)
BUDGET = Setting("b", "optional-number", None, "", low=0)
BUDGETS = Setting("budgets", "numbers", (1.0,), "", low=0, unit="MACs")
WEIGHTS = Setting("w", "numbers", "linear", "", ("linear", "uniform"), low=0, high=1e6, per_exit=True)
KIND = Setting("c", "choice", "a", "", ("a", "b"))
MEASURE = Setting("measure", "choice", "KL", "", ("KL", "max-prob"))
ANY = Setting("unit", "choice", "", "")
SEVERAL = Setting("m", "choices", ("a",), "", ("a", "b", "c"))
SWITCH = Setting("s", "switch", False, "")
TEXT = Setting("t", "text", "", "")
NAME = Setting("sample", "name", "", "")
LITERAL = Setting("x", "literal", None, "")


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [
        (NUMBER, "0.25", 0.25), (NUMBER, "1e-3", 0.001), (NUMBER, "0", 0.0), (NUMBER, "1", 1.0), (NUMBER, " 1 ", 1.0),
        (COUNT, "7", 7), (COUNT, "1", 1), (COUNT, "100", 100), (TURN, "-45", -45),
        (SEED, "9007199254740993", 2**53 + 1),
        (BUDGET, "", None), (BUDGET, "None", None), (BUDGET, "2.5e6", 2.5e6),
        (BUDGETS, "1e6,2.5e6", (1e6, 2.5e6)), (BUDGETS, "[1, 2]", (1.0, 2.0)), (BUDGETS, "3", (3.0,)),
        (WEIGHTS, "Uniform", "uniform"), (WEIGHTS, "0.5,1,", (0.5, 1.0)),
        (KIND, "b", "b"), (KIND, " B ", "b"), (MEASURE, "kl", "KL"), (ANY, "MACs", "MACs"),
        (SEVERAL, "", ()), (SEVERAL, "c,a", ("c", "a")), (SWITCH, "1", True), (SWITCH, "0", False),
        (TEXT, "a b", "a b"), (NAME, "a\tb", "a\tb"), (NAME, "x" * 500, "x" * 500),
        (NAME, "<b>\N{NO-BREAK SPACE}", "<b>\xa0"),
        (LITERAL, "2", 2), (LITERAL, "0.5", 0.5), (LITERAL, "[1, (2,)]", [1, (2,)]), (LITERAL, "true", True),
        (LITERAL, "plain", "plain"), (LITERAL, "'5'", "5"), (LITERAL, "none", None), (LITERAL, "{1: 2}", {1: 2}),
    ],
)  # fmt: skip
def test_values_are_typed_and_come_back(setting, text, value):
    parsed = parse(setting, text)
    assert parsed == value
    assert isinstance(parsed, type(value))
    assert parse(setting, parsed) == value
    assert parse(setting, as_text(setting, parsed)) == value
    assert type(parse(setting, as_text(setting, parsed))) is type(parsed)


@pytest.mark.parametrize(
    ("setting", "value", "typed"),
    [
        (NUMBER, np.float32(0.5), 0.5), (NUMBER, 1, 1.0), (COUNT, np.int64(7), 7), (SWITCH, True, True),
        (BUDGETS, np.array([1, 2.5]), (1.0, 2.5)), (BUDGETS, 4, (4.0,)), (SEVERAL, ["a", "b"], ("a", "b")),
        (LITERAL, "5", 5), (LITERAL, 5, 5),
    ],
)  # fmt: skip
def test_values_of_python_are_taken_too(setting, value, typed):
    assert parse(setting, value) == typed
    assert type(parse(setting, value)) is type(typed)


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        (NUMBER, "nan", "a number from 0 to 1"),
        (NUMBER, "inf", "a number from 0 to 1"),
        (NUMBER, "2", "a number from 0 to 1"),
        (NUMBER, math.nextafter(1, 2), "a number from 0 to 1"),
        (NUMBER, math.nextafter(0, -1), "a number from 0 to 1"),
        (NUMBER, np.float32(1.0000001), "a number from 0 to 1"),
        (NUMBER, "", "a number from 0 to 1"),
        (NUMBER, "1_0", "a number from 0 to 1"),
        (NUMBER, "\u0663", "a number from 0 to 1"),
        (NUMBER, True, "a number from 0 to 1"),
        (NUMBER, None, "a number from 0 to 1"),
        (COUNT, "2.5", "a whole number from 1 to 100"),
        (COUNT, 2.0, "a whole number from 1 to 100"),
        (COUNT, "9" * 400, "a whole number from 1 to 100"),
        (COUNT, "9" * 5000, "a whole number from 1 to 100"),
        (COUNT, "0", "a whole number from 1 to 100"),
        (COUNT, "101", "a whole number from 1 to 100"),
        (TURN, "181", "a whole number from -180 to 180, in degrees"),
        (SEED, "-1", "a whole number of at least 0"),
        (SEED, "9" * 400, "a whole number of at least 0"),
        (BUDGET, "-1", "a number of at least 0, or none"),
        (BUDGET, -math.ulp(0), "a number of at least 0, or none"),
        (BUDGET, 10**400, "a number of at least 0, or none"),
        (BUDGETS, "-1", "numbers of at least 0, in MACs, separated by commas"),
        (BUDGETS, "", "numbers of at least 0, in MACs, separated by commas"),
        (BUDGETS, (), "numbers of at least 0, in MACs, separated by commas"),
        (WEIGHTS, "none", "linear, uniform, or a number from 0 to 1e+06 for each exit, separated by commas"),
        (KIND, "<script>", "a or b"),
        (KIND, 3, "a or b"),
        (SEVERAL, "a,z", "a, b or c, or several of them, separated by commas"),
        (SEVERAL, 3, "a, b or c, or several of them, separated by commas"),
        (SWITCH, "true", "0 or 1"),
        (SWITCH, 1, "0 or 1"),
        (TEXT, "x" * 201, "at most 200 printable characters"),
        (TEXT, "a\nb", "at most 200 printable characters"),
        (ANY, "x" * 2001, "at most 2000 printable characters"),
        (NAME, "x" * 2001, "at most 2000 characters"),
    ],
)
def test_what_is_no_value_is_refused_in_one_wording(setting, value, expected):
    with pytest.raises(Refused) as refused:
        parse(setting, value)
    assert str(refused.value) == f"{setting.name} is {value!r}: give {expected}"
    assert refused.value.expected == expected


def test_of_several_numbers_the_one_that_is_refused_is_named():
    with pytest.raises(Refused, match=re.escape("budgets, number 2, is '-2': give numbers of at least 0, in MACs")):
        parse(BUDGETS, "1,-2")
    with pytest.raises(Refused, match="pa setting w, exit 2, is nan: give linear, uniform, or a number from 0 to 1e"):
        parse(WEIGHTS, [1, math.nan], "pa setting w")


def test_numbers_per_exit_are_counted():
    assert parse(WEIGHTS, "1,2", n_exits=2) == (1.0, 2.0)
    assert parse(WEIGHTS, "uniform", n_exits=7) == "uniform"
    assert parse(BUDGETS, "1,2", n_exits=7) == (1.0, 2.0)
    with pytest.raises(ValueError, match="w has 2 numbers and the run 7 exits: give one number for each exit"):
        parse(WEIGHTS, "1,2", n_exits=7)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_comes_back_whole(value):
    """An exit is within a budget that equals its cost: rounding it down would choose the one before."""
    free = Setting("n", "number", 0.0, "")
    assert parse(free, as_text(free, value)) == value


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=9).map(tuple))
def test_numbers_come_back_whole(values):
    assert parse(WEIGHTS, as_text(WEIGHTS, values)) == values


@given(st.integers(-(10**30), 10**30))
def test_whole_numbers_come_back(value):
    free = Setting("k", "integer", 0, "")
    assert parse(free, as_text(free, value)) == value


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"]), max_size=200))
def test_text_comes_back_as_it_is(text):
    assert parse(TEXT, as_text(TEXT, text)) == text


LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=5,
)


@given(LITERALS)
def test_literals_come_back(value):
    assert parse(LITERAL, as_text(LITERAL, value)) == value


def test_a_literal_is_read_once():
    value = parse(LITERAL, "'5'")
    assert parse(LITERAL, value) == "5"
    assert parse(LITERAL, as_text(LITERAL, value)) == "5"


def test_a_bound_is_written_with_all_that_it_has():
    assert Setting("n", "number", 0.0, "", low=0.1, high=1234567).range_text == "a number from 0.1 to 1234567"
    assert Setting("n", "number", 0.0, "", high=1 / 3).range_text == "a number of at most 0.3333333333333333"


def test_a_refusal_crosses_processes():
    refused = pickle.loads(pickle.dumps(Refused("cap", "six", "a number")))
    assert (str(refused), refused.expected) == ("cap is 'six': give a number", "a number")


# --- several together -------------------------------------------------------------------------------------------------

LOW, HIGH = Setting("low", "number", 0.0, ""), Setting("high", "number", 1.0, "")


def low_below_high(given):
    if given["low"] < given["high"]:
        return None
    return f"setting low is {given['low']:g}: give a number below high, {given['high']:g}"


def test_settings_are_completed_in_the_order_of_the_rows():
    assert list(resolve([LOW, HIGH], {"high": "2"}, "mine").items()) == [("low", 0.0), ("high", 2.0)]


def test_what_must_hold_between_settings_is_said_by_their_owner():
    assert resolve([LOW, HIGH], {"low": 0.5}, "mine", constraints=[low_below_high])["low"] == 0.5
    with pytest.raises(ValueError, match=r"^mine setting low is 1: give a number below high, 1$"):
        resolve([LOW, HIGH], {"low": 1}, "mine", constraints=[low_below_high])


def test_unknown_and_missing_settings_are_refused():
    with pytest.raises(ValueError, match="mine has no setting 'lwo': it takes low and high"):
        resolve([LOW, HIGH], {"lwo": 1}, "mine")
    with pytest.raises(ValueError, match="mine has no setting 'low': it takes none"):
        resolve([], {"low": 1}, "mine")
    with pytest.raises(ValueError, match="mine needs the setting 'power': give it a value"):
        resolve([Setting("power", "literal", REQUIRED, "")], {}, "mine")
    assert resolve([LOW], {"power": "2"}, "mine", takes_others=True) == {"low": 0.0, "power": 2}


def test_the_examples_run():
    results = doctest.testmod(settings)
    assert results.attempted
    assert not results.failed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0:10", (0, 10)),
        (":5", (0, 5)),
        ("395:", (395, 400)),
        (":", (0, 400)),
        ("-5:", (395, 400)),
        ("0:9999", (0, 400)),
    ],
)
def test_slices_are_pythons(text, expected):
    found = parse_slice(text, 400)
    assert (found.start, found.stop) == expected


@pytest.mark.parametrize("text", ["5", "a:b", "1:2:3", "", "1.5:3"])
def test_other_slices_are_refused(text):
    with pytest.raises(ValueError, match="give a slice A:B of whole numbers"):
        parse_slice(text, 400)


@pytest.mark.parametrize("text", ["5:5", "400:", "9:3"])
def test_empty_slices_are_refused(text):
    with pytest.raises(ValueError, match="holds none of the 400 samples"):
        parse_slice(text, 400)
