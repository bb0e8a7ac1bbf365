"""What holds exactly for the predictors, whatever the logits and settings."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from analysis.predictors import PREDICTORS, predict
from analysis.predictors.adaptive_product import own_threshold
from analysis.predictors.weights import exit_weights
from tests.property.naive_predictors import NAIVE
from tests.property.predictor_strategies import logits, positive_logits, settings_of

IDS = st.sampled_from(list(PREDICTORS))
WEIGHTS = ("linear", "uniform")


@st.composite
def any_case(draw, predictors=IDS):
    """(predictor id, logits, settings)."""
    array = draw(logits())
    predictor = draw(predictors)
    return predictor, array, draw(settings_of(predictor, len(array)))


def activations(array: np.ndarray, weights) -> np.ndarray:
    """a^w of `pa` with relu: max(f, 0)^w, (exits, samples, classes)."""
    powers = np.array(exit_weights(weights, len(array)))[:, None, None]
    return np.maximum(array, 0.0) ** powers


@given(any_case())
def test_equals_the_definition_in_plain_python(case):
    predictor, array, settings = case
    prediction = predict(predictor, array, **settings)
    for sample in range(array.shape[1]):
        probs, collapsed = NAIVE[predictor](array[:, sample].tolist(), **settings)
        assert prediction.collapsed[:, sample].tolist() == collapsed
        np.testing.assert_allclose(prediction.probs[:, sample].numpy(), probs, rtol=1e-9, atol=1e-12)


@given(any_case())
def test_probabilities_are_finite_not_negative_and_sum_to_one(case):
    predictor, array, settings = case
    prediction = predict(predictor, array, **settings)
    probs = prediction.probs.numpy()
    assert np.isfinite(probs).all()
    assert (probs >= 0).all()
    assert not np.isnan(prediction.log_probs.numpy()).any()
    empty = prediction.collapsed.numpy() & (settings.get("fallback") == "none")
    np.testing.assert_allclose(probs.sum(-1), np.where(empty, 0.0, 1.0), atol=1e-12)


@given(any_case(), st.randoms(use_true_random=False))
def test_the_order_and_the_company_of_samples_are_irrelevant(case, random):
    predictor, array, settings = case
    order = list(range(array.shape[1]))
    random.shuffle(order)
    whole = predict(predictor, array, **settings)
    shuffled = predict(predictor, array[:, order], **settings)
    assert torch.equal(shuffled.log_probs, whole.log_probs[:, order])
    assert torch.equal(shuffled.collapsed, whole.collapsed[:, order])
    alone = predict(predictor, array[:, :1], **settings)
    assert torch.equal(alone.log_probs, whole.log_probs[:, :1])


@given(any_case(), st.sampled_from([np.float16, np.float32]))
def test_the_type_of_the_logits_changes_nothing_but_their_rounding(case, dtype):
    predictor, array, settings = case
    narrow = array.astype(dtype)
    expected = predict(predictor, narrow.astype(np.float64), **settings).log_probs
    assert torch.equal(predict(predictor, narrow, **settings).log_probs, expected)
    assert torch.equal(predict(predictor, torch.from_numpy(narrow), **settings).log_probs, expected)


@given(any_case(st.sampled_from(["pa", "hard-poe", "softmax-poe", "adaptive-pa"])))
def test_under_a_product_a_collapse_lasts(case):
    predictor, array, settings = case
    collapsed = predict(predictor, array, **settings).collapsed.numpy()
    assert (collapsed[:-1] <= collapsed[1:]).all()


@given(logits(), st.sampled_from([("pa", {"weights": w}) for w in WEIGHTS] + [("hard-poe", {"threshold": 0.5})]))
def test_supports_are_nested(array, method):
    predictor, settings = method
    prediction = predict(predictor, array, **settings)
    support = (prediction.log_probs > -np.inf).numpy()
    alive = ~prediction.collapsed.numpy()[1:, :, None]
    assert (support[1:] <= support[:-1])[np.broadcast_to(alive, support[1:].shape)].all()


@given(logits(exits=st.integers(2, 5)), st.sampled_from(WEIGHTS))
def test_pa_moves_a_class_by_its_activation_over_the_weighted_mean(array, weights):
    prediction = predict("pa", array, weights=weights)
    probs, factors = prediction.probs.numpy(), activations(array, weights)
    for m in range(len(array) - 1):
        alive = ~prediction.collapsed[m + 1].numpy()
        now, later, factor = probs[m][alive], probs[m + 1][alive], factors[m + 1][alive]
        mean = (now * factor).sum(-1, keepdims=True)
        np.testing.assert_allclose(later, now * factor / mean, rtol=1e-9, atol=1e-15)
        clear = (now > 0) & (np.abs(factor / mean - 1) > 1e-9)
        np.testing.assert_array_equal((later > now)[clear], (factor > mean)[clear])


@given(logits(exits=st.integers(2, 5)), st.sampled_from(WEIGHTS))
def test_one_step_of_pa_lowers_no_class_below_the_ratio_of_activations(array, weights):
    prediction = predict("pa", array, weights=weights)
    probs, factors = prediction.probs.numpy(), activations(array, weights)
    for m, n in np.argwhere(~prediction.collapsed.numpy()[1:]):
        left = np.isfinite(prediction.log_probs[m + 1, n].numpy())
        ratio = factors[m + 1, n, left].min() / factors[m + 1, n, left].max()
        assert (probs[m + 1, n, left] >= probs[m, n, left] * ratio * (1 - 1e-9)).all()


@given(positive_logits(), st.data(), st.sampled_from(WEIGHTS))
def test_pa_ignores_a_positive_scale_per_exit_and_sample(array, data, weights):
    rows = array.shape[0] * array.shape[1]
    scales = data.draw(st.lists(st.floats(0.01, 100), min_size=rows, max_size=rows))
    scaled = array * np.array(scales).reshape(*array.shape[:2], 1)
    np.testing.assert_allclose(
        predict("pa", scaled, weights=weights).log_probs, predict("pa", array, weights=weights).log_probs, atol=1e-9
    )


@given(logits(), st.floats(0.1, 10))
def test_a_temperature_on_the_logits_changes_nothing_where_pa_has_not_collapsed(array, temperature):
    before, after = predict("pa", array), predict("pa", array / temperature)
    assert torch.equal(before.collapsed, after.collapsed)
    alive = ~before.collapsed
    np.testing.assert_allclose(after.probs[alive], before.probs[alive], rtol=1e-9)


def test_pa_is_not_invariant_to_a_shift():
    array = np.array([[[1.0, 3.0]], [[2.0, 1.0]]])
    assert (predict("pa", array + 10).probs - predict("pa", array).probs).abs().max() > 0.1


@given(logits(), st.sampled_from([0.25, 0.5, 2.0, 3.0]), st.sampled_from(WEIGHTS))
def test_scaling_the_weights_tempers_the_product(array, factor, weights):
    powers = exit_weights(weights, len(array))
    plain = predict("pa", array, weights=powers, fallback="none")
    scaled = predict("pa", array, weights=[factor * w for w in powers], fallback="none")
    tempered = predict("pa", array, weights=powers, temperature=1 / factor, fallback="none")
    powered = plain.probs**factor
    expected = powered / powered.sum(-1, keepdim=True).clamp_min(torch.finfo(powered.dtype).tiny)
    assert torch.equal(scaled.collapsed, plain.collapsed)
    np.testing.assert_allclose(scaled.probs, expected, atol=1e-9)
    np.testing.assert_allclose(tempered.probs, expected, atol=1e-9)


@given(logits(), st.data(), st.sampled_from(["softmax", "previous", "none"]))
def test_a_low_cap_and_the_heaviside_activation_give_exactly_hard_poe(array, data, fallback):
    weights = data.draw(st.lists(st.floats(0.01, 5), min_size=len(array), max_size=len(array)))
    share = data.draw(st.floats(0.01, 1))
    positive = array[array > 0]
    cap = float(positive.min()) * share if positive.size else 1.0
    expected = predict("hard-poe", array, fallback=fallback)
    for settings in ({"cap": cap}, {"activation": "heaviside"}):
        prediction = predict("pa", array, weights=weights, fallback=fallback, **settings)
        assert torch.equal(prediction.collapsed, expected.collapsed)
        assert torch.equal(prediction.log_probs, expected.log_probs)


@given(logits(), st.sampled_from([-0.5, 0.0, 0.5]))
def test_under_hard_poe_no_class_of_the_final_support_falls(array, threshold):
    prediction = predict("hard-poe", array, threshold=threshold)
    assume(not prediction.collapsed[-1].all())
    alive = ~prediction.collapsed[-1].numpy()
    support = np.isfinite(prediction.log_probs[-1].numpy()) & alive[:, None]
    assert (np.diff(prediction.probs.numpy(), axis=0)[:, support] >= 0).all()


@given(logits())
def test_ca_shows_the_running_maximum_of_the_confidence(array):
    confidence = predict("baseline", array).probs.amax(-1).float()
    assert torch.equal(predict("ca", array).probs.amax(-1).float(), confidence.cummax(0).values)


@given(logits())
def test_ca_is_idempotent_on_probabilities(array):
    once = predict("ca", array)
    np.testing.assert_allclose(predict("ca", once.log_probs).probs, once.probs, atol=1e-12)


@given(logits(), st.sampled_from(WEIGHTS), st.sampled_from(["softmax", "previous", "none"]))
def test_adaptive_pa_that_keeps_every_class_is_pa(array, weights, fallback):
    kept, expected = (
        predict(predictor, array, weights=weights, fallback=fallback, **settings)
        for predictor, settings in (("adaptive-pa", {"mass": 1}), ("pa", {}))
    )
    assert torch.equal(kept.log_probs, expected.log_probs)
    assert torch.equal(kept.collapsed, expected.collapsed)


@given(logits(), st.sampled_from([0.0, 0.5, 0.9]), st.floats(-3, 3))
def test_adaptive_pa_keeps_the_same_classes_whatever_is_added_to_an_exit_s_logits(array, mass, shift):
    grid = np.round(array * 8) / 8  # a sum may round two logits together
    kept = [own_threshold(torch.from_numpy(some), mass) for some in (grid, grid + round(shift * 8) / 8)]
    assert torch.equal(torch.from_numpy(grid) >= kept[0], torch.from_numpy(grid + round(shift * 8) / 8) >= kept[1])


@given(logits(), st.sampled_from(["softmax", "relu", "heaviside"]))
def test_the_ensemble_s_corners_are_the_mixture_and_each_exit_by_itself(array, activation):
    for weights, expected in (("equal", "moe"), ("latest", "baseline")):
        ours = predict("exit-ensemble", array, weights=weights, activation=activation)
        theirs = predict(expected, array, activation=activation)
        np.testing.assert_allclose(ours.probs, theirs.probs, rtol=1e-12, atol=1e-15)
        assert torch.equal(ours.collapsed, theirs.collapsed)


@given(logits())
def test_a_vote_in_which_agreement_does_not_count_is_the_mixture(array):
    expected = predict("moe", array).probs
    np.testing.assert_allclose(predict("agreement-vote", array, power=0).probs, expected, rtol=1e-12, atol=1e-15)


@given(logits(exits=st.just(1)))
def test_with_one_exit_of_weight_one_pa_is_the_normalised_relu(array):
    prediction = predict("pa", array)
    relu = np.maximum(array, 0)
    alive = relu.sum(-1) > 0
    np.testing.assert_array_equal(prediction.collapsed.numpy(), ~alive)
    np.testing.assert_allclose(
        prediction.probs.numpy()[alive], (relu[alive] / relu[alive].sum(-1, keepdims=True)), rtol=1e-12
    )


@given(logits(exits=st.integers(2, 5)), st.data())
def test_an_exit_of_weight_zero_changes_nothing(array, data):
    skipped = data.draw(st.integers(0, len(array) - 1))
    weights = [1.0] * len(array)
    weights[skipped] = 0.0
    with_it = predict("pa", array, weights=weights, fallback="none").log_probs
    without = predict("pa", np.delete(array, skipped, 0), weights="uniform", fallback="none").log_probs
    kept = [m for m in range(len(array)) if m != skipped]
    assert torch.equal(with_it[kept], without)


@given(st.floats(-1e4, 1e4, width=32), st.integers(1, 6), st.sampled_from([65504.0, 1e8, 3e38]))
def test_ties_stay_ties_however_large(value, classes, large):
    for level in (value, large):
        array = np.full((7, 1, classes), level)
        for predictor in PREDICTORS:
            probs = predict(predictor, array.astype(np.float32)).probs
            np.testing.assert_allclose(probs, 1 / classes, rtol=1e-12)


@pytest.mark.parametrize("predictor", PREDICTORS)
def test_no_samples_is_an_empty_prediction(predictor):
    prediction = predict(predictor, np.zeros((3, 0, 4), np.float32))
    assert prediction.probs.shape == (3, 0, 4)
    assert prediction.collapsed.shape == (3, 0)
