"""A figure's CSV says what its numbers are of."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.selection import Selection
from app.components.figure_table import by_exit, figure_table
from app.view import Selected, View


class Run:
    id, kind, n_exits, exit_names = "a-run", "logits", 2, ("first", "second")


@pytest.fixture
def view():
    return View((Run(),), "pa", {"weights": "uniform"}, True, "pa", {"weights": "uniform"}, "test", 0, True, None)


def test_each_row_names_run_split_predictor_and_all_its_settings(view):
    table = figure_table(view, pd.DataFrame({"predictor": ["baseline", "pa"], "percent": [1.0, 2.0]}))
    assert list(table.columns) == ["run", "split", "predictor", "settings", "percent"]
    assert table["run"].tolist() == ["a-run", "a-run"]
    assert table["split"].tolist() == ["test", "test"]
    assert table["settings"][0] != table["settings"][1]
    assert "weights=uniform" in table["settings"][1].split(" ")
    assert "fallback=softmax" in table["settings"][1].split(" ")


def test_numbers_over_the_selected_samples_alone_say_so(view):
    chosen = Selected(Selection.parse("label = 3"), np.array([True, False, True]), "of class three")
    some = figure_table(replace(view, selected=chosen, only=True), pd.DataFrame({"percent": [1.0]}))
    assert list(some.columns) == ["run", "split", "selected", "percent"]
    assert some["selected"].tolist() == ["2 samples of class three"]
    beside = figure_table(replace(view, selected=chosen), pd.DataFrame({"percent": [1.0]}))
    assert "selected" not in beside  # they stand out, and numbers are over all


def test_the_settings_are_the_defaults_where_those_were_drawn(view):
    table = figure_table(view, pd.DataFrame({"percent": [1.0]}), predictor="pa", defaults=True)
    assert "weights=uniform" not in table["settings"][0]
    assert table["predictor"].tolist() == ["pa"]


def test_what_is_over_no_split_and_of_no_predictor_names_the_run_alone(view):
    table = figure_table(view, pd.DataFrame({"epoch": [1, 2]}), split=False)
    assert list(table.columns) == ["run", "epoch"]


def test_an_empty_table_keeps_its_columns(view):
    assert list(figure_table(view, pd.DataFrame({"epoch": []})).columns) == ["run", "split", "epoch"]


def test_rows_of_exits_have_the_number_and_the_name():
    table = by_exit(("first", "second"), {"prob": np.array([0.5, 0.25])}, sample_id="7")
    assert table.to_dict("list") == {
        "sample_id": ["7", "7"], "exit": [1, 2], "exit_name": ["first", "second"], "prob": [0.5, 0.25]
    }  # fmt: skip


def test_exits_that_did_not_run_have_no_row():
    assert by_exit(("first", "second"), {"prob": np.array([0.5])})["exit_name"].tolist() == ["first"]
