"""What networks are trained on, against sums written out in NumPy."""

import numpy as np
import pytest
import torch

from analysis.models.networks.imta import IMTA
from analysis.models.networks.msdnet import MSDNetConfig
from analysis.models.training.objectives import Distillation, distillation_loss, divergence, sum_of_cross_entropies

TINY = MSDNetConfig(classes=3, block_layers=(1, 1, 1), channels=4, growth=2, factors=(1, 2))


def log_softmax(logits: np.ndarray) -> np.ndarray:
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def test_the_loss_is_the_unweighted_sum_over_exits():
    logits = [torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 0.0]])]
    expected = np.log(1 + np.exp(-2)) + np.log(2)
    assert float(sum_of_cross_entropies(logits, torch.tensor([0]))) == pytest.approx(expected, rel=1e-6)


def test_the_distillation_loss_is_the_one_written_out():
    generator = np.random.default_rng(0)
    exits, samples, classes = 3, 5, 4
    logits = generator.normal(0, 2, (exits, samples, classes))
    teacher = generator.normal(0, 2, (samples, classes))
    labels = generator.integers(0, classes, samples)
    expected = 0.0
    for m in range(exits):
        log_q = log_softmax(logits[m])
        cross_entropy = -np.mean([log_q[n, labels[n]] for n in range(samples)])
        if m == exits - 1:
            expected += cross_entropy
            continue
        log_p = log_softmax(teacher)
        cells = [(n, c) for n in range(samples) for c in range(classes)]
        divergence = sum(np.exp(log_p[cell]) * (log_p[cell] - log_q[cell]) for cell in cells)
        expected += 0.9 * cross_entropy + 0.1 * divergence / (samples * classes)
    ours = distillation_loss([torch.tensor(row) for row in logits], torch.tensor(teacher), torch.tensor(labels))
    assert float(ours) == pytest.approx(expected, rel=1e-12)


def test_losses_are_float32_whatever_the_layers_compute_in():
    logits = [torch.randn(4, 3, dtype=torch.bfloat16) for _ in range(2)]
    labels = torch.tensor([0, 1, 2, 0])
    with torch.autocast("cpu", torch.bfloat16):
        for loss in (sum_of_cross_entropies(logits, labels), distillation_loss(logits, logits[0], labels)):
            assert loss.dtype == torch.float32
        assert divergence(logits[0], logits[1]).dtype == torch.float32


def test_no_gradient_reaches_the_teacher():
    logits = [torch.randn(2, 3, requires_grad=True) for _ in range(2)]
    teacher = torch.randn(2, 3, requires_grad=True)
    distillation_loss(logits, teacher, torch.tensor([0, 2])).backward()
    assert teacher.grad is None
    assert all(exit_logits.grad.abs().sum() > 0 for exit_logits in logits)


def test_only_the_new_heads_get_gradients_while_batch_norm_of_stage_1_moves():
    torch.manual_seed(0)
    network = IMTA(TINY).train()
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    Distillation(network)(torch.randn(4, 3, 16, 16), torch.tensor([0, 1, 2, 0])).backward()
    for name, parameter in network.named_parameters():
        assert (parameter.grad is None) == name.startswith("net."), name
    moved = [name for name, buffer in network.named_buffers() if not torch.equal(buffer, before[name])]
    assert sorted(moved) == sorted(before)


def test_the_teacher_is_the_last_exit_of_stage_1():
    torch.manual_seed(0)
    network = IMTA(TINY).eval()
    images = torch.randn(2, 3, 16, 16)
    logits, teacher = network.with_teacher(images)
    assert torch.equal(teacher, network.net(images)[-1])
    for ours, theirs in zip(logits, network(images), strict=True):
        assert torch.equal(ours, theirs)
