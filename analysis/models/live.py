"""One image through a network, exit by exit: its logits and the time each exit took. Imports torch when called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class LiveRun:
    """What came of one image.

    logits : float32, (exits, classes)
    latency_ms : per exit, from the start until its logits were there: the median of several passes on one thread
    hardware : what they were measured on
    """

    logits: np.ndarray
    latency_ms: tuple[float, ...]
    hardware: str


def run_image(network: nn.Module, image: np.ndarray, dataset: str) -> LiveRun:
    """Run one image through a network.

    Parameters
    ----------
    network : an MSDNet or an IMTA, in eval mode, on the CPU
    image : uint8 (height, width, 3), of the network's size
    dataset : whose normalisation the network was trained with
    """
    import torch

    from analysis.models.hardware import processor_name
    from analysis.models.inference import normalise
    from analysis.models.stepwise import timed_exits

    logits, latency_ms = timed_exits(network, normalise(torch.from_numpy(np.array(image))[None], dataset))
    return LiveRun(logits[:, 0].float().numpy(), tuple(latency_ms), f"one thread of {processor_name()}")
