"""What a page is given: runs, and the results of predictors on them, made once."""

import pytest
import streamlit as st

from analysis.storage import write_run
from app import cache
from app.view import View


@pytest.fixture
def view(runs, small_logits, small_labels):
    st.cache_resource.clear()
    one = write_run(runs / "one", logits=small_logits, labels=small_labels)
    two = write_run(runs / "two", logits=small_logits[:, ::-1], labels=small_labels[::-1])
    return View((one, two), "pa", {"weights": "uniform"}, True, "pa", {"weights": "uniform"}, "test", 0, True, None)


def test_the_first_run_is_the_chosen_one(view):
    assert view.run is view.runs[0]
    assert view.results("pa").run.id == "one"


def test_results_are_of_any_run_that_is_opened(view):
    other = view.results("pa", view.runs[1])
    assert (other.run.id, other.settings["weights"]) == ("two", "uniform")
    assert other.accuracy[-1] == view.results("pa").accuracy[-1]  # the same samples in another order


def test_only_the_chosen_predictor_has_the_settings_on_screen(view):
    assert view.results("pa").settings["weights"] == "uniform"
    assert view.results("baseline").settings["temperature"] == 1


def test_results_and_differences_are_made_once(view):
    found = view.difference()
    assert found.pair == (view.results("baseline"), view.results("pa"))
    assert view.difference() is found
    assert view.traces("pa") is view.results("pa").traces
    assert cache.difference(view.results("pa"), view.results("baseline")) is not found
