"""Settings fitted by likelihood: no other value is likelier on the samples fitted on, which are not measured."""

import numpy as np
import pytest
from scipy.optimize import minimize

from analysis.metrics.ensemble_weights import likeliest_shares, likeliest_weights
from analysis.results import results_of
from analysis.results.from_logits.likeliest import FITTED, likeliest_of


def loss(run, predictor, settings):
    """What is minimised, on the calibration split."""
    results = results_of(run, predictor, settings, "calibration")
    traces = results.traces
    on = ~(np.isneginf(traces.log_true_class_prob) | traces.collapsed)
    return -traces.log_true_class_prob[on].astype(np.float64).sum()


@pytest.mark.parametrize("predictor", [key for key, name in FITTED.items() if name == "temperature"])
def test_no_other_temperature_is_likelier(small_run, predictor):
    found = likeliest_of(small_run, predictor)
    assert (found.setting, found.fitted_on_test) == ("temperature", False)
    assert found.fitted_on == {"run": "small", "split": "calibration", "samples": 100, "seed": None}
    best = loss(small_run, predictor, {"temperature": found.value})
    for factor in (0.8, 0.97, 1.03, 1.25):
        assert loss(small_run, predictor, {"temperature": found.value * factor}) > best
    assert found.after.settings["temperature"] == found.value
    np.testing.assert_array_equal(found.after.accuracy, found.before.accuracy)


def test_the_ensemble_s_weights_are_likeliest_at_every_exit(small_run):
    found = likeliest_of(small_run, "exit-ensemble")
    probs = results_of(small_run, "baseline", {}, "calibration").traces.true_class_prob.astype(np.float64)
    for m in range(1, 7):
        own = np.array(found.value[m * (m + 1) // 2 : (m + 1) * (m + 2) // 2])
        nll = -np.log(own / own.sum() @ probs[: m + 1]).mean()

        def softmaxed(free, m=m):
            shares = np.exp(free - free.max())
            return -np.log(shares / shares.sum() @ probs[: m + 1]).mean()

        assert nll <= minimize(softmaxed, np.zeros(m + 1)).fun + 1e-4
    assert (found.gained[1:] > -0.05).all()


def test_shares_by_hand():
    assert likeliest_shares(np.array([[0.5, 0.5], [0.5, 0.5]])).tolist() == [0.5, 0.5]
    assert likeliest_shares(np.array([[0.9, 0.9], [0.1, 0.2]])).round(3).tolist() == [1, 0]
    assert likeliest_shares(np.array([[0.0, 0.4], [0.0, 0.0]])).round(3).tolist() == [
        1,
        0,
    ]  # nobody's sample is left out
    assert likeliest_shares(np.zeros((2, 3))).tolist() == [0.5, 0.5]
    # half of the samples speak for each alone: v1 = v2
    assert likeliest_shares(np.array([[1.0, 0.0], [0.0, 1.0]])).round(6).tolist() == [0.5, 0.5]
    assert likeliest_weights(np.array([[0.5, 0.5], [0.9, 0.9]])) == (1.0, 0.0, 1.0)


def test_what_is_missing_is_said(imageless_run, unlabelled_run, small_run):
    with pytest.raises(ValueError, match="nothing of predictor moe is fitted by likelihood: choose baseline, pa"):
        likeliest_of(small_run, "moe")
    with pytest.raises(ValueError, match="baseline with activation=relu has no temperature"):
        likeliest_of(small_run, "baseline", {"activation": "relu"})
    with pytest.raises(ValueError, match="no calibration split to fit on"):
        likeliest_of(imageless_run)
    with pytest.raises(ValueError, match="run unlabelled has no label among the samples to fit on"):
        likeliest_of(unlabelled_run, calibration="random:0.2")


def test_what_is_fitted_on_what_is_measured_says_so(imageless_run):
    assert likeliest_of(imageless_run, allow_test_fitting=True).fitted_on_test
