"""Someone's own image, as a network takes it. Imports numpy and Pillow."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageOps

from analysis.images.decoding import LARGEST_PIXELS, bounded, loaded
from analysis.images.transforms import CROPPED, RESIZED, centre_crop


def read_upload(data: bytes) -> np.ndarray:
    """The RGB pixels (height, width, 3), uint8, of an uploaded image, turned as its camera says.

    Parameters
    ----------
    data : the whole file

    Raises
    ------
    ValueError : no PNG, JPEG or WebP, a damaged one, a file of more than 5 MB, or more than 20 million pixels

    Examples
    --------
    >>> read_upload(b"GIF89a")
    Traceback (most recent call last):
    ValueError: the file is no PNG, JPEG or WebP image: save it as one of these
    """
    return np.array(loaded(bounded(data), lambda image: ImageOps.exif_transpose(image).convert("RGB")))


def fitted(pixels: np.ndarray, size: int) -> np.ndarray:
    """An image as the network takes it: (height, width, 3) to (size, size, 3), both uint8.

    For networks of ImageNet's size that is ImageNet's standard transform, the one that `evaluate` applies. For others,
    whose data sets know none, it is the middle square, resized; one that has this size already stays as it is.

    Raises
    ------
    ValueError : a stripe so long that resizing it would fill the memory
    """
    height, width = pixels.shape[:2]
    if size == CROPPED:
        if RESIZED**2 * max(height, width) > LARGEST_PIXELS * min(height, width):
            raise ValueError(f"the image is a stripe of {width} x {height} pixels: cut it to what it shows")
        return centre_crop(pixels)
    if (height, width) == (size, size):
        return pixels
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = Image.fromarray(pixels[top : top + side, left : left + side])  # cut first: resizing reads across its box
    return np.array(square.resize((size, size), Image.Resampling.LANCZOS))


def as_png(pixels: np.ndarray) -> bytes:
    """A PNG of RGB pixels (height, width, 3), uint8."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format="PNG")
    return out.getvalue()
