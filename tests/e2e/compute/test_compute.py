"""Accuracy against compute by AppTest: what a budget buys, in every unit and for every kind of run."""

import re

import pytest

from tests.e2e.pages import address, figures, opened, title, words

FIGURES = {"compute", "answers"}


@pytest.fixture
def full(small_run):
    return opened("compute", run="small", predictor="pa", poe="1", budget="3500000")


def test_a_budget_says_which_exit_answers_and_what_it_gives_up(full):
    assert not full.exception
    assert set(figures(full)) == FIGURES
    assert title(figures(full)["compute"]).startswith(
        "PA with 3.5 M MACs (50.0% of the network): exit 3 answers, accuracy"
    )
    assert title(figures(full)["answers"]).startswith("Exit 3 gets ")
    assert "PA adds 60 to 80 operations per exit, at most " in words(full)
    assert address(full)["budget"] == "3500000"


def test_without_a_budget_the_middle_exit_answers_and_the_address_stays_short(small_run):
    app = opened("compute", run="small")
    assert "exit 4 answers" in title(figures(app)["compute"])
    assert "budget" not in address(app)


def test_a_budget_is_typed(full):
    full.text_input(key="control:budget").set_value("7M").run()
    assert "exit 7 answers" in title(figures(full)["compute"])
    assert address(full)["budget"] == "7000000"
    full.text_input(key="control:budget").set_value("50%").run()
    assert address(full)["budget"] == "3500000"
    full.text_input(key="control:budget").set_value("half").run()
    assert address(full)["budget"] == "3500000"
    assert any("give a number" in info.value and "half" in info.value for info in full.info)


def test_a_budget_outside_the_network_is_moved_into_it_and_said(small_run):
    app = opened("compute", run="small", budget="99")
    assert "exit 1 answers" in title(figures(app)["compute"])
    assert address(app)["budget"] == "1000000"
    assert "budget = '99' must be at least 1M and at most 7M: showing 1M, the nearest, instead." in words(app)
    app.text_input(key="control:budget").set_value("80M").run()
    assert address(app)["budget"] == "7000000"
    assert "budget = '80M' must be at least 1M and at most 7M: showing 7M, the nearest, instead." in words(app)


def test_another_unit_keeps_the_place_of_the_budget(full):
    full.selectbox(key="control:unit").set_value("params").run()
    assert "3.5 k params" in title(figures(full)["compute"])
    assert address(full)["budget"] == "3500"


def test_the_lost_samples_open_in_the_gallery(full):
    button = next(b for b in full.button if "a deeper exit has right" in b.label)
    count = int(button.label.split()[2].replace(",", ""))
    assert f"Exit 3 gets {count:,} samples wrong" in title(figures(full)["answers"])
    button.click().run()
    assert address(full)["brush"] == "not correct_3 and (correct_4 or correct_5 or correct_6 or correct_7)"


def test_predictors_beside_are_drawn_once_and_in_the_address(full):
    app = opened("compute", run="small", predictor="pa", poe="1", beside="ca,moe,pa")
    assert not app.exception
    assert [trace["name"] for trace in figures(app)["compute"]["data"][:4]] == ["Baseline", "CA", "MoE", "PA"]
    assert address(app)["beside"] == "ca,moe"


def test_a_run_without_costs_counts_exits_and_says_so(imageless_run):
    app = opened("compute", run="imageless", poe="1")
    assert not app.exception
    assert "states no costs" in words(app)
    assert figures(app)["compute"]["layout"]["xaxis"]["title"]["text"] == "exit (this run states no costs)"
    assert re.search(r"PA adds \d+ to \d+ operations per exit and keeps", words(app))


def test_a_run_without_labels_counts_final_answers(unlabelled_run):
    app = opened("compute", run="unlabelled")
    assert not app.exception
    assert "share of answers that are final" in title(figures(app)["compute"])
    assert not any("deeper exit" in b.label for b in app.button)


def test_probabilities_only(probs_run):
    app = opened("compute", run="probs", poe="1")
    assert not app.exception
    assert set(figures(app)) == FIGURES


def test_an_empty_split_says_so(imageless_run):
    app = opened("compute", run="imageless", split="calibration")
    assert not app.exception
    assert not app.error


def test_a_damaged_run_says_what_to_do(damaged_run):
    app = opened("compute", run="damaged")
    assert not app.exception
    assert any("analysis validate" in code.value for code in app.code)


def test_published_values_are_open_markers_and_can_be_switched_off(runs, small_logits, small_labels):
    from analysis.storage import write_run

    write_run(runs / "paper", logits=small_logits, labels=small_labels, dataset="cifar100", model="msdnet")
    app = opened("compute", run="paper", poe="1")
    assert [t["name"] for t in figures(app)["compute"]["data"] if t["name"].startswith("published")] == [
        "published, Baseline",
        "published, PA",
    ]
    app.toggle(key="control:published").set_value(False).run()
    assert not [t for t in figures(app)["compute"]["data"] if t["name"].startswith("published")]
