"""Images of samples as a browser gets them: within the app's limits, small, and known to be whole. Imports Pillow."""

from __future__ import annotations

import io
from functools import lru_cache, partial

from PIL import Image

from analysis.images.decoding import KINDS, bounded, loaded
from analysis.images.image_tables import media_type

SHOWN = (*KINDS, "GIF")
"""What browsers show."""
SIDE = 192
"""Of a thumbnail, pixels, the longer one."""
LARGEST_BYTES = 16_000
"""Larger files travel as thumbnails of that side."""


@lru_cache(maxsize=1024)
def thumbnail(data: bytes, side: int = SIDE) -> tuple[bytes, str]:
    """An encoded image, made smaller where it is large, and its media type.

    Parameters
    ----------
    side : of what is made smaller, pixels, the longer one; what may travel as it is grows with it

    Raises
    ------
    ValueError : as `decoding.bounded` and `decoding.loaded`
    """
    image = bounded(data, SHOWN)
    small = len(data) <= LARGEST_BYTES * (side / SIDE) ** 2 and max(image.size) <= 4 * side
    shrunk = loaded(image, _decoded if small else partial(_shrunk, side=side))
    if small:
        return data, media_type(data) or "image/png"
    out = io.BytesIO()
    shrunk.save(out, "WEBP", quality=80)
    return out.getvalue(), "image/webp"


def _decoded(image: Image.Image) -> Image.Image:
    image.load()
    return image


def _shrunk(image: Image.Image, side: int) -> Image.Image:
    image.thumbnail((side, side))
    return image.convert("RGB")
