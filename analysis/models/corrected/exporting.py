"""A corrected network as a program of torch.export, which needs nothing of ours to run. Imports torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from analysis.models.corrected.anytime import AnytimeNetwork
from analysis.predictors import predict
from analysis.runtime.whole_files import whole_file

ABOUT = "exitlens.json"
"""The file within the program's that says what it is: `torch.export.load(path, extra_files={ABOUT: ""})`."""

TOLERANCE = 1e-6


class Exported(NamedTuple):
    """What was written, and how far it is from the predictor."""

    exits: int
    classes: int
    largest_difference: float
    """Between the program's probabilities and the predictor's on the network's own logits, over all exits."""


@torch.inference_mode()
def export(
    network: AnytimeNetwork, image_shape: tuple[int, int, int], path: str | Path, about: Mapping[str, object]
) -> Exported:
    """Write a corrected network as a program: images (samples, ...) to probabilities (exits, samples, classes).

    It is read again and compared with the predictor on random images before it takes its place.

    Parameters
    ----------
    network : in eval mode, on the CPU
    image_shape : channels, height and width
    path : the file to write; whole or not at all
    about : what JSON can hold, kept inside the file

    Raises
    ------
    ValueError : it differs from the predictor by more than 1e-6, or cannot be exported
    """
    images = torch.randn(3, *image_shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        program = torch.export.export(network, (images,), dynamic_shapes=({0: torch.export.Dim("samples")},))
    with whole_file(Path(path)) as temporary:
        with temporary.open("wb") as file:
            torch.export.save(program, file, extra_files={ABOUT: json.dumps(dict(about), sort_keys=True)})
        with temporary.open("rb") as file:
            given = torch.export.load(file).module()(images)
        found = largest_difference(network, given, images)
        if not found <= TOLERANCE:
            raise ValueError(
                f"the exported program differs from {network.predictor} by {found:.1e} on random images, more than "
                f"{TOLERANCE:.0e}: this network's logits need more than float32"
            )
    return Exported(given.shape[0], given.shape[2], found)


def largest_difference(network: AnytimeNetwork, given: Tensor, images: Tensor) -> float:
    """Between probabilities (exits, samples, classes) and the predictor's on the network's own float32 logits."""
    logits = torch.stack(list(network.network(images))).float()
    expected = predict(network.predictor, logits, **network.settings).probs
    return float((given.double() - expected).abs().max())
