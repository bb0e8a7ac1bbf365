"""Training, evaluation, latency and attribution on a GPU; without one all of it is skipped.

Runs without the suite's conftest on a machine that has the library's own requirements alone:
python -m pytest --noconftest tests/cuda
"""

import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.models.evaluation.costs import measured_latency
from analysis.models.evaluation.inference import predict
from analysis.models.networks.architectures import architecture
from analysis.models.training.first_stage import CHECKPOINT
from analysis.models.training.fitting import fit
from analysis.models.training.recipes import Recipe
from analysis.models.training.trainer import Trainer
from tests.toy import noise_images

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
RECIPE = Recipe("msdnet-cifar10", "cifar10", epochs=2, schedule="step", batch=32, lr=0.01)
CUDA = torch.device("cuda")


class Aligned(Trainer):
    """Computes on channels in eights without being compiled, which takes minutes."""

    def build(self):
        self.aligned = True
        return super().build()


@pytest.fixture(autouse=True)
def repeatable(monkeypatch):
    """Convolutions whose sums have one order: two trainings differ by nothing else then."""
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", True)


def trainer(recipe: Recipe = RECIPE, kind: type[Trainer] = Trainer, **options) -> Trainer:
    options = {"epochs": 2, "seed": 3, "device": "cuda", **options}
    return kind(recipe, noise_images(105), noise_images(8), **options)


def weights(trainer: Trainer) -> torch.Tensor:
    return torch.cat([parameter.detach().float().flatten() for parameter in trainer.trained])


def distance(ours: torch.Tensor, theirs: torch.Tensor, start: torch.Tensor) -> float:
    """How far two trainings lie apart, as a share of the way that they went."""
    return float((ours - theirs).norm() / (theirs - start).norm())


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_recorded_steps_are_the_plain_ones(precision):
    plain, recorded = (trainer(precision=precision, recorded=recorded) for recorded in (False, True))
    start = weights(plain)
    assert torch.equal(weights(recorded), start)
    for _ in range(6):
        plain.train_step()
        recorded.train_step()
    assert recorded.position.item() == plain.position.item() == 3
    assert recorded.loss_sum == pytest.approx(plain.loss_sum, rel=0.002)
    assert distance(weights(recorded), weights(plain), start) < 0.02


@pytest.mark.parametrize(
    "fast",
    [{"kind": Aligned}, {"kind": Aligned, "recorded": True}, {"compiled": True, "recorded": True}],
    ids=["aligned", "recorded", "compiled"],
)
def test_fast_steps_are_the_plain_ones(fast):
    """Aligned or compiled, weights in bfloat16 lie as far from those in float32 as plain steps' do."""
    exact, plain, ours = trainer(), trainer(precision="bf16"), trainer(precision="bf16", **fast)
    start = weights(plain)
    assert ours.aligned
    assert not plain.aligned
    for _ in range(6):
        for each in (exact, plain, ours):
            each.train_step()
    assert ours.loss_sum == pytest.approx(exact.loss_sum, rel=0.02)
    rounding = distance(weights(plain), weights(exact), start)
    assert distance(weights(ours), weights(exact), start) < 1.25 * rounding < 0.8


def test_recorded_steps_see_the_learning_rate_of_their_step():
    """Steps of rate 0 change no weight but by nothing: the rate is read when a graph is replayed, not when recorded."""
    ours = trainer(recorded=True)
    ours.train_step()
    ours.rates.zero_()
    before = weights(ours)
    ours.train_step()
    assert torch.equal(weights(ours), before)
    ours.rates.fill_(0.01)
    ours.train_step()
    assert not torch.equal(weights(ours), before)


@pytest.mark.parametrize("recorded", [False, True])
def test_a_killed_training_resumes(tmp_path, recorded):
    undisturbed = trainer(recorded=recorded)
    start = weights(undisturbed)
    fit(undisturbed, tmp_path / "undisturbed")

    class Killed(Exception):
        pass

    def kill(trainer):
        if trainer.step == 4:
            raise Killed

    with pytest.raises(Killed):
        fit(trainer(recorded=recorded), tmp_path / "killed", on_step=kill)
    resumed = trainer(recorded=recorded)
    resumed.restore(tmp_path / "killed" / CHECKPOINT)
    assert resumed.step == 3
    fit(resumed, tmp_path / "killed")
    assert torch.equal(resumed.order, undisturbed.order)
    assert torch.equal(resumed.crops, undisturbed.crops)
    assert distance(weights(resumed), weights(undisturbed), start) < 0.05
    assert resumed.log[-1]["train_loss"] == pytest.approx(undisturbed.log[-1]["train_loss"], rel=0.02)


def test_stage_2_is_recorded_too():
    ours = trainer(replace(RECIPE, arch="imta-cifar10", model="imta"), recorded=True, precision="bf16")
    frozen = [parameter.detach().clone() for parameter in ours.network.net.parameters()]
    before = weights(ours)
    for _ in range(3):
        ours.train_step()
    assert np.isfinite(ours.loss_sum)
    assert not torch.equal(weights(ours), before)
    assert all(torch.equal(a, b) for a, b in zip(frozen, ours.network.net.parameters()))


def test_a_time_limit_is_kept(tmp_path):
    trainer(recorded=True).train_step()  # the choice of convolutions takes longer than the limit
    ours = trainer(epochs=100_000, recorded=True, minutes=0.1)
    begun = time.perf_counter()
    fit(ours, tmp_path)
    assert 1 < ours.epochs_trained < 100_000
    assert float(ours.rate) == pytest.approx(RECIPE.lr / 100)  # the schedule's last
    assert time.perf_counter() - begun < 10


def test_logits_and_latency_are_those_of_the_cpu():
    torch.manual_seed(0)
    network = architecture("msdnet-cifar10").build().eval()
    on_cpu = predict(network, noise_images(12), "cifar10", torch.device("cpu"))
    network.to(CUDA)
    on_cuda = predict(network, noise_images(12), "cifar10", CUDA)
    assert np.abs(on_cuda - on_cpu).max() < 1e-4 * np.abs(on_cpu).max()
    rounded = predict(network, noise_images(12), "cifar10", CUDA, dtype=torch.bfloat16)
    assert np.abs(rounded - on_cpu).max() < 0.1 * np.abs(on_cpu).max()
    latency = measured_latency(network, 32, CUDA, repeats=5)
    assert len(latency.ms) == 7
    assert all(a < b for a, b in zip(latency.ms, latency.ms[1:]))


@pytest.mark.parametrize("method", ["integrated-gradients", "grad-cam", "occlusion"])
def test_attributions_run(method):
    pytest.importorskip("captum")
    from analysis.attribution.methods import attribute
    from analysis.attribution.targets import Target

    network = architecture("msdnet-cifar10").build().eval()
    image = noise_images(1).pixels[0]
    target = Target("head", "prob", class_index=1, exit=3)
    ours = attribute(network.to(CUDA), image, target, method, dataset="cifar10", most_steps=64)
    theirs = attribute(network.to("cpu"), image, target, method, dataset="cifar10", most_steps=64)
    assert ours.values.shape == theirs.values.shape
    assert np.abs(ours.values - theirs.values).max() <= 0.02 * np.abs(theirs.values).max()
