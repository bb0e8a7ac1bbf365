"""Images in, the logits of every exit out. Imports torch and the datasets' normalisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
from torch import Tensor

from analysis.models.datasets import NORMALISATION, Images
from analysis.models.hardware import describe_device


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


def normalise(pixels: Tensor, dataset: str) -> Tensor:
    """uint8 (images, height, width, 3) to normalised float32 (images, 3, height, width)."""
    mean, std = (torch.tensor(values, device=pixels.device).view(1, 3, 1, 1) for values in NORMALISATION[dataset])
    return (pixels.permute(0, 3, 1, 2).float() / 255 - mean) / std


OUT_OF_MEMORY = (torch.OutOfMemoryError, MemoryError, RuntimeError)
"""What torch raises where memory ends: on the CPU a plain RuntimeError, told by its text."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of `OUT_OF_MEMORY` says that memory has ended, on a device or on the host."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return any(text in str(error) for text in ("not enough memory", "can't allocate memory", "out of memory"))


def does_not_fit(network: torch.nn.Module, pixels: Tensor, dataset: str, device: torch.device, batch: int) -> str:
    """What to say where a batch exceeded the memory: the largest half, quarter, ... that fits, found by trying."""
    place = describe_device(device)
    smaller = len(pixels) // 2
    while smaller:
        try:
            _logits(network, pixels[:smaller].to(device), dataset)
            return f"--batch {batch} does not fit into the memory of {place}: --batch {smaller} does"
        except OUT_OF_MEMORY as error:
            if not is_out_of_memory(error):
                raise
        smaller //= 2
    return f"not even one image fits into the memory of {place}: free some of it, or choose another --device"


@contextmanager
def precision(device: torch.device, dtype: torch.dtype) -> Iterator[None]:
    """Whole float32, which on recent GPUs is not cuDNN's default, or autocast to another dtype."""
    with ExitStack() as stack:
        if dtype != torch.float32:
            stack.enter_context(torch.autocast(device.type, dtype))
        elif device.type == "cuda":
            stack.enter_context(torch.backends.cudnn.flags(enabled=True, benchmark=False, allow_tf32=False))
        yield


def _logits(network: torch.nn.Module, pixels: Tensor, dataset: str) -> Tensor:
    """(exits, images, classes), float32 on the CPU, of one batch."""
    return torch.stack(list(network(normalise(pixels, dataset)))).float().cpu()


@torch.inference_mode()
def predict(
    network: torch.nn.Module,
    images: Images,
    dataset: str,
    device: torch.device,
    *,
    batch: int = 250,
    dtype: torch.dtype = torch.float32,
    on_batch: Callable[[int], None] | None = None,
) -> np.ndarray:
    """The logits (exits, images, classes), float32, of a network, which is put into eval mode.

    Parameters
    ----------
    network : normalised images (images, 3, height, width) to logits (images, classes) of each exit
    dataset : whose normalisation the images get
    batch : images at a time; the logits do not depend on it, but for rounding
    dtype : float32, without TF32, or bfloat16, by autocast
    on_batch : told the number of images of each batch that is done

    Raises
    ------
    ValueError : a batch that does not fit into memory, naming one that does
    """
    network.eval()
    chunks = []
    with precision(device, dtype):
        for start in range(0, len(images), batch):
            pixels, logits = torch.from_numpy(images.pixels[start : start + batch]), None
            try:
                logits = _logits(network, pixels.to(device), dataset)
            except OUT_OF_MEMORY as error:
                if not is_out_of_memory(error):
                    raise
            if logits is None:  # outside the handler: the failed batch's memory is free again
                raise ValueError(does_not_fit(network, pixels, dataset, device, batch))
            chunks.append(logits)
            if on_batch:
                on_batch(len(pixels))
    return torch.cat(chunks, dim=1).numpy()
