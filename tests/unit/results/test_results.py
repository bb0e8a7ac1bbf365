"""Every number of one predictor on one run: over which samples, computed once, read once."""

from collections import Counter

import numpy as np
import pytest

from analysis.metrics.decrease import decrease_percent
from analysis.predictors import resolve
from analysis.results import results as module
from analysis.results import results_of
from analysis.traces import load_traces
from tests.unit.results.by_hand import results_by_hand

LOGITS = np.log(
    np.array(
        [
            [[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8]],
            [[0.4, 0.5, 0.1], [0.1, 0.8, 0.1], [0.6, 0.1, 0.3]],
        ]
    )
)
PER_EXIT = [
    "accuracy",
    "top5",
    "right_share",
    "right_percent",
    "true_class_prob",
    "final_prediction_prob",
    "confidence",
    "entropy",
    "ece",
    "brier",
    "nll",
    "off_support",
    "collapsed",
]


def test_numbers_are_over_the_samples():
    found = results_by_hand(LOGITS, [0, 1, 2])
    assert (found.of, found.n_samples, found.n_exits) == ("true_class", 3, 2)
    assert found.accuracy.tolist() == found.right_share.tolist() == pytest.approx([1, 1 / 3])
    assert found.right_percent.tolist() == pytest.approx([100, 100 / 3])
    assert {name: counts.tolist() for name, counts in found.answers.items()} == {
        "right": [3, 1],
        "right_deeper": [0, 0],
        "wrong_from_here": [0, 2],
    }
    assert found.overthinking.destructive == pytest.approx(2 / 3)
    assert found.flips.forgotten.tolist() == [0, 2]
    assert found.mean_prob() is found.true_class_prob
    np.testing.assert_allclose(found.mean_prob(), [0.7, 1.5 / 3], atol=1e-6)
    np.testing.assert_allclose(found.falling_percent([0.1, 0.3]), [200 / 3, 100 / 3])
    np.testing.assert_allclose(found.falling_percent([0.4], kind="relative"), [100 / 3])
    assert found.exit_pairs("true_class", "absolute", 0.01).tolist() == [[0, 2], [0, 0]]
    assert found.fall_counts("true_class", "absolute").sum() == found.known_falls("true_class", "absolute") == 3
    assert (found.collapses, found.impossible, found.tied) == (0, 0, 0)


def test_what_mentions_the_true_class_is_over_the_labelled():
    partly, labelled = results_by_hand(LOGITS, [0, -1, 2]), results_by_hand(LOGITS[:, [0, 2]], [0, 2])
    for name in ("accuracy", "top5", "true_class_prob", "ece", "brier", "nll", "off_support", "right_share"):
        assert np.array_equal(getattr(partly, name), getattr(labelled, name)), name
    assert partly.overthinking == labelled.overthinking
    assert partly.labelled is partly.judged
    assert partly.labelled.ids.tolist() == ["0", "2"]
    assert (partly.n_samples, partly.known_falls("true_class", "absolute")) == (3, 2)
    assert partly.known_falls("final_prediction", "absolute") == 3
    assert partly.confidence[0] == pytest.approx(0.7)  # of 0.6, 0.7, 0.8
    assert partly.labelled.entropy[1] != partly.entropy[1]


def test_a_number_of_the_labelled_is_the_number_of_all():
    partly = results_by_hand(LOGITS, [0, -1, 2])
    assert partly.accuracy is partly.labelled.accuracy


def test_without_labels_the_final_prediction_is_spoken_of():
    found = results_by_hand(LOGITS, [-1, -1, -1])
    assert found.of == "final_prediction"
    assert found.judged is found
    assert np.isnan(found.accuracy).all()
    assert np.isnan(found.overthinking.destructive)
    assert found.right_share.tolist() == pytest.approx([1 / 3, 1])
    assert found.mean_prob() is found.final_prediction_prob
    assert found.falling_percent([0.01]).tolist() == [0]
    assert np.isnan(found.falling_percent([0.01], "true_class")).all()


@pytest.mark.parametrize("labels", [[0, 1, 2], [0, -1, 2], [-1, -1, -1]])
def test_nothing_is_computed_twice(labels, monkeypatch):
    calls = Counter()

    def counted(name):
        compute = getattr(module, name)

        def count(*arguments):
            calls[name] += 1
            return compute(*arguments)

        monkeypatch.setattr(module, name, count)

    for name in ("top_k_accuracy", "brier", "nll", "entropy_rise_percent", "decrease_percent", "fall_counts", "flips"):
        counted(name)
    found = results_by_hand(LOGITS, labels)
    for results in (found, found, found.labelled):
        assert results.top5 is found.top5
        assert (results.brier, results.nll, results.flips) == (found.brier, found.nll, found.flips)
        results.falling_percent(np.array([0.1, 0.2]), "true_class")
        found.falling_percent([0.1, 0.2], "true_class")
        found.fall_counts("any_class", "absolute")
        assert found.entropy_rise_percent is found.entropy_rise_percent
    assert len(calls) == 7
    assert set(calls.values()) == {1}


def test_what_is_kept_is_not_written_into():
    found = results_by_hand(LOGITS, [0, 1, 2])
    for name in PER_EXIT:
        with pytest.raises(ValueError, match="read-only"):
            getattr(found, name)[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        found.flips.learned[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        found.falling_percent([0.1])[0] = 0


def test_some_samples_have_numbers_of_their_own():
    found = results_by_hand(LOGITS, [0, 1, 2])
    some = found.select(np.array([2, 1]))
    assert some.ids.tolist() == ["2", "1"]
    assert some.accuracy.tolist() == [1, 0.5]
    assert some.key != found.key
    assert some.key != found.select(np.array([1, 2])).key
    assert found.select(np.arange(3)) is found


def test_results_of_a_run_are_those_of_its_traces(small_run):
    found = results_of(small_run, "pa", {"weights": "uniform"}, "calibration")
    traces = load_traces(small_run, "pa", {"weights": "uniform"}, split="calibration")
    assert (found.predictor, found.split) == ("pa", "calibration")
    assert found.settings == resolve("pa", {"weights": "uniform"}, n_exits=small_run.n_exits)
    assert np.array_equal(found.positions, small_run.positions("calibration"))
    assert np.array_equal(found.traces.predicted, traces.predicted)
    sizes = traces.falls["true_class", "absolute"].size
    assert np.array_equal(found.falling_percent(), decrease_percent(sizes))
    assert found.key == results_of(small_run, "pa", {"weights": "uniform"}, "calibration").key
    assert found.key != results_of(small_run, "pa", {"weights": "uniform"}).key


def test_what_does_not_take_the_run_is_refused(probs_run):
    with pytest.raises(ValueError, match="needs logits"):
        results_of(probs_run, "pa")
    with pytest.raises(ValueError, match="split is 'train'"):
        results_of(probs_run, "softmax-poe", split="train")
