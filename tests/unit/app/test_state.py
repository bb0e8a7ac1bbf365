"""The table of controls: what stands in the address, what comes back from it, and what hostile addresses do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import state
from app.control_table import CONTROLS, Control
from app.state import as_text, from_address, parse, to_address

NUMBER = Control("n", "number", 0.5, "", low=0, high=1)
COUNT = Control("k", "integer", 3, "", low=1, high=100)
BUDGET = Control("b", "optional-number", None, "", low=0)
KIND = Control("c", "choice", "a", "", ("a", "b"))
SEVERAL = Control("m", "choices", ("a",), "", ("a", "b", "c"))
SWITCH = Control("s", "switch", False, "")
TEXT = Control("t", "text", "", "")


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
def test_every_default_survives_the_address(control):
    assert parse(control, as_text(control, control.default)) == control.default


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
def test_every_control_is_described_and_stands_on_a_page(control):
    assert control.description.endswith(".")
    assert set(control.pages) <= set(state.EVERY_PAGE)
    assert control.pages


@given(st.floats(0, 1))
def test_numbers_come_back_to_twelve_digits(value):
    assert parse(NUMBER, as_text(NUMBER, value)) == pytest.approx(value, rel=1e-11)


@given(st.floats(0, 1))
def test_a_value_that_was_once_written_comes_back_exactly(value):
    once = state.checked(NUMBER, value)
    assert state.checked(NUMBER, once) == once


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"]), max_size=200))
def test_text_comes_back_as_it_is(text):
    assert parse(TEXT, as_text(TEXT, text)) == text


@pytest.mark.parametrize(
    ("control", "text", "value"),
    [
        (NUMBER, "0.25", 0.25), (NUMBER, "1e-3", 0.001), (COUNT, "7", 7), (BUDGET, "", None), (BUDGET, "2.5e6", 2.5e6),
        (KIND, "b", "b"), (SEVERAL, "", ()), (SEVERAL, "c,a", ("c", "a")), (SWITCH, "1", True), (SWITCH, "0", False),
    ],
)  # fmt: skip
def test_values_are_typed(control, text, value):
    assert parse(control, text) == value
    assert type(parse(control, text)) is type(value)
    assert parse(control, as_text(control, value)) == value


@pytest.mark.parametrize(
    ("control", "text", "reason"),
    [
        (NUMBER, "nan", "must be finite"),
        (NUMBER, "inf", "must be finite"),
        (NUMBER, "2", "must lie from 0 to 1"),
        (NUMBER, "", "must be a number"),
        (NUMBER, "1_0", "must be a number"),
        (NUMBER, "٣", "must be a number"),
        (COUNT, "2.5", "must be a whole number"),
        (COUNT, "9" * 400, "must be a whole number"),
        (COUNT, "0", "must lie from 1 to 100"),
        (COUNT, "9" * 5000, "is longer than 2000 characters"),
        (BUDGET, "-1", "must lie at or above 0"),
        (KIND, "<script>", "must be one of a, b"),
        (SEVERAL, "a,z", "must be one of a, b, c"),
        (SWITCH, "true", "must be 0 or 1"),
        (TEXT, "x" * 201, "is longer than 200 characters"),
        (TEXT, "a\nb", "holds characters that cannot be shown"),
    ],
)
def test_what_is_no_value_is_refused_with_the_reason(control, text, reason):
    with pytest.raises(ValueError, match=reason):
        parse(control, text)


@given(st.dictionaries(st.sampled_from([*CONTROLS, "embed", "x"]), st.text(max_size=50)))
def test_no_address_whatever_raises(address):
    values, notes = from_address(address)
    assert set(values) <= set(CONTROLS)
    assert len(notes) == len(set(address) & set(CONTROLS)) - len(values)


def test_a_refused_value_leaves_a_line_that_names_it():
    values, notes = from_address({"poe": "yes", "predictor": "moe"})
    assert values == {"predictor": "moe"}
    assert notes == ["poe = 'yes' must be 0 or 1: showing the default instead."]


def test_a_long_refused_value_is_cut_in_its_line():
    _, notes = from_address({"predictor": "x" * 300})
    assert len(notes[0]) < 120


def test_run_predictor_and_switch_always_stand_in_the_address_the_rest_when_it_differs():
    assert to_address({}, "overview") == {"run": "", "predictor": "pa", "poe": "0"}
    values = {"run": "msdnet-cifar100", "sample": "17", "split": "test"}
    assert to_address(values, "overview") == {"run": "msdnet-cifar100", "predictor": "pa", "poe": "0", "sample": "17"}


def test_an_address_gives_back_the_values_it_was_made_from():
    values = {"run": "r", "predictor": "hard-poe", "poe": True, "sample": "a/b&c=d", "set": "weights:0.2,0.8,cap:6"}
    assert from_address(to_address(values, "samples")) == (values, [])


def test_a_page_writes_its_own_controls_only(monkeypatch):
    monkeypatch.setitem(CONTROLS, "here", Control("here", "integer", 1, "One page's own.", pages=("samples",)))
    assert "here" in to_address({"here": 2}, "samples")
    assert "here" not in to_address({"here": 2}, "overview")


@pytest.mark.parametrize("value", [3.9812345678901234, 9.123456789012345, 1e-300, 0.1, 2_500_000.0])
def test_a_number_comes_back_whole(value):
    """An exit is within a budget that equals its cost: rounding it down would choose the one before."""
    assert parse(BUDGET, as_text(BUDGET, value)) == value


def test_a_name_may_hold_whatever_a_file_may():
    name = Control("sample", "name", "", "")
    for text in ("a\tb", "x" * 500, "<b>\N{NO-BREAK SPACE}"):
        assert parse(name, as_text(name, text)) == text
