"""The length of the labels decides which axis is which; where it does not, the caller is asked."""

import numpy as np
import pytest

from analysis.storage.importers.axes import orient, parse_axes
from analysis.storage.importers.parts import Part

CANONICAL = ("exits", "samples", "classes")


def part(shape, labels=None, n_labels=None, largest=None) -> Part:
    if n_labels is not None:
        labels = np.arange(n_labels) % (largest + 1)
    return Part(np.zeros(shape, np.float16), labels, "test", None, "x.npy")


@pytest.mark.parametrize(
    ("shape", "n_labels", "largest", "axes"),
    [
        ((7, 400, 20), 400, 19, CANONICAL),
        ((7, 400, 20), 400, 3, CANONICAL),  # the usual order needs no further evidence
        ((7, 400, 5), 400, 6, CANONICAL),  # a wrong label does not turn the array round
        ((400, 7, 20), 400, 19, ("samples", "exits", "classes")),
        ((400, 20, 7), 400, 19, ("samples", "classes", "exits")),
        ((20, 7, 400), 400, 19, ("classes", "exits", "samples")),
        ((7, 20, 400), 400, 19, ("exits", "classes", "samples")),
    ],
)
def test_the_labels_decide(shape, n_labels, largest, axes):
    assert orient(part(shape, n_labels=n_labels, largest=largest), None).axes == axes


@pytest.mark.parametrize(
    ("shape", "n_labels", "largest", "reason"),
    [
        ((7, 20, 20), 20, 19, "2 axes have the length of the 20 labels"),
        ((20, 20, 20), 20, 19, "3 axes have the length of the 20 labels"),
        ((400, 7, 20), 400, 3, "the labels do not tell the exits from the classes"),
        ((20, 10, 400), 400, 9, "the labels do not tell the exits from the classes"),
    ],
)
def test_what_is_ambiguous_is_asked(shape, n_labels, largest, reason):
    with pytest.raises(ValueError, match=rf"{reason}: say which axis is which with --axes exits,samples,classes"):
        orient(part(shape, n_labels=n_labels, largest=largest), None)


def test_without_labels_the_longest_axis_must_be_the_samples():
    assert orient(part((7, 400, 20)), None).axes == CANONICAL
    with pytest.raises(ValueError, match="no labels tell which axis holds the samples: say which"):
        orient(part((400, 7, 20)), None)


def test_a_known_number_of_samples_stands_in_for_labels():
    assert orient(part((7, 15, 20)), None, 15).axes == CANONICAL


def test_labels_of_no_axis():
    with pytest.raises(ValueError, match="no axis has the length of the 399 labels"):
        orient(part((7, 400, 20), n_labels=399, largest=5), None)


def test_the_caller_decides():
    assert orient(part((20, 20, 20), n_labels=20, largest=19), ("classes", "exits", "samples")).shape == (20, 20, 20)
    with pytest.raises(ValueError, match="has 7 samples and there are 400 labels"):
        orient(part((400, 7, 20), n_labels=400, largest=19), CANONICAL)


@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_chunks_have_the_usual_order(axes):
    logits = np.random.default_rng(0).normal(size=(3, 9, 4)).astype(np.float32)
    turned = Part(logits.transpose(axes), None, "test", None, "x")
    chunk = orient(turned, tuple(CANONICAL[axis] for axis in axes)).chunk(2, 6, np.dtype(np.float32))
    np.testing.assert_array_equal(chunk, logits[:, 2:6])


@pytest.mark.parametrize("text", ["", "exits", "exits,samples", "exits,samples,samples", "a,b,c"])
def test_axes_are_named_in_full(text):
    with pytest.raises(ValueError, match="such as exits,samples,classes"):
        parse_axes(text)


def test_axes_may_have_spaces():
    assert parse_axes("samples, exits,classes") == ("samples", "exits", "classes")
