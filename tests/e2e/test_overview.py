"""The overview by AppTest: every kind of run, what the switch changes, and what stands beside the paper's numbers."""

import base64

import numpy as np
import pandas as pd
import pytest

from analysis.cli import main
from analysis.storage import write_run
from analysis.traces import load_traces
from tests.e2e.pages import figures, opened, title, words

FIGURES = {"trajectories", "shares", "exits", "classes", "price"}


def numbers(values: dict | list) -> np.ndarray:
    """The numbers of an axis, which plotly packs."""
    packed = isinstance(values, dict)
    return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"]) if packed else np.array(values, float)


@pytest.fixture
def full(small_run):
    return opened(run="small", predictor="pa", poe="0")


def test_a_full_run_shows_five_figures_and_says_what_the_correction_did(full):
    assert not full.exception
    assert set(figures(full)) == FIGURES
    assert "under product anytime (PA)" in words(full)
    assert "What PA costs" in words(full)
    assert "A small run" in words(full)


def test_the_headline_and_the_price_are_those_that_summarize_prints(full, capsys):
    assert main(["summarize", "small", "--predictor", "pa"]) == 0
    headline, price = capsys.readouterr().out.splitlines()[-2:]
    assert headline in words(full)
    assert price in words(full)


def test_the_switch_changes_every_figure_but_the_first_and_no_axis(full):
    off = figures(full)
    on = figures(opened(run="small", predictor="pa", poe="1"))
    assert off["trajectories"] == on["trajectories"]
    for name in FIGURES - {"trajectories"}:
        assert off[name]["data"] != on[name]["data"], name
        for axis in ("xaxis", "yaxis"):
            assert off[name]["layout"][axis].get("range") == on[name]["layout"][axis].get("range"), (name, axis)


def test_baseline_and_correction_stand_side_by_side_for_the_same_samples(full, small_run):
    figure = figures(full)["trajectories"]
    before, after = (trace for trace in figure["data"] if trace["name"] == "samples")
    assert [about[0] for about in before["customdata"]] == [about[0] for about in after["customdata"]]
    drawn = [int(about[0]) for about in before["customdata"][::8]]
    assert len(drawn) == 10
    falls = [load_traces(small_run, key, split="test").falls["true_class", "absolute"] for key in ("baseline", "pa")]
    counts = [int((fall.size[drawn] > 0.1).sum()) for fall in falls]
    assert f"{counts[0]} fall" in title(figure)
    assert f"{counts[1] or 'none'} under PA" in title(figure)
    means = [numbers(trace["y"]) for trace in figure["data"] if trace["name"].startswith("mean")]
    for mean, key in zip(means, ("baseline", "pa")):
        expected = load_traces(small_run, key, split="test").true_class_prob.mean(axis=1, dtype=np.float64)
        np.testing.assert_allclose(mean, expected)


@pytest.mark.parametrize(("panel", "poe"), [("baseline", False), ("pa", True)])
def test_a_click_opens_the_sample_with_the_switch_as_in_its_panel(monkeypatch, panel, poe):
    from app import state
    from app.views.overview.page import _open_sample

    chosen = {}
    monkeypatch.setattr(state, "set", chosen.__setitem__)
    monkeypatch.setattr(state, "open_page", lambda name: chosen.__setitem__("page", name))
    _open_sample({"curve": "samples", "customdata": ["17", "17", "fox", "2", "never falls", panel]})
    assert chosen == {"sample": "17", "poe": poe, "page": "samples"}
    chosen.clear()
    _open_sample({"curve": "mean, PA", "customdata": "3"})
    assert chosen == {}


def test_the_same_choice_draws_the_same_samples_and_another_draws_others(small_run):
    def ids(draw):
        lines = figures(opened(run="small", draw=draw))["trajectories"]["data"][0]
        return [about[0] for about in lines["customdata"][::8]]

    assert ids("0") == ids("0") != ids("1")
    assert len(ids("0")) == 10


def test_the_sample_that_is_followed_is_drawn_whatever_is_drawn_at_random(small_run):
    figure = figures(opened(run="small", sample="17", poe="1", draw="3"))["trajectories"]
    lines = [figure["data"][3], figure["data"][7]]
    for line, key in zip(lines, ("baseline", "pa")):
        assert {about[0] for about in line["customdata"] if about[0]} == {"17"}
        expected = load_traces(small_run, key, split="test").true_class_prob[:, 17]
        np.testing.assert_allclose(numbers(line["y"])[:7], expected)
    assert "sample 17, which is followed" in figure["layout"]["title"]["subtitle"]["text"]
    unfollowed = figures(opened(run="small", poe="1", draw="3"))["trajectories"]
    assert len(unfollowed["data"]) == len(figure["data"]) - 2


def test_the_published_numbers_stand_beside_a_network_of_the_paper(runs, small_logits, small_labels):
    write_run(runs / "paper", logits=small_logits, labels=small_labels, dataset="cifar100", model="msdnet")
    app = opened(run="paper", predictor="pa")
    assert "The paper: 49.1% of samples fall by more than 0.1" in words(app)
    names = [trace["name"] for trace in figures(app)["shares"]["data"]]
    assert "published, pa" in names


def test_they_do_not_stand_beside_other_images_than_the_papers(runs, small_logits, small_labels):
    samples = pd.DataFrame({"split": np.repeat(["test", "calibration"], [300, 100])})
    paper = {"dataset": "cifar100", "model": "msdnet"}
    write_run(runs / "paper", logits=small_logits, labels=small_labels, samples=samples, **paper)
    for split, beside in (("test", True), ("calibration", False), ("all", False)):
        app = opened(run="paper", predictor="pa", split=split)
        assert ("published, pa" in [trace["name"] for trace in figures(app)["shares"]["data"]]) == beside
        assert ("The paper:" in words(app)) == beside


def test_other_settings_have_no_published_number(runs, small_logits, small_labels):
    write_run(runs / "paper", logits=small_logits, labels=small_labels, dataset="cifar100", model="msdnet")
    app = opened(run="paper", predictor="pa", set="weights:uniform")
    assert "The paper:" not in words(app)
    assert "published, pa" not in [trace["name"] for trace in figures(app)["shares"]["data"]]


def test_without_labels_the_final_prediction_stands_in(unlabelled_run):
    app = opened(run="unlabelled")
    assert not app.exception
    assert set(figures(app)) == FIGURES
    assert "final prediction's probability" in words(app)
    assert figures(app)["trajectories"]["layout"]["yaxis"]["title"]["text"] == "probability of the final prediction"


def test_probabilities_only_are_shown_with_what_they_allow(probs_run):
    app = opened(run="probs", poe="1")
    assert not app.exception
    assert title(figures(app)["trajectories"]).endswith("under Softmax PoE")


def test_neither_images_nor_costs_are_needed(imageless_run):
    app = opened(run="imageless")
    assert not app.exception
    assert set(figures(app)) == FIGURES


def test_an_empty_split_says_so(imageless_run):
    app = opened(run="imageless", split="calibration")
    assert not app.exception
    assert not app.error


def test_a_damaged_run_says_what_to_do(damaged_run):
    app = opened(run="damaged")
    assert not app.exception
    assert not figures(app)
    assert any("analysis validate" in code.value for code in app.code)


def test_names_from_files_stay_text(full):
    rows = figures(full)["classes"]["layout"]["yaxis"]["ticktext"]
    assert all(row.startswith("class &lt;") for row in rows)
