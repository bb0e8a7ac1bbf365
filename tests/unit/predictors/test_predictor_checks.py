"""What is refused among logits and probabilities, and how it is said."""

import re

import numpy as np
import pytest
import torch

from analysis.predictors import check_logits, predict
from analysis.predictors.checks import check_probs


def broken(value: float, dtype=np.float32) -> np.ndarray:
    logits = np.ones((5, 30, 4), dtype)
    logits[3, 17, 2] = value
    return logits


@pytest.mark.parametrize("as_type", [np.asarray, torch.from_numpy])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_nan_is_refused_with_exit_and_sample(as_type, dtype):
    message = "logits[3, 17] holds NaN (exit 4, sample 18 of 30): re-export the run, or drop the sample with --drop-nan"
    with pytest.raises(ValueError, match=re.escape(message)):
        check_logits(as_type(broken(np.nan, dtype)))


def test_the_position_in_the_run_is_named():
    with pytest.raises(ValueError, match=re.escape("logits[3, 1017] holds NaN (exit 4, sample 1018 of 10000)")):
        predict("pa", broken(np.nan), first_sample=1000, total_samples=10000)
    with pytest.raises(ValueError, match=re.escape("logits[3, 1017] holds NaN (exit 4, sample 1018):")):
        check_logits(broken(np.nan), first_sample=1000)


def test_nan_beside_infinity_is_nan():
    logits = broken(np.nan)
    logits[3, 17, 0] = np.inf
    with pytest.raises(ValueError, match="holds NaN"):
        check_logits(logits)


def test_plus_infinity_and_empty_rows_are_refused():
    with pytest.raises(ValueError, match=re.escape("logits[3, 17] holds +inf (exit 4, sample 18 of 30)")):
        check_logits(broken(np.inf))
    logits = broken(0)
    logits[0, 2] = -np.inf
    with pytest.raises(ValueError, match=re.escape("logits[0, 2] is -inf for every class (exit 1, sample 3 of 30)")):
        check_logits(logits)


def test_one_minus_infinity_is_fine():
    check_logits(broken(-np.inf))


@pytest.mark.parametrize("value", [1e301, -1e301])
def test_logits_whose_sums_overflow_are_refused(value):
    logits = np.full((2, 1, 2), value)
    with pytest.raises(ValueError, match="rescale the logits"):
        check_logits(logits)


@pytest.mark.parametrize("shape", [(3, 4), (0, 2, 3), (2, 3, 0), (1, 2, 3, 4)])
def test_a_wrong_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"give \(exits, samples, classes\)"):
        predict("baseline", np.ones(shape))


@pytest.mark.parametrize(
    "value", [[[[1.0]]], np.array([[["a"]]]), np.ones((1, 1, 1), bool), np.ones((1, 1, 1), complex)]
)
def test_what_is_no_array_of_real_numbers_is_refused(value):
    with pytest.raises(ValueError, match="give an array or tensor of real numbers"):
        predict("baseline", value)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([0.5, np.nan], "f returned NaN at exit 2, sample 13: return finite probabilities"),
        ([0.5, np.inf], "f returned an infinite value at exit 2, sample 13"),
        ([1.5, -0.5], "f returned -0.5 for a class at exit 2, sample 13: return probabilities of at least 0"),
        ([0.5, 0.75], "f returned probabilities that sum to 1.25 at exit 2, sample 13: divide each row by its sum"),
    ],
)
def test_what_is_no_distribution_is_refused(row, message):
    probs = np.full((3, 4, 2), 0.5)
    probs[1, 2] = row
    with pytest.raises(ValueError, match=re.escape(message)):
        check_probs(probs, (3, 4, 2), "f", 1e-4, first_sample=10)
