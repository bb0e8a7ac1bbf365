"""One sample's distribution is the one that predicting the whole run gives."""

import numpy as np
import pytest

from analysis.predictors import predict
from analysis.results.sample_distribution import class_probs, top_classes


@pytest.mark.parametrize("predictor", ["baseline", "pa", "ca"])
def test_it_is_that_of_the_whole_run(small_run, predictor):
    whole = predict(predictor, small_run.logits.read(0, 400)).probs.double().numpy()
    probs = class_probs(small_run, predictor, {}, 17)
    assert probs.shape == (7, 20)
    assert np.allclose(probs, whole[:, 17], atol=1e-12)


def test_top_classes_break_ties_by_index():
    assert top_classes(np.array([0.3, 0.1, 0.3, 0.3]), 3).tolist() == [0, 2, 3]
