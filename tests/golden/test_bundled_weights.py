"""The bundled networks against their cached logits: recomputed from the weights and images that ship."""

import numpy as np
import pytest
import torch

from analysis.images.datasets import Images
from analysis.images.decoding import decode
from analysis.images.image_tables import image_source
from analysis.models.evaluation.inference import predict
from analysis.models.networks.checkpoints import load_checkpoint
from analysis.runtime.folders import PROJECT
from analysis.storage import load_run

RUNS = sorted(path.parent for path in (PROJECT / "cached_runs").glob("*/run.json"))
LOGITS_ALONE = {"msdnet-cifar10-seed1"}
"""Runs that ship without weights: what they are for is the spread over seeds."""
IMAGES = 40
"""Of a split, spread over it."""


def test_every_other_run_ships_with_its_weights():
    assert {path.name for path in RUNS if load_run(path).weights is None} == LOGITS_ALONE


@pytest.mark.parametrize("path", [path for path in RUNS if path.name not in LOGITS_ALONE], ids=lambda path: path.name)
@pytest.mark.parametrize("split", ["test", "calibration"])
def test_weights_and_images_give_the_cached_logits(path, split):
    run = load_run(path)
    available = run.positions(split)
    if not len(available):
        pytest.skip(f"{path.name} has no {split} samples")
    positions = available[np.linspace(0, len(available) - 1, IMAGES).astype(int)]
    pixels = np.stack([decode(data) for data in image_source(run).encoded(positions)])
    images = Images(pixels, run.labels[positions], run.class_names)
    logits = predict(load_checkpoint(run.weights, arch=run.arch), images, run.dataset, torch.device("cpu"))
    cached = run.logits.take(positions).astype(np.float32)
    assert np.abs(logits - cached).max() <= 0.002 * np.abs(run.logits.read(0, run.n_samples)).max()
