"""An .npz that is written in parts is the one that NumPy would write, and its disk is known to have room."""

import itertools
import os
import resource
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.storage.npz_writing import NpzWriter, joined_crc


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_the_crc_of_two_pieces_is_that_of_both_together(first, second):
    assert joined_crc(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)


@pytest.mark.parametrize("bounds", [(0, 11), (0, 4, 5, 11), (0, 1, 2, 3, 11)])
def test_parts_become_the_arrays(tmp_path, bounds):
    rng = np.random.default_rng(0)
    arrays = {"probs": rng.random((3, 11, 5)).astype(np.float32), "collapsed": rng.random((3, 11)) < 0.5}
    with (tmp_path / "a.npz").open("w+b") as file:
        writer = NpzWriter(file, {name: (array.dtype, array.shape) for name, array in arrays.items()})
        for start, stop in itertools.pairwise(bounds):
            for name, array in arrays.items():
                writer.write(name, array[:, start:stop])
        writer.finish()
    assert zipfile.ZipFile(tmp_path / "a.npz").testzip() is None
    with np.load(tmp_path / "a.npz") as found:
        assert list(found) == list(arrays)
        for name, array in arrays.items():
            np.testing.assert_array_equal(found[name], array, strict=True)


def test_the_place_on_the_disk_is_reserved_before_anything_is_computed(tmp_path):
    path = tmp_path / "a.npz"
    with path.open("w+b") as file:
        NpzWriter(file, {"probs": (np.float32, (2, 5000, 100))})
        status = os.fstat(file.fileno())
    assert status.st_size > 4_000_000
    assert 512 * status.st_blocks >= status.st_size  # no hole that could not be filled later


def test_an_array_larger_than_the_disk_takes_is_refused_at_once(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with (tmp_path / "a.npz").open("w+b") as file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        try:
            with pytest.raises(OSError, match="too large"):
                NpzWriter(file, {"probs": (np.float32, (2, 5000, 100))})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
