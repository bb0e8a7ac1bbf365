"""Adaptive PA, the exit ensemble and the agreement vote: cases worked by hand, and what their settings refuse."""

import numpy as np
import pytest

from analysis.predictors import predict, resolve
from analysis.predictors.weights import ensemble_weights

# softmax of (ln 6, ln 3, ln 1): 0.6, 0.3, 0.1
SURE = np.log([6.0, 3.0, 1.0])
UNSURE = np.log([1.0, 4.0, 5.0])


def probs(predictor, rows, **settings):
    return predict(predictor, np.array(rows)[:, None, :], **settings).probs[:, 0].numpy()


def test_adaptive_pa_keeps_the_classes_that_hold_the_mass():
    logits = [[2.0, 1.0, 0.5, -1.0]]  # softmax 0.60, 0.22, 0.13, 0.03
    assert probs("adaptive-pa", logits, mass=0.5)[0].tolist() == [1, 0, 0, 0]
    assert probs("adaptive-pa", logits, mass=0.7)[0] == pytest.approx([2 / 3, 1 / 3, 0, 0])
    assert probs("adaptive-pa", logits, mass=0.9)[0] == pytest.approx([2 / 3.5, 1 / 3.5, 0.5 / 3.5, 0])
    assert probs("adaptive-pa", logits, mass=0)[0].tolist() == [1, 0, 0, 0]


def test_adaptive_pa_has_a_threshold_for_each_sample_and_exit():
    sure, unsure = [4.0, 1.0, 1.0], [2.0, 1.9, 1.8]
    found = predict("adaptive-pa", np.array([[sure, unsure], [unsure, sure]]), mass=0.8, weights="uniform")
    support = np.isfinite(found.log_probs.numpy())
    assert support.tolist() == [[[True, False, False], [True] * 3], [[True, False, False]] * 2]


def test_equal_logits_stay_or_go_together():
    assert probs("adaptive-pa", [[1.0, 1.0, 1.0]], mass=0.5)[0] == pytest.approx([1 / 3] * 3)


def test_adaptive_pa_collapses_where_the_exits_keep_no_class_in_common():
    logits = np.array([[[3.0, 0.5, 0.1]], [[0.1, 0.5, 3.0]]])
    found = predict("adaptive-pa", logits, mass=0.5, fallback="previous")
    assert found.collapsed[:, 0].tolist() == [False, True]
    assert found.probs[1, 0].tolist() == [1, 0, 0]


def test_an_ensemble_has_weights_of_its_own_at_every_exit():
    found = probs("exit-ensemble", [SURE, UNSURE], weights=(1, 1, 3))
    assert found[0] == pytest.approx([0.6, 0.3, 0.1])
    assert found[1] == pytest.approx([0.6 / 4 + 0.3 / 4, 0.3 / 4 + 1.2 / 4, 0.1 / 4 + 1.5 / 4])


def test_an_exit_of_weight_zero_has_no_part_in_an_ensemble():
    found = predict("exit-ensemble", np.array([[[0.0, -np.inf]], [[-np.inf, 0.0]]]), weights="1,0,2")
    assert found.probs[:, 0].tolist() == [[1, 0], [0, 1]]


def test_rows_of_an_ensemble_sum_to_one():
    assert ensemble_weights("equal", 3)[2] == (1 / 3, 1 / 3, 1 / 3)
    assert ensemble_weights("latest", 2) == ((1.0, 0.0), (0.0, 1.0))


def test_exits_that_agree_count_more():
    shown = probs("agreement-vote", [SURE, UNSURE, SURE])
    assert shown[1] == pytest.approx([0.35, 0.35, 0.3])  # nobody agrees
    assert shown[2] == pytest.approx((2 * 2 * np.array([0.6, 0.3, 0.1]) + np.array([0.1, 0.4, 0.5])) / 5)
    majority = probs("agreement-vote", [SURE, UNSURE, SURE], power=100)
    assert majority[2] == pytest.approx([0.6, 0.3, 0.1])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("1,1", "has 2 numbers and the run 2 exits: give 3, one for exit 1, two for exit 2, and so on"),
        ("1,0,0", "is 0 for all exits up to exit 2: give at least one of them a weight above 0"),
        ("1,-1,1", "give equal, latest, or numbers from 0 to 1e+06 for each exit and each exit up to it"),
    ],
)
def test_weights_of_an_ensemble_that_are_none(weights, message):
    with pytest.raises(ValueError, match="exit-ensemble setting weights") as error:
        resolve("exit-ensemble", {"weights": weights}, n_exits=2)
    assert message in str(error.value)
