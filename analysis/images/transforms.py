"""The transform of ImageNet: what networks of its size see of an image of any size. Imports numpy and Pillow."""

from __future__ import annotations

import numpy as np
from PIL import Image

RESIZED, CROPPED = 256, 224
"""The standard transform of ImageNet: the shorter side to 256 pixels, then the middle 224 x 224."""


def centre_crop(pixels: np.ndarray) -> np.ndarray:
    """The standard transform of ImageNet, bilinear and antialiased: pixel for pixel what torchvision's gives.

    Parameters
    ----------
    pixels : uint8 (height, width, 3)

    Returns
    -------
    uint8 (224, 224, 3)
    """
    height, width = pixels.shape[:2]
    short = min(height, width)
    size = (int(RESIZED * width / short), int(RESIZED * height / short))
    resized = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))
    top, left = (round((side - CROPPED) / 2) for side in resized.shape[:2])
    return resized[top : top + CROPPED, left : left + CROPPED]
