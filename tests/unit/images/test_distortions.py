"""Distortions by hand on small images: what nothing does, what each does, what a seed fixes."""

import numpy as np
import pytest
import torch
from torchvision.transforms.v2.functional import gaussian_blur

from analysis.images.distortions import Distortion, distorted


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)


def test_nothing_changes_nothing(image):
    assert Distortion(seed=5, cover_x=10).is_none
    assert distorted(image, Distortion(seed=5, cover_x=10)) is image


def test_a_quarter_turn_is_numpys(image):
    np.testing.assert_array_equal(distorted(image, Distortion(turn=90)), np.rot90(image))


def test_a_blur_keeps_the_mean_and_lowers_the_spread(image):
    found = distorted(image, Distortion(blur=10)).astype(float)
    assert found.mean() == pytest.approx(image.mean(), abs=4)
    assert found.std() < 0.8 * image.std()


@pytest.mark.parametrize("blur", [2, 10, 25])
def test_a_blur_is_torchvisions_in_two_dimensions(blur):
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    sigma = blur / 100 * 32
    reach = min(int(np.ceil(3 * sigma)), 31)
    whole = gaussian_blur(torch.from_numpy(pixels).permute(2, 0, 1).float(), [2 * reach + 1] * 2, [sigma] * 2)
    found = distorted(pixels, Distortion(blur=blur)).astype(float)
    assert np.abs(found - whole.permute(1, 2, 0).numpy()).max() <= 0.501  # rounded to whole numbers


@pytest.mark.parametrize("blur", [1, 25])
def test_a_constant_image_stays_under_any_blur(blur):
    flat = np.full((32, 32, 3), 77, np.uint8)
    np.testing.assert_array_equal(distorted(flat, Distortion(blur=blur)), flat)


def test_the_square_stands_where_it_is_told_and_ends_at_the_edge(image):
    found = distorted(image, Distortion(cover=50, cover_x=0, cover_y=100))
    assert (found[6:, :2] == 128).all()
    untouched = np.ones((8, 8), bool)
    untouched[6:, :2] = False
    np.testing.assert_array_equal(found[untouched], image[untouched])
    assert (distorted(image, Distortion(cover=100)) == 128).all()


def test_noise_has_its_spread_and_its_seed():
    grey = np.full((64, 64, 3), 128, np.uint8)
    found = distorted(grey, Distortion(noise=0.1, seed=1))
    assert found.std() == pytest.approx(25.5, rel=0.03)
    np.testing.assert_array_equal(found, distorted(grey, Distortion(noise=0.1, seed=1)))
    assert (found != distorted(grey, Distortion(noise=0.1, seed=2))).any()


def test_words_name_what_is_done():
    assert Distortion().words == "as it is"
    assert Distortion(turn=-20, noise=0.25).words == "turned by -20°, noise of 0.25"
