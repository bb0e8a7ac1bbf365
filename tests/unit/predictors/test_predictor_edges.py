"""Edge cases of the predictors, worked by hand."""

import math

import numpy as np
import pytest
import torch

from analysis.predictors import PREDICTORS, predict
from analysis.predictors.activations import log_activation


def rows(*exits) -> np.ndarray:
    """Logits of one sample, (exits, 1, classes)."""
    return np.array(exits, dtype=np.float64)[:, None, :]


def shown(predictor: str, logits: np.ndarray, **settings) -> list[list[float]]:
    """The probabilities of the only sample at each exit."""
    return predict(predictor, logits, **settings).probs[:, 0].tolist()


def test_pa_by_hand():
    logits = rows([1, 3, -1], [2, 2, 5])
    assert shown("pa", logits, weights="uniform") == [pytest.approx([0.25, 0.75, 0]), pytest.approx([0.25, 0.75, 0])]
    half = [1, math.sqrt(3)]
    first, second = [h / sum(half) for h in half], [h * 2 / (2 * sum(half)) for h in half]
    assert shown("pa", logits) == [pytest.approx([*first, 0]), pytest.approx([*second, 0])]


def test_thresholds_by_hand():
    logits = rows([0.25, 1, 8])
    assert shown("pa", logits, threshold=0.5) == [pytest.approx(np.array([0.5, 1, 8]) / 9.5)]
    assert shown("pa", logits, threshold=0.5, threshold_mode="zero") == [pytest.approx([0, 1 / 9, 8 / 9])]
    assert shown("pa", logits, threshold=0.5, cap=4) == [pytest.approx(np.array([0.5, 1, 4]) / 5.5)]
    assert shown("pa", logits, relative_threshold=0.25) == [pytest.approx([2 / 12, 2 / 12, 8 / 12])]
    assert shown("hard-poe", logits, relative_threshold=0.1) == [pytest.approx([0, 0.5, 0.5])]
    assert shown("hard-poe", logits, threshold=1) == [pytest.approx([0, 0, 1])]


def test_minus_infinity_stays_where_a_threshold_would_raise_it():
    logits = rows([-math.inf, 1, 1])
    for settings in ({"threshold": 0.5}, {"threshold": 0.5, "threshold_mode": "zero", "activation": "softplus"}):
        assert shown("pa", logits, **settings) == [pytest.approx([0, 0.5, 0.5])]


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_a_logit_stored_as_the_threshold_lies_at_it(dtype):
    logits = np.array([[[0.3, 1.0]]], dtype=np.float32)
    assert shown("hard-poe", logits, threshold=0.3) == [[0, 1]]
    exact = np.array([[[0.5, 1.0]]], dtype=dtype)
    assert shown("hard-poe", exact, threshold=0.5) == [[0, 1]]


@pytest.mark.parametrize("bound", [1e300, -1e300])
def test_bounds_beyond_float32_still_bound(bound):
    """Raised to the same threshold, all classes are equal; below no logit, a threshold changes nothing."""
    logits = rows([1, 2, 3]).astype(np.float32)
    expected = [1 / 3, 1 / 3, 1 / 3] if bound > 0 else [1 / 6, 2 / 6, 3 / 6]
    prediction = predict("pa", logits, weights="uniform", threshold=bound)
    assert not prediction.collapsed.any()
    assert prediction.probs[0, 0].tolist() == pytest.approx(expected)
    assert shown("pa", logits, cap=1e300) == shown("pa", logits)


def test_fallbacks_by_hand():
    logits = rows([1, -1], [-1, 1], [3, 3])
    softmax = [1 / (1 + math.e**-2), 1 / (1 + math.e**2)]
    prediction = predict("pa", logits)
    assert prediction.collapsed[:, 0].tolist() == [False, True, True]
    assert shown("pa", logits) == [[1, 0], pytest.approx(softmax[::-1]), [0.5, 0.5]]
    assert shown("pa", logits, fallback="previous") == [[1, 0], [1, 0], [1, 0]]
    assert shown("pa", logits, fallback="none") == [[1, 0], [0, 0], [0, 0]]


def test_previous_before_any_support_is_the_current_softmax():
    logits = rows([-1, -1], [-2, -4], [3, 3])
    second = [1 / (1 + math.e**-2), 1 / (1 + math.e**2)]
    for predictor in ("pa", "hard-poe"):
        assert shown(predictor, logits, fallback="previous") == [[0.5, 0.5], pytest.approx(second), [0.5, 0.5]]


def test_baseline_and_mixture_collapse_exit_by_exit():
    logits = rows([1, 3], [-1, -1], [3, 1])
    for predictor in ("baseline", "moe"):
        collapsed = predict(predictor, logits, activation="relu").collapsed[:, 0].tolist()
        assert collapsed == [False, True, False]
    assert shown("baseline", logits, activation="relu", fallback="none")[1] == [0, 0]
    first, second, _ = shown("baseline", logits, activation="relu", fallback="previous")
    assert second == first == pytest.approx([0.25, 0.75])
    mixed = shown("moe", logits, activation="relu")
    assert mixed == [pytest.approx([0.25, 0.75]), pytest.approx([0.375, 0.625]), pytest.approx([0.5, 0.5])]
    assert shown("moe", logits, activation="relu", fallback="none")[1:] == [[0, 0], pytest.approx([0.5, 0.5])]


def test_softmax_poe_collapses_when_every_class_was_excluded():
    logits = rows([-math.inf, 1, 0], [0, -math.inf, 1], [2, 2, -math.inf])
    prediction = predict("softmax-poe", logits)
    assert prediction.collapsed[:, 0].tolist() == [False, False, True]
    assert shown("softmax-poe", logits)[1:] == [[0, 0, 1], [0.5, 0.5, 0]]
    assert shown("softmax-poe", logits, fallback="previous")[2] == [0, 0, 1]


def test_softmax_poe_by_hand():
    logits = rows([math.log(1), math.log(3)], [math.log(2), math.log(1)])
    assert shown("softmax-poe", logits)[1] == pytest.approx([0.4, 0.6])
    geometric = [math.sqrt(2), math.sqrt(3)]
    assert shown("softmax-poe", logits, combine="mean")[1] == pytest.approx([g / sum(geometric) for g in geometric])
    assert shown("softmax-poe", logits, temperature=2)[1] == pytest.approx([g / sum(geometric) for g in geometric])


def test_ca_prefers_the_later_of_two_exits_that_saturate():
    logits = np.array([[[40, 0, 0]], [[0, 60, 0]], [[0, 0, 50]], [[3, 0, 0]]], dtype=np.float32)
    assert predict("ca", logits).probs[:, 0].argmax(-1).tolist() == [0, 1, 2, 2]


def test_forty_exits_of_weight_one_stay_finite():
    logits = np.tile(np.array([[[15.0, 14.9, 15.1]]], dtype=np.float32), (40, 1, 1))
    expected = [(f / 15) ** 40 for f in logits[0, 0].astype(np.float64)]
    assert shown("pa", logits, weights="uniform")[-1] == pytest.approx([e / sum(expected) for e in expected], rel=1e-12)


def test_a_product_that_underflows_keeps_its_logarithm():
    logits = np.tile(np.array([[[1e-6, 1e3]]], dtype=np.float32), (40, 1, 1))
    last = predict("pa", logits, weights="uniform").log_probs[-1, 0]
    assert last[0].item() == pytest.approx(40 * (math.log(np.float32(1e-6)) - math.log(1e3)), rel=1e-12)
    assert last.exp().tolist() == [0, 1]


def test_a_mixture_that_underflows_keeps_its_logarithm():
    logits = rows([0, 2000, -math.inf], [0, 1000, -math.inf], [5, 5, -math.inf])
    logs = predict("moe", logits).log_probs[:, 0]
    assert logs[1].tolist() == pytest.approx([-1000 - math.log(2), 0, -math.inf])
    assert logs[2].exp().tolist() == pytest.approx([0.5 / 3, 2.5 / 3, 0])


def test_saturated_softmax_poe_separates_neighbours_at_1e8():
    logits = np.array([[[1e8, 1e8 + 8, 0]]] * 2, dtype=np.float32)
    assert shown("softmax-poe", logits)[1] == pytest.approx([1 / (1 + math.e**16), 1 / (1 + math.e**-16), 0])


def test_log_softplus_of_very_negative_logits_is_the_logit():
    values = torch.tensor(
        [-1e30, -1000.0, -745.0, -100.0, -40.0, -39.0, -1.0, 0.0, 30.0, 1e8, 1e30], dtype=torch.float64
    )
    expected = [-1e30, -1000.0, -745.0, -100.0] + [
        math.log(math.log1p(math.exp(v)) if v < 30 else v) for v in values[4:].tolist()
    ]
    assert log_activation(values, "softplus").tolist() == pytest.approx(expected, rel=1e-14)
    assert log_activation(torch.tensor([-math.inf], dtype=torch.float64), "softplus").tolist() == [-math.inf]
    probs = shown("pa", rows([-1000, -1001]), activation="softplus")
    assert probs == [pytest.approx([1 / (1 + math.e**-1), 1 / (1 + math.e)])]


def test_float16_logits_at_their_limits():
    logits = np.array([[[65504, 65504, -65504]], [[6e-8, 6e-8, 65504]]], dtype=np.float16)
    for predictor in PREDICTORS:
        np.testing.assert_allclose(predict(predictor, logits).probs.sum(-1), 1, atol=1e-12)
    assert shown("pa", logits)[1] == [0.5, 0.5, 0]


def test_read_only_and_integer_arrays_are_taken():
    logits = np.array([[[1, 3]]])
    assert shown("pa", logits) == [pytest.approx([0.25, 0.75])]
    frozen = logits.astype(np.float32)
    frozen.setflags(write=False)
    assert shown("pa", frozen) == [pytest.approx([0.25, 0.75])]


@pytest.mark.parametrize("predictor", PREDICTORS)
def test_the_given_logits_are_not_changed(predictor):
    logits = torch.tensor([[[1.0, -3.0]], [[-1.0, 3.0]]], dtype=torch.float64)
    before = logits.clone()
    predict(predictor, logits)
    assert torch.equal(logits, before)


def test_a_gradient_is_not_followed():
    assert not predict("pa", torch.ones(1, 1, 2, requires_grad=True)).log_probs.requires_grad


def test_a_cap_below_every_float32_caps_and_removes_no_class():
    logits = np.array([[[3.0, -1.0, 0.5]]], np.float32)
    tiny = predict("pa", logits, cap=1e-46)
    assert not tiny.collapsed.any()
    np.testing.assert_allclose(tiny.probs, predict("hard-poe", logits).probs)
