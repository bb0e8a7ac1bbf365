"""Calibration by AppTest: every kind of run, numbers against the library, what each mark opens, on which samples."""

import base64
import dataclasses
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.predictors import find_predictor
from analysis.results import calibration_of, results_of
from analysis.results.fitting import choose_samples, results_at
from analysis.results.from_logits import kept
from analysis.results.savings import Confidences, saving_of
from analysis.selection import SampleTable
from analysis.selection.marks import answered_as, confident, less_confident, stops_early
from analysis.storage import write_run
from app.components.fitting import passes
from app.views.calibration import calibrated
from app.views.calibration import page as calibration_page
from app.views.calibration import saving as calibration_saving
from app.views.calibration.calibrated import Calibrated
from tests.e2e.pages import address, figures, opened, title, words

FIGURES = {"reliability", "ece-over-exits", "temperatures", "failure-prediction", "deferral", "saving"}


def shown(run="small", **more):
    app = opened("calibration", **({"run": run, "predictor": "pa", "poe": "1"} | more))
    assert not app.exception, [error.value for error in app.exception]
    return app


def numbers(packed) -> np.ndarray:
    """A trace's values, packed by plotly or plain."""
    if isinstance(packed, dict):
        return np.frombuffer(base64.b64decode(packed["bdata"]), packed["dtype"])
    return np.array([np.nan if value is None else value for value in packed], float)


def subtitle(app, figure: str) -> str:
    return figures(app)[figure]["layout"]["title"]["subtitle"]["text"]


def line(app, figure: str, name: str) -> np.ndarray:
    return numbers(next(trace for trace in figures(app)[figure]["data"] if trace["name"] == name)["y"])


def test_a_full_run_shows_the_numbers_of_the_library(small_run):
    app = shown()
    assert "exit 7" in words(app)  # heads a column of the table
    assert set(figures(app)) == FIGURES
    for name, key in (("Baseline", "baseline"), ("PA", "pa")):
        found = calibration_of(small_run, key)
        np.testing.assert_allclose(line(app, "ece-over-exits", name), found.measured.ece)
        np.testing.assert_allclose(line(app, "ece-over-exits", f"{name} tempered"), found.ece_at_temperature)
        np.testing.assert_allclose(line(app, "temperatures", name), found.temperatures.values)
        np.testing.assert_allclose(line(app, "failure-prediction", name), found.measured.failure_auroc)
        mended = line(app, "failure-prediction", f"{name}, mended later")
        np.testing.assert_allclose(mended, found.measured.improvable_auroc)
    assert "fitted on 100 samples" in words(app)
    assert "badge" not in words(app)
    said = words(app)
    for quantity in ("ECE, equal mass", "reliability of confidence", "AURC", "temperature", "and 0.5% deferred"):
        assert quantity in said


def about(run, keys=("baseline", "pa"), choice=None):
    """What the page's marks are asked about, without a page."""
    choice = choice or choose_samples(run)
    view = SimpleNamespace(run=run, has_labels=True, split="test")
    return Calibrated(view, ("calibration",), choice, keys)


@pytest.mark.parametrize("aside", ["", "random:0.2"])
def test_what_the_marks_count_is_what_they_select(small_run, aside):
    """By the very marks that the page draws, on the samples that it measures."""
    from app.components.fitting.samples import of_measured

    app = shown(**({"fit": aside, "fit_seed": "5"} if aside else {}))
    choice = choose_samples(small_run, calibration=aside or None, seed=5 if aside else 0)
    table, ours = SampleTable(small_run), about(small_run, choice=choice)

    def count(selection) -> int:
        return int(of_measured(ours.view, choice, selection).mask(table).sum())

    drawn = figures(app)
    bins = [told for trace in drawn["reliability"]["data"] for told in trace.get("customdata") or ()]
    assert len(bins) > 50
    assert sum(told[3] for told in bins) == 14 * len(choice.measured)
    for exit_, place, key, samples, *_ in bins:
        assert count(confident(exit_, place, key)) == samples
    for trace in drawn["deferral"]["data"]:
        key = trace["customdata"][0][1]
        traces = results_at(small_run, key, None, choice.measured).traces
        from analysis.metrics.failure_prediction import deferral_curve

        thresholds = deferral_curve(traces.max_prob[-1], traces.correct[-1]).thresholds
        for place, _, deferred in trace["customdata"]:
            assert count(less_confident(7, float(thresholds[place]), key)) == deferred
    wrong = results_at(small_run, "pa", None, choice.measured).traces.correct[2]
    assert count(answered_as(3, "pa", right=False)) == (~wrong).sum()


def test_what_is_saved_is_fitted_on_the_calibration_split(small_run):
    app = shown(beside="ca", give="5")
    points = {trace["name"]: trace for trace in figures(app)["saving"]["data"] if trace.get("mode") == "markers"}
    assert set(points) == {"Baseline", "CA", "Baseline tempered"}
    assert "No threshold reaches it with PA, PA tempered." in words(app)
    fitted, measured = (results_of(small_run, "baseline", split=split) for split in ("calibration", "test"))
    sides = [Confidences(of.traces.max_prob, of.traces.correct) for of in (fitted, measured)]
    costs = small_run.cost()[1]
    found = saving_of(*sides, costs, float(fitted.accuracy[-1]) - 0.05)
    assert numbers(points["Baseline"]["y"])[0] == pytest.approx(100 * found.saved)
    assert numbers(points["Baseline"]["x"])[0] == pytest.approx(found.measures["ece"])
    tempered = calibration_of(small_run, "baseline")
    sides = [Confidences(tempered.fitted_confidence, fitted.traces.correct),
             Confidences(tempered.confidence, measured.traces.correct)]  # fmt: skip
    expected = saving_of(*sides, costs, float(fitted.accuracy[-1]) - 0.05)
    assert numbers(points["Baseline tempered"]["y"])[0] == pytest.approx(100 * expected.saved)
    assert "simulated from counted costs" in words(app)
    stops = (measured.traces.max_prob[:-1] > found.threshold).any(axis=0).sum()
    assert stops_early(found.threshold, 7, "baseline").mask(SampleTable(small_run)).sum() == stops
    assert "AUROC" in figures(shown(good="improvable"))["saving"]["layout"]["xaxis"]["title"]["text"]


def test_without_a_calibration_split_a_seeded_share_is_set_aside_and_said(imageless_run):
    app = shown("imageless")
    assert "fitted on 80 samples, as this run has no calibration split" in words(app)
    assert "80 samples of the split (drawn by seed 0) are set aside to fit on and left out of every curve" in words(app)
    other = shown("imageless", fit_seed="3")
    assert figures(other)["reliability"]["data"] != figures(app)["reliability"]["data"]
    assert "exits are counted" in words(app)


def test_what_is_fitted_on_what_is_reported_carries_the_badge(imageless_run):
    app = shown("imageless", fit="test")
    assert [badge for badge in app.markdown if "fitted on test" in badge.value]
    apart = shown("imageless")
    assert not [badge for badge in apart.markdown if "fitted on test" in badge.value]
    for name in ("ece-over-exits", "saving"):  # a picture leaves the badge behind
        assert "THE SAME AS FITTED ON" in subtitle(app, name)
        assert "THE SAME" not in subtitle(apart, name)
    assert "THE SAME" not in subtitle(app, "reliability")  # where nothing is fitted


def test_only_samples_with_a_label_are_said_to_be_fitted_on(runs, small_logits, small_labels):
    splits = pd.DataFrame({"split": ["test"] * 300 + ["calibration"] * 100})
    labels = [*small_labels[:360].tolist(), *[None] * 40]
    write_run(runs / "partly", logits=small_logits, labels=labels, samples=splits)
    assert "are fitted on 60 samples with a label, of 100." in words(shown("partly"))


def test_marks_select_and_what_the_browser_makes_up_is_dropped(small_run, monkeypatch):
    selected = []
    monkeypatch.setattr(Calibrated, "select", lambda self, which, figure: selected.append((which.text, figure)))
    ours = about(small_run)
    calibration_page._open_bin(ours, {"customdata": [2, 14, "pa", 3, 0.9, 1.0]})
    calibration_page._open_wrong(ours, "temperatures", {"customdata": [2, "2", "baseline", ""]})
    calibration_page._open_deferred(ours, {"pa": np.array([0.25, 0.5]), "baseline": np.array([0.1])},
                                    {"customdata": [1, "pa", 3]})  # fmt: skip
    calibration_saving._open(ours, {"pa": 0.5}, {"customdata": ["pa", 0, ""]})
    assert selected == [
        ("pa.confidence_2 >= 0.9333333373069763", "reliability"),
        ("not baseline.correct_2", "temperatures"),
        ("pa.confidence_7 < 0.5", "deferral"),
        (" or ".join(f"pa.confidence_{m} > 0.5" for m in range(1, 7)), "saving"),
    ]
    for told in (None, [], [9, 1, "pa", 1, 0, 1], [1, 99, "pa", 1, 0, 1], [1, 1, "who", 1, 0, 1],
                 [1, 1, ["pa"], 1, 0, 1]):  # fmt: skip
        calibration_page._open_bin(ours, {"customdata": told})
    for told in ([9, "", "pa", ""], [1, "", "who", ""], "x", [True]):
        calibration_page._open_wrong(ours, "x", {"customdata": told})
    for told in ([5, "pa", 1], [0, "who", 1], [-1, "pa", 1], None):
        calibration_page._open_deferred(ours, {"pa": np.array([0.5])}, {"customdata": told})
    for told in (["pa", 1, ""], ["who", 0, ""], None, [["pa"], 0, ""]):
        calibration_saving._open(ours, {"pa": 0.5}, {"customdata": told})
    assert len(selected) == 4


def test_many_exits_are_thinned_and_may_be_paged(runs, small_logits, small_labels):
    logits = np.concatenate([small_logits] * 3)[:20]
    write_run(runs / "deep", logits=logits, labels=small_labels)
    panels = [note["text"] for note in figures(shown("deep"))["reliability"]["layout"]["annotations"]]
    assert {"exit 1", "exit 20"} <= set(panels)
    assert len([text for text in panels if text.startswith("exit")]) == 8
    later = [note["text"] for note in figures(shown("deep", first="10"))["reliability"]["layout"]["annotations"]]
    assert {"exit 10", "exit 17"} <= set(later)
    assert "exit 9" not in later


@pytest.mark.parametrize(("run", "said"), [("unlabelled", "this run has no labels"), ("one", "one exit")])
def test_what_a_run_does_not_have_is_said(runs, small_logits, small_labels, unlabelled_run, run, said):
    write_run(runs / "one", logits=small_logits[-1:], labels=small_labels)
    assert said in words(shown(run))


def test_every_other_kind_of_run(probs_run, imageless_run, damaged_run):
    assert set(figures(shown("probs"))) == FIGURES
    assert not shown("imageless", split="calibration").error
    assert any("analysis validate" in code.value for code in shown("damaged").code)


def test_unlabelled_samples_are_in_no_mark(runs, small_logits, small_labels):
    some = write_run(runs / "some", logits=small_logits, labels=np.where(np.arange(400) % 4, small_labels, np.nan))
    app, table = shown("some", fit="test"), SampleTable(some)
    choice = choose_samples(some, allow_test_fitting=True)
    ours = about(some, choice=choice)
    from app.components.fitting.samples import of_measured

    told = [told for trace in figures(app)["reliability"]["data"] for told in trace.get("customdata") or ()]
    assert sum(one[3] for one in told) == 14 * 300
    for exit_, place, key, samples, *_ in told[:20]:
        assert of_measured(ours.view, choice, confident(exit_, place, key)).mask(table).sum() == samples


def test_a_large_run_waits_for_a_click_and_shows_what_the_command_left(small_run, monkeypatch, tmp_path):
    monkeypatch.setattr(passes, "AT_ONCE", 0)
    monkeypatch.setattr(kept, "WORTH_KEEPING", 0.0)
    monkeypatch.setenv("EXITLENS_CACHE", str(tmp_path / "cache"))
    app = shown()
    assert {"Calibrate Baseline", "Calibrate PA"} <= {button.label for button in app.button}
    assert set(figures(app)) == FIGURES - {"temperatures"}
    from analysis.cli import main

    for key in ("baseline", "pa"):
        assert main(["calibration", str(small_run.path), "--predictor", key, "--format", "json"]) == 0
    app.run()
    assert set(figures(app)) == FIGURES
    assert not {button.label for button in app.button} & {"Calibrate Baseline", "Calibrate PA"}


def test_the_command_that_is_started_is_what_is_on_screen(small_run):
    view = SimpleNamespace(run=small_run, split="all", settings_of=lambda key: {"weights": "uniform", "cap": 6.0})
    choice = choose_samples(small_run, "all", calibration="random:0.2")
    app = SimpleNamespace(get=lambda name: 4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passes, "state", app)
        argv = passes.command("calibration", view, "pa", choice)
    assert argv == [
        *("calibration", str(small_run.path), "--predictor", "pa", "--split", "all", "--format", "json"),
        *("--set", "cap=6", "--set", "weights=uniform", "--calibration", "random:0.2", "--seed", "4"),
    ]
    on_test = dataclasses.replace(choice, on_test=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passes, "state", app)
        assert "--allow-test-fitting" in passes.command("calibration", view, "pa", on_test)


def test_the_command_that_is_started_finds_a_predictor_of_ones_own(small_run, tmp_path, monkeypatch):
    file = tmp_path / "mine.py"
    file.write_text("def mine(logits):\n    return logits.softmax(-1)\n", encoding="utf-8")
    monkeypatch.setenv("EXITLENS_PREDICTORS", f"{file}:mine")
    monkeypatch.setattr(passes, "state", SimpleNamespace(get=lambda name: 0))
    view = SimpleNamespace(run=small_run, split="test", settings_of=lambda key: {})
    argv = passes.command("calibration", view, "mine", choose_samples(small_run, "test"))
    named = find_predictor(argv[argv.index("--predictor") + 1])
    assert (named.id, named.path) == ("mine", str(file))


def test_the_address_keeps_what_is_chosen(small_run):
    wanted = {"good": "failure", "give": "2", "fit": "random:0.5", "fit_seed": "7"}
    assert wanted.items() <= address(shown(**wanted)).items()
    app = shown(fit="test")
    assert "does not exist here" in words(app)
    assert "fit" not in address(app)
    assert title(figures(app)["reliability"]).startswith("At the last exit the baseline claims")


def test_a_page_looks_each_predictor_s_samples_up_once(small_run, monkeypatch):
    looked_up, original = [], calibrated.results_of_some

    def counted(view, run, predictor, positions):
        looked_up.append((predictor, len(positions)))
        return original(view, run, predictor, positions)

    monkeypatch.setattr(calibrated, "results_of_some", counted)
    shown()
    assert looked_up
    assert len(looked_up) == len(set(looked_up))
