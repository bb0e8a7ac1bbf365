"""Comparisons of runs and predictors, against counting by hand, joined by id."""

import json

import numpy as np
import pandas as pd
import pytest

from analysis.metrics.decrease import THRESHOLDS
from analysis.results import compare, difference_of, results_of
from analysis.results.comparison import MOST, as_object, shared_unit
from analysis.statistics.paired import holm, mcnemar
from analysis.storage import load_run, write_run


@pytest.fixture
def shuffled(small_run, runs):
    """The run's samples in another order, 320 of them, with other logits; ids tell which is which."""
    order = np.random.default_rng(3).permutation(len(small_run.labels))[:320]
    logits = small_run.logits.read(0, len(small_run.labels))[:5, order].astype(np.float32)
    logits += np.random.default_rng(4).normal(0, 2, logits.shape).astype(np.float32)
    samples = small_run.samples.iloc[order][["id", "split"]].reset_index(drop=True)
    write_run(runs / "shuffled", logits=logits, labels=small_run.labels[order], samples=samples)
    return load_run(runs / "shuffled"), order


def test_two_predictors_of_one_run(small_run):
    a, b = (results_of(small_run, key) for key in ("baseline", "pa"))
    compared = compare([a, b])
    (pair,) = compared.pairs
    assert (pair.a, pair.b, pair.samples, len(pair.exits)) == (0, 1, 300, 7)
    right = [side.traces.correct for side in (a, b)]
    for m, at in enumerate(pair.exits):
        assert at.exit == m + 1
        assert at.accuracy.difference == pytest.approx(right[1][m].mean() - right[0][m].mean(), abs=1e-12)
        assert (at.a_only, at.b_only) == ((right[0][m] & ~right[1][m]).sum(), (right[1][m] & ~right[0][m]).sum())
        assert at.p == mcnemar(at.a_only, at.b_only)
        assert at.accuracy.low <= at.accuracy.difference <= at.accuracy.high
    assert [at.p_holm for at in pair.exits] == holm([at.p for at in pair.exits])
    percents = [side.falling_percent(THRESHOLDS, "true_class") for side in (a, b)]
    assert list(pair.decrease) == list(THRESHOLDS)
    for tau, one, before, after in zip(THRESHOLDS, pair.decrease.values(), *percents):
        assert one.difference == pytest.approx(after - before, abs=1e-9), tau
        assert one.low <= one.difference <= one.high


def test_a_clear_difference_is_one_whose_adjusted_p_is_below_five_percent(small_run, shuffled):
    sides = [results_of(run, key) for run, key in ((small_run, "baseline"), (small_run, "pa"), (shuffled[0], "pa"))]
    seen = set()
    for pair in compare(sides).pairs:
        found = difference_of(sides[pair.a], sides[pair.b])
        told = [int(np.sign(at.accuracy.difference)) if at.p_holm < 0.05 else 0 for at in pair.exits]
        assert found.clear.tolist() == told
        seen |= set(told)
        last = [one.right[-1] for one in (found.a, found.b)]
        alone = int((last[0] & ~last[1]).sum()), int((last[1] & ~last[0]).sum())
        own = told[-1] if pair.b == 1 else np.sign(alone[1] - alone[0]) * (mcnemar(*alone) < 0.05)
        assert found.clear_at_last == own  # of networks that are not as deep, the last exit of each
    assert {0} < seen


def test_the_intervals_are_those_of_a_loop_over_resamples(small_run):
    a, b = (results_of(small_run, key) for key in ("baseline", "pa"))
    last = compare([a, b], seed=7).pairs[0].exits[-1].accuracy
    difference = b.traces.correct[-1].astype(float) - a.traces.correct[-1]
    drawn = np.random.default_rng(7).integers(300, size=(2000, 300))
    means = [difference[rows].mean() for rows in drawn]
    assert (last.low, last.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])), abs=1e-12)


def test_two_runs_are_joined_by_id_over_the_exits_that_both_have(small_run, shuffled):
    other, order = shuffled
    pair = compare([results_of(small_run, "baseline"), results_of(other, "baseline")]).pairs[0]
    test = [(i, place) for place, i in enumerate(order) if small_run.samples["split"].iloc[i] == "test"]
    assert pair.samples == len(test) < 300
    assert len(pair.exits) == 5
    first = small_run.logits.read(0, 400).astype(np.float32).argmax(axis=2)[0]
    second = other.logits.read(0, 320).argmax(axis=2)[0]
    right = np.array([(first[i] == small_run.labels[i], second[p] == small_run.labels[i]) for i, p in test])
    assert pair.exits[0].b_only == (right[:, 1] & ~right[:, 0]).sum()
    assert pair.exits[0].a_only == (right[:, 0] & ~right[:, 1]).sum()
    # what either has there is of these samples too, not of all of its own
    at = pair.exits[0].accuracy
    assert (at.a, at.b) == pytest.approx(tuple(right.mean(axis=0)))
    for one in (*(one.accuracy for one in pair.exits), *pair.decrease.values()):
        assert one.b - one.a == pytest.approx(one.difference, abs=1e-9)


def test_every_two_entries_are_a_pair(small_run):
    entries = [results_of(small_run, key) for key in ("baseline", "pa", "ca")]
    compared = compare(entries)
    assert [(one.a, one.b) for one in compared.pairs] == [(0, 1), (0, 2), (1, 2)]
    assert compared.pair(1, 2).a == 1
    same = compare([entries[0], entries[0]]).pairs[0]
    assert {at.p for at in same.exits} == {1.0}
    assert {(at.accuracy.low, at.accuracy.high) for at in same.exits} == {(0.0, 0.0)}


def test_the_object_is_the_contracts(small_run):
    found = as_object(compare([results_of(small_run, key) for key in ("baseline", "pa")]), "params")
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert {"run", "predictor", "settings", "split", "samples", "accuracy", "decrease_percent"} <= set(
        found["entries"][0]
    )
    assert found["entries"][0]["cost"] == [1000.0 * m for m in range(1, 8)]
    pair = found["pairs"][0]
    assert list(pair) == ["a", "b", "samples", "exits", "decrease"]
    assert list(pair["exits"][0]) == ["exit", "a", "b", "difference", "low", "high", "a_only", "b_only", "p", "p_holm"]
    assert list(pair["decrease"]["0.01"]) == ["a", "b", "difference", "low", "high"]


def test_pairs_together_have_the_intervals_of_each_alone(small_run, shuffled, monkeypatch):
    other, _ = shuffled
    entries = [results_of(small_run, "baseline"), results_of(small_run, "pa"), results_of(other, "baseline")]
    together = compare(entries, seed=5).pairs
    for pair in together:
        alone = compare([entries[pair.a], entries[pair.b]], seed=5).pairs[0]
        assert (alone.exits, alone.decrease) == (pair.exits, pair.decrease)
    monkeypatch.setattr("analysis.results.comparison._AT_ONCE", 1)
    assert compare(entries, seed=5).pairs == together


def test_runs_share_the_wanted_unit_or_the_first_that_all_state(small_run, imageless_run, runs, small_logits):
    assert shared_unit([small_run, small_run]) == "MACs"
    assert shared_unit([small_run, small_run], "params") == "params"
    assert shared_unit([imageless_run]) is None
    other = write_run(runs / "timed", logits=small_logits, costs={"ms": range(1, 8), "params": range(1, 8)})
    assert shared_unit([small_run, other], "MACs") == "params"
    timed = write_run(runs / "only-timed", logits=small_logits, costs={"ms": range(1, 8)})
    with pytest.raises(ValueError, match=r"no unit .* \(small: MACs, params; only-timed: ms\)$"):
        shared_unit([small_run, timed])
    with pytest.raises(ValueError, match="imageless: none"):
        shared_unit([small_run, imageless_run])


def test_what_cannot_be_compared_says_why(small_run, unlabelled_run, shuffled, runs):
    baseline = results_of(small_run, "baseline")
    with pytest.raises(ValueError, match=rf"1 to compare \(runs times predictors\): name 2 to {MOST}"):
        compare([baseline])
    with pytest.raises(ValueError, match=r"9 to compare"):
        compare([baseline] * 9)
    with pytest.raises(ValueError, match=r"has no labels: compare needs them"):
        compare([baseline, results_of(unlabelled_run, "baseline")])
    other, order = shuffled
    labels = other.labels.copy()
    labels[0] = (labels[0] + 1) % 20
    samples = pd.DataFrame({"id": other.samples["id"], "split": "test"})
    write_run(runs / "relabelled", logits=other.logits.read(0, 320), labels=labels, samples=samples)
    with pytest.raises(ValueError, match=rf"disagree on the labels of 1 samples they share, first of '{order[0]}'"):
        compare([results_of(small_run, "baseline", split="all"), results_of(load_run(runs / "relabelled"), "baseline")])
