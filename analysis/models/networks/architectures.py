"""Every architecture by its id: what `--arch` and a run's `arch` name. Imports torch through the networks it builds."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from analysis.models.networks.imta import IMTA
from analysis.models.networks.msdnet import CONFIGS, MSDNet, MSDNetConfig

FAMILIES: dict[str, type[nn.Module]] = {"msdnet": MSDNet, "imta": IMTA}


@dataclass(frozen=True)
class Architecture:
    """A network's family and shape. Its forward takes images (samples, 3, size, size) to one logits tensor per exit."""

    family: str
    config: MSDNetConfig
    dataset: str
    """Whose normalisation its images get: `cifar10`, `cifar100` or `imagenet`."""
    image_size: int
    """Height and width in pixels of the images it was made for."""

    @property
    def logits_shape(self) -> tuple[int, int]:
        """Exits and classes of its logits."""
        return self.config.exits, self.config.classes

    def build(self) -> nn.Module:
        """The untrained network, with PyTorch's default initialisation: what the paper's networks began with."""
        return FAMILIES[self.family](self.config)


def _architecture(family: str, name: str) -> Architecture:
    dataset = name.split("-")[0]
    return Architecture(family, CONFIGS[name], dataset, 224 if dataset == "imagenet" else 32)


ARCHITECTURES = {f"{family}-{name}": _architecture(family, name) for family in FAMILIES for name in CONFIGS}
"""`msdnet-cifar10`, `msdnet-cifar100`, `msdnet-imagenet-step4`, `-step7`, and the same for `imta`."""


def architecture(arch: str) -> Architecture:
    """The architecture of an id.

    Raises
    ------
    ValueError : an unknown id
    """
    if arch not in ARCHITECTURES:
        raise ValueError(f"unknown architecture {arch!r}: choose one of {', '.join(ARCHITECTURES)}")
    return ARCHITECTURES[arch]
