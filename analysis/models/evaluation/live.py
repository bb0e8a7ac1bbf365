"""One image through a network, exit by exit: its logits and the time each exit took. Imports torch when called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class LiveRun:
    """What came of one image, up to the last exit that ran.

    logits : float32, (exits that ran, classes)
    latency_ms : per exit, from the start until its logits were there: the median of several passes on one thread
    hardware : what they were measured on
    """

    logits: np.ndarray
    latency_ms: tuple[float, ...]
    hardware: str


def within_memory(what: str) -> AbstractContextManager[None]:
    """A block in which memory that ends is said in one sentence.

    Parameters
    ----------
    what : what does not fit: "this network with one image"

    Raises
    ------
    ValueError : the block ended for want of memory
    """
    from analysis.runtime.memory import said_when_out_of_memory

    return said_when_out_of_memory(
        f"not enough memory is free for {what}: end other programs, or choose a smaller network"
    )


def exits_of(network: nn.Module, image: np.ndarray, dataset: str) -> Iterator[np.ndarray]:
    """The logits of one exit after the other, float32 (classes,); an exit runs when it is asked for, and not before.

    Parameters
    ----------
    network : an MSDNet or an IMTA, in eval mode, on the CPU
    image : uint8 (height, width, 3), of the network's size
    dataset : whose normalisation the network was trained with

    Raises
    ------
    ValueError : there is not enough memory
    """
    import torch

    from analysis.models.evaluation.inference import normalise
    from analysis.models.networks.stepwise import exit_by_exit, one_thread

    coming = exit_by_exit(network, normalise(torch.from_numpy(np.array(image))[None], dataset))
    while True:
        with within_memory("this network with one image"), torch.inference_mode(), one_thread():
            logits = next(coming, None)  # the modes end before the yield: they are those of whoever asks, too
        if logits is None:
            return
        yield logits[0].float().numpy()


def run_image(network: nn.Module, image: np.ndarray, dataset: str, exits: int | None = None) -> LiveRun:
    """Run one image through a network, several times, up to an exit.

    Parameters
    ----------
    network, image, dataset : as of `exits_of`
    exits : how many run, from 1; the blocks after them do not; None: all

    Raises
    ------
    ValueError : there is not enough memory
    """
    import torch

    from analysis.models.evaluation.inference import normalise
    from analysis.models.networks.stepwise import timed_exits
    from analysis.runtime.hardware import processor_name

    with within_memory("this network with one image"):
        pixels = normalise(torch.from_numpy(np.array(image))[None], dataset)
        logits, latency_ms = timed_exits(network, pixels, exits=exits)
    return LiveRun(logits[:, 0].float().numpy(), tuple(latency_ms), f"one thread of {processor_name()}")
