"""Distortions of one image, by torchvision, each a number that can be turned up: rotation, blur, cover, noise.

Lengths are percents of the image's width, so that a distortion means the same at every resolution. Importing this
module imports no torch; applying does.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np

GREY = 0.5


@dataclass(frozen=True)
class Distortion:
    """What is done to an image, in this order; the defaults do nothing.

    turn : degrees, counterclockwise; corners that come into view are black
    blur : standard deviation of a Gaussian, in percent of the width
    cover : side of a grey square, in percent of the width
    cover_x, cover_y : where the square's middle stands, in percent of the width from the left and of the height from
        the top
    noise : standard deviation of normal noise on pixels in [0, 1], the same for the same seed
    seed : of the noise
    """

    turn: int = 0
    blur: float = 0
    cover: float = 0
    cover_x: float = 50
    cover_y: float = 50
    noise: float = 0
    seed: int = 0

    @property
    def is_none(self) -> bool:
        """Whether the image stays as it is."""
        return not (self.turn or self.blur or self.cover or self.noise)

    @property
    def key(self) -> tuple:
        """What tells two distortions apart."""
        return () if self.is_none else astuple(self)

    @property
    def words(self) -> str:
        """What is done, for a title."""
        parts = [
            f"turned by {self.turn}\N{DEGREE SIGN}" if self.turn else "",
            f"blurred by {self.blur:g}%" if self.blur else "",
            f"covered by {self.cover:g}%" if self.cover else "",
            f"noise of {self.noise:g}" if self.noise else "",
        ]
        return ", ".join(part for part in parts if part) or "as it is"


def distorted(image: np.ndarray, distortion: Distortion) -> np.ndarray:
    """The distorted image, uint8 (height, width, 3).

    Parameters
    ----------
    image : uint8 (height, width, 3)

    Examples
    --------
    >>> distorted(np.full((4, 4, 3), 255, np.uint8), Distortion(cover=50))[1, :, 0].tolist()
    [255, 128, 128, 255]
    """
    if distortion.is_none:
        return image
    import torch
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms.v2 import functional

    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255
    height, width = pixels.shape[-2:]
    if distortion.turn:
        pixels = functional.rotate(pixels, distortion.turn, interpolation=InterpolationMode.BILINEAR)
    if distortion.blur:
        sigma = distortion.blur / 100 * width
        reach = min(int(np.ceil(3 * sigma)), min(height, width) - 1)  # padding reflects: it cannot reach further
        for kernel in ([2 * reach + 1, 1], [1, 2 * reach + 1]):  # along the rows, then the columns: the same, sooner
            pixels = functional.gaussian_blur(pixels, kernel, [sigma] * 2)
    if distortion.cover:
        side = max(1, round(distortion.cover / 100 * width))
        top, left = (
            round(place / 100 * length - side / 2)
            for place, length in ((distortion.cover_y, height), (distortion.cover_x, width))
        )
        bottom, right = min(top + side, height), min(left + side, width)
        top, left = max(top, 0), max(left, 0)
        grey = torch.full((3, 1, 1), GREY)
        pixels = functional.erase(pixels, top, left, max(bottom - top, 0), max(right - left, 0), grey)
    if distortion.noise:
        generator = np.random.default_rng(distortion.seed)
        drawn = generator.standard_normal(tuple(pixels.shape), dtype=np.float32)
        pixels = pixels + distortion.noise * torch.from_numpy(drawn)
    return (pixels.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
