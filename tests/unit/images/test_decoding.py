"""What Pillow says of damaged images reaches no one as a warning."""

import io

import numpy as np
from PIL import Image

from analysis.images.decoding import decode, size_of


def test_a_damaged_tag_is_passed_over_without_a_word():
    buffer = io.BytesIO()
    Image.new("RGB", (4, 3), (10, 20, 30)).save(buffer, "TIFF", software="x" * 40)
    data = bytearray(buffer.getvalue())
    tag = data.index((305).to_bytes(2, "little") + (2).to_bytes(2, "little"))  # where the text stands, beyond the file
    data[tag + 8 : tag + 12] = (1 << 30).to_bytes(4, "little")
    assert size_of(bytes(data)) == (4, 3)
    np.testing.assert_array_equal(decode(bytes(data)), np.full((3, 4, 3), (10, 20, 30), np.uint8))
