"""The table of controls: what stands in the address, what comes back from it, and what hostile addresses do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.settings import Setting, as_text, parse
from app import state
from app.control_table import CONTROLS, Control
from app.state import from_address, to_address

NUMBER = Setting("n", "number", 0.5, "", low=0, high=1)


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
def test_every_default_survives_the_address(control):
    assert parse(control, as_text(control, control.default)) == control.default


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
def test_every_control_is_described_and_stands_on_a_page(control):
    assert control.description.endswith(".")
    assert set(control.pages) <= set(state.EVERY_PAGE)
    assert control.pages


@given(st.floats(0, 1))
def test_a_value_that_was_once_written_comes_back_exactly(value):
    once = state.checked(NUMBER, value)
    assert state.checked(NUMBER, once) == once


@given(st.dictionaries(st.sampled_from([*CONTROLS, "embed", "x"]), st.text(max_size=50)))
def test_no_address_whatever_raises(address):
    values, notes = from_address(address)
    assert set(values) <= set(CONTROLS)
    assert len(notes) == len(set(address) & set(CONTROLS)) - len(values)


def test_a_refused_value_leaves_a_line_that_names_it():
    values, notes = from_address({"poe": "yes", "predictor": "moe", "drawn": "4.5", "split": "train"})
    assert values == {"predictor": "moe"}
    assert notes == [
        "poe = 'yes' must be 0 or 1: showing the default instead.",
        "drawn = '4.5' must be a whole number from 5 to 120: showing the default instead.",
        "split = 'train' must be test, calibration or all: showing the default instead.",
    ]


def test_a_value_set_by_the_code_is_checked_as_one_of_the_address():
    with pytest.raises(ValueError, match="control drawn is '121': give a whole number from 5 to 120"):
        state.checked(CONTROLS["drawn"], 121)


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
