"""One sample's probabilities by the kernel are those of the reference, and where they are not they are left to it."""

import numpy as np
import pytest

from analysis.predictors import predict, resolve
from analysis.traces.compiled import fused_probs
from analysis.traces.compiled.chunk import METHODS, kernel_or_none

LOGITS = (np.random.default_rng(0).normal(1, 3, (4, 1, 37))).astype(np.float16)


@pytest.fixture(autouse=True)
def compiled():
    assert kernel_or_none() is not None


@pytest.mark.parametrize("predictor", METHODS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_every_predictor_shows_what_the_reference_shows(predictor, dtype):
    logits = LOGITS.astype(dtype)
    found = fused_probs(logits, predictor, resolve(predictor, {}, n_exits=4))
    np.testing.assert_allclose(found, predict(predictor, logits).probs[:, 0].numpy(), rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("fallback", ["softmax", "previous", "none"])
def test_a_collapse_shows_the_fallback(fallback):
    logits = np.array([[[1.0, 2.0]], [[-1.0, -2.0]]])
    found = fused_probs(logits, "pa", resolve("pa", {"fallback": fallback}, n_exits=2))
    np.testing.assert_allclose(found, predict("pa", logits, fallback=fallback).probs[:, 0].numpy(), rtol=1e-12)


def test_what_is_to_be_refused_is_left_to_the_reference_as_are_very_many_classes():
    settings = resolve("baseline", {}, n_exits=1)
    assert fused_probs(np.array([[[1.0, np.nan]]]), "baseline", settings) is None
    assert fused_probs(np.zeros((1, 1, 20_000)), "baseline", settings) is None
    assert fused_probs(np.zeros((1, 1, 2)), "file.py:mine", {}) is None


def test_a_kernel_that_was_never_compiled_is_not_compiled_for_one_sample(monkeypatch):
    monkeypatch.setattr("analysis.traces.compiled.one_sample.kernel_at_hand", lambda: False)
    assert fused_probs(LOGITS, "pa", resolve("pa", {}, n_exits=4)) is None
