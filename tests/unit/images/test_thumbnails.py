"""Images of samples: what a browser gets of each, and the sentence for each that it does not."""

import io

import numpy as np
import pytest
from PIL import Image

from analysis.images.thumbnails import SIDE, thumbnail
from tests.toy import coloured_square, noise
from tests.unit.images.test_uploads import bomb


def encoded(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind)
    return out.getvalue()


def test_a_small_image_travels_as_it_is():
    assert thumbnail(coloured_square(3)) == (coloured_square(3), "image/png")


@pytest.mark.parametrize("pixels", [noise(1, 400, 300)[0], np.zeros((2000, 1000, 3), np.uint8)])
def test_a_large_one_is_made_small_however_few_bytes_it_has(pixels):
    data, kind = thumbnail(encoded(pixels))
    assert kind == "image/webp"
    assert max(Image.open(io.BytesIO(data)).size) == SIDE


def test_an_image_without_its_second_half_is_damaged():
    data = encoded(noise(1)[0])
    with pytest.raises(ValueError, match="is damaged and cannot be decoded: save it again"):
        thumbnail(data[: len(data) // 2])


def test_a_png_whose_pixels_are_not_their_checksum_is_damaged():
    data = coloured_square(3)
    start = data.index(b"IDAT") + 6
    with pytest.raises(ValueError, match="is damaged"):
        thumbnail(data[:start] + bytes(8) + data[start + 8 :])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no PNG, JPEG, WebP or GIF image"),
        (bytes(100), "no PNG, JPEG, WebP or GIF image"),
        (bomb(13_304, 13_304), "13304 x 13304 pixels, and at most 20,000,000 are decoded"),
        (bomb(60_000, 60_000), "far too many pixels"),
        (bytes(6 << 20), "6.0 MB, and at most 5 are read"),
    ],
)
def test_what_is_refused_is_not_decoded(data, said):
    with pytest.raises(ValueError, match=said):
        thumbnail(data)
