"""Stopping rules on the compute page by AppTest: curves on one axis, one rule in full, fitted on which samples."""

import io
import json
import re
from contextlib import contextmanager
from functools import partial
from unittest import mock

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from analysis.cli import main
from analysis.policies import read_rule
from analysis.policies.rule_files import rule_text
from analysis.results import policy_of, results_of
from analysis.selection import SampleTable, Selection
from analysis.storage import load_run, write_run
from tests.e2e.pages import address, figures, opened, title, words
from tests.golden.screens import saved
from tests.toy import full_run

RULE = {"compute", "stops", "stop-risk", "class-depths"}
LINES = [f"{who}, {rule}" for who in ("Baseline", "PA") for rule in ("budgeted batch",
         "confidence threshold (max-prob)", "interruption (uniform)", "risk control (ucb-wsr)")]  # fmt: skip


def page(**more):
    app = opened("compute", **({"run": "small", "predictor": "pa", "poe": "1"} | more))
    assert not app.exception, [error.value for error in app.exception]
    return app


def drawn(app) -> list[str]:
    """The rules' curves."""
    return sorted(trace["name"] for trace in figures(app)["compute"]["data"] if ", " in trace["name"]
                  and not trace["name"].startswith("published"))  # fmt: skip


def bars(app, name: str = "stops") -> dict[str, list]:
    """Per part of the bars: exit, name, samples and key of each."""
    return {trace["name"]: trace["customdata"] for trace in figures(app)[name]["data"]}


def test_every_rule_is_drawn_under_the_baseline_and_the_predictor(small_run):
    app = page()
    assert drawn(app) == LINES
    assert "simulated from counted costs" in words(app)
    found = policy_of(small_run, "budgeted")
    line = next(t for t in figures(app)["compute"]["data"] if t["name"] == "Baseline, budgeted batch")
    assert len(line["customdata"]) == len(found.points)


@pytest.mark.parametrize(
    ("where", "more"),
    [("compute", {}), *(("compute", {"below": part}) for part in ("rule", "shift", "tune")), ("samples", {})],
)
def test_what_a_first_visit_waits_for_is_said(small_run, monkeypatch, where, more):
    """Traces are what takes long: whoever asks for them, a spinner says so, also within what is cached itself, where
    Streamlit shows none of its own."""
    spinning, waited = [], []

    @contextmanager
    def spinner(_main, text="", **_how):
        spinning.append(text)
        yield
        spinning.pop()

    def watched(run, predictor, settings, split):
        waited.append((split, list(spinning)))
        return results_of(run, predictor, settings, split)

    monkeypatch.setattr("streamlit.elements.spinner.SpinnerMixin.spinner", spinner)
    monkeypatch.setattr("streamlit.spinner", partial(spinner, None))
    monkeypatch.setattr("app.cache.results_of", watched)
    st.cache_resource.clear()
    assert not opened(where, run="small", predictor="pa", poe="1", policy="budgeted", **more).exception
    assert {"test", "calibration"} == {split for split, _ in waited}
    assert [split for split, said in waited if not any(said)] == []


def test_the_title_says_what_the_rule_gains_and_the_text_who_has_the_better_rule(small_run):
    app = page(budget="3500000")
    said = r"exit 3 answers, accuracy [\d.]+%.*; each sample stopping by confidence threshold \(max-prob\) [\d.]+%"
    assert re.search(said, title(figures(app)["compute"]))
    said = r"Within 3.5 M MACs on average, confidence threshold \(max-prob\) at lambda [\d.]+ on PA gets"
    assert re.search(said, words(app))
    assert "than the same rule on the baseline" in words(app)


@pytest.mark.parametrize("policy", ["confidence", "risk"])
def test_what_can_be_saved_for_one_point_is_said(small_run, policy):
    said = re.search(
        r"Giving up at most 1 point of the last exit on these samples, [^:]* at (\w+) ([\d.]+) on PA saves ([\d.]+)% "
        r"\(([\d.]+) M MACs\): ([\d.]+)% right, ([+−]?[\d.]+) points",
        words(page(policy=policy)),
    )
    setting, value, saved, cost, right, apart = said.groups()
    found = policy_of(small_run, policy, {setting: value}, "pa")
    assert (float(saved), float(cost)) == pytest.approx((100 * found.saved, found.mean_cost / 1e6), rel=0.02)
    assert float(right) == pytest.approx(100 * found.accuracy, abs=0.5)
    assert float(apart.replace("−", "-")) >= -1


def test_risk_control_is_told_as_it_is_set_with_what_it_spends(small_run):
    """Its few points would leave most of the budget unspent, and everyone at the budget's exit would be dearer."""
    app = page(budget="3500000", policy="risk", policy_set="epsilon:0.3")
    found = policy_of(small_run, "risk", {"epsilon": 0.3}, "pa")
    spent = f"{found.mean_cost / 1e6:.3g} M MACs"
    figure, share = figures(app)["compute"], 100 * found.mean_cost / 7e6
    everyone = 1 + int(np.abs(found.costs - found.mean_cost).argmin())
    assert title(figure).startswith(
        f"PA stopping by risk control (ucb-wsr): accuracy {100 * found.accuracy:.1f}% for {spent} ({share:.1f}% of the "
        "network) on average, "
    )
    assert title(figure).endswith(f"everyone at exit {everyone} ({everyone} M MACs)")
    ring = next(trace for trace in figure["data"] if trace["name"] == "risk control (ucb-wsr)")
    assert (ring["x"][0], ring["y"][0]) == pytest.approx((found.mean_cost, 100 * found.accuracy))
    assert "at the budget" not in {trace["name"] for trace in figure["data"]}
    assert f"Risk control (ucb-wsr) at epsilon 0.3 on PA spends {spent} on average" in words(app)
    assert f"than everyone at exit {everyone} ({everyone} M MACs)," in words(app)
    spends = re.search(
        r"a threshold on the largest probability of the baseline that spends ([\d.]+) M MACs", words(app)
    )
    assert float(spends[1]) * 1e6 == pytest.approx(found.mean_cost, rel=0.1)


def test_the_switch_emphasises_the_other_and_compares_the_other_way(small_run):
    app = page(poe="0", budget="3500000")
    assert drawn(app) == LINES
    assert "on the baseline gets" in words(app)
    assert "than the same rule on PA" in words(app)


def test_rules_are_chosen_and_the_one_on_screen_is_always_drawn(small_run):
    app = page(rules="pcee", policy="risk")
    assert drawn(app) == [
        "Baseline, PCEE",
        "Baseline, risk control (ucb-wsr)",
        "PA, PCEE",
        "PA, risk control (ucb-wsr)",
    ]
    assert address(app)["rules"] == "pcee"


def test_interruption_is_a_curve_where_its_law_has_a_mean(small_run):
    app = page(rules="interruption", policy_set="law:exponential", policy="interruption", below="rule")
    lines = {t["name"]: t for t in figures(app)["compute"]["data"]}
    assert len(lines["PA, interruption (exponential)"]["customdata"]) > 10
    assert app.text_input(key="setting:interruption:mean").value == "4000000"


@pytest.mark.parametrize("policy", ["confidence", "budgeted", "interruption", "risk", "pcee"])
def test_a_rule_is_told_in_full(small_run, policy):
    app = page(below="rule", policy=policy)
    assert set(figures(app)) == RULE
    stops = bars(app)
    assert sum(point[2] for part in stops.values() for point in part) == 300
    settings = {"lambda": app.text_input(key="setting:confidence:lambda").value} if policy == "confidence" else {}
    found = policy_of(small_run, policy, settings, "pa")
    assert [point[2] for point in stops["right here"]] == found.answers["right"].tolist()
    assert [point[2] for point in stops["right at a deeper exit"]] == found.answers["right_deeper"].tolist()
    risk = figures(app)["stop-risk"]["data"][0]["customdata"]
    assert [point[5] for point in risk] == found.by_exit.samples.tolist()
    assert ("Save the rule" in [b.label for b in app.get("download_button")]) == (policy != "interruption")


def test_until_one_is_typed_the_threshold_is_that_of_the_budget(small_run):
    app = page(below="rule", budget="3500000")
    typed = float(app.text_input(key="setting:confidence:lambda").value)
    assert policy_of(small_run, "confidence", {"lambda": typed}, "pa").mean_cost <= 3.5e6
    assert "within the budget" in words(app)
    app.text_input(key="setting:confidence:lambda").set_value("0.25").run()
    assert address(app)["policy_set"] == "lambda:0.25"
    assert "Nothing is fitted." in words(app)


def test_a_threshold_close_to_one_is_never_said_to_be_one(small_run):
    app = page(below="rule", policy_set="lambda:0.999995")
    (slider,) = app.main.slider
    assert (slider.value, slider.proto.format) == (0.999995, "%0.6f")
    shown = page(below="rule", policy="confidence", poe="0", budget="7000000")
    told = figures(shown)["compute"]["data"]
    abouts = [point for trace in told for point in trace.get("customdata") or () if point[0] == "confidence"]
    assert len(abouts) > 40
    assert all(float(point[2].removeprefix("lambda ")) == float(point[1]) for point in abouts)


def test_sliders_go_where_settings_are_useful(small_run):
    def ends(**more):
        app = page(below="rule", **more)
        assert not any(box.label == "Rule" for box in app.main.selectbox)
        return {one.key.split(":")[-1]: (one.min, one.max) for one in app.main.slider}

    assert ends() == {"lambda": (0, 1)}
    assert ends(policy_set="measure:patience") == {}
    assert ends(policy="risk") == {"epsilon": (0.01, 0.2), "delta": (0.01, 0.5)}
    assert ends(policy="pcee") == {"target": (0, 1), "bins": (1, 50)}
    assert "mean" not in ends(policy="interruption", policy_set="law:exponential")


def test_a_measure_and_a_law_change_what_no_longer_goes_with_them(small_run):
    app = page(below="rule", policy_set="lambda:0.7")
    app.selectbox(key="setting:confidence:measure").select("patience").run()
    assert not app.exception
    assert address(app)["policy_set"] == "measure:patience"
    assert "does not go with" in words(app)
    app.selectbox(key="setting:confidence:measure").select("margin").run()
    assert address(app)["policy_set"] == "measure:margin"
    app = page(below="rule", policy="interruption")
    app.selectbox(key="setting:interruption:law").select("list").run()
    assert app.text_input(key="setting:interruption:budgets").value.startswith("1000000,2000000")
    app.selectbox(key="setting:interruption:law").select("log-uniform").run()
    assert not app.exception
    assert address(app)["policy_set"] == "law:log-uniform"


def test_a_setting_that_is_none_is_refused_and_the_rest_stays(small_run):
    app = page(below="rule", policy="risk", policy_set="epsilon:0.1,nonsense:1")
    assert "nonsense" in words(app)
    assert address(app)["policy_set"] == "epsilon:0.1"
    app.text_input(key="setting:risk:epsilon").set_value("3").run()
    assert "policy risk setting epsilon is '3': give a number" in words(app)
    assert address(app)["policy_set"] == "epsilon:0.1"
    next(b for b in app.main.button if b.label == "Back to the defaults").click().run()
    assert "policy_set" not in address(app)


def test_what_is_set_of_one_rule_is_kept_while_another_is_on_screen(small_run):
    app = page(below="rule", policy="risk", policy_set="measure:margin,epsilon:0.1")
    assert "PA, confidence threshold (margin)" in drawn(app)
    app.selectbox(key="setting:risk:rule").select("crc").run()
    assert address(app)["policy_set"] == "measure:margin,epsilon:0.1,rule:crc"


def test_a_run_without_a_calibration_split_sets_a_seeded_share_aside_and_says_so(runs, small_logits, small_labels):
    write_run(runs / "whole", logits=small_logits, labels=small_labels, costs={"MACs": range(1, 8)})
    app = page(run="whole", below="rule", policy="risk")
    assert "80 samples of the split (drawn by seed 0) are set aside to fit on and left out of every curve" in words(app)
    assert "Fitted on 80 samples of whole (random:0.2, seed 0)" in words(app)
    assert sum(point[2] for part in bars(app).values() for point in part) == 320
    app.number_input(key="control:fit_seed").set_value(3).run()
    assert address(app)["fit_seed"] == "3"
    assert "seed 3" in words(app)
    app.selectbox(key="control:fit").select("the samples measured").run()
    assert address(app)["fit"] == "test"
    assert len([badge for badge in app.markdown if "fitted on test" in badge.value]) == 2  # of the curves, of the rule
    assert "THE SAME AS MEASURED" in figures(app)["compute"]["layout"]["title"]["subtitle"]["text"]


def test_the_calibration_split_on_screen_is_not_fitted_on_silently(small_run):
    app = page(split="calibration", below="rule", policy="risk")
    assert "20 samples of the split (drawn by seed 0) are set aside to fit on" in words(app)


def test_a_figure_counts_the_samples_that_each_of_its_rules_is_fitted_on(runs, small_logits, small_labels):
    some = np.where(np.arange(400) % 4, small_labels, np.nan)
    write_run(runs / "some", logits=small_logits, labels=some, costs={"MACs": range(1, 8)})
    labelled = policy_of(load_run(runs / "some"), "pcee", calibration="random:0.2").fitted_on["samples"]
    assert 40 < labelled < 80

    def said(rules: str) -> str:
        app = page(run="some", rules=rules, policy="confidence", budget="4")
        return figures(app)["compute"]["layout"]["title"]["subtitle"]["text"]

    assert f"Fitted on 80 samples, PCEE on the {labelled} of them with a label." in said("budgeted,risk,pcee")
    assert "Fitted on 80 samples." in said("budgeted,risk")
    assert f"Fitted on {labelled} samples." in said("pcee")


def test_thresholds_of_another_run_stand_beside_what_holds_here(small_run, runs, small_logits, small_labels):
    noisy = small_logits.astype(np.float32) + np.random.default_rng(0).normal(0, 4, small_logits.shape)
    full_run(runs / "noisy", noisy.astype(np.float16), small_labels, column="difficulty", title="Noisy",
             dataset="tiny", model="msdnet", class_names=[str(i) for i in range(20)], provenance={})  # fmt: skip
    write_run(runs / "other", logits=small_logits[:5], labels=small_labels)
    app = page(run="noisy", below="rule", policy="risk", policy_set="epsilon:0.1,rule:crc")
    assert app.selectbox(key="control:fitted_on").options == ["this one", "A small run"]
    app.selectbox(key="control:fitted_on").select("A small run").run()
    assert address(app)["fitted_on"] == "small"
    assert "Fitted on 100 samples of small (calibration)" in words(app)
    found = policy_of(load_run(runs / "noisy"), "risk", {"epsilon": 0.1, "rule": "crc"}, "pa", fitted_on=small_run)
    assert found.promised == 0.1
    assert f"{found.realised:.4g}" in words(app)
    assert "for samples like those of small" in words(app)


def test_a_run_that_does_not_fit_is_not_fitted_on(small_run, runs, small_logits):
    write_run(runs / "other", logits=small_logits[:5])
    app = page(below="rule", policy="risk", fitted_on="other")
    assert "is no run of the same exits and classes" in words(app)
    assert "fitted_on" not in address(app)


def test_the_buttons_open_who_stops_too_early_and_too_late(small_run):
    found = policy_of(small_run, "confidence", {"lambda": 0.3}, "pa")
    for key, which in (("open-early", found.too_early), ("open-late", found.too_late)):
        app = page(below="rule", policy_set="lambda:0.3")
        assert app.button(key=key).label == f"Show the {which.sum()} that stop {key.replace('open-', 'too ')}"
        app.button(key=key).click().run()
        kept = Selection.parse(address(app)["brush"]).mask(SampleTable(small_run, predictor="pa"))
        assert kept.sum() == which.sum() > 0
        assert address(app)["strip"] == "stops"
        assert app.button(key="open-strip:stops").label == f"Open all {which.sum()} on Samples"


def test_marks_of_an_interruption_select_the_samples_that_they_count(small_run):
    app = page(below="rule", policy="interruption")
    found = policy_of(small_run, "interruption", {}, "pa")
    app.button(key="open-late").click().run()
    kept = Selection.parse(address(app)["brush"]).mask(SampleTable(small_run, predictor="pa"))
    assert kept.sum() == found.too_late.sum() > 0
    assert all("click to see them" in bar["hovertemplate"] for bar in figures(app)["stops"]["data"])


def test_without_labels_answers_are_judged_by_the_last_exit(unlabelled_run):
    app = page(run="unlabelled", below="rule")
    assert set(figures(app)) == RULE - {"class-depths"}
    assert "stop with their final answer" in title(figures(app)["stops"])
    assert "PCEE is not drawn" in words(page(run="unlabelled", rules="pcee"))


def test_of_one_exit_everyone_stops_there(runs, small_logits, small_labels):
    write_run(runs / "one", logits=small_logits[-1:], labels=small_labels, costs={"MACs": [5.0]})
    for policy in ("confidence", "budgeted", "interruption", "risk", "pcee"):
        app = page(run="one", below="rule", policy=policy)
        assert title(figures(app)["stops"]).startswith("100% stop at exit 1")
        assert "All stop at one exit" in title(figures(app)["class-depths"])


def test_without_costs_exits_are_counted_and_interruption_says_what_it_needs(imageless_run):
    app = page(run="imageless", below="rule")
    assert "interruption" not in " ".join(drawn(app))
    assert "Interruption is not drawn: it needs the exits" in words(app)
    assert "Answering at exit" in words(app)
    pills = app.get("button_group")
    assert not any("Interruption" in str(one.options) for one in pills)
    assert re.search(r"on average, confidence threshold \(max-prob\) at lambda [\d.]+ on PA gets", words(app))
    app = page(run="imageless", below="rule", policy="interruption")
    assert any("needs the exits" in info.value for info in app.info)


def test_a_latency_is_called_measured(runs, small_logits, small_labels):
    write_run(runs / "timed", logits=small_logits, labels=small_labels, costs={"ms": range(1, 8)})
    app = page(run="timed", below="rule", policy="risk")
    assert "Costs are those of the exits alone, measured as a latency" in words(app)
    assert "saved, measured" in words(app)


@pytest.mark.parametrize(
    "sent", [None, "x", [], [[1], [2]], ["budgeted"], ["budgeted", 3], ["risk", "9"], ["gone", "1"]]
)
def test_what_is_no_point_of_a_rule_changes_nothing(sent):
    from app.views.compute import curve

    with mock.patch.object(curve.state, "set") as kept, mock.patch.object(curve, "set_one", side_effect=ValueError):
        curve._clicked({"customdata": sent}, curve.Axis(None, (1.0, 2.0)))
    assert not kept.called


def test_probabilities_only(probs_run):
    app = page(run="probs", below="rule")
    assert set(figures(app)) == RULE


def test_too_few_samples_to_fit_on_are_said(runs, small_logits, small_labels):
    write_run(runs / "tiny", logits=small_logits[:, :1], labels=small_labels[:1], costs={"MACs": range(1, 8)})
    app = page(run="tiny")
    assert drawn(app) == [line for line in LINES if "interruption" in line or "threshold" in line]
    assert "Budgeted batch is not drawn: it has no samples to fit on" in words(app)


def test_saved_tables_say_of_which_rule_they_are_and_what_it_was_fitted_on(small_run):
    found = saved(page(below="rule", policy="risk", policy_set="epsilon:0.2,rule:crc"))
    tables = {name: pd.read_csv(io.StringIO(text), keep_default_na=False) for name, text in found.items()}
    assert set(tables) == RULE
    for name in RULE - {"compute"}:
        assert set(tables[name]["policy"]) == {"risk"}
        assert set(tables[name]["policy_settings"]) == {"rule=crc loss=consistency epsilon=0.2 delta=0.1"}
        assert set(tables[name]["fitted_on"]) == {"small calibration"}
        assert set(tables[name]["predictor"]) == {"pa"}
    curves = tables["compute"]
    points = curves[(curves["policy"] == "risk") & (curves["predictor"] == "pa")]
    assert set(points["policy_settings"]) == {"rule=crc loss=consistency delta=0.1"}
    of_one = points.set_index("at").loc["epsilon 0.2"]
    assert not curves.duplicated().any()
    rule = policy_of(small_run, "risk", {"epsilon": 0.2, "rule": "crc"}, "pa")
    assert float(of_one["percent"]) == pytest.approx(100 * rule.accuracy)
    assert tables["stops"]["right"].sum() == rule.answers["right"].sum()
    assert len(tables["class-depths"]) == 20


def test_a_rule_is_saved_as_the_command_writes_it(small_run, tmp_path):
    app = page(below="rule", policy="risk", policy_set="epsilon:0.1")
    assert "Save the rule" in [button.label for button in app.get("download_button")]
    text = rule_text(policy_of(small_run, "risk", {"epsilon": 0.1}, "pa").rule)
    main(["policy", str(small_run.path), "--policy", "risk", "--predictor", "pa", "--set", "epsilon=0.1", "--out",
          str(tmp_path / "rule.json")])  # fmt: skip
    assert json.loads(text) == json.loads((tmp_path / "rule.json").read_text())
    assert read_rule(tmp_path / "rule.json").policy == "risk"
