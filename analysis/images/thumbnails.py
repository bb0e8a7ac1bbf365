"""Images of samples as a browser gets them: within the app's limits, small, and known to be whole. Imports Pillow."""

from __future__ import annotations

import io
from functools import lru_cache

from PIL import Image

from analysis.images.decoding import KINDS, bounded, loaded
from analysis.images.image_tables import media_type

SHOWN = (*KINDS, "GIF")
"""What browsers show."""
LARGEST_BYTES = 16_000
"""Larger files travel as thumbnails."""
SIDE = 192
"""Of a thumbnail, pixels, the longer one."""


@lru_cache(maxsize=1024)
def thumbnail(data: bytes) -> tuple[bytes, str]:
    """An encoded image, made smaller where it is large, and its media type.

    Raises
    ------
    ValueError : as `decoding.bounded` and `decoding.loaded`
    """
    image = bounded(data, SHOWN)
    small = len(data) <= LARGEST_BYTES and max(image.size) <= 4 * SIDE
    shrunk = loaded(image, _decoded if small else _shrunk)
    if small:
        return data, media_type(data) or "image/png"
    out = io.BytesIO()
    shrunk.save(out, "WEBP", quality=80)
    return out.getvalue(), "image/webp"


def _decoded(image: Image.Image) -> Image.Image:
    image.load()
    return image


def _shrunk(image: Image.Image) -> Image.Image:
    image.thumbnail((SIDE, SIDE))
    return image.convert("RGB")
