"""Images in, the logits of every exit out. Imports torch and the datasets' normalisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import numpy as np
import torch
from torch import Tensor

from analysis.images.datasets import Images
from analysis.reference.datasets import NORMALISATION
from analysis.runtime.memory import does_not_fit, largest_that_fits, unless_out_of_memory

BATCH = {"cpu": 250, "cuda": 2000}
"""Images at a time where nobody says how many; fewer where they do not fit into the memory."""


def choose_device(name: str) -> torch.device:
    """The device of `auto`, `cpu` or `cuda`; `auto` takes CUDA where there is one.

    Raises
    ------
    ValueError : CUDA is asked for and not there
    """
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise ValueError("--device cuda: torch finds no CUDA device here: use --device cpu")
    return torch.device("cuda" if name == "cuda" or (name == "auto" and available) else "cpu")


def channel_statistics(dataset: str, device: torch.device) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel of a data set's images, float32 (1, 3, 1, 1)."""
    mean, std = (torch.tensor(values, device=device).view(1, 3, 1, 1) for values in NORMALISATION[dataset])
    return mean, std


def normalised(pixels: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """uint8 (images, height, width, 3) to normalised float32 (images, 3, height, width)."""
    return (pixels.permute(0, 3, 1, 2).float() / 255 - mean) / std


def normalise(pixels: Tensor, dataset: str) -> Tensor:
    """uint8 (images, height, width, 3) to float32 (images, 3, height, width), as a data set's images are normalised."""
    return normalised(pixels, *channel_statistics(dataset, pixels.device))


@contextmanager
def precision(device: torch.device, dtype: torch.dtype) -> Iterator[None]:
    """Whole float32, which on recent GPUs is not cuDNN's default, or autocast to another dtype."""
    with ExitStack() as stack:
        if dtype != torch.float32:
            stack.enter_context(torch.autocast(device.type, dtype))
        elif device.type == "cuda":
            stack.enter_context(torch.backends.cudnn.flags(enabled=True, benchmark=False, allow_tf32=False))
        yield


def _logits(network: torch.nn.Module, pixels: Tensor, dataset: str, device: torch.device, count: int) -> Tensor:
    """(exits, count, classes), float32 on the CPU, of the first `count` images."""
    return torch.stack(list(network(normalise(pixels[:count].to(device), dataset)))).float().cpu()


@torch.inference_mode()
def predict(
    network: torch.nn.Module,
    images: Images,
    dataset: str,
    device: torch.device,
    *,
    batch: int | None = None,
    dtype: torch.dtype = torch.float32,
    on_batch: Callable[[int], None] | None = None,
) -> np.ndarray:
    """The logits (exits, images, classes), float32, of a network, which is put into eval mode.

    Parameters
    ----------
    network : normalised images (images, 3, height, width) to logits (images, classes) of each exit
    dataset : whose normalisation the images get
    batch : images at a time; the logits do not depend on it, but for rounding. None: 250, on CUDA 2000, halved until
        they fit into the memory, for callers whose user has no batch to choose
    dtype : float32, without TF32, or bfloat16, by autocast
    on_batch : told the number of images of each batch that is done

    Raises
    ------
    ValueError : a batch that does not fit into memory, naming one that does; without `batch`, where not one image fits
    """
    network.eval()
    chunks, start, limit = [], 0, batch or BATCH[device.type]
    with precision(device, dtype):
        while start < len(images):
            pixels = torch.from_numpy(images.pixels[start : start + limit])
            first = partial(_logits, network, pixels, dataset, device)
            logits = unless_out_of_memory(partial(first, len(pixels)))
            if logits is None:
                fitting = largest_that_fits(first, len(pixels))
                if batch is not None or not fitting:
                    raise ValueError(does_not_fit("--batch", limit, fitting, device))
                limit = fitting
                continue
            chunks.append(logits)
            start += len(pixels)
            if on_batch:
                on_batch(len(pixels))
    return torch.cat(chunks, dim=1).numpy()
