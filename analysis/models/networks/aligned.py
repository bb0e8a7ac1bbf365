"""An MSDNet computed as tensor cores like it: channels in eights, neighbouring 1x1 convolutions as one.

Imports torch and the networks. Tensor cores take bfloat16 channels eight at a time; an MSDNet grows by six, so that
cuDNN copies most of its inputs into wider ones first. Here feature maps are made wider by channels of zeros where they
are written, and weights beside them: the same sums in another order. Parameters, buffers and their names stay the
network's own, which is what is saved, evaluated and averaged.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from analysis.models.networks.msdnet import Basic, Head, Layer, Transition

LANES = 8
"""Channels that a tensor core takes at a time, of two bytes each."""


def missing(channels: int) -> int:
    """Channels of zeros that fill up the last eight."""
    return -channels % LANES


def filled(maps: Tensor) -> Tensor:
    """Feature maps (samples, channels, height, width) with channels of zeros behind them."""
    extra = missing(maps.shape[1])
    return F.pad(maps, (0, 0, 0, 0, 0, extra)) if extra else maps


def convolved(maps: Tensor, convolutions: Sequence[nn.Conv2d]) -> tuple[Tensor, ...]:
    """The outputs of convolutions of one kind on the same filled feature maps, computed as one convolution."""
    widths = [conv.out_channels for conv in convolutions]
    weight = torch.cat([conv.weight for conv in convolutions]) if len(convolutions) > 1 else convolutions[0].weight
    weight = F.pad(weight, (0, 0, 0, 0, 0, missing(weight.shape[1]), 0, missing(weight.shape[0])))
    found = F.conv2d(maps, weight, None, convolutions[0].stride, convolutions[0].padding)
    return found[:, : sum(widths)].split(widths, dim=1)


class AlignedBasic(nn.Module):
    """A `Basic` of filled feature maps."""

    def __init__(self, basic: Basic) -> None:
        super().__init__()
        self.net = basic.net

    def forward(self, x: Tensor) -> Tensor:
        """Filled feature maps, or an image, to filled feature maps."""
        conv, norm, relu = self.net
        return filled(relu(norm(*convolved(filled(x), [conv]))))


class AlignedLayer(nn.Module):
    """A `Layer` of filled feature maps: what reads one scale by 1x1 convolutions reads it once."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.drop, self.layers = layer.drop, layer.layers

    def forward(self, scales: list[Tensor]) -> list[Tensor]:
        """The filled feature maps of the scales before, the finest first, to those of the scales kept."""
        new: list[list[Tensor]] = [[] for _ in self.layers]  # of each scale kept: from the finer one, from its own
        first = int(self.drop)  # the finest scale that is kept
        for scale, maps in enumerate(scales):
            own, coarser = scale - first, scale - first + 1
            readers = []
            if own >= 0:
                readers.append((own, self.layers[own].conv_normal.net))
            if coarser < len(self.layers):
                readers.append((coarser, self.layers[coarser].conv_down.net))
            inner = convolved(maps, [net[0] for _, net in readers])
            for found, (kept, net) in zip(inner, readers):
                _, norm, relu, conv, norm_out, relu_out = net
                (found,) = convolved(filled(relu(norm(found))), [conv])
                new[kept].append(relu_out(norm_out(found)))
        kept_scales = scales[first:]
        widths = [layer.conv_normal.net[0].in_channels for layer in self.layers]
        return [filled(torch.cat([x[:, :n], *added], dim=1)) for x, n, added in zip(kept_scales, widths, new)]


class AlignedTransition(nn.Module):
    """A `Transition` of filled feature maps."""

    def __init__(self, transition: Transition) -> None:
        super().__init__()
        self.m = nn.ModuleList(AlignedBasic(basic) for basic in transition.m)

    def forward(self, scales: list[Tensor]) -> list[Tensor]:
        """Each scale with fewer channels."""
        return [m(x) for m, x in zip(self.m, scales)]


class AlignedHead(nn.Module):
    """A `Head` of filled feature maps."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.m = nn.Sequential(AlignedBasic(head.m[0]), AlignedBasic(head.m[1]), head.m[2])
        self.width, self.linear = head.linear.in_features, head.linear

    def features(self, scales: list[Tensor]) -> Tensor:
        """(samples, width) features of the coarsest scale, which the linear layer sees."""
        return self.m(scales[-1])[:, : self.width].flatten(1)

    def forward(self, scales: list[Tensor]) -> Tensor:
        """The logits (samples, classes) of one exit."""
        return self.linear(self.features(scales))


REPLACED = {Basic: AlignedBasic, Layer: AlignedLayer, Transition: AlignedTransition, Head: AlignedHead}


def aligned(network: nn.Module) -> nn.Module:
    """The same network, of the same parameters and buffers, computed on feature maps of channels in eights.

    Parameters
    ----------
    network
        An MSDNet, or one of IMTA's; its own modules stay as they are.

    Returns
    -------
    A module to be called instead of it, which is in training or not as the network itself is: what normalises by the
    batch belongs to both.
    """
    if type(network) in REPLACED:
        return REPLACED[type(network)](network)
    if not network._modules:
        return network  # a leaf is shared
    twin = copy.copy(network)
    twin._modules = {name: aligned(module) for name, module in network._modules.items()}
    return twin
