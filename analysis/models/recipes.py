"""How the bundled networks are trained: one row per recipe, read by `train`, the CLI's help and the docs.

Imports nothing heavy, so that the table can be listed without torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """Settings of one training run: SGD on the unweighted sum of the exits' cross-entropies."""

    arch: str
    dataset: str
    epochs: int
    schedule: str
    """`step`: x0.1 at 50% and 75% of the epochs; `warmup-cosine`: linear over the first epoch, then cosine to 0."""
    batch: int = 64
    lr: float = 0.1
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 1e-4
    holdout: int = 5000
    """Training images kept out for calibration; the same ones for every seed."""
    source: str = ""

    def learning_rate(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        """The learning rate of optimiser step `step` (from 0) of a run over `epochs` epochs."""
        epoch = step // steps_per_epoch
        if self.schedule == "step":
            return self.lr * 0.1 ** ((epoch >= epochs * 0.5) + (epoch >= epochs * 0.75))
        if step < steps_per_epoch:
            return self.lr * (step + 1) / steps_per_epoch
        progress = (step - steps_per_epoch) / max(1, (epochs - 1) * steps_per_epoch)
        return self.lr * 0.5 * (1 + math.cos(math.pi * progress))


PAPER = "Huang et al. 2018 (arXiv 1703.09844), as trained for Jazbec et al. 2023 (arXiv 2306.02652)"
SHORT = "the paper's network on a schedule for two CPU cores: 18 epochs, Nesterov, warm-up and cosine"


def official(dataset: str) -> Recipe:
    return Recipe(f"msdnet-{dataset}", dataset, epochs=300, schedule="step", source=PAPER)


def short(dataset: str) -> Recipe:
    arch = f"msdnet-{dataset}"
    return Recipe(arch, dataset, epochs=18, schedule="warmup-cosine", nesterov=True, weight_decay=5e-4, source=SHORT)


RECIPES = {
    "msdnet-cifar10": official("cifar10"),
    "msdnet-cifar100": official("cifar100"),
    "msdnet-cifar10-short": short("cifar10"),
    "msdnet-cifar100-short": short("cifar100"),
}
