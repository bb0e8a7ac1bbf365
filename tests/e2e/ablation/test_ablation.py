"""Ablation by AppTest: the nine cells with the paper's beside them, what a cell opens, runs that cannot feed all."""

import io

import numpy as np
import pandas as pd
import pytest

from analysis.reference.published import published_ablation
from analysis.results import results_of
from analysis.storage import write_run
from tests.e2e.pages import address, figures, opened, words
from tests.golden.screens import saved

CELLS = [f"{a}-{c}" for a in ("softmax", "relu", "heaviside") for c in ("none", "mixture", "product")]


@pytest.fixture
def paper_run(runs, small_logits, small_labels):
    """A run that says it is the paper's network."""
    return write_run(runs / "paper", logits=small_logits, labels=small_labels, dataset="cifar100", model="msdnet")


def shown(run="paper", **controls):
    app = opened("ablation", run=run, **({"predictor": "pa", "poe": "1"} | controls))
    assert not app.exception
    return app


def tables(app):
    return {name: pd.read_csv(io.StringIO(text), keep_default_na=False) for name, text in saved(app).items()}


def test_every_cell_holds_the_run_s_numbers_and_the_paper_s(paper_run):
    app = shown()
    assert set(figures(app)) == {"ablation-accuracy", "ablation-falls"}
    assert [b.key.removeprefix("open-") for b in app.button if b.key and b.key.startswith("open-")] == CELLS
    table = tables(app)["ablation-accuracy"]
    cell = table[(table["activation"] == "relu") & (table["combination"] == "product")]
    np.testing.assert_allclose(cell["percent"], 100 * results_of(paper_run, "pa").accuracy)
    np.testing.assert_allclose(
        cell["published"].astype(float), published_ablation("cifar100", "msdnet", 7)["relu", "product"].accuracy
    )
    mixture = table[(table["activation"] == "heaviside") & (table["combination"] == "mixture")]
    own = results_of(paper_run, "moe", {"activation": "heaviside"})
    np.testing.assert_allclose(mixture["percent"], 100 * own.accuracy)
    assert set(mixture["settings"]) == {"activation=heaviside fallback=softmax"}
    falls = tables(shown(of="final_prediction", size="relative"))["ablation-falls"]
    cell = falls[(falls["activation"] == "softmax") & (falls["combination"] == "product")]
    own = results_of(paper_run, "softmax-poe", {"combine": "mean"})
    np.testing.assert_allclose(cell["percent"], own.falling_percent(of="final_prediction", kind="relative"))
    assert "paper 75.6%" in words(app)


@pytest.mark.parametrize(
    ("cell", "predictor", "settings", "poe"),
    [
        ("softmax-none", "pa", "", "0"),
        ("relu-none", "exit-ensemble", "activation:relu,weights:latest", "1"),
        ("softmax-product", "softmax-poe", "combine:mean", "1"),
        ("relu-product", "pa", "", "1"),
        ("heaviside-mixture", "moe", "activation:heaviside", "1"),
    ],
)
def test_a_cell_opens_what_falls_under_it(paper_run, cell, predictor, settings, poe):
    app = shown(set="weights:uniform" if predictor != "pa" else "")
    app.button(key=f"open-{cell}").click().run()
    assert not app.exception
    held = address(app)
    assert (held["predictor"], held.get("set", ""), held["poe"]) == (predictor, settings, poe)


def test_other_networks_have_no_paper_beside_them(small_run):
    app = shown("small")
    assert "it has no numbers for what is shown here" in words(app)
    assert "· paper" not in words(app)
    assert set(tables(app)["ablation-accuracy"]["published"]) == {""}


def test_a_run_of_probabilities_shows_what_it_can(probs_run):
    app = shown("probs", predictor="softmax-poe")
    text = words(app)
    assert text.count("needs logits, but this run holds probabilities only") == 6
    assert set(tables(app)["ablation-accuracy"]["activation"]) == {"softmax"}


def test_runs_without_labels_or_samples_or_that_are_damaged_are_told_plainly(unlabelled_run, damaged_run, small_run):
    assert "no labels" in words(shown("unlabelled"))
    assert any("analysis validate" in code.value for code in opened("ablation", run="damaged").code)
