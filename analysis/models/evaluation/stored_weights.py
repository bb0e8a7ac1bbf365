"""A checkpoint as runs keep it: compact, in safetensors, with what its exits cost. Imports torch."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from analysis.models.evaluation.costs import CONVENTIONS, cumulative_costs
from analysis.models.networks.architectures import architecture
from analysis.models.networks.checkpoints import load_checkpoint, save_tensors, save_weights
from analysis.runtime.whole_files import unfinished_folder

MACS = {"MACs": "published", "MACs (conv, linear)": "conv-linear"}
"""Unit of a run's costs -> how it is counted: the papers' count first, which stands beside the published ones."""


@dataclass(frozen=True)
class StoredWeights:
    """A checkpoint as a run keeps it: its file, and what is known of its network without running it on data."""

    path: Path
    costs: dict[str, tuple[int, ...]]
    """The units of `MACS`, and `params`, cumulative per exit."""
    provenance: dict[str, object]


def fits_half(state: Mapping[str, torch.Tensor]) -> bool:
    """Whether float16 holds every convolution and linear layer as it is, as in weights that runs keep."""
    weights = [value for key, value in state.items() if value.is_floating_point() and value.ndim > 1]
    return all(torch.equal(value.half().to(value.dtype), value) for value in weights)


@contextmanager
def stored_weights(checkpoint: str | Path, arch: str, *, half: bool = True) -> Iterator[StoredWeights]:
    """A checkpoint converted to what runs keep, in a temporary file.

    Parameters
    ----------
    half : convolutions and linear layers become float16, as in the runs that ship; otherwise only where that changes
        no weight

    Raises
    ------
    ValueError : not a checkpoint of `arch`
    """
    network = load_checkpoint(checkpoint, arch=arch)
    costs = {}
    for unit, convention in MACS.items():
        costs[unit], params = cumulative_costs(network, architecture(arch).image_size, convention)
    costs["params"] = params
    with unfinished_folder(Path(tempfile.gettempdir()) / "exitlens-weights") as folder:  # else left by who is killed
        folder.chmod(0o700)
        path = folder / "model.safetensors"
        state = network.state_dict()
        if half or fits_half(state):
            save_weights(state, path)
        else:
            save_tensors(state, path)
        yield StoredWeights(path, costs, {"macs": CONVENTIONS[MACS["MACs"]]})
