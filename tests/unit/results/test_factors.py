"""Which factor decides: by hand, and against the probabilities that the predictor shows."""

import numpy as np
import pytest

from analysis.predictors import predict, resolve
from analysis.results.factors import factors_of
from tests.unit.results.by_hand import run_by_hand


def of(rows, label, predictor="pa", **settings):
    """The factors of one sample, a row of logits for each exit."""
    run = run_by_hand(np.array(rows, np.float32)[:, None], [label])
    return factors_of(run, predictor, resolve(predictor, settings), 0, label)


def test_a_class_that_is_overtaken_is_told_with_its_rival_and_the_factor_that_decides():
    found = of([[4, 2, 1], [2, 1, 1], [1, 8, 3], [1, 1, 1]], 0, weights="uniform")
    assert (found.followed, found.rival, found.overtaken, found.until) == (0, 1, 2, 2)
    assert found.ever_leads
    assert not found.leads
    np.testing.assert_allclose(found.evidence, np.log([2, 2, 1 / 8, 1]), atol=1e-12)
    assert found.deciding == 2
    assert found.lost_at is None


def test_weights_and_temperature_are_in_the_evidence():
    rows = [[4, 2], [1, 2]]
    linear = of(rows, 0)
    np.testing.assert_allclose(linear.weights, [0.5, 1])
    np.testing.assert_allclose(linear.evidence, [0.5 * np.log(2), -np.log(2)])
    np.testing.assert_allclose(of(rows, 0, temperature="2").evidence, linear.evidence / 2)


def test_a_class_that_leads_has_the_likeliest_other_as_rival():
    found = of([[1, 2, 1], [9, 1, 3]], 0)
    assert found.leads
    assert (found.rival, found.until, found.deciding) == (2, 1, 1)


def test_a_class_that_never_leads_is_held_against_the_last_answer():
    found = of([[1, 2, 9], [1, 9, 8]], 0, weights="uniform")
    assert not found.ever_leads
    assert (found.overtaken, found.until, found.rival) == (None, 1, 2)


def test_leaving_the_support_is_infinite_and_told_apart_from_being_outvoted():
    found = of([[4, 2, 1], [-1, 1, 1], [5, 1, 2]], 0)
    assert found.evidence[1] == -np.inf
    assert (found.lost_at, found.deciding, found.overtaken) == (1, 1, 1)
    both = of([[4, 2], [-1, 1], [5, -2]], 0)
    assert np.isnan(both.log_odds[2])  # no class is left: the fallback answers
    assert both.leads  # as the fallback says


def test_an_exit_of_weight_0_says_nothing_even_of_what_it_excludes():
    found = of([[-1, 2], [3, 1]], 0, weights="0,1")
    assert found.evidence[0] == 0
    assert found.lost_at is None
    assert found.leads


def test_without_a_label_the_last_answer_is_followed():
    assert of([[4, 2, 1], [1, 1, 6]], -1, weights="uniform").followed == 2


@pytest.mark.parametrize(
    ("predictor", "settings"),
    [
        ("pa", {}),
        ("pa", {"activation": "softplus", "temperature": "1.5", "cap": "6"}),
        ("pa", {"threshold": "0.3", "threshold_mode": "clamp"}),
        ("softmax-poe", {}),
        ("softmax-poe", {"combine": "mean", "temperature": "0.5"}),
        ("hard-poe", {"relative_threshold": "0.1"}),
    ],
)
def test_the_sum_of_the_evidence_is_the_log_odds_of_what_is_shown(small_run, predictor, settings):
    resolved = resolve(predictor, settings, n_exits=7)
    shown = predict(predictor, small_run.logits.read(0, 40), **resolved)
    logs = shown.log_probs.numpy()
    for sample in range(40):
        found = factors_of(small_run, predictor, resolved, sample, int(small_run.labels[sample]))
        pair = logs[found.until, sample, [found.followed, found.rival]]
        if shown.collapsed[found.until, sample]:
            continue
        with np.errstate(invalid="ignore"):
            expected = pair[0] - pair[1]
        np.testing.assert_allclose(found.log_odds[found.until], expected, atol=1e-9)
        assert found.leads == (logs[-1, sample].argmax() == found.followed)


@pytest.mark.parametrize("predictor", ["baseline", "moe", "ca"])
def test_what_is_no_product_has_no_factors(small_run, predictor):
    assert factors_of(small_run, predictor, resolve(predictor), 0) is None


@pytest.mark.parametrize("activation", ["relu", "softplus", "heaviside"])
@pytest.mark.parametrize("threshold", [None, 0.5])
@pytest.mark.parametrize("mode", ["clamp", "zero"])
def test_activations_are_those_of_the_predictor(activation, threshold, mode):
    import torch

    from analysis.predictors.activations import bound_logits, log_activation
    from analysis.results.factors import _bounded, _log_activation

    values = np.array([[-np.inf, -900.0, -41.0, -1.0, 0.0, 0.3, 2.0, 50.0]])
    theirs = log_activation(bound_logits(torch.from_numpy(values.copy()), threshold, mode, 9.0), activation)
    np.testing.assert_allclose(_log_activation(_bounded(values, threshold, mode, 9.0), activation), theirs.numpy())
