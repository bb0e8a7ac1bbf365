"""Counted costs against the published ones, exact at every exit."""

import numpy as np
import pytest
import torch

from analysis.models.evaluation.costs import cumulative_costs
from analysis.models.networks.msdnet import CONFIGS, MSDNet, MSDNetConfig
from analysis.reference.published import published_numbers

LIN_GROW = MSDNetConfig(classes=100, block_layers=(1, 2, 3, 4, 5))
NETWORKS = {
    "msdnet7_cifar10": (CONFIGS["cifar10"], 32),
    "msdnet7_cifar100": (CONFIGS["cifar100"], 32),
    "msdnet5_lin_grow_cifar100": (LIN_GROW, 32),
    "imagenet_step4": (CONFIGS["imagenet-step4"], 224),
    "imagenet_step7": (CONFIGS["imagenet-step7"], 224),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_published_count_is_met_at_every_exit(name):
    config, size = NETWORKS[name]
    file = published_numbers()
    with torch.device("meta"):  # shapes alone are counted
        network = MSDNet(config)
    macs, params = cumulative_costs(network, size, "published")
    assert list(macs) == file["cumulative_macs"][name]
    if name in file["cumulative_params"]:
        assert list(params) == file["cumulative_params"][name]


def test_convolutions_and_linear_layers_alone_are_a_percent_lower():
    with torch.device("meta"):
        network = MSDNet(CONFIGS["cifar100"])
    alone, published = (np.array(cumulative_costs(network, 32, c)[0]) for c in ("conv-linear", "published"))
    assert (1 - alone / published)[[0, -1]] == pytest.approx([0.011, 0.006], abs=0.0006)
