"""How the bundled networks are trained: one row per recipe, read by `train`, the CLI's help and the docs.

Imports nothing heavy, so that the table can be listed without torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Recipe:
    """Settings of one training run by SGD."""

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
    model: str = "msdnet"
    """What is trained, and the run's model id: `msdnet`, `imta-stage1` or, on top of that, `imta`."""
    warm_up: bool = False
    """Whether the rate of `step` rises over the first epoch too, as it must where it is scaled to a larger batch."""

    @property
    def needs_first_stage(self) -> bool:
        """Whether training begins from the weights of another recipe."""
        return self.model == "imta"

    def with_batch(self, batch: int) -> Recipe:
        """The recipe for another batch: its rate scaled in proportion, with an epoch of warm-up.

        Source: Goyal et al. 2017, "Accurate, Large Minibatch SGD", arXiv 1706.02677.
        """
        if batch == self.batch:
            return self
        return replace(self, batch=batch, lr=self.lr * batch / self.batch, warm_up=True)

    def learning_rate(self, step: float, steps_per_epoch: int, epochs: int) -> float:
        """The learning rate at `step` (from 0; a fraction lies between two) of a schedule over `epochs` epochs."""
        if step < steps_per_epoch and (self.warm_up or self.schedule == "warmup-cosine"):
            return self.lr * (step + 1) / steps_per_epoch
        epoch = step // steps_per_epoch
        if self.schedule == "step":
            return self.lr * 0.1 ** ((epoch >= epochs * 0.5) + (epoch >= epochs * 0.75))
        progress = (step - steps_per_epoch) / max(1, (epochs - 1) * steps_per_epoch)
        return self.lr * 0.5 * (1 + math.cos(math.pi * progress))


NAMES = {"msdnet": "MSDNet", "imta-stage1": "IMTA stage 1", "imta": "IMTA"}
"""A recipe's `model` in the titles of its runs."""

PAPER = "Huang et al. 2018 (arXiv 1703.09844), as trained for Jazbec et al. 2023 (arXiv 2306.02652)"
SHORT = "the paper's network on a schedule for two CPU cores: 18 epochs, Nesterov, warm-up and cosine"
IMTA_PAPER = (
    "Li et al. 2019 (arXiv 1908.06294), as trained for Jazbec et al. 2023 (arXiv 2306.02652); the divergence from the "
    "teacher is the mean over samples and classes, as in the public code"
)
FAST = (
    "the paper's settings for batches of 256: the learning rate scaled to them (arXiv 1706.02677), warm-up, and cosine "
    "in place of steps"
)
SHORT_STAGE2 = "the paper's heads on a schedule for two CPU cores: 6 epochs, Nesterov, warm-up and cosine"


def official(dataset: str) -> Recipe:
    """The MSDNet as the paper trains it: 300 epochs, the rate lowered in steps."""
    return Recipe(f"msdnet-{dataset}", dataset, epochs=300, schedule="step", source=PAPER)


def short(dataset: str) -> Recipe:
    """For two CPU cores: 18 epochs, Nesterov, warm-up and cosine."""
    arch = f"msdnet-{dataset}"
    return Recipe(arch, dataset, epochs=18, schedule="warmup-cosine", nesterov=True, weight_decay=5e-4, source=SHORT)


def fast(dataset: str) -> Recipe:
    """For a GPU: regularised as the paper's, so that confidences, and how they fall, are of the same kind."""
    return replace(official(dataset).with_batch(256), schedule="warmup-cosine", source=FAST)


def first_stage(recipe: Recipe, source: str) -> Recipe:
    """IMTA's stage 1 is trained as the MSDNet is; the gradient is rescaled in the network."""
    return replace(recipe, model="imta-stage1", source=source)


def second_stage(dataset: str) -> Recipe:
    """IMTA's stage 2 as its paper trains it: new heads on the frozen stage 1."""
    return replace(official(dataset), arch=f"imta-{dataset}", model="imta", source=IMTA_PAPER)


def short_second_stage(dataset: str) -> Recipe:
    """The new heads are a few linear layers on frozen features, hence six epochs and the paper's weight decay."""
    return replace(second_stage(dataset), epochs=6, schedule="warmup-cosine", nesterov=True, source=SHORT_STAGE2)


def recipes_of(dataset: str) -> dict[str, Recipe]:
    """Recipe id -> recipe, of every recipe on a data set."""
    return {
        f"msdnet-{dataset}": official(dataset),
        f"msdnet-{dataset}-short": short(dataset),
        f"msdnet-{dataset}-fast": fast(dataset),
        f"imta-{dataset}-stage1": first_stage(official(dataset), IMTA_PAPER),
        f"imta-{dataset}-stage1-short": first_stage(short(dataset), SHORT),
        f"imta-{dataset}-stage1-fast": first_stage(fast(dataset), FAST),
        f"imta-{dataset}-stage2": second_stage(dataset),
        f"imta-{dataset}-stage2-short": short_second_stage(dataset),
    }


RECIPES = recipes_of("cifar10") | recipes_of("cifar100")


def official_id(recipe: str) -> str:
    """The recipe of the paper that one of its variants (`-short`, `-fast`) stands for.

    >>> official_id("msdnet-cifar100-fast"), official_id("imta-cifar10-stage1")
    ('msdnet-cifar100', 'imta-cifar10-stage1')
    """
    return recipe.removesuffix("-short").removesuffix("-fast")
