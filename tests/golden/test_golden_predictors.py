"""The predictors against the published code's outputs on the same logits; README.md says where they come from."""

import numpy as np
import pytest

from analysis.predictors import predict
from tests.golden.published_code import CASES, STATISTICS


def largest_fall(values: np.ndarray) -> np.ndarray:
    """max over pairs i < m of values_i - values_m, by trying every pair; (samples,)."""
    pairs = [values[i] - values[m] for m in range(len(values)) for i in range(m + 1)]
    return np.max(pairs, axis=0)


@pytest.mark.parametrize("name", CASES)
def test_probabilities_equal_the_published_code(golden_arrays, name):
    predictor, settings = CASES[name]
    probs = predict(predictor, golden_arrays["logits"], **settings).probs[:, :50].numpy()
    np.testing.assert_allclose(probs, golden_arrays[f"probs_{name}"], rtol=0, atol=2e-5)


@pytest.mark.parametrize("name", CASES)
def test_statistics_of_all_samples_equal_the_published_code(golden_arrays, name):
    predictor, settings = CASES[name]
    prediction, labels, expected = (
        predict(predictor, golden_arrays["logits"], **settings),
        golden_arrays["labels"],
        STATISTICS[name],
    )
    probs = prediction.probs.numpy()
    correct = (probs.argmax(-1) == labels).sum(1)
    assert correct.tolist() == np.rint(np.array(expected["accuracy"]) * len(labels)).astype(int).tolist()
    true_class = np.take_along_axis(probs, labels.astype(int)[None, :, None], 2)[..., 0]
    np.testing.assert_allclose(true_class.mean(1), expected["gt_prob"], atol=2e-5)
    logs = np.where(probs > 0, prediction.log_probs.numpy(), 0)
    np.testing.assert_allclose(-(probs * logs).sum(-1).mean(1), expected["entropy"], atol=2e-5)
    brier = ((probs - (np.arange(probs.shape[2]) == labels[:, None])) ** 2).sum(-1).mean(1)
    np.testing.assert_allclose(brier, expected["brier"], atol=2e-5)
    falls = largest_fall(true_class)
    percent = {threshold: 100 * np.mean(falls > float(threshold)) for threshold in expected["violations"]}
    assert percent == pytest.approx(expected["violations"], abs=1e-9)


def test_the_golden_logits_do_collapse(golden_arrays):
    assert predict("pa", golden_arrays["logits"]).collapsed.sum() == 190
