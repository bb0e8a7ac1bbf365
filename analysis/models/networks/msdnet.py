"""MSDNet: a multi-scale dense network with a classifier after every block.

Huang et al., "Multi-Scale Dense Networks for Resource Efficient Image Classification", ICLR 2018, arXiv 1703.09844.
Parameter names are those of the public PyTorch repository, so its checkpoints load strictly. Imports torch only.

Every layer keeps a list of feature maps, one per scale, finest first. A layer concatenates, at each scale, the
identity, a strided branch from the next finer scale, and a normal branch; the finest remaining scale is dropped at
fixed depths.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class MSDNetConfig:
    """The shape of an MSDNet; the defaults are the paper's CIFAR network (7 exits, 16 layers, 3 scales)."""

    classes: int
    block_layers: tuple[int, ...] = (4, 2, 2, 2, 2, 2, 2)
    """Layers per block; an exit follows each block."""
    channels: int = 16
    """Channels of the finest scale after the stem."""
    growth: int = 6
    """New channels per layer at the finest scale."""
    factors: tuple[int, ...] = (1, 2, 4)
    """Per scale, the factor on channels, growth and bottleneck width."""
    reduction: float = 0.5
    """Share of the channels that a transition keeps when a scale is dropped."""
    imagenet: bool = False
    """A 7x7 stride-2 stem with max pooling, and heads as wide as their input."""

    @property
    def exits(self) -> int:
        """The number of exits: each block ends in one."""
        return len(self.block_layers)


CONFIGS = {
    "cifar10": MSDNetConfig(classes=10),
    "cifar100": MSDNetConfig(classes=100),
    "imagenet-step4": MSDNetConfig(1000, (4, 4, 4, 4, 4), 32, 16, (1, 2, 4, 4), imagenet=True),
    "imagenet-step7": MSDNetConfig(1000, (7, 7, 7, 7, 7), 32, 16, (1, 2, 4, 4), imagenet=True),
}


def conv_bn_relu(n_in: int, n_out: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    """A convolution without bias that keeps the size but for its stride, batch normalisation and ReLU."""
    conv = nn.Conv2d(n_in, n_out, kernel, stride, padding=kernel // 2, bias=False)
    return [conv, nn.BatchNorm2d(n_out), nn.ReLU(inplace=True)]


class Basic(nn.Module):
    """Conv-BN-ReLU, under the name `net`."""

    def __init__(self, n_in: int, n_out: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.net = nn.Sequential(*conv_bn_relu(n_in, n_out, kernel, stride))

    def forward(self, x: Tensor) -> Tensor:
        """(samples, n_in, height, width) to (samples, n_out, height / stride, width / stride)."""
        return self.net(x)


class Bottleneck(nn.Module):
    """A 1x1 Conv-BN-ReLU down to min(n_in, factor * n_out) channels, then a 3x3 one."""

    def __init__(self, n_in: int, n_out: int, factor: int, stride: int) -> None:
        super().__init__()
        n_inner = min(n_in, factor * n_out)
        self.net = nn.Sequential(*conv_bn_relu(n_in, n_inner, 1), *conv_bn_relu(n_inner, n_out, 3, stride))

    def forward(self, x: Tensor) -> Tensor:
        """(samples, n_in, height, width) to (samples, n_out, height / stride, width / stride)."""
        return self.net(x)


class Normal(nn.Module):
    """The finest scale of a layer: identity and a normal branch."""

    def __init__(self, n_in: int, n_out: int, factor: int) -> None:
        super().__init__()
        self.conv_normal = Bottleneck(n_in, n_out, factor, stride=1)

    def forward(self, finer: Tensor | None, same: Tensor) -> Tensor:
        """The scale's own features with the new ones behind them; there is no finer scale."""
        return torch.cat([same, self.conv_normal(same)], dim=1)


class DownNormal(nn.Module):
    """Every coarser scale: identity, a strided and a normal branch, each of half the new channels."""

    def __init__(self, n_finer: int, n_in: int, n_out: int, factor_finer: int, factor: int) -> None:
        super().__init__()
        self.conv_down = Bottleneck(n_finer, n_out // 2, factor_finer, stride=2)
        self.conv_normal = Bottleneck(n_in, n_out // 2, factor, stride=1)

    def forward(self, finer: Tensor, same: Tensor) -> Tensor:
        """The scale's own features with those made from the next finer scale and from its own behind them."""
        return torch.cat([same, self.conv_down(finer), self.conv_normal(same)], dim=1)


class Stem(nn.Module):
    """The image to one feature map per scale, each half the size of the one before."""

    def __init__(self, config: MSDNetConfig) -> None:
        super().__init__()
        widths = [config.channels * f for f in config.factors]
        if config.imagenet:
            conv = nn.Conv2d(3, widths[0], 7, stride=2, padding=3)  # with bias, as in the public network
            first: nn.Module = nn.Sequential(
                conv, nn.BatchNorm2d(widths[0]), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
            )
        else:
            first = Basic(3, widths[0])
        coarser = [Basic(a, b, stride=2) for a, b in itertools.pairwise(widths)]
        self.layers = nn.ModuleList([first, *coarser])

    def forward(self, image: Tensor) -> list[Tensor]:
        """The feature maps (samples, channels, height, width) of every scale, the finest first."""
        scales = []
        for layer in self.layers:
            image = layer(image)
            scales.append(image)
        return scales


class Layer(nn.Module):
    """One dense layer over the scales in `factors`; with `drop` the finest of them feeds on but is not kept."""

    def __init__(self, n_in: int, growth: int, factors: tuple[int, ...], drop: bool) -> None:
        super().__init__()
        self.drop = drop
        pairs = [DownNormal(n_in * a, n_in * b, growth * b, a, b) for a, b in itertools.pairwise(factors)]
        first = [] if drop else [Normal(n_in * factors[0], growth * factors[0], factors[0])]
        self.layers = nn.ModuleList([*first, *pairs])

    def forward(self, scales: list[Tensor]) -> list[Tensor]:
        """The feature maps of the scales before, the finest first, to those of the scales kept."""
        finer = [*scales[:-1]] if self.drop else [None, *scales[:-1]]
        same = scales[1:] if self.drop else scales
        return [layer(f, s) for layer, f, s in zip(self.layers, finer, same)]


class Transition(nn.Module):
    """A 1x1 Conv-BN-ReLU at each scale that halves the channels after a scale was dropped."""

    def __init__(self, n_in: int, n_out: int, factors: tuple[int, ...]) -> None:
        super().__init__()
        self.m = nn.ModuleList(Basic(n_in * f, n_out * f, kernel=1) for f in factors)

    def forward(self, scales: list[Tensor]) -> list[Tensor]:
        """Each scale with fewer channels."""
        return [m(x) for m, x in zip(self.m, scales)]


class Head(nn.Module):
    """The classifier of an exit: two strided convolutions on the coarsest scale, average pool, linear."""

    def __init__(self, n_in: int, width: int, classes: int) -> None:
        super().__init__()
        self.m = nn.Sequential(Basic(n_in, width, stride=2), Basic(width, width, stride=2), nn.AvgPool2d(2))
        self.linear = nn.Linear(width, classes)

    def features(self, scales: list[Tensor]) -> Tensor:
        """(samples, width) features of the coarsest scale, which the linear layer sees."""
        return self.m(scales[-1]).flatten(1)

    def forward(self, scales: list[Tensor]) -> Tensor:
        """The logits (samples, classes) of one exit."""
        return self.linear(self.features(scales))


class MSDNet(nn.Module):
    """Images (samples, 3, height, width) to the logits of every exit, a list of (samples, classes)."""

    def __init__(self, config: MSDNetConfig) -> None:
        super().__init__()
        self.config = config
        self.blocks = nn.ModuleList()
        self.classifier = nn.ModuleList()
        scales, depth = len(config.factors), sum(config.block_layers)
        interval = math.ceil(depth / scales)  # layers between two drops of a scale
        n_in, layer_index = config.channels, 0
        for block_index, layers in enumerate(config.block_layers):
            block: list[nn.Module] = [Stem(config)] if block_index == 0 else []
            for _ in range(layers):
                kept_before = scales - max(0, layer_index - 1) // interval
                kept_after = scales - layer_index // interval
                factors = config.factors[scales - kept_before :]
                block.append(Layer(n_in, config.growth, factors, drop=kept_after < kept_before))
                n_in += config.growth
                if kept_after < kept_before:
                    n_out = math.floor(config.reduction * n_in)
                    block.append(Transition(n_in, n_out, config.factors[scales - kept_after :]))
                    n_in = n_out
                layer_index += 1
            self.blocks.append(nn.Sequential(*block))
            width_in = n_in * config.factors[-1]
            self.classifier.append(Head(width_in, width_in if config.imagenet else 128, config.classes))

    def forward(self, image: Tensor) -> list[Tensor]:
        """Images (samples, 3, height, width) to the logits (samples, classes) of every exit."""
        logits, scales = [], image
        for block, head in zip(self.blocks, self.classifier):
            scales = block(scales)
            logits.append(head(scales))
        return logits
