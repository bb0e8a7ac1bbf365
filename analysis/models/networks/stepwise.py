"""A network run exit by exit: stop after any of them, time each, and read the feature maps that an exit rests on.

Imports torch and the networks. The stages and their order are those of the networks' own forward (a test compares).
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from analysis.models.networks.imta import IMTA
from analysis.models.networks.msdnet import MSDNet, Transition

Tap = Callable[[int, int, list[Tensor]], list[Tensor]]
"""Called with exit, stage and the feature maps after that stage, one per scale, finest first; returns them."""


def backbone(network: nn.Module) -> MSDNet:
    """The MSDNet whose blocks a network runs.

    Raises
    ------
    ValueError : a network that is neither an MSDNet nor an IMTA
    """
    network = network.net if isinstance(network, IMTA) else network
    if not isinstance(network, MSDNet):
        raise ValueError(f"a {type(network).__name__} cannot be run exit by exit: give an MSDNet or an IMTA")
    return network


def stages(block: nn.Sequential) -> list[list[nn.Module]]:
    """A block as stages: the stem, then each layer together with the transition that follows it."""
    found: list[list[nn.Module]] = []
    for module in block:
        if isinstance(module, Transition):
            found[-1].append(module)
        else:
            found.append([module])
    return found


def exit_by_exit(network: nn.Module, images: Tensor, tap: Tap | None = None) -> Iterator[Tensor]:
    """The logits (samples, classes) of one exit after the other; what is not asked for is not computed.

    Parameters
    ----------
    network : an MSDNet or an IMTA
    images : normalised, (samples, 3, height, width)
    tap : sees, and may replace, the feature maps after every stage

    Examples
    --------
    >>> from analysis.models.networks.architectures import architecture
    >>> network = architecture("msdnet-cifar10").build().eval()
    >>> next(exit_by_exit(network, torch.zeros(2, 3, 32, 32))).shape
    torch.Size([2, 10])
    """
    base = backbone(network)
    scales, logits = images, None
    for exit_, (block, head) in enumerate(zip(base.blocks, base.classifier)):
        for stage, modules in enumerate(stages(block)):
            for module in modules:
                scales = module(scales)
            if tap is not None:
                scales = tap(exit_, stage, scales)
        if isinstance(network, IMTA):
            features = head.features(scales)
            if exit_:
                features = torch.cat([features, network.isc_modules[exit_ - 1](logits)], dim=1)
            logits = network.classifier[exit_](features)
        else:
            logits = head(scales)
        yield logits


_THREADS = threading.Lock()


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for torch's operations; one caller at a time, since the number is the process's."""
    with _THREADS:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def timed_exits(
    network: nn.Module, images: Tensor, repeats: int = 5, exits: int | None = None
) -> tuple[Tensor, list[float]]:
    """The logits of the first exits, and how long reaching each took.

    Parameters
    ----------
    network : an MSDNet or an IMTA, in eval mode, on the CPU
    images : normalised, (samples, 3, height, width)
    repeats : passes that are measured, after one that warms up
    exits : how many run, from 1: the blocks after them do not; None: all

    Returns
    -------
    logits : (exits that ran, samples, classes), float32
    latency_ms : per exit, the median over the passes of the time from the start until its logits were there, on one
        thread: several would wait for each other at every one of some hundred layers, for longer than one image takes
    """
    times = []
    with torch.inference_mode(), one_thread():
        for _ in range(1 + repeats):
            start, logits, reached = time.perf_counter(), [], []
            for one in itertools.islice(exit_by_exit(network, images), exits):
                logits.append(one)
                reached.append(1e3 * (time.perf_counter() - start))
            times.append(reached)
        measured = torch.tensor(times[1:], dtype=torch.float64)
        return torch.stack(logits), measured.quantile(0.5, dim=0).tolist()
