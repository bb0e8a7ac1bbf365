"""IMTA: an MSDNet whose heads share what they know, trained in two stages.

Li et al., "Improved Techniques for Training Adaptive Deep Networks", ICCV 2019, arXiv 1908.06294. Parameter names are
those of the public repository once every `module` part of a name is dropped. Imports torch and the MSDNet.

Stage 1 trains the MSDNet with gradient rescaling on the coarsest scale. Stage 2 freezes it and trains new linear heads
on [features of exit m, h_{m-1}], where h_m carries the new head's logits on to the next exit.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from analysis.models.networks.msdnet import MSDNet, MSDNetConfig


class RescaleGradient(torch.autograd.Function):
    """The identity, whose gradient is multiplied by a factor."""

    @staticmethod
    def forward(ctx, x: Tensor, factor: float) -> Tensor:
        """`x` as it is; `factor` is for the way back."""
        ctx.factor = factor
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:
        """The gradient times the factor, and none for the factor."""
        return gradient * ctx.factor, None


class GradientRescaledMSDNet(MSDNet):
    """Stage 1: an MSDNet in which block i (from 0, of L) gets (g_head + (L - i - 1) g_next) / (L - i).

    Head i sees the coarsest scale through a factor 1/(L - i), the next block through that and a further L - i - 1.
    """

    def forward(self, image: Tensor) -> list[Tensor]:
        """Images (samples, 3, height, width) to the logits (samples, classes) of every exit."""
        logits, scales = [], image
        exits = self.config.exits
        for i, (block, head) in enumerate(zip(self.blocks, self.classifier)):
            scales = block(scales)
            scales[-1] = RescaleGradient.apply(scales[-1], 1 / (exits - i))
            logits.append(head(scales))
            scales[-1] = RescaleGradient.apply(scales[-1], float(exits - i - 1))
        return logits


class IMTA(nn.Module):
    """Stage 2: images (samples, 3, height, width) to the logits of every exit, a list of (samples, classes)."""

    def __init__(self, config: MSDNetConfig) -> None:
        super().__init__()
        self.config = config
        self.net = GradientRescaledMSDNet(config)
        widths = [head.linear.in_features for head in self.net.classifier]
        self.classifier = nn.ModuleList()
        self.isc_modules = nn.ModuleList()
        for i, width in enumerate(widths):
            carried = width if i else 0  # h_{m-1} is as wide as the features of exit m
            self.classifier.append(nn.Linear(width + carried, config.classes))
        for width in widths[1:]:
            carry = nn.Sequential(nn.Linear(config.classes, width), nn.BatchNorm1d(width), nn.ReLU(inplace=True))
            self.isc_modules.append(carry)

    def forward(self, image: Tensor) -> list[Tensor]:
        """The logits (samples, classes) of every exit."""
        return self.with_features(image)[0]

    def with_features(self, image: Tensor) -> tuple[list[Tensor], Tensor]:
        """The logits of every exit, and the features (samples, width) that stage 1 made for its last head."""
        logits, scales = [], image
        for i, (block, old_head) in enumerate(zip(self.net.blocks, self.net.classifier)):
            scales = block(scales)
            features = old_head.features(scales)
            carried = [self.isc_modules[i - 1](logits[-1])] if i else []
            logits.append(self.classifier[i](torch.cat([features, *carried], dim=1)))
        return logits, features

    def with_teacher(self, image: Tensor) -> tuple[list[Tensor], Tensor]:
        """The logits of every exit, and those of stage 1's last exit, from which the new heads learn."""
        logits, features = self.with_features(image)
        return logits, self.net.classifier[-1].linear(features)
