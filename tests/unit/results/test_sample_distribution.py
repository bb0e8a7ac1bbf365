"""One sample's distribution is the one that predicting the whole run gives."""

import numpy as np
import pytest

from analysis.predictors import predict
from analysis.results.sample_distribution import class_probs, racing_classes, top_classes


@pytest.mark.parametrize("predictor", ["baseline", "pa", "ca"])
def test_it_is_that_of_the_whole_run(small_run, predictor):
    whole = predict(predictor, small_run.logits.read(0, 400)).probs.double().numpy()
    probs = class_probs(small_run, predictor, {}, 17)
    assert probs.shape == (7, 20)
    assert np.allclose(probs, whole[:, 17], atol=1e-12)


def test_top_classes_break_ties_by_index():
    assert top_classes(np.array([0.3, 0.1, 0.3, 0.3]), 3).tolist() == [0, 2, 3]


def test_the_race_holds_the_true_class_and_every_leader_and_no_more_than_it_may():
    probs = np.array([[0.7, 0.1, 0.1, 0.1, 0.0], [0.1, 0.6, 0.2, 0.1, 0.0], [0.1, 0.2, 0.6, 0.1, 0.0]])
    assert racing_classes(probs, 4, count=1).tolist() == [2, 1, 0, 4]
    assert racing_classes(probs, 4, count=1, most=3).tolist() == [2, 1, 4]  # later leaders before earlier ones
    assert racing_classes(probs, -1, count=2).tolist() == [2, 1, 0]
    assert racing_classes(np.zeros((2, 3)), 1, count=2).tolist() == [0, 1]  # nothing is shown: nothing leads
