"""Our networks against the public ones: names, shapes, parameter counts, and logits on weights made by a rule.

`official_networks.json` and `.npz` were written with the public repositories' code. The rule for weights and images:
each tensor has its own generator, seeded with the first 8 bytes (little-endian) of the SHA-256 of its name.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from analysis.models.networks.architectures import architecture

HERE = Path(__file__).parent
OFFICIAL = json.loads((HERE / "official_networks.json").read_text())


def rule_weight(key: str, shape: tuple[int, ...]) -> np.ndarray:
    generator = np.random.default_rng(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little"))
    if key.endswith("num_batches_tracked"):
        return np.zeros(shape)
    if key.endswith("running_var"):
        return generator.uniform(0.5, 1.5, shape)
    if key.endswith(("running_mean", "bias")):
        return generator.normal(0, 0.1, shape)
    if len(shape) == 4:
        return generator.normal(0, np.sqrt(2 / (shape[0] * shape[2] * shape[3])), shape)
    if len(shape) == 2:
        return generator.normal(0, 0.3, shape)
    return generator.uniform(0.3, 0.7, shape)


@pytest.mark.parametrize("arch", [arch for arch in OFFICIAL if arch != "about"])
def test_names_shapes_and_parameters_are_the_public_networks(arch):
    network = architecture(arch).build()
    assert {key: list(value.shape) for key, value in network.state_dict().items()} == OFFICIAL[arch]["shapes"]
    assert sum(parameter.numel() for parameter in network.parameters()) == OFFICIAL[arch]["params"]


@pytest.mark.parametrize("arch", ["msdnet-cifar10", "imta-cifar100"])
def test_logits_are_the_public_networks(arch):
    network = architecture(arch).build().eval()
    state = {
        key: torch.from_numpy(np.asarray(rule_weight(key, tuple(value.shape)))).to(value.dtype)
        for key, value in network.state_dict().items()
    }
    network.load_state_dict(state)
    images = torch.from_numpy(np.random.default_rng(7).normal(0, 1, (4, 3, 32, 32)).astype(np.float32))
    with torch.no_grad():
        ours = torch.stack(network(images)).numpy()
    theirs = np.load(HERE / "official_networks.npz")[arch]
    assert np.abs(ours - theirs).max() < 1e-4 * np.abs(theirs).max()
