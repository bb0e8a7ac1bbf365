"""Uploaded images: what is read, how it is turned and cut, and the sentence for each that is refused."""

import contextlib
import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from analysis.images.decoding import LARGEST_BYTES, decode
from analysis.images.image_files import open_images
from analysis.images.uploads import as_png, fitted, read_upload


def encoded(kind: str, image: Image.Image, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, format=kind, **options)
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds no pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_three_kinds_are_read(kind):
    pixels = read_upload(encoded(kind, Image.new("RGB", (3, 2), (255, 0, 0))))
    assert pixels.shape == (2, 3, 3)
    assert np.abs(pixels.astype(int) - [255, 0, 0]).max() < 16


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "I;16"])
def test_every_mode_becomes_rgb(mode):
    assert read_upload(encoded("PNG", Image.new(mode, (3, 2)))).shape == (2, 3, 3)


def test_an_image_is_turned_as_its_camera_says():
    image = Image.new("RGB", (3, 2))
    exif = image.getexif()
    exif[0x0112] = 6
    assert read_upload(encoded("JPEG", image, exif=exif)).shape == (3, 2, 3)


def test_whatever_pillow_raises_is_a_sentence():
    """Mutated files make Pillow raise struct.error, KeyError and more: none of them reaches the page."""
    image = Image.new("RGB", (4, 4))
    exif = image.getexif()
    exif[0x0112] = 6
    whole, rng = encoded("JPEG", image, exif=exif), np.random.default_rng(0)
    refused = 0
    for _ in range(3000):
        data = bytearray(whole)
        data[rng.integers(2, 120)] = rng.integers(0, 256)
        with contextlib.suppress(ValueError), warnings.catch_warnings(action="ignore"):
            decode(bytes(data))  # of a data set
        with contextlib.suppress(ValueError):
            read_upload(bytes(data))
            continue
        refused += 1
    assert 100 < refused < 3000


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no PNG, JPEG or WebP image: save it as one of these"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no PNG, JPEG or WebP image"),
        (encoded("GIF", Image.new("RGB", (3, 2))), "no PNG, JPEG or WebP image"),
        (encoded("BMP", Image.new("RGB", (3, 2))), "no PNG, JPEG or WebP image"),
        (encoded("JPEG", Image.effect_noise((50, 50), 90))[:900], "is damaged and cannot be decoded: save it again"),
        (bomb(5000, 4001), "5000 x 4001 pixels, and at most 20,000,000 are decoded: save it smaller"),
        (bomb(60_000, 60_000), "far too many pixels, and at most 20,000,000 are decoded"),
        (bomb(10, 10), "is damaged and cannot be decoded"),
        (bytes(LARGEST_BYTES + 1), "has 5.0 MB, and at most 5 are read: save it smaller"),
    ],
    ids=["empty", "svg", "gif", "bmp", "cut off", "large", "bomb", "no pixels", "heavy"],
)
def test_what_is_refused(data, said):
    with pytest.raises(ValueError, match=said):
        read_upload(data)


def test_the_middle_square_is_kept():
    image = np.zeros((10, 30, 3), np.uint8)
    image[:, 10:20] = 200
    assert (fitted(image, 5) == 200).all()
    same = np.zeros((5, 5, 3), np.uint8)
    assert fitted(same, 5) is same


@pytest.mark.parametrize("size", [(300, 231), (224, 224), (90, 130)])
def test_for_imagenets_networks_an_image_is_what_evaluate_makes_of_it(tmp_path, size):
    data = encoded("PNG", Image.effect_noise(size, 90).convert("RGB"))
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "image.png").write_bytes(data)
    evaluated = open_images(tmp_path, "test", image_size=224, dataset="imagenet").read(0, 1).pixels[0]
    np.testing.assert_array_equal(fitted(read_upload(data), 224), evaluated)


def test_a_stripe_that_would_grow_beyond_memory_is_refused():
    with pytest.raises(ValueError, match="is a stripe of 4000 x 2 pixels: cut it to what it shows"):
        fitted(np.zeros((2, 4000, 3), np.uint8), 224)
    assert fitted(np.zeros((2, 600, 3), np.uint8), 224).shape == (224, 224, 3)
    assert fitted(np.zeros((2, 4000, 3), np.uint8), 32).shape == (32, 32, 3)


def test_a_png_is_lossless():
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    np.testing.assert_array_equal(read_upload(as_png(pixels)), pixels)
