"""Images in, the logits of every exit out. Imports torch and the datasets' normalisation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from analysis.models.datasets import NORMALISATION, Images


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


@torch.inference_mode()
def predict(
    network: torch.nn.Module,
    images: Images,
    dataset: str,
    device: torch.device,
    *,
    batch: int = 250,
    on_batch: Callable[[int], None] | None = None,
) -> np.ndarray:
    """The logits (exits, images, classes), float32, of a network, which is put into eval mode.

    `dataset` names the normalisation; `on_batch` is told the number of images of each batch that is done.
    """
    network.eval()
    chunks = []
    for start in range(0, len(images), batch):
        pixels = torch.from_numpy(images.pixels[start : start + batch]).to(device)
        chunks.append(torch.stack(list(network(normalise(pixels, dataset)))).float().cpu())
        if on_batch:
            on_batch(len(pixels))
    return torch.cat(chunks, dim=1).numpy()
