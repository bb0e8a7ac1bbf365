"""IMTA's gradient rescaling, against gradients worked out by hand."""

import pytest
import torch

from analysis.models.networks.imta import GradientRescaledMSDNet, RescaleGradient
from analysis.models.networks.msdnet import MSDNet, MSDNetConfig

TINY = MSDNetConfig(classes=3, block_layers=(1, 1, 1), channels=4, growth=2, factors=(1, 2))


def test_rescaling_leaves_the_value_and_scales_the_gradient():
    x = torch.tensor([1.0, -2.0], requires_grad=True)
    y = RescaleGradient.apply(x, 0.25)
    y.sum().backward()
    assert torch.equal(y, x)
    assert torch.equal(x.grad, torch.full((2,), 0.25))


def test_blocks_get_the_nested_mean_of_the_gradients():
    """Block i gets (g_head + (L - i - 1) g_next) / (L - i), on a chain of one number per block."""
    exits, heads = 3, [5.0, 7.0, 11.0]
    x = torch.ones((), requires_grad=True)
    value, loss = x, 0.0
    for i in range(exits):
        value = RescaleGradient.apply(value, 1 / (exits - i))
        loss = loss + heads[i] * value
        value = RescaleGradient.apply(value, float(exits - i - 1))
    loss.backward()
    expected = heads[2]
    for i in (1, 0):
        expected = (heads[i] + (exits - i - 1) * expected) / (exits - i)
    assert float(x.grad) == pytest.approx(expected)


def test_logits_are_those_of_the_plain_network():
    torch.manual_seed(0)
    plain, rescaled = MSDNet(TINY).eval(), GradientRescaledMSDNet(TINY).eval()
    rescaled.load_state_dict(plain.state_dict())
    images = torch.randn(2, 3, 16, 16)
    for ours, theirs in zip(rescaled(images), plain(images), strict=True):
        assert torch.equal(ours, theirs)
