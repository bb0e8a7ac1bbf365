"""Random numbers that belong to their sample and exit."""

import math

import numpy as np
import pytest

from analysis.sets.draws import LARGEST_SEED, check_seed, log_gammas, uniforms


def test_a_sample_has_its_number_whatever_is_beside_it():
    whole = uniforms(3, np.arange(50), 4)
    assert (whole == whole[0]).all()
    np.testing.assert_array_equal(uniforms(3, np.array([40, 7]), 4), whole[:, [40, 7]])
    each = uniforms(3, np.arange(50), 4, per_exit=True)
    assert len(np.unique(each)) == 200
    np.testing.assert_array_equal(each[0], whole[0])
    assert not (uniforms(4, np.arange(50), 4) == whole).any()
    assert uniforms(3, np.arange(0), 2).shape == (2, 0)


def test_the_numbers_are_uniform():
    drawn = np.sort(uniforms(0, np.arange(4000), 1)[0])
    gap = np.abs(drawn - np.arange(4000) / 4000).max()
    assert gap < 1.95 / math.sqrt(4000)  # Kolmogorov and Smirnov, one in a thousand


def test_gammas_belong_to_sample_and_exit():
    shapes = np.random.default_rng(0).normal(1, 2, (3, 6, 5)).astype(np.float32)
    whole = log_gammas(1, np.arange(6), shapes)
    assert (np.isneginf(whole) == (shapes <= 0)).all()
    np.testing.assert_array_equal(log_gammas(1, np.array([4]), shapes[:, 4:5]), whole[:, 4:5])
    finite = whole[np.isfinite(whole)]
    assert len(np.unique(finite)) == len(finite)


@pytest.mark.parametrize("shape", [0.3, 1.0, 7.5])
def test_gammas_have_the_mean_and_the_variance_of_their_shape(shape):
    drawn = np.exp(log_gammas(2, np.arange(20), np.full((1, 20, 1000), shape)))
    assert drawn.mean() == pytest.approx(shape, abs=4 * math.sqrt(shape / 20_000))
    assert drawn.var() == pytest.approx(shape, rel=0.1)


def test_small_shapes_do_not_underflow():
    """E[log g] is digamma(0.001), -1000.6; g itself would be 0 in half of the draws."""
    drawn = log_gammas(0, np.arange(1), np.full((1, 1, 4000), 0.001))
    assert np.isfinite(drawn).all()
    assert drawn.mean() == pytest.approx(-1000.6, rel=0.05)


def test_float16_shapes_draw_as_the_same_numbers_in_float64():
    shapes = np.array([[[1.5, 0.25, 3.0]]], np.float16)
    np.testing.assert_array_equal(
        log_gammas(0, np.arange(1), shapes), log_gammas(0, np.arange(1), shapes.astype(np.float64))
    )


def test_a_seed_is_a_key():
    check_seed(0)
    check_seed(LARGEST_SEED)
    for seed in (-1, LARGEST_SEED + 1):
        with pytest.raises(ValueError, match=f"seed is {seed}: give a whole number from 0 to"):
            check_seed(seed)
