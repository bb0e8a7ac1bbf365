"""What a network is trained to make small: one module per loss, images and labels in, one number out.

Imports torch and the networks. An objective holds its network and says by `requires_grad` which parameters it trains.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from analysis.models.networks.imta import IMTA, GradientRescaledMSDNet
from analysis.models.networks.msdnet import MSDNet

TEACHER_WEIGHT = 0.1
"""IMTA's gamma: the teacher's part in the loss of every exit but the last."""


def at_least_single(logits: Tensor) -> Tensor:
    """Losses are computed in float32 or wider, whatever the layers compute in."""
    return logits.float() if logits.dtype in (torch.bfloat16, torch.float16) else logits


def sum_of_cross_entropies(logits: list[Tensor], labels: Tensor) -> Tensor:
    """The unweighted sum over the exits of the mean cross-entropy."""
    return torch.stack([F.cross_entropy(at_least_single(exit_logits), labels) for exit_logits in logits]).sum()


def divergence(teacher: Tensor, logits: Tensor) -> Tensor:
    """KL(softmax(teacher) || softmax(logits)), the mean over samples *and classes*: 1/C of the usual one.

    That is what the public code of IMTA computes, `nn.KLDivLoss()` with its default reduction at temperature 1. No
    gradient goes through the teacher.
    """
    log_p, log_q = (F.log_softmax(at_least_single(each), dim=1) for each in (teacher.detach(), logits))
    return (log_p.exp() * (log_p - log_q)).mean()


def distillation_loss(logits: list[Tensor], teacher: Tensor, labels: Tensor) -> Tensor:
    """IMTA's second stage: CE_L + sum over m < L of 0.9 CE_m + 0.1 KL(teacher || m).

    Parameters
    ----------
    logits : of the new heads, one tensor (samples, classes) per exit
    teacher : logits (samples, classes) of stage 1's last exit
    labels : int64 (samples,)

    Source: Li et al. 2019, arXiv 1908.06294, with the weights of the public code; see `divergence` for its KL.
    """
    loss = F.cross_entropy(at_least_single(logits[-1]), labels)
    for exit_logits in logits[:-1]:
        loss = loss + (1 - TEACHER_WEIGHT) * F.cross_entropy(at_least_single(exit_logits), labels)
        loss = loss + TEACHER_WEIGHT * divergence(teacher, exit_logits)
    return loss


class CrossEntropies(nn.Module):
    """Every parameter is trained on the sum of the exits' cross-entropies."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """The loss, one number, of normalised images (samples, 3, height, width) and their labels (samples,)."""
        return sum_of_cross_entropies(self.network(images), labels)


class Distillation(nn.Module):
    """IMTA's new heads are trained on labels and on stage 1's last exit; stage 1's parameters are frozen.

    Stage 1's batch norm still normalises by the batch, and its statistics still move, as in the public code.
    """

    def __init__(self, network: IMTA) -> None:
        super().__init__()
        self.network = network
        network.net.requires_grad_(False)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """The loss, one number, of normalised images (samples, 3, height, width) and their labels (samples,)."""
        logits, teacher = self.network.with_teacher(images)
        return distillation_loss(logits, teacher, labels)


@dataclass(frozen=True)
class Method:
    """A network and what it is trained on."""

    network: type[nn.Module]
    objective: type[nn.Module]


METHODS = {
    "msdnet": Method(MSDNet, CrossEntropies),
    "imta-stage1": Method(GradientRescaledMSDNet, CrossEntropies),
    "imta": Method(IMTA, Distillation),
}
"""A recipe's `model` -> how it is trained."""
