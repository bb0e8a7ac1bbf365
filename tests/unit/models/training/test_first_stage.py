"""Where stage 2 of IMTA finds stage 1: every place that a training leaves its weights in, and what is refused."""

import argparse
import hashlib
import re

import pytest
import torch

from analysis.models.networks.architectures import architecture
from analysis.models.networks.checkpoints import save_weights
from analysis.models.training.first_stage import load_first_stage

ARCH = "msdnet-cifar10"


@pytest.fixture(scope="module")
def weights():
    torch.manual_seed(1)
    return architecture(ARCH).build().state_dict()


def checkpoint(weights, *, model="imta-stage1", done=2):
    log = [{"epoch": epoch + 1, "seconds": 1800} for epoch in range(done)]
    settings = {"epochs": 2, "seed": 5} | ({"model": model} if model else {})
    return {"settings": settings, "network": weights, "log": log, "step": 6 * done // 2}


def test_a_checkpoint_of_train_says_how_it_was_trained(tmp_path, weights):
    file = tmp_path / "checkpoint.pt"
    torch.save(checkpoint(weights), file)
    for path in (file, tmp_path):
        stage = load_first_stage(path, ARCH)
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        assert stage.facts == {"epochs": 2, "seed": 5, "hours": 1.0, "sha256": sha256}
        assert all(torch.equal(stage.weights[key], weights[key]) for key in weights)


def test_a_training_that_a_time_limit_ended_early_is_finished(tmp_path, weights):
    state = checkpoint(weights, done=1) | {"pace": {"planned": 1}}
    torch.save(state, tmp_path / "checkpoint.pt")
    assert load_first_stage(tmp_path, ARCH).facts["epochs"] == 1


def test_weights_alone_are_enough(tmp_path, weights):
    save_weights(weights, tmp_path / "model.safetensors")
    torch.save(weights, tmp_path / "weights.pth")
    torch.save({"state_dict": weights, "args": argparse.Namespace(lr=0.1)}, tmp_path / "model.pth.tar")
    for name in ("model.safetensors", "weights.pth", "model.pth.tar"):
        stage = load_first_stage(tmp_path / name, ARCH)
        assert set(stage.facts) == {"sha256"}
        assert torch.allclose(stage.weights["classifier.0.linear.bias"], weights["classifier.0.linear.bias"], atol=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"done": 1},
            "is not finished, 1 of 2 epochs: go on there with --resume, or give the run that",
        ),
        ({"model": "imta"}, "holds a network of imta, not imta-stage1: train stage 1 by its own recipe"),
        ({"model": None}, "holds a network of msdnet, not imta-stage1"),
    ],
)
def test_other_trainings_are_refused(tmp_path, weights, options, message):
    torch.save(checkpoint(weights, **options), tmp_path / "checkpoint.pt")
    with pytest.raises(ValueError, match=re.escape(message)):
        load_first_stage(tmp_path / "checkpoint.pt", ARCH)


def test_a_run_without_weights_is_refused(small_run):
    with pytest.raises(ValueError, match="this run holds no weights: give a checkpoint of stage 1"):
        load_first_stage(small_run.path, ARCH)


def test_another_networks_weights_are_named(tmp_path, weights):
    save_weights(weights, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="is not a checkpoint of msdnet-cifar100"):
        load_first_stage(tmp_path / "model.safetensors", "msdnet-cifar100")
