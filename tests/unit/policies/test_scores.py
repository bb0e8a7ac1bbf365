"""The four scores: by hand, where nothing is shown, and of one sample as of many."""

import math

import numpy as np
import pytest

from analysis.policies.scores import MEASURES, certainty, patience, score_so_far, scores
from analysis.predictors import predict
from analysis.traces import trace_logits
from tests.unit.policies.by_hand import answers_of


def test_the_scores_of_a_sample_by_hand():
    answers = answers_of([[[0.5, 0.25, 0.25]], [[0.5, 0.5, 0.0]], [[0.0, 1.0, 0.0]]])
    assert scores("max-prob", answers).T.tolist() == [[0.5, 0.5, 1.0]]
    assert scores("margin", answers).T.tolist() == [[0.25, 0.0, 1.0]]
    entropies = [0.5 * math.log(2) + 0.5 * math.log(4), math.log(2), 0]
    np.testing.assert_allclose(scores("entropy", answers).T[0], [1 - h / math.log(3) for h in entropies], rtol=1e-6)
    assert scores("patience", answers).T.tolist() == [[0.0, 1.0, 0.0]]


def test_a_collapse_that_shows_nothing_scores_0_and_resets_patience():
    """Of three classes the product keeps none at exit 3, and nothing is left from there on."""
    logits = np.array([[[3, 1, -1]], [[3, -1, -1]], [[-1, 1, -1]], [[3, 1, 1]]], np.float32)
    answers = trace_logits(logits, [0], "pa", fallback="none")
    assert answers.predicted[:, 0].tolist() == [0, 0, -1, -1]
    for measure in MEASURES:
        assert scores(measure, answers)[2:, 0].tolist() == [0, 0]
    assert scores("patience", answers)[:, 0].tolist() == [0, 1, 0, 0]
    assert scores("entropy", answers)[1, 0] == 1


def test_what_comes_after_a_collapse_agrees_with_nothing():
    assert patience(np.array([1, -1, -1, 1, 1]), np.array([1, 0, 0, 1, 1], bool)).tolist() == [0, 0, 0, 0, 1]


def test_a_single_class_is_certain():
    assert certainty(np.zeros(2, np.float32), 1).tolist() == [1, 1]
    assert float(score_so_far("entropy", np.ones((1, 1)))) == 1
    assert float(score_so_far("margin", np.ones((1, 1)))) == 1


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("predictor", ["baseline", "pa"])
def test_one_sample_exit_by_exit_scores_as_all_at_once(small_logits, measure, predictor):
    some = small_logits[:, :40]
    settings = {"fallback": "none"} if predictor == "pa" else {}
    whole = scores(measure, trace_logits(some, None, predictor, **settings))
    probs = predict(predictor, some, **settings).probs.numpy()
    for m in range(len(some)):
        found = [score_so_far(measure, probs[: m + 1, n]) for n in range(40)]
        np.testing.assert_allclose(found, whole[m], atol=2e-7)


@pytest.mark.parametrize("probs", [np.ones(3), np.ones((0, 3)), np.ones((2, 0))])
def test_what_is_no_table_of_probabilities_is_refused(probs):
    with pytest.raises(ValueError, match="probs must be"):
        score_so_far("max-prob", probs)


def test_an_unknown_measure_is_refused():
    with pytest.raises(ValueError, match="give one of max-prob, margin, entropy, patience"):
        scores("doubt", answers_of([[[1.0, 0.0]]]))
    with pytest.raises(ValueError, match="give one of max-prob, margin, entropy, patience"):
        score_so_far("doubt", np.ones((1, 2)))
