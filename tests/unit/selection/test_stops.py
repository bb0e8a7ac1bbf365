"""Samples that stop at an exit, as a query: exactly those that the rule stops, under every policy and measure."""

import numpy as np
import pandas as pd
import pytest

from analysis.policies.rule import ExitBins, Rule
from analysis.results import apply_policy, policy_of
from analysis.results.fitting import choose_samples
from analysis.selection import SampleTable
from analysis.selection.stops import (
    answered_where_stopped,
    lost_where_stopped,
    measured_of,
    stopped_at,
    stopped_too_early,
    stopped_too_late,
    stopper_of,
)
from analysis.storage import write_run

POLICIES = [
    ("confidence", {"lambda": 0.5}),
    ("confidence", {"lambda": 0.2, "measure": "margin"}),
    ("confidence", {"lambda": 0.3, "measure": "entropy"}),
    ("confidence", {"lambda": 0, "measure": "entropy"}),
    ("confidence", {"lambda": 1, "measure": "entropy"}),
    ("confidence", {"lambda": 2, "measure": "patience"}),
    ("confidence", {"lambda": 1}),
    ("confidence", {"lambda": 0}),
    ("budgeted", {"p": 0.8}),
    ("risk", {"rule": "crc", "epsilon": 0.2}),
    ("pcee", {"target": 0.5, "bins": 6}),
    ("pcee", {"target": 0}),
    ("pcee", {"target": 1, "bins": 1}),
]


@pytest.fixture(params=["baseline", "pa", "hard-poe"])
def predictor(request):
    return request.param


@pytest.mark.parametrize(("policy", "settings"), POLICIES)
def test_the_query_of_every_exit_keeps_the_samples_that_stop_there(small_run, policy, settings, predictor):
    own = {"fallback": "none"} if predictor == "pa" else None
    found = policy_of(small_run, policy, settings, predictor, own, calibration="random:0.4", seed=3)
    choice = choose_samples(small_run, calibration="random:0.4", seed=3)
    table = SampleTable(small_run, predictor=predictor, settings=own)
    rule, n_exits, measured = found.rule, small_run.n_exits, measured_of(choice)
    assert measured.text.startswith("random_3 >= ")
    for exit_ in range(1, n_exits + 1):
        for up_to, stops in ((False, found.stops == exit_ - 1), (True, found.stops < exit_)):
            kept = measured & stopped_at(rule, exit_, small_run.n_classes, up_to=up_to)
            assert kept.positions(table).tolist() == choice.measured[stops].tolist(), (exit_, up_to, kept.text)


@pytest.mark.parametrize(
    ("policy", "settings"),
    [
        ("risk", {"rule": "empirical", "epsilon": 0.2}),
        ("confidence", {"lambda": 0.4}),
        ("interruption", {}),
        ("interruption", {"law": "exponential", "mean": 3e6}),
        ("interruption", {"law": "list", "budgets": "500000,2000000,2000000,7000000"}),
    ],
)
def test_every_mark_opens_as_many_samples_as_it_counts(small_run, policy, settings):
    found = policy_of(small_run, policy, settings, "pa")
    table, of, stopper = SampleTable(small_run, predictor="pa"), small_run.n_classes, stopper_of(found)

    def count(selection):
        return int(selection.mask(table).sum())

    for exit_ in range(1, small_run.n_exits + 1):
        for part, counts in found.answers.items():
            assert count(answered_where_stopped(stopper, exit_, part, of)) == counts[exit_ - 1]
        for up_to, gaps in ((False, found.by_exit), (True, found.up_to_exit)):
            assert count(lost_where_stopped(stopper, exit_, of, up_to=up_to)) == gaps.lost[exit_ - 1]
    assert count(stopped_too_early(stopper, of)) == found.too_early.sum() > 0
    assert count(stopped_too_late(stopper, of)) == found.too_late.sum() > 0


def test_an_interrupted_sample_is_drawn_the_same_budget_whichever_others_are_measured(small_run):
    whole = policy_of(small_run, "interruption", {}, "pa")
    some = apply_policy("interruption", {}, whole.measured.select(np.arange(0, 300, 3)))
    assert some.stops.tolist() == whole.stops[::3].tolist()
    for exit_ in range(1, 8):
        kept = stopped_at(stopper_of(whole), exit_, small_run.n_classes).mask(SampleTable(small_run))
        assert kept.tolist() == (whole.stops == exit_ - 1).tolist()
        up_to = stopped_at(stopper_of(whole), exit_, small_run.n_classes, up_to=True).mask(SampleTable(small_run))
        assert up_to.tolist() == ((whole.stops >= 0) & (whole.stops < exit_)).tolist()


def test_without_labels_a_mark_opens_those_whose_answer_is_the_final_one(unlabelled_run):
    found = policy_of(unlabelled_run, "confidence", {"lambda": 0.4})
    table = SampleTable(unlabelled_run, poe=False)
    for exit_ in range(1, unlabelled_run.n_exits + 1):
        for part, counts in found.answers.items():
            kept = answered_where_stopped(found.rule, exit_, part, unlabelled_run.n_classes, has_labels=False)
            assert kept.mask(table).sum() == counts[exit_ - 1]


def test_of_one_exit_everyone_stops_there_and_nobody_where_no_bin_is_good_enough():
    alone = Rule("confidence", {}, "max-prob", (0.0,))
    assert stopped_at(alone, 1, 10).text == stopped_at(alone, 1, 10, up_to=True).text == ""
    assert stopped_too_early(alone, 10).text == stopped_too_late(alone, 10).text == "false"
    nobody = Rule("pcee", {}, "max-prob", (None, 0.0), bins=(ExitBins((0.2, 0.9), (0.1,)),), target=0.5)
    assert stopped_at(nobody, 1, 10).text == stopped_at(nobody, 1, 10, up_to=True).text == "false"
    assert stopped_at(nobody, 2, 10).text == ""


def test_bins_that_are_good_enough_are_joined():
    bins = ExitBins((0.1, 0.25, 0.5, 0.75, 1.0), (0.9, 0.1, 0.8, 0.9))
    rule = Rule("pcee", {}, "max-prob", (None, 0.0), bins=(bins,), target=0.5)
    assert stopped_at(rule, 1, 10).text == "confidence_1 < 0.25 or confidence_1 >= 0.5"


def test_of_a_class_alone_certainty_is_whole():
    rule = Rule("confidence", {}, "entropy", (0.5, 0.0))
    assert stopped_at(rule, 1, 1).text == "true"
    assert stopped_at(rule, 2, 1).text == "not true"


def test_a_column_of_the_run_that_is_called_as_a_drawn_number_gets_another_name(tmp_path, small_logits):
    samples = pd.DataFrame({"id": range(400), "split": "test", "random_0": 7.0, "interrupted_3": 8.0})
    table = SampleTable(write_run(tmp_path / "own", logits=small_logits, samples=samples))
    assert set(table["run_random_0"]) == {7.0}
    assert set(table["run_interrupted_3"]) == {8.0}
    assert sorted(table["random_0"]) == [place / 400 for place in range(400)]
    assert table["random_0"].tolist() != table["random_1"].tolist()


def test_what_is_left_out_is_said_by_the_split_or_by_ids(small_run):
    assert measured_of(choose_samples(small_run)).text == ""
    assert measured_of(choose_samples(small_run, "all")).text == "split != calibration"
    by_hand = choose_samples(small_run, calibration="5:8")
    assert measured_of(by_hand).text == "not in fitted; fitted = ids(5 to 7)"
    assert measured_of(by_hand).positions(SampleTable(small_run)).tolist() == by_hand.measured.tolist()
