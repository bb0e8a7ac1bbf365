"""Images to logits: independent of the batch, and a batch that is too large names one that fits."""

import numpy as np
import pytest
import torch

from analysis.images.datasets import Images
from analysis.models.evaluation.inference import choose_device, normalise, predict
from analysis.models.networks.architectures import architecture
from analysis.reference.datasets import NORMALISATION
from tests.toy import noise_images

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def images() -> Images:
    return noise_images(11)


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return architecture("msdnet-cifar10").build()


class Limited(torch.nn.Module):
    """A network whose memory holds `limit` images."""

    def __init__(self, limit: int, error: Exception) -> None:
        super().__init__()
        self.limit, self.error = limit, error

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        if len(images) > self.limit:
            raise self.error
        return [images.mean(dim=(2, 3))]


def test_the_logits_do_not_depend_on_the_batch(network, images):
    whole = predict(network, images, "cifar10", CPU)
    assert whole.shape == (7, 11, 10)
    assert whole.dtype == np.float32
    for batch in (1, 4, 11):
        logits = predict(network, images, "cifar10", CPU, batch=batch)
        assert np.abs(logits - whole).max() <= 1e-5 * np.abs(whole).max()


def test_bf16_stays_near(network, images):
    whole = predict(network, images, "cifar10", CPU)
    rounded = predict(network, images, "cifar10", CPU, dtype=torch.bfloat16)
    assert rounded.dtype == np.float32
    assert 0 < np.abs(rounded - whole).max() <= 0.05 * np.abs(whole).max()


def test_progress_is_told_by_batch(images):
    told = []
    predict(Limited(99, ValueError()), images, "cifar10", CPU, batch=4, on_batch=told.append)
    assert told == [4, 4, 3]


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 99 bytes"),
    ],
)
def test_out_of_memory_names_a_batch_that_fits(images, error):
    with pytest.raises(ValueError, match=r"--batch 11 does not fit into the memory of .*: --batch 2 does"):
        predict(Limited(3, error), images, "cifar10", CPU, batch=11)
    with pytest.raises(ValueError, match="not even one image fits"):
        predict(Limited(0, error), images, "cifar10", CPU, batch=11)


def test_without_a_batch_it_is_halved_until_it_fits(images):
    told = []
    logits = predict(Limited(3, torch.OutOfMemoryError()), images, "cifar10", CPU, on_batch=told.append)
    assert told == [2, 2, 2, 2, 2, 1]
    assert np.array_equal(logits, predict(Limited(99, ValueError()), images, "cifar10", CPU))
    with pytest.raises(ValueError, match=r"not even one image fits into the memory of .* free some of it"):
        predict(Limited(0, MemoryError()), images, "cifar10", CPU)


def test_other_failures_are_not_called_memory(images):
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        predict(Limited(3, RuntimeError("mat1 and mat2 shapes")), images, "cifar10", CPU)


def test_normalised_channels_by_hand():
    pixels = torch.tensor([[[[255, 0, 51]]]], dtype=torch.uint8)
    mean, std = NORMALISATION["cifar100"]
    expected = [(value - m) / s for value, m, s in zip((1, 0, 0.2), mean, std)]
    assert normalise(pixels, "cifar100").flatten().tolist() == pytest.approx(expected, rel=1e-5)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_that_is_not_there_is_refused():
    assert choose_device("auto") == choose_device("cpu") == CPU
    with pytest.raises(ValueError, match="torch finds no CUDA device here: use --device cpu"):
        choose_device("cuda")
