"""The methods of attribution, by captum: integrated gradients, input times gradient, Grad-CAM and occlusion.

The table METHODS is data and needs no torch; the functions import torch and captum when called. Every method works on
pixels in [0, 1] before normalisation, so that its baseline is a black image.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.attribution.targets import Target, removed_at, score

if TYPE_CHECKING:
    from torch import Tensor, nn

SCALES: dict[int, tuple[str, ...]] = {
    1: ("coarsest",),
    2: ("coarsest", "finest"),
    3: ("coarsest", "middle", "finest"),
    4: ("coarsest", "second-coarsest", "second-finest", "finest"),
}
"""Number of scales of a network -> what they are called, coarsest first."""
SCALE_NAMES = ("coarsest", "second-coarsest", "middle", "second-finest", "finest")
"""Every name that a scale has in some network."""
FIRST_STEPS, MOST_STEPS = 32, 1024
TOLERANCE = 0.05
"""Integrated gradients have converged when they miss the difference that they explain by less than this share."""
MOST_PER_PASS, PIXELS_PER_PASS = 64, 1 << 18
"""How many images one pass through the network takes at most, and how many pixels they have together."""


@dataclass(frozen=True)
class Method:
    """One method: what it is called and how it works. `local`: it needs the score's gradient at the image alone."""

    id: str
    name: str
    summary: str
    citation: str
    local: bool


_ROWS = (
    Method(
        "integrated-gradients",
        "integrated gradients",
        "The gradient along the way from a black image, times the pixels; it adds up to the difference in score.",
        "Sundararajan, Taly, Yan. Axiomatic Attribution for Deep Networks. ICML 2017, arXiv 1703.01365",
        local=False,
    ),
    Method(
        "input-x-gradient",
        "input x gradient",
        "The gradient at the image, times the pixels.",
        "Shrikumar, Greenside, Shcherbina, Kundaje. Not Just a Black Box. 2016, arXiv 1605.01713",
        local=True,
    ),
    Method(
        "grad-cam",
        "Grad-CAM",
        "The feature maps of one scale, weighted by their mean gradients; what speaks against the class is cut off.",
        "Selvaraju et al. Grad-CAM. ICCV 2017, arXiv 1610.02391",
        local=True,
    ),
    Method(
        "occlusion",
        "occlusion",
        "How far the score falls when a black square covers a place.",
        "Zeiler, Fergus. Visualizing and Understanding Convolutional Networks. ECCV 2014, arXiv 1311.2901",
        local=False,
    ),
)
METHODS: dict[str, Method] = {row.id: row for row in _ROWS}


@dataclass(frozen=True)
class Attribution:
    """One exit's attribution.

    values : float32, (height, width), summed over the colours; positive speaks for the class
    score : of the image
    baseline_score : of the black image, where the method has one
    converged : False where integrated gradients missed the tolerance; None where the question does not arise
    steps : that integrated gradients took
    """

    values: np.ndarray
    score: float
    baseline_score: float | None = None
    converged: bool | None = None
    steps: int | None = None


def check(method: str, target: Target, scale: str = "coarsest") -> None:
    """Refuse what cannot be attributed.

    Raises
    ------
    ValueError : an unknown method; a scale that no network has; log p of the product by a method that leaves the
        image, on whose way the class can leave the support, where log p is minus infinity
    """
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}: choose one of {', '.join(METHODS)}")
    if scale not in SCALE_NAMES:
        raise ValueError(f"unknown scale {scale!r}: choose one of {', '.join(SCALE_NAMES)}")
    if target.quantity == "log-prob" and not METHODS[method].local:
        local = " or ".join(row.name for row in METHODS.values() if row.local)
        raise ValueError(
            f"{METHODS[method].name} cannot attribute log p of the product, which is minus infinity wherever the class "
            f"leaves the support on the way: attribute the probability, or choose {local}"
        )


def check_scale(network: nn.Module, scale: str) -> None:
    """Refuse a scale that this network does not have.

    Raises
    ------
    ValueError : naming those that it has
    """
    from analysis.models.networks.stepwise import backbone

    count = len(backbone(network).config.factors)
    if count not in SCALES:
        raise ValueError(f"the network has {count} scales, and Grad-CAM names up to {max(SCALES)}: use another method")
    if scale not in SCALES[count]:
        raise ValueError(f"the network has no scale {scale!r}: choose one of {', '.join(SCALES[count])}")


def logits_up_to(
    network: nn.Module, exit_: int, dataset: str, tap: Callable | None = None
) -> Callable[[Tensor], list[Tensor]]:
    """The function from pixels (samples, 3, height, width) in [0, 1] to every exit's logits up to one exit, from 0.

    Raises
    ------
    ValueError : the network has no such exit
    """
    from analysis.models.evaluation.inference import channel_statistics
    from analysis.models.networks.stepwise import backbone, exit_by_exit

    mean, std = channel_statistics(dataset, next(network.parameters()).device)
    n_exits = backbone(network).config.exits
    if exit_ >= n_exits:
        raise ValueError(f"exit {exit_ + 1} does not exist: the network has {n_exits}")
    return lambda pixels: list(itertools.islice(exit_by_exit(network, (pixels - mean) / std, tap), exit_ + 1))


def scorer(network: nn.Module, target: Target, dataset: str, tap: Callable | None = None) -> Callable[[Tensor], Tensor]:
    """The function that is attributed: pixels (samples, 3, height, width) in [0, 1] to scores (samples,)."""
    from analysis.models.networks.stepwise import backbone

    logits, n_exits = logits_up_to(network, target.exit, dataset, tap), backbone(network).config.exits
    return lambda pixels: score(logits(pixels), target, n_exits)


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """No gradients for parameters: only pixels and feature maps get them."""
    before = [parameter.requires_grad for parameter in network.parameters()]
    network.requires_grad_(False)
    try:
        yield
    finally:
        for parameter, value in zip(network.parameters(), before):
            parameter.requires_grad_(value)


def tap_place(network: nn.Module, exit_: int, scale: str) -> tuple[int, int, int] | None:
    """Where the last feature map of a scale is that an exit's head still reads: (block, stage, index from the end).

    A head reads the coarsest scale alone, and a layer passes maps one scale down: a map k scales finer reaches the head
    from k layers before it. None where that scale had been dropped by then.
    """
    from analysis.models.networks.stepwise import backbone, stages

    base = backbone(network)
    finer = SCALES[len(base.config.factors)].index(scale)
    places = [
        (block, stage, modules)
        for block in range(exit_ + 1)
        for stage, modules in enumerate(stages(base.blocks[block]))
    ]
    block, stage, modules = places[-1 - finer]
    layer = modules[0]  # a stem has a module per scale, a layer one per scale that it keeps
    return (block, stage, -1 - finer) if len(layer.layers) > finer else None


def integrated_gradients(
    network: nn.Module, pixels: Tensor, target: Target, dataset: str, *, most_steps: int = MOST_STEPS
) -> Attribution:
    """Integrated gradients from black; the number of steps doubles until they add up, or `most_steps` are taken."""
    import torch
    from captum.attr import IntegratedGradients

    scores = scorer(network, target, dataset)
    with torch.no_grad():
        ends = scores(torch.cat([pixels, torch.zeros_like(pixels)])).double()
    difference = float(ends[0] - ends[1])
    steps = min(FIRST_STEPS, most_steps)
    explain = IntegratedGradients(scores)
    while True:
        values = explain.attribute(  # Gauss's points, captum's default, are dense near black, where a power of
            pixels,
            baselines=0.0,
            n_steps=steps,
            internal_batch_size=per_pass(pixels),  # a logit below 1 is steepest
        ).double()
        delta = abs(float(values.sum()) - difference)
        converged = delta < TOLERANCE * abs(difference) or delta == 0
        if converged or 2 * steps > most_steps:
            return Attribution(flat(values), float(ends[0]), float(ends[1]), converged, steps)
        steps *= 2


def input_x_gradient(network: nn.Module, pixels: Tensor, target: Target, dataset: str) -> Attribution:
    """The gradient at the image times the pixels."""
    import torch
    from captum.attr import InputXGradient

    scores = scorer(network, target, dataset)
    values = InputXGradient(scores).attribute(pixels.clone().requires_grad_())
    with torch.no_grad():
        return Attribution(flat(values.detach()), float(scores(pixels)[0]))


def grad_cam(network: nn.Module, pixels: Tensor, target: Target, dataset: str, *, scale: str) -> Attribution | None:
    """Grad-CAM on the last feature map of a scale that the exit's head reads; None where that scale is gone by then.

    Under the product, the earlier exits' factors do not depend on that map: it moves the last factor alone.
    """
    import torch
    from captum.attr import LayerAttribution, LayerGradCam

    place = tap_place(network, target.exit, scale)
    if place is None:
        return None
    block, stage, index = place
    layer = torch.nn.Identity()

    def tap(at: int, number: int, scales: list[Tensor]) -> list[Tensor]:
        if (at, number) != (block, stage):
            return scales
        tapped = [*scales]
        tapped[index] = layer(scales[index])
        return tapped

    scores = scorer(network, target, dataset, tap)
    values = LayerGradCam(scores, layer).attribute(pixels.clone().requires_grad_(), relu_attributions=True)
    values = LayerAttribution.interpolate(values.detach(), tuple(pixels.shape[-2:]), "bilinear")
    with torch.no_grad():
        return Attribution(flat(values), float(scores(pixels)[0]))


def occlusion(network: nn.Module, pixels: Tensor, target: Target, dataset: str) -> Attribution:
    """The mean fall of the score over all black squares, an eighth of the image wide, that cover a pixel."""
    import torch
    from captum.attr import Occlusion

    scores = scorer(network, target, dataset)
    side = max(pixels.shape[-1] // 8, 1)
    with torch.no_grad():
        values = Occlusion(scores).attribute(
            pixels,
            sliding_window_shapes=(3, side, side),
            strides=(3, max(side // 2, 1), max(side // 2, 1)),
            baselines=0.0,
            perturbations_per_eval=per_pass(pixels),
        )
        return Attribution(flat(values / 3), float(scores(pixels)[0]))  # the same fall stands in each colour


def per_pass(pixels: Tensor) -> int:
    """How many images like this one (1, colours, height, width) one pass takes."""
    return max(1, min(MOST_PER_PASS, PIXELS_PER_PASS // (pixels.shape[-2] * pixels.shape[-1])))


def flat(values: Tensor) -> np.ndarray:
    """(1, colours, height, width) to float32 (height, width), summed over the colours."""
    return values[0].sum(0).float().cpu().numpy()


def attribute(
    network: nn.Module,
    image: np.ndarray,
    target: Target,
    method: str,
    *,
    dataset: str,
    scale: str = "coarsest",
    most_steps: int = MOST_STEPS,
) -> Attribution | None:
    """Which pixels a target's score rests on.

    Parameters
    ----------
    network : an MSDNet or an IMTA, in eval mode, on any device
    image : uint8 (height, width, 3), RGB
    target : what is explained
    method : an id of `METHODS`
    dataset : whose normalisation the network was trained with
    scale : of Grad-CAM, one of `SCALES` of the network's number
    most_steps : of integrated gradients

    Returns
    -------
    Attribution or None
        None where Grad-CAM's scale has been dropped before that exit. Where the class has left the product's support,
        the probability is 0 and so is its gradient: the gradient at the image and Grad-CAM are zeros, and what looks
        further, integrated gradients and occlusion, wherever else the class has left it too.

    Raises
    ------
    ValueError : as `check`; a scale that this network does not have; log p of a class outside the support, naming the
        exit that removed it
    """
    import torch

    check(method, target, scale)
    if method == "grad-cam":
        check_scale(network, scale)
    device = next(network.parameters()).device
    pixels = torch.from_numpy(np.array(image)).to(device).permute(2, 0, 1)[None].float() / 255
    with frozen(network):
        if target.quantity == "log-prob":
            refuse_outside_support(network, pixels, target, dataset)
        if method == "integrated-gradients":
            return integrated_gradients(network, pixels, target, dataset, most_steps=most_steps)
        if method == "grad-cam":
            return grad_cam(network, pixels, target, dataset, scale=scale)
        return (occlusion if method == "occlusion" else input_x_gradient)(network, pixels, target, dataset)


def refuse_outside_support(network: nn.Module, pixels: Tensor, target: Target, dataset: str) -> None:
    """Refuse log p of a class that an exit up to the target's has taken out of the product: one pass tells which.

    Raises
    ------
    ValueError : naming that exit and its logit
    """
    import torch

    with torch.no_grad():
        logits = torch.stack(logits_up_to(network, target.exit, dataset)(pixels))[:, 0]
    exit_ = removed_at(logits, target.class_index)
    if exit_ is not None:
        raise ValueError(
            f"exit {exit_ + 1} removed this class from the product (its logit there is "
            f"{float(logits[exit_, target.class_index]):.3g}), so log p at exit {target.exit + 1} is minus infinity: "
            "attribute the probability, or an earlier exit"
        )
