"""Encoded images <-> pixels, and what is refused before it is decoded. Imports numpy and Pillow."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image

DAMAGED = (OSError, ValueError, SyntaxError, TypeError, EOFError, OverflowError, KeyError, IndexError)
DAMAGED += (ZeroDivisionError, struct.error)
"""What Pillow lets out of some damaged file."""

MAX_PIXELS = 1 << 26
"""Larger images of a data set are refused before they are decoded: a small file can hold billions of pixels."""

KINDS = ("PNG", "JPEG", "WEBP")
_NAMES = {"WEBP": "WebP"}
LARGEST_BYTES = 5 << 20
LARGEST_PIXELS = 20_000_000
"""What the app decodes of any one image, an upload or a sample's."""


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
def _quiet() -> Iterator[None]:
    """No warnings of damaged tags, and of sizes, which are checked here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _decoding() -> Iterator[None]:
    """Whatever Pillow raises for no image, or a damaged one, as UndecodableImage."""
    try:
        with _quiet():
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


def bounded(data: bytes, kinds: tuple[str, ...] = KINDS) -> Image.Image:
    """An image within the app's limits, its head alone read so far; `loaded` reads the rest.

    Raises
    ------
    ValueError : another kind, a file of more than 5 MB, or more than 20 million pixels

    Examples
    --------
    >>> bounded(b"GIF89a")
    Traceback (most recent call last):
    ValueError: the file is no PNG, JPEG or WebP image: save it as one of these
    """
    if len(data) > LARGEST_BYTES:
        raise ValueError(too_large(len(data)))
    try:
        with _quiet():
            image = Image.open(io.BytesIO(data), formats=kinds)
    except Image.DecompressionBombError:
        raise ValueError(too_many("far too many")) from None
    except (*DAMAGED, MemoryError):
        raise ValueError(f"the file is no {named(kinds)} image: save it as one of these") from None
    if image.width * image.height > LARGEST_PIXELS:
        raise ValueError(too_many(f"{image.width} x {image.height}"))
    return image


def loaded(image: Image.Image, change: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """What `change` makes of an image, which decodes it.

    Raises
    ------
    ValueError : it is damaged
    """
    try:
        with _quiet():
            return change(image)
    except (*DAMAGED, MemoryError):
        raise ValueError("the image is damaged and cannot be decoded: save it again") from None


def named(kinds: tuple[str, ...]) -> str:
    """Kinds of images, in words: "PNG, JPEG or WebP"."""
    *some, last = (_NAMES.get(kind, kind) for kind in kinds)
    return f"{', '.join(some)} or {last}"


def too_large(size: int) -> str:
    """The sentence that refuses a file of so many bytes."""
    return f"the file has {size / (1 << 20):.1f} MB, and at most {LARGEST_BYTES >> 20} are read: save it smaller"


def too_many(pixels: str) -> str:
    """The sentence that refuses an image of so many `pixels`, which are said as given."""
    return f"the image has {pixels} pixels, and at most {LARGEST_PIXELS:,} are decoded: save it smaller"


def encode(pixels: np.ndarray) -> bytes:
    """A lossless WebP of RGB pixels (height, width, 3), uint8."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="WEBP", lossless=True)
    return buffer.getvalue()
