"""Networks computed on channels in eights, against the networks themselves, in float64."""

import copy

import pytest
import torch

from analysis.models.networks.aligned import aligned
from analysis.models.networks.architectures import architecture
from analysis.models.networks.imta import IMTA, GradientRescaledMSDNet
from analysis.models.networks.msdnet import MSDNet
from analysis.models.training.objectives import CrossEntropies, Distillation

NETWORKS = {
    "msdnet-cifar10": (MSDNet, CrossEntropies),
    "msdnet-cifar100": (GradientRescaledMSDNet, CrossEntropies),
    "imta-cifar100": (IMTA, Distillation),
}


@pytest.fixture(scope="module", params=NETWORKS)
def steps(request):
    """The loss and gradients of a network, and those of another of the same weights, aligned."""
    network, objective = NETWORKS[request.param]
    torch.manual_seed(0)
    plain = network(architecture(request.param).config).double()
    ours = copy.deepcopy(plain)
    images, labels = torch.randn(4, 3, 32, 32, dtype=torch.double), torch.tensor([1, 0, 7, 3])
    losses = []
    for each in (plain, ours):
        made = objective(each)
        if each is ours:
            made.network = aligned(each)
        each.train()
        losses.append(made(images, labels))
        losses[-1].backward()
    return plain, ours, losses, images


def test_loss_and_gradients_are_those_of_the_network(steps):
    plain, ours, losses, _ = steps
    assert losses[1].item() == pytest.approx(losses[0].item(), rel=1e-12)
    gradients = {name: parameter.grad for name, parameter in plain.named_parameters()}
    largest = max(float(gradient.abs().max()) for gradient in gradients.values() if gradient is not None)
    for name, parameter in ours.named_parameters():
        if gradients[name] is None:
            assert parameter.grad is None, name
        else:
            torch.testing.assert_close(parameter.grad, gradients[name], rtol=0, atol=1e-12 * largest, msg=name)


def test_statistics_of_batches_are_kept_in_the_network_itself(steps):
    plain, ours, *_ = steps
    buffers = dict(ours.named_buffers())
    assert buffers
    for name, expected in plain.named_buffers():
        torch.testing.assert_close(buffers[name], expected, rtol=1e-12, atol=1e-12, msg=name)


def test_it_evaluates_when_the_network_does(steps):
    plain, ours, _, images = steps
    twin = aligned(ours)
    for each in (plain, ours):
        each.eval()
    with torch.inference_mode():
        for here, there in zip(twin(images), plain(images), strict=True):
            torch.testing.assert_close(here, there, rtol=1e-12, atol=1e-12)
    assert {id(p) for p in twin.parameters()} == {id(p) for p in ours.parameters()}


def test_every_convolution_sees_channels_in_eights(monkeypatch):
    seen = []

    def convolution(maps, weight, *given):
        seen.append((maps.shape[1], *weight.shape[:2]))
        return plain_convolution(maps, weight, *given)

    plain_convolution = torch.nn.functional.conv2d
    monkeypatch.setattr(torch.nn.functional, "conv2d", convolution)
    network = MSDNet(architecture("msdnet-cifar10").config).eval()
    plain = sum(isinstance(module, torch.nn.Conv2d) for module in network.modules())
    with torch.inference_mode():
        aligned(network)(torch.zeros(1, 3, 32, 32))
    assert all(count % 8 == 0 for counts in seen for count in counts)
    assert len(seen) == plain - 18  # those that two branches begin with on the same feature maps are one
