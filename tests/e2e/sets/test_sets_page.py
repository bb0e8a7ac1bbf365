"""Uncertainty sets by AppTest: numbers of the library, what each mark opens on any page, every kind of run."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.results import sets_of
from analysis.results.from_logits import kept
from analysis.results.from_logits.uncertainty_sets import GROWTHS
from analysis.selection import SampleTable
from analysis.selection.marks import in_steps, set_missed, sets_grown, sets_lost
from analysis.sets.sizes import SIZE_BINS
from analysis.storage import write_run
from app.components.fitting import passes
from app.views.sets import page as sets_page
from tests.e2e.calibration.test_calibration_page import numbers
from tests.e2e.pages import address, figures, opened, title, words

FIGURES = {"set-coverage", "set-sizes", "sets-by-size", "set-growth"}
METHODS = ("raps", "aps", "lac", "nested")


def shown(run="small", **more):
    app = opened("sets", **({"run": run, "predictor": "pa", "poe": "1"} | more))
    assert not app.exception, [error.value for error in app.exception]
    return app


def trace(app, figure: str, name: str) -> dict:
    return next(trace for trace in figures(app)[figure]["data"] if trace["name"] == name)


@pytest.mark.parametrize("method", METHODS)
def test_the_numbers_are_the_library_s(small_run, method):
    app = shown(sets=method, sets_set="alpha:0.1", fit_seed="3")
    found = sets_of(small_run, method, {"alpha": 0.1}, "pa", seed=3)
    name = "each set" if method == "nested" else "PA"
    np.testing.assert_allclose(numbers(trace(app, "set-coverage", name)["y"]), 100 * found.coverage)
    np.testing.assert_allclose(numbers(trace(app, "set-sizes", name)["y"]), found.mean_size)
    bars = trace(app, "set-growth", "Nested sets" if method == "nested" else "PA")
    np.testing.assert_allclose(numbers(bars["y"]), found.grows_percent)
    cells = figures(app)["sets-by-size"]["data"][0]["customdata"]
    assert [[cell[2] for cell in row] for row in cells] == found.by_size.samples.T.tolist()
    assert "Of 90.0% asked" in title(figures(app)["set-coverage"])
    assert set(figures(app)) == FIGURES | ({"set-consistency"} if method == "nested" else set())
    if method == "nested":
        np.testing.assert_allclose(numbers(trace(app, "set-coverage", "all so far")["y"]),
                                   100 * found.sequence_coverage)  # fmt: skip
        np.testing.assert_allclose(numbers(trace(app, "set-consistency", "consistency")["y"]), found.consistency)
        assert "measured, not promised" in words(app)
    else:
        band = numbers(trace(app, "set-coverage", "by chance alone")["y"])
        assert sorted({*band}) == pytest.approx([100 * end for end in found.chance])
        said = figures(app)["set-coverage"]["layout"]["title"]["subtitle"]["text"]
        assert "Band: chance alone, 95%; more where sets that would be empty" in said


def test_no_band_of_chance_stands_where_it_would_say_nothing(imageless_run):
    fitted_on_test = shown(run="imageless", sets="lac", fit="test")
    assert "by chance alone" not in [one["name"] for one in figures(fitted_on_test)["set-coverage"]["data"]]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("aside", [None, "random:0.25"])
def test_what_the_marks_count_is_what_they_select(small_run, method, aside):
    found = {key: sets_of(small_run, method, {"alpha": 0.2}, key, calibration=aside, seed=2) for key in
             ("baseline", "pa")}  # fmt: skip
    table = SampleTable(small_run, sets=found.__getitem__)
    for key, one in found.items():
        for exit_ in range(1, 8):
            assert set_missed(exit_, key).mask(table).sum() == (~one.covered[exit_ - 1]).sum()
            for (low, high), count in zip(SIZE_BINS.values(), one.by_size.samples[exit_ - 1]):
                assert in_steps(f"set_size_{exit_}", key, low, high).mask(table).sum() == count
        for k, percent in zip(GROWTHS, one.grows_percent):
            assert sets_grown("set_growth", key, k).mask(table).sum() == round(percent * len(one.positions) / 100)
        if method == "nested":
            assert set_missed(7, key, running=True).mask(table).sum() == (~one.running_covered[-1]).sum()
            assert sets_lost(7, key).mask(table).sum() == (one.running_sizes[-1] < one.sizes[-1]).sum()
        else:
            with pytest.raises(ValueError, match="have no running intersection"):
                sets_lost(7, key).mask(table)


def test_a_query_names_sets_on_every_page_with_the_settings_of_the_address(small_run):
    found = sets_of(small_run, "lac", {"alpha": 0.2}, "pa")
    missed = int((~found.covered[-1]).sum())
    for page in ("samples", "overview"):
        app = opened(page, run="small", predictor="pa", poe="1", sets="lac", sets_set="alpha:0.2",
                     brush="pa.set_covered_7 = 0")  # fmt: skip
        assert f"{missed} of 300 test samples" in words(app)
        assert address(app)["sets_set"] == "alpha:0.2"


def test_what_a_query_cannot_know_is_said(small_run, unlabelled_run):
    app = opened("samples", run="unlabelled", predictor="pa", poe="1", brush="set_size > 3")
    assert "none of the samples to fit on has a label" in words(app)
    table = SampleTable(small_run)
    assert "set_size_2" not in table
    assert "only the app knows" in table.why_not("set_size_2")
    with_sets = SampleTable(small_run, sets=lambda key: None)
    assert "set_size_7" in with_sets
    assert "set_size_8" not in with_sets
    assert "exits 1 to 7" in with_sets.why_not("set_size_8")
    assert "no predictor" in with_sets.why_not("who.set_size_2")


def test_samples_that_are_not_measured_or_not_labelled_have_no_value(runs, small_logits, small_labels):
    some = write_run(runs / "some", logits=small_logits, labels=np.where(np.arange(400) % 4, small_labels, np.nan))
    found = sets_of(some, "nested", {"b": 0.5})
    table = SampleTable(some, sets=lambda key: found)
    assert table["set_covered_3"].isna().tolist() == [not place % 4 for place in range(400)]
    assert table["set_size_3"].tolist() == found.sizes[2].tolist()
    aside = sets_of(some, "lac", calibration="0:100")
    table = SampleTable(some, sets=lambda key: aside)
    assert table["set_size"].isna().tolist() == [True] * 100 + [False] * 300


def test_marks_select_and_what_the_browser_makes_up_is_dropped(small_run, monkeypatch):
    selected = []
    monkeypatch.setattr(sets_page, "select", lambda which, figure: selected.append((which.text, figure)))
    found = {"baseline": sets_of(small_run, "nested")}
    view = SimpleNamespace(run=small_run, shown="pa")
    shown_sets = sets_page.Shown(view, SimpleNamespace(method="nested", fits=False), found)
    sets_page._open_missed(shown_sets, {"customdata": [2, "2", "baseline", ""]})
    sets_page._open_missed(shown_sets, {"customdata": [3, "3", "running", ""]})
    sets_page._open_larger(shown_sets, {"customdata": [7, "7", "running", ""]})
    sets_page._open_size(shown_sets, "baseline", {"row": 2, "column": 0})
    sets_page._open_growth(shown_sets, {"customdata": [1, "", "baseline", 3]})
    sets_page._open_inconsistent(shown_sets, {"customdata": [7, "7", "baseline", ""]})
    median = np.median(found["baseline"].running_sizes[-1])
    assert selected == [
        ("baseline.set_covered_2 = 0", "set-coverage"),
        ("baseline.running_covered_3 = 0", "set-coverage"),
        (f"baseline.running_size_7 > {median:g}", "set-sizes"),
        ("2 <= baseline.set_size_1 <= 5", "sets-by-size"),
        ("baseline.set_growth > 1", "set-growth"),
        ("baseline.running_size_7 < baseline.set_size_7", "set-consistency"),
    ]
    for told in (None, [0, "", "baseline", ""], [8, "", "baseline", ""], [1, "", "who", ""], [1, "", ["x"], ""]):
        sets_page._open_missed(shown_sets, {"customdata": told})
        sets_page._open_larger(shown_sets, {"customdata": told})
    for row, column in ((9, 0), (0, 9), (None, 1), ("0", 0), (-1, 0)):
        sets_page._open_size(shown_sets, "baseline", {"row": row, "column": column})
    for told in ([9, "", "baseline", 1], [0, "", "who", 1], [-1, "", "baseline", 1], None):
        sets_page._open_growth(shown_sets, {"customdata": told})
    assert len(selected) == 6


def test_without_a_calibration_split_a_seeded_share_is_set_aside_and_said(imageless_run):
    app = shown("imageless")
    assert "Fitted on 80 samples of imageless (random:0.2, seed 0)." in words(app)
    assert "The run has no calibration split." in words(app)
    assert len([badge for badge in shown("imageless", fit="test").markdown if "fitted on test" in badge.value]) == 1
    same, apart = (
        [one["layout"]["title"]["subtitle"]["text"] for one in figures(shown("imageless", **more)).values()]
        for more in ({"fit": "test"}, {})
    )
    assert all("400 test samples, THE SAME AS FITTED ON" in text for text in same)  # a picture leaves the badge behind
    assert not any("THE SAME" in text for text in apart)
    assert len(sets_of(imageless_run, "nested").positions) == 400
    assert "are set aside to fit on" not in words(shown("imageless", sets="nested"))


def test_coverage_is_said_to_be_over_the_labelled_samples(runs, small_logits, small_labels):
    splits = pd.DataFrame({"split": ["test"] * 300 + ["calibration"] * 100})
    labels = [*[None] * 120, *small_labels[120:].tolist()]
    write_run(runs / "partly", logits=small_logits, labels=labels, samples=splits)
    over = {name: one["layout"]["title"]["subtitle"]["text"] for name, one in figures(shown("partly")).items()}
    assert all("180 test samples" in over[name] for name in ("set-coverage", "sets-by-size"))
    assert all("300 test samples" in over[name] for name in ("set-sizes", "set-growth"))


def test_every_other_kind_of_run(probs_run, unlabelled_run, damaged_run, runs, small_logits, small_labels):
    assert set(figures(shown("probs"))) == FIGURES
    assert "they are made of logits" in words(shown("probs", sets="nested"))
    assert "none of the samples to fit on has a label" in words(shown("unlabelled"))
    app = shown("unlabelled", sets="nested")
    assert "Without labels nobody knows" in title(figures(app)["set-coverage"])
    write_run(runs / "one", logits=small_logits[-1:], labels=small_labels)
    assert set(figures(shown("one"))) == FIGURES
    assert any("analysis validate" in code.value for code in shown("damaged").code)


def test_a_setting_that_is_none_is_left_out_and_said(small_run):
    app = shown(sets_set="alpha:7,k_reg:2")
    assert "is not used" in words(app)
    assert address(app)["sets_set"] == "k_reg:2"


def test_a_large_run_waits_for_a_click_and_shows_what_the_command_left(small_run, monkeypatch, tmp_path):
    monkeypatch.setattr(passes, "AT_ONCE", 0)
    monkeypatch.setattr(kept, "WORTH_KEEPING", 0.0)
    monkeypatch.setenv("EXITLENS_CACHE", str(tmp_path / "cache"))
    app = shown(sets="aps", sets_set="alpha:0.1")
    assert "Make APS sets of PA" in {button.label for button in app.button}
    assert not figures(app)
    asked = opened("samples", run="small", predictor="pa", poe="1", sets="aps", sets_set="alpha:0.1",
                   brush="set_size > 3")  # fmt: skip
    assert "open the page Uncertainty sets first" in words(asked)
    from analysis.cli import main

    for key in ("baseline", "pa"):
        argv = ["sets", str(small_run.path), "--method", "aps", "--set", "alpha=0.1", "--predictor", key]
        assert main(argv) == 0
    app.run()
    assert set(figures(app)) == FIGURES
