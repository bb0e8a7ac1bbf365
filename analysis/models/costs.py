"""What each exit costs: multiply-adds and parameters, cumulative, counted while one image passes. Imports torch."""

from __future__ import annotations

import math

import torch
from torch import nn

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
    >>> from analysis.models.architectures import architecture
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
