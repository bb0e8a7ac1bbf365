"""A plan: how large its chunks are, what the images are called and what the network sees of them."""

import numpy as np
import pytest
import torch

from analysis.images.corruptions import corrupt
from analysis.models.evaluation.plan import Plan
from tests.toy import noise_images

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(
    ("plan", "images"),
    [
        (Plan(CPU), 256),
        (Plan(CPU, batch=100), 256),  # a kill loses no more than that anyway
        (Plan(CPU, batch=1000), 1000),
        (Plan(CPU, batch=1000, chunk=4), 4),
        (Plan(CPU, batch=None), 250),  # one batch of those that are tried first
        (Plan(CUDA, batch=None), 2000),
    ],
)
def test_no_batch_is_cut_by_a_chunk(plan, images):
    assert plan.images_per_chunk == images


def test_corrupted_images_have_a_name_of_their_own():
    plan = Plan(CPU, corruption=("gaussian-noise", 3))
    assert (plan.corrupted, plan.dataset("cifar10")) == ("gaussian noise of severity 3", "cifar10-gaussian-noise-3")
    assert (plan.dataset(None), Plan(CPU).corrupted, Plan(CPU).dataset("cifar10")) == (None, "", "cifar10")


def test_a_chunk_is_corrupted_as_its_place_in_the_split_would_be():
    images = noise_images(6)
    assert Plan(CPU).seen(images, 4) is images
    seen = Plan(CPU, corruption=("gaussian-noise", 3), seed=2).seen(images.read(4, 6), 4)
    assert np.array_equal(seen.pixels, corrupt(images.pixels, "gaussian-noise", 3, seed=2)[4:])
    assert np.array_equal(seen.labels, images.labels[4:])
