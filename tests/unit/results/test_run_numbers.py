"""What `summarize` returns: the contract's fields, and None for what is infinite or unknown."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from analysis.metrics.accuracy import accuracy
from analysis.results import Results, results_of
from analysis.results.run_numbers import plain, summarize

EXIT = "exit cost accuracy top5 true_class_prob entropy ece brier nll off_support collapsed".split()  # noqa: SIM905


def summary_of(run, predictor_id="pa", split="test", cost_unit=None, **settings):
    results = results_of(run, predictor_id, settings, split)
    found = summarize(results, cost_unit)
    json.dumps(found, allow_nan=False)
    return found, results.traces


def test_the_contract(small_run):
    found, traces = summary_of(small_run, weights=(1, 1, 1, 1, 1, 1, 2.5))
    assert found["run"] == "small"
    assert found["predictor"] == "pa"
    assert found["settings"]["weights"] == [1, 1, 1, 1, 1, 1, 2.5]
    assert (found["split"], found["samples"], found["labelled"]) == ("test", 300, 300)
    assert found["cost_unit"] == "MACs"
    assert [list(row) for row in found["exits"]] == [EXIT] * 7
    assert [row["exit"] for row in found["exits"]] == list(range(1, 8))
    assert [row["cost"] for row in found["exits"]] == [1e6 * m for m in range(1, 8)]
    assert [row["accuracy"] for row in found["exits"]] == accuracy(traces.correct).tolist()
    assert list(found["decrease_percent"]) == ["true_class", "final_prediction", "any_class"]
    assert list(found["decrease_percent"]["true_class"]) == [
        "0.0001",
        "0.01",
        "0.05",
        "0.1",
        "0.2",
        "0.25",
        "0.33",
        "0.5",
    ]
    assert list(found["overthinking"]) == ["oracle_accuracy", "destructive", "wasteful"]
    drops = np.maximum.accumulate(traces.true_class_prob) - traces.true_class_prob
    expected = 100 * np.mean(drops.max(axis=0) > np.float32(0.1))
    assert found["decrease_percent"]["true_class"]["0.1"] == pytest.approx(expected)


def test_causes_are_those_of_loops(small_run):
    found, traces = summary_of(small_run, "hard-poe")
    expected = {"off_support": [0] * 7, "outvoted": [0] * 7, "never_led": 0}
    for right, logs, collapsed in zip(traces.correct.T, traces.log_true_class_prob.T, traces.collapsed.T):
        if right[-1]:
            continue
        if not right.any():
            expected["never_led"] += 1
            continue
        at = max(m for m in range(7) if right[m]) + 1
        expected["off_support" if np.isneginf(logs[at]) or collapsed[at] else "outvoted"][at] += 1
    assert found["causes"] == expected
    assert sum(expected["off_support"]) > 0


def test_oscillation_is_that_of_loops(small_run):
    found, traces = summary_of(small_run, "baseline")
    answers = traces.predicted.T.tolist()
    settled = [min(m for m in range(7) if len(set(of[m:])) == 1) for of in answers]
    oscillation = found["oscillation"]
    assert list(oscillation) == ["changes", "answer_entropy", "settled_shares", "right_so_far"]
    assert oscillation["changes"] == pytest.approx(
        np.mean([sum(a != b for a, b in itertools.pairwise(of)) for of in answers])
    )
    assert oscillation["settled_shares"] == pytest.approx([settled.count(m) / 300 for m in range(7)])
    assert oscillation["right_so_far"][0] == found["exits"][0]["accuracy"]
    assert oscillation["right_so_far"][-1] == pytest.approx(found["overthinking"]["oracle_accuracy"])
    assert 0 < oscillation["answer_entropy"] < np.log(7)


def test_an_infinite_nll_is_none_beside_its_share_off_the_support(small_run):
    found, traces = summary_of(small_run, "hard-poe")
    last = found["exits"][-1]
    assert np.isneginf(traces.log_true_class_prob[-1]).any()
    assert last["nll"] is None
    assert last["off_support"] == pytest.approx((np.isneginf(traces.log_true_class_prob) | traces.collapsed)[-1].mean())
    assert last["collapsed"] == pytest.approx(traces.collapsed[-1].mean())


def test_another_cost_unit_is_named(small_run):
    found, _ = summary_of(small_run, "baseline", cost_unit="params")
    assert found["cost_unit"] == "params"
    assert found["exits"][1]["cost"] == 2000
    with pytest.raises(ValueError, match="no cost in FLOPs"):
        summary_of(small_run, "baseline", cost_unit="FLOPs")


def test_without_labels_what_they_would_tell_is_none(unlabelled_run):
    found, _ = summary_of(unlabelled_run)
    known = {"exit", "cost", "entropy", "collapsed"}
    assert all((row[name] is None) == (name not in known) for row in found["exits"] for name in EXIT)
    assert set(found["decrease_percent"]["true_class"].values()) == {None}
    assert found["decrease_percent"]["final_prediction"]["0.01"] > 0
    assert found["entropy_rise_percent"]["0.01"] > 0
    assert set(found["overthinking"].values()) == {None}
    assert set(found["oscillation"]["right_so_far"]) == {None}
    assert sum(found["oscillation"]["settled_shares"]) == pytest.approx(1)
    assert set(found["hindsight_improvability"]) | set(found["flips"]["learned"]) == {None}
    assert (found["samples"], found["labelled"]) == (400, 0)


def test_some_labels_count_alone(small_run, small_labels):
    _, traces = summary_of(small_run, "baseline", split="all")
    some = small_labels.copy()
    some[::2] = -1
    partly = type(traces)(**{**vars(traces), "labels": some})
    found = summarize(Results(small_run, "baseline", {}, "all", ("partly",), np.arange(400), partly))
    assert (found["samples"], found["labelled"]) == (400, 200)
    assert found["exits"][-1]["accuracy"] == traces.correct[-1, 1::2].mean()


def test_a_run_without_costs_has_none(imageless_run):
    found, _ = summary_of(imageless_run, "baseline")
    assert found["cost_unit"] is None
    assert {row["cost"] for row in found["exits"]} == {None}


def test_where_nothing_is_shown_entropy_is_over_the_rest(small_run):
    found, traces = summary_of(small_run, fallback="none", split="all")
    shown = traces.shown[-1]
    assert not shown.all()
    assert found["exits"][-1]["entropy"] == pytest.approx(traces.entropy[-1, shown].mean(dtype=np.float64))
    assert found["exits"][-1]["collapsed"] == pytest.approx(1 - shown.mean())


def test_settings_become_json():
    settings = {"a": (1, 2.5), "b": None, "c": float("inf"), "d": {1: "x"}, "e": np.float32(0.5), "f": 1j, "g": True}
    assert plain(settings) == {
        "a": [1, 2.5],
        "b": None,
        "c": "inf",
        "d": {"1": "x"},
        "e": 0.5,
        "f": "1j",
        "g": True,
    }
