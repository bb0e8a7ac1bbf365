"""The page of classes by AppTest: every kind of run, what its marks open, what its table offers and saves."""

import json
import re
import time

import numpy as np
import pandas as pd
import pytest

from analysis.reference.outside_text import plotly_text as plain_text
from analysis.results import difference_of, results_of
from analysis.results.classes import class_numbers, confusion
from analysis.selection import SampleTable, Selection
from analysis.storage import load_run, write_run
from app.views.classes.shown_classes import Shown, answered_in, falling_in
from tests.e2e.pages import address, figures, opened, title, words
from tests.e2e.runs import synthetic

FIGURES = {"class-falls", "class-pairs", "confusion"}


def shown(run="small", **more):
    app = opened("classes", run=run, predictor="pa", **({"poe": "1"} | more))
    assert not app.exception
    return app


def cells(figure: dict, trace: int) -> list[list]:
    """What every cell of a matrix says: [row, column, samples, class, answer, of]."""
    return [cell for row in figure["data"][trace]["customdata"] for cell in row if cell]


def table(app) -> pd.DataFrame:
    return app.dataframe[0].value


def test_a_full_run_shows_three_figures_and_a_row_for_every_class(small_run):
    app = shown()
    assert set(figures(app)) == FIGURES
    assert "Which classes get worse" in words(app)
    rows = table(app)
    assert rows["class"].tolist() == list(small_run.class_names)
    numbers = class_numbers(difference(small_run), 20)
    assert rows["samples"].tolist() == numbers.samples.tolist()
    assert rows["broken"].tolist() == numbers.broken.tolist()
    assert rows["PA falls"].tolist() == pytest.approx(numbers.falling_percent[1].tolist())
    assert rows["PA, last"].tolist() == pytest.approx((100 * numbers.right_share[1][:, -1]).tolist())


def difference(run):
    return difference_of(*(results_of(run, key) for key in ("baseline", "pa")))


@pytest.mark.parametrize("exit_", ["last", "any", "2"])
def test_what_the_marks_count_is_what_they_select(small_run, exit_):
    """By the very selections that a click opens: over both predictors, the diagonal included."""
    both, exits = difference(small_run), list(range(1, 8)) if exit_ == "any" else [7 if exit_ == "last" else int(exit_)]
    numbers, found = class_numbers(both, 20), confusion(both, None if exit_ == "any" else exits[0] - 1, 20)
    members = [[one] for one in range(20)]
    about = Shown(both, "classes", small_run.class_names, members, exits, "", numbers, found, None, None, None)
    samples = SampleTable(small_run)
    for side, key in enumerate(("baseline", "pa")):
        for group in range(20):
            assert falling_in(about, group, key).mask(samples).sum() == numbers.falling[side][group]
        for row, column in np.ndindex(found.matrix[side].shape):
            selection = answered_in(about, int(found.classes[row]), int(found.classes[column]), key)
            assert Selection.parse(selection.text) == selection
            assert selection.mask(samples).sum() == found.matrix[side][row, column]


@pytest.mark.parametrize("exit_", ["last", "any"])
def test_the_matrix_shows_where_selected_samples_lie(small_run, exit_):
    plain, some = (figures(shown(exit=exit_, **more))["confusion"] for more in ({}, {"true": "4"}))
    assert [len(figure["data"]) for figure in (plain, some)] == [2, 4]
    in_colour = [
        row for trace in some["data"][::2] for row, of in enumerate(trace["z"]) if any(v is not None for v in of)
    ]
    grey = [row for trace in some["data"][1::2] for row, of in enumerate(trace["z"]) if any(v is not None for v in of)]
    order = some["layout"]["yaxis"]["ticktext"]
    assert set(in_colour) == {order.index(plain_text(small_run.class_names[4]))}
    assert order.index(plain_text(small_run.class_names[4])) not in grey
    said = some["layout"]["title"]["subtitle"]["text"]
    assert said.endswith(
        f"In full colour where they lie: the {(small_run.labels[small_run.positions('test')] == 4).sum()} selected."
    )
    assert plain["data"][0]["zmax"] == some["data"][0]["zmax"]


def test_a_number_that_all_classes_share_is_said_once(runs, small_run, small_logits):
    write_run(runs / "even", logits=small_logits[:, :40], labels=np.arange(40) % 20)
    app = shown("even")
    assert "All 20 classes, 2 samples each, number by number" in words(app)
    assert json.loads(app.dataframe[0].proto.columns)["samples"]["hidden"]
    assert "samples each" not in words(shown())


def test_the_switch_changes_the_matrix_and_neither_its_order_nor_its_colours(small_run):
    off, on = (figures(shown(poe=poe))["confusion"] for poe in "01")
    assert off["data"] != on["data"]
    assert off["layout"]["yaxis"] == on["layout"]["yaxis"]
    assert off["data"][0]["zmax"] == on["data"][0]["zmax"]


def test_the_exit_is_in_the_address_and_what_does_not_exist_is_noted(small_run):
    assert address(shown(exit="2"))["exit"] == "2"
    first, last = (figures(shown(exit=one))["class-pairs"]["data"] for one in ("1", "last"))
    assert first != last
    app = shown(exit="9")
    assert "exit = '9' does not exist here" in words(app)
    assert "exit" not in address(app)


def test_a_row_offers_the_samples_that_its_numbers_count(small_run):
    app = shown()
    chosen = {"selection": {"rows": [3], "columns": [], "cells": []}}
    app.session_state[f"class-table:{small_run.fingerprint}:test:classes"] = chosen
    app.run()
    assert not app.exception
    numbers = class_numbers(difference(small_run), 20)
    labels = [button.label for button in app.button if re.match(r"[\d,]+ samples? ", button.label)]
    counts = [int(label.split()[0]) for label in labels]
    wrong = confusion(difference(small_run), 6, 20)
    expected = [numbers.samples[3], *(side[3] for side in numbers.falling), numbers.broken[3], numbers.fixed[3]]
    assert counts == [*expected, *([wrong.times[1][3]] if wrong.taken_for[1][3] >= 0 else [])]


def test_superclasses_are_offered_where_the_classes_are_cifar_100_s(runs, small_logits, small_labels):
    logits = np.concatenate([small_logits] * 5, axis=2)
    write_run(runs / "hundred", logits=logits, labels=small_labels, dataset="cifar100")
    app = shown("hundred", grouping="superclasses")
    rows = table(app)
    assert 0 < len(rows) <= 20
    assert "aquatic mammals" in rows["class"].tolist()
    assert len(figures(app)["confusion"]["layout"]["yaxis"]["ticktext"]) == 20
    assert len(figures(shown("hundred"))["confusion"]["layout"]["yaxis"]["ticktext"]) == 40
    assert "the 40 of 100 classes" in figures(shown("hundred"))["confusion"]["layout"]["title"]["subtitle"]["text"]


def test_without_labels_classes_are_final_predictions_and_nothing_asks_for_labels(unlabelled_run):
    app = shown("unlabelled")
    assert set(figures(app)) == FIGURES
    assert "final prediction" in words(app)
    assert not {"broken", "fixed"} & set(table(app).columns)
    assert (
        title(figures(shown("unlabelled", poe="0"))["confusion"]) == "Under the baseline, no class is taken for another"
    )


def test_an_empty_split_is_noted_and_another_stands_in(runs, small_logits, small_labels):
    samples = pd.DataFrame({"split": ["calibration"] * 400})
    write_run(runs / "fitted", logits=small_logits, labels=small_labels, samples=samples)
    app = shown("fitted", split="all", exit="2")
    assert table(app)["samples"].sum() == 400
    app = shown("fitted", split="test")
    assert not app.error
    assert table(app)["samples"].sum() == 400


def test_one_class_alone_is_never_taken_for_another(runs):
    write_run(runs / "alone", logits=np.ones((3, 5, 1), np.float32), labels=np.zeros(5, int))
    app = shown("alone")
    assert title(figures(app)["class-pairs"]) == "No class is taken for another"
    assert "confusion" not in figures(app)
    assert len(table(app)) == 1


@pytest.mark.parametrize("kind", ["probs_run", "imageless_run"])
def test_other_kinds_of_run_are_shown(request, kind):
    assert set(figures(shown(request.getfixturevalue(kind).id))) == FIGURES


def test_one_exit_has_pairs_and_no_falls(runs, small_logits, small_labels):
    write_run(runs / "one", logits=small_logits[:1], labels=small_labels)
    app = shown("one", exit="any")
    assert set(figures(app)) == FIGURES
    assert title(figures(app)["class-falls"]).startswith("No sample falls by more than 0.1")


def test_a_class_without_samples_has_no_row(runs, small_logits, small_labels):
    kept = small_labels != 3
    write_run(runs / "some", logits=small_logits[:, kept], labels=small_labels[kept])
    app = shown("some")
    assert len(table(app)) == 19
    assert "with samples" in figures(app)["class-falls"]["layout"]["title"]["subtitle"]["text"]


def test_a_thousand_classes_stay_fluid(runs):
    synthetic(runs, samples=4000, classes=1000, exits=3)
    shown("synthetic")  # computes the traces
    start = time.perf_counter()
    app = shown("synthetic", exit="any")
    assert time.perf_counter() - start < 10  # a hang, not a speed: machines are shared
    assert len(figures(app)["confusion"]["layout"]["yaxis"]["ticktext"]) == 40
    assert len(figures(app)["class-falls"]["data"][1]["customdata"]) == 20
    found = load_run(runs / "synthetic").samples["label"].nunique()
    assert len(table(app)) == found


def test_a_damaged_run_says_what_to_do(damaged_run):
    app = opened("classes", run="damaged")
    assert not app.exception
    assert any("analysis validate" in code.value for code in app.code)


def test_names_from_files_stay_text(runs, small_logits, small_labels):
    evil = '<img src=x onerror="alert(1)"> **b** $x$ %{y}'
    write_run(
        runs / "evil", logits=small_logits, labels=small_labels, class_names=[f"{i} {evil}" for i in range(20)],
        exit_names=[f"{i} {evil}" for i in range(7)],
    )  # fmt: skip
    app = shown("evil", exit="3")
    assert "<img src=x" not in str(figures(app))
    assert all("<img src=x" not in element.proto.body for element in app.get("html"))


def test_the_overview_s_classes_lead_here(small_run):
    app = opened(run="small")
    assert any(button.label == "See every class" for button in app.button)
