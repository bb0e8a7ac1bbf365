"""What each exit costs: multiply-adds and parameters, cumulative, counted while one image passes, and measured time.

Imports torch.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import torch
from torch import nn

from analysis.models.evaluation.inference import precision
from analysis.runtime.hardware import describe_device
from analysis.runtime.memory import does_not_fit, largest_that_fits, unless_out_of_memory

CONVENTIONS = {
    "conv-linear": "multiply-adds of convolutions and linear layers",
    "published": "multiply-adds of convolutions and linear layers, plus one per ReLU output, per bias of a linear "
    "layer and per pooling output x kernel area",
}


def operations(module: nn.Module, inputs: torch.Tensor, output: torch.Tensor, convention: str) -> int:
    """Operations of one layer for a batch of one, by a convention of `CONVENTIONS`."""
    if isinstance(module, nn.Conv2d):
        return output.numel() * module.weight[0].numel()
    if isinstance(module, nn.Linear):
        biases = output.numel() if convention == "published" and module.bias is not None else 0
        return output.numel() * module.in_features + biases
    if convention == "published":
        if isinstance(module, nn.ReLU):
            return output.numel()
        if isinstance(module, nn.AvgPool2d | nn.MaxPool2d):
            sides = module.kernel_size if isinstance(module.kernel_size, tuple) else (module.kernel_size,) * 2
            return output.numel() * math.prod(sides)
    return 0


def cumulative_costs(
    network: nn.Module, image_size: int, convention: str = "conv-linear"
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Cumulative operations and parameters of each exit, earlier heads included.

    Parameters
    ----------
    network : a network with one module per exit in `classifier`, each of which finishes its exit
    image_size : height and width of the image, in pixels
    convention : `conv-linear` (default) or `published`, the count of the MSDNet and anytime papers

    Returns
    -------
    macs, params : one number per exit each

    Raises
    ------
    ValueError : an unknown convention

    Examples
    --------
    >>> from analysis.models.networks.architectures import architecture
    >>> cumulative_costs(architecture("msdnet-cifar10").build(), 32, "published")[0][0]
    15128842
    """
    if convention not in CONVENTIONS:
        raise ValueError(f"unknown convention {convention!r} of counting: choose one of {', '.join(CONVENTIONS)}")
    total, seen, macs, params = 0, {}, [], []

    def count(module: nn.Module, inputs: tuple, output: torch.Tensor) -> None:
        nonlocal total
        total += operations(module, inputs[0], output, convention)
        seen.update({id(parameter): parameter.numel() for parameter in module.parameters(recurse=False)})

    def finish(module: nn.Module, inputs: tuple, output: torch.Tensor) -> None:
        macs.append(total)
        params.append(sum(seen.values()))

    leaves = [module for module in network.modules() if not any(module.children())]
    handles = [leaf.register_forward_hook(count) for leaf in leaves]
    handles += [head.register_forward_hook(finish) for head in network.classifier]
    was_training = network.training
    try:
        device = next(network.parameters()).device
        with torch.inference_mode():
            network.eval()(torch.zeros(1, 3, image_size, image_size, device=device))
    finally:
        network.train(was_training)
        for handle in handles:
            handle.remove()
    return tuple(macs), tuple(params)


@dataclass(frozen=True)
class Latency:
    """Measured time from the image's arrival until each exit has answered, earlier heads included, in milliseconds."""

    ms: tuple[float, ...]
    """The median over the repeats, cumulative per exit."""
    quartiles_ms: tuple[tuple[float, float], ...]
    """The first and the third quartile of each exit: half of the repeats lie between."""
    hardware: str
    threads: int
    """Of the CPU, in one operation."""
    batch: int
    """Images that pass at once; the times are those of the whole batch."""
    dtype: str
    warm_up: int
    repeats: int

    @property
    def ms_per_image(self) -> tuple[float, ...]:
        """The median divided among the images of a batch, cumulative per exit: a run's cost per sample."""
        return tuple(ms / self.batch for ms in self.ms)

    def provenance(self) -> dict[str, object]:
        """What a run keeps of how it was measured."""
        return {"latency": {**asdict(self), "summary": self.describe()}}

    def describe(self) -> str:
        """How it was measured, in a sentence."""
        images = "1 image" if self.batch == 1 else f"{self.batch} images, divided among them,"
        return (
            f"median of {self.repeats} passes of {images} after {self.warm_up} to warm up, {self.dtype}, on "
            f"{self.hardware}"
        )


def measured_latency(
    network: nn.Module,
    image_size: int,
    device: torch.device,
    *,
    batch: int = 1,
    warm_up: int = 10,
    repeats: int = 50,
    dtype: torch.dtype = torch.float32,
) -> Latency:
    """Time each exit of a network: median and spread over repeated passes. Lower is better.

    Parameters
    ----------
    network : on `device`, with one module per exit in `classifier`, each of which finishes its exit
    image_size : height and width of the images, in pixels
    batch : images in one pass
    warm_up, repeats : passes that are not measured, and that are
    dtype : float32, or bfloat16 by autocast

    Raises
    ------
    ValueError : a batch or number of repeats below 1; a batch that exceeds the memory, naming one that does not
    """
    if min(batch, repeats) < 1:
        raise ValueError(f"batch {batch} and repeats {repeats}: measure at least one image, once")
    is_cuda = device.type == "cuda"
    moments: list = []

    def moment(*_: object) -> None:
        """Note the time: on CUDA by an event in the stream, so that no exit waits for another to be told."""
        if is_cuda:
            moments.append(torch.cuda.Event(enable_timing=True))
            moments[-1].record()
        else:
            moments.append(time.perf_counter())

    def one_pass(images: torch.Tensor) -> list[float]:
        moments.clear()
        moment()
        network(images)
        if is_cuda:
            torch.cuda.synchronize(device)
            return [moments[0].elapsed_time(later) for later in moments[1:]]
        return [1000 * (later - moments[0]) for later in moments[1:]]

    def timed(passes: int, count: int) -> list[list[float]]:
        """Milliseconds per pass and exit, of `count` images."""
        images = torch.zeros(count, 3, image_size, image_size, device=device)
        return [one_pass(images) for _ in range(passes)]

    handles = [head.register_forward_hook(moment) for head in network.classifier]
    was_training = network.training
    try:
        network.eval()
        with torch.inference_mode(), precision(device, dtype):
            times = unless_out_of_memory(partial(timed, warm_up + repeats, batch))
            if times is None:
                raise ValueError(does_not_fit("--latency", batch, largest_that_fits(partial(timed, 1), batch), device))
    finally:
        network.train(was_training)
        for handle in handles:
            handle.remove()
    low, median, high = np.quantile(times[warm_up:], [0.25, 0.5, 0.75], axis=0)
    return Latency(
        ms=tuple(median.tolist()),
        quartiles_ms=tuple(zip(low.tolist(), high.tolist())),
        hardware=describe_device(device),
        threads=torch.get_num_threads(),
        batch=batch,
        dtype="bf16" if dtype == torch.bfloat16 else "fp32",
        warm_up=warm_up,
        repeats=repeats,
    )
