"""Pieces are read as the array that they make."""

from itertools import pairwise

import numpy as np
import pytest

from analysis.storage.importers.floats import BFLOAT16
from analysis.storage.importers.layouts.pieces import Joined, Stacked, taken

X = np.random.default_rng(0).normal(size=(3, 11, 4)).astype(np.float32)
CUTS = (0, 4, 5, 11)
SLICES = [slice(a, b) for a, b in pairwise(CUTS)]
PIECES = {
    "stacked": Stacked(tuple(X)),
    "stacked inside": Stacked(tuple(X[:, i] for i in range(11)), 1),
    "stacked last": Stacked(tuple(X[..., i] for i in range(4)), 2),
    "joined": Joined(tuple(X[:, cut] for cut in SLICES), 1),
    "joined first": Joined((X[:1], X[1:]), 0),
    "joined stacks": Joined(tuple(Stacked(tuple(X[:, cut])) for cut in SLICES), 1),
    "stacked joins": Stacked(tuple(Joined(tuple(x[cut] for cut in SLICES), 0) for x in X)),
    "stacks of stacks": Stacked(tuple(Stacked(tuple(x)) for x in X)),
}


@pytest.mark.parametrize("name", PIECES)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_pieces_are_read_along_every_axis(name, axis):
    pieces, length = PIECES[name], X.shape[axis]
    assert pieces.shape == X.shape
    assert pieces.dtype == np.float32
    for start in range(length):
        for stop in range(start + 1, length + 1):
            np.testing.assert_array_equal(pieces.take(axis, start, stop), taken(X, axis, start, stop))


def test_a_type_holds_the_numbers_of_every_piece():
    half, bits = X.astype(np.float16), (X.view(np.uint32) >> 16).astype("<u2").view(BFLOAT16)
    assert Stacked((half[0], X[1])).dtype == np.float32
    assert Stacked((bits[0], bits[1])).dtype == BFLOAT16
    mixed = Stacked((bits[0], half[1]))
    assert mixed.dtype == np.float32
    np.testing.assert_array_equal(mixed.take(0, 1, 2)[0], half[1])
    np.testing.assert_array_equal(mixed.take(1, 3, 5)[0].view(np.uint32) & 0xFFFF, 0)
