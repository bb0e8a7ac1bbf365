"""Encoded images <-> pixels, and what is refused before it is decoded. Imports numpy and Pillow."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image

DAMAGED = (OSError, ValueError, SyntaxError, TypeError, EOFError, OverflowError, KeyError, IndexError)
DAMAGED += (ZeroDivisionError, struct.error)
"""What Pillow lets out of some damaged file."""

MAX_PIXELS = 1 << 26
"""Larger images are refused before they are decoded: a small file can hold billions of pixels."""


class UndecodableImage(ValueError):
    """Why a file is no image that can be used, as the end of a sentence."""


def _opened(data: bytes) -> Image.Image:
    """An image whose head alone was read.

    Raises
    ------
    UndecodableImage : of more than 67 million pixels; whatever Pillow raises for what is no image
    """
    image = Image.open(io.BytesIO(data))
    if image.width * image.height > MAX_PIXELS:
        raise UndecodableImage(f"has {image.width} x {image.height} pixels, more than {MAX_PIXELS:,}")
    return image


@contextmanager
def _decoding() -> Iterator[None]:
    """Whatever Pillow raises for no image, or a damaged one, as UndecodableImage."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damaged tags, and of sizes, which are checked here
            yield
    except UndecodableImage:
        raise
    except (*DAMAGED, Image.DecompressionBombError):
        raise UndecodableImage("cannot be decoded") from None


def decode(data: bytes) -> np.ndarray:
    """The RGB pixels (height, width, 3), uint8, of an encoded image.

    Raises
    ------
    UndecodableImage : no image, a damaged one, or one of more than 67 million pixels
    """
    with _decoding():
        return np.asarray(_opened(data).convert("RGB"))


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height in pixels of an encoded image, from its head.

    Raises
    ------
    UndecodableImage : no image, or one of more than 67 million pixels
    """
    with _decoding():
        return _opened(data).size


def encode(pixels: np.ndarray) -> bytes:
    """A lossless WebP of RGB pixels (height, width, 3), uint8."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="WEBP", lossless=True)
    return buffer.getvalue()
