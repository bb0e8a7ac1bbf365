"""A network that is to be evaluated, from a checkpoint or an exported program. Imports torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import torch

from analysis.models.evaluation.stored_weights import stored_weights
from analysis.models.networks.architectures import architecture
from analysis.models.networks.checkpoints import load_checkpoint
from analysis.models.networks.exported import Program, exported_network
from analysis.runtime.contents import hash_of
from analysis.runtime.memory import network_does_not_fit, said_when_out_of_memory
from analysis.storage.contents import KeptNetwork

EXPORTED = "exported"
"""The `--arch` of a program whose code is in its file."""


@dataclass(frozen=True)
class Subject:
    """A network to be evaluated, and what its run says of it.

    network : normalised images to the logits of each exit, on the device where it runs
    name : the architecture's id, or `exported`
    normalisation : the data set whose normalisation it was trained with; `none`: its images are scaled to [0, 1]
    image_size : height and width of its images, in pixels
    classes : logits of each exit
    costs : unit -> cumulative cost of each exit; empty where they cannot be counted
    provenance : what its run says of it
    checkpoint : the file that it was read from, of which the run keeps name and sha256
    kept : what the run keeps for live inference
    """

    network: torch.nn.Module
    name: str
    normalisation: str
    image_size: int
    classes: int
    costs: Mapping[str, tuple[float, ...]]
    provenance: Mapping[str, object]
    checkpoint: Path
    kept: KeptNetwork = field(default_factory=KeptNetwork)

    @cached_property
    def sha256(self) -> str:
        """The hash of the checkpoint, 64 hexadecimal digits."""
        return hash_of(self.checkpoint)


@contextmanager
def opened_network(arch: str, checkpoint: str | Path, device: torch.device, *, half: bool = False) -> Iterator[Subject]:
    """The network of a checkpoint, on a device.

    Parameters
    ----------
    arch : an architecture's id, whose own normalisation is taken
    half : evaluate and keep the weights rounded to float16

    Raises
    ------
    ValueError : no such architecture, or not its checkpoint; a network that exceeds the memory
    """
    known = architecture(arch)
    with stored_weights(checkpoint, arch, half=half) as kept:
        with said_when_out_of_memory(network_does_not_fit(checkpoint, device)):
            network = load_checkpoint(kept.path, arch=arch).to(device)
        yield Subject(
            network,
            arch,
            known.dataset,
            known.image_size,
            known.config.classes,
            kept.costs,
            kept.provenance,
            Path(checkpoint),
            KeptNetwork(kept.path, arch),
        )


def exported_subject(program: Program, checkpoint: str | Path, image_size: int, normalisation: str) -> Subject:
    """The network that an exported program is.

    Parameters
    ----------
    checkpoint : the program's file
    image_size : height and width of the images that it will see
    normalisation : `cifar10`, `cifar100`, `imagenet` or `none`

    Raises
    ------
    ValueError : the program cannot be used with such images
    """
    network = exported_network(program, image_size)
    return Subject(network, EXPORTED, normalisation, image_size, network.classes, {}, {}, Path(checkpoint))
