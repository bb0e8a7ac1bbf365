"""Samples that one of two answers alone has right, against a loop."""

import dataclasses

import numpy as np
import pytest

from analysis.results import difference_of, results_of
from analysis.results.disagreement import disagreement
from analysis.storage import load_run, write_run


@pytest.mark.parametrize("side", ["first", "second"])
def test_they_are_those_of_a_loop_over_ids(small_run, runs, side):
    order = np.random.default_rng(0).permutation(400)
    logits = small_run.logits.read(0, 400)[:5, order].astype(np.float32)
    logits += np.random.default_rng(1).normal(0, 3, logits.shape).astype(np.float32)
    samples = small_run.samples.iloc[order][["id", "split"]].reset_index(drop=True)
    write_run(runs / "other", logits=logits, labels=small_run.labels[order], samples=samples)
    both = [results_of(run, "baseline") for run in (small_run, load_run(runs / "other"))]
    found = disagreement(difference_of(*both), side)
    assert found.exit == 5
    traces = [dict(zip(one.ids, range(one.n_samples))) for one in both]
    own, other = (0, 1) if side == "first" else (1, 0)
    expected = {}
    for identity in both[0].ids:
        at = [each[identity] for each in traces]
        right = [one.traces.correct[4, place] for one, place in zip(both, at)]
        if right[own] and not right[other]:
            expected[identity] = [float(one.traces.true_class_prob[4, place]) for one, place in zip(both, at)]
    assert set(found.ids) == set(expected)
    assert len(found.ids) > 2
    assert [expected[identity] for identity in found.ids] == found.probs.T.tolist()
    assert (np.diff(found.probs[own] - found.probs[other]) <= 0).all()
    assert (found.answers[own] == found.labels).all()
    assert (found.answers[other] != found.labels).all()


def test_without_labels_it_says_so(small_run):
    unlabelled = dataclasses.replace(small_run, samples=small_run.samples.assign(label=-1))
    results = results_of(unlabelled, "baseline")
    with pytest.raises(ValueError, match="has no labels: who is right is not known"):
        disagreement(difference_of(results, results), "first")
