"""Lists of arrays as logits: one array per exit or per sample, or batches, or lists of both. Imports numpy.

What a list cannot tell, its readings leave open: the number of samples decides between them, or the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.storage.importers.floats import is_real
from analysis.storage.importers.layouts.numbered import text_of
from analysis.storage.importers.layouts.pieces import Joined, Stacked, Values

EXITS_FIRST = ("exits", "samples", "classes")
SAMPLES_FIRST = ("samples", "exits", "classes")
_SHOWN = 6


@dataclass(frozen=True, eq=False)
class Reading:
    """One way to read a layout.

    values : with three axes
    axes : what the layout tells of their order; None where it does not
    form : in what pieces they lie, for people; empty: in one
    """

    values: Values
    axes: tuple[str | None, ...] = (None, None, None)
    form: str = ""


@dataclass(frozen=True, eq=False)
class Layout:
    """Logits in pieces.

    readings : the ways to read them, at least one
    form : what they are whatever the reading, for people, such as `3 lists of 12 arrays`
    """

    readings: tuple[Reading, ...]
    form: str


def plain(content: object) -> object:
    """Arrays of objects as lists, and names in bytes as text, all the way down."""
    if isinstance(content, np.ndarray):
        return plain(content.tolist()) if content.dtype == object else content
    if isinstance(content, (list, tuple)):
        return [plain(item) for item in content]
    if isinstance(content, dict):
        return {text_of(name) if isinstance(name, bytes) else name: plain(item) for name, item in content.items()}
    return content


def one_reading(values: Values, form: str, axes: tuple[str | None, ...] = (None, None, None)) -> Layout:
    """The layout of what can be read in one way."""
    return Layout((Reading(values, axes, form),), form)


def real_array(item: object) -> np.ndarray | None:
    """An array of real numbers, also from lists of lists of numbers; None: something else."""
    if isinstance(item, np.ndarray):
        return item if is_real(item.dtype) else None
    first, depth = item, 0
    while isinstance(first, (list, tuple)) and first:
        first, depth = first[0], depth + 1
    if depth < 2 or not isinstance(first, (int, float, np.number)):
        return None
    try:
        array = np.asarray(item)
    except (ValueError, OverflowError):
        return None
    return array if is_real(array.dtype) and array.ndim >= 2 else None


def _shapes(items: Sequence) -> str:
    shown = ", ".join(str(item.shape) for item in items[:_SHOWN])
    return shown + (f" ... {items[-1].shape}" if len(items) > _SHOWN else "")


def exits_of(arrays: Sequence[np.ndarray], where: str) -> Stacked:
    """One array (samples, classes) for each exit.

    Raises
    ------
    ValueError : exits of other samples or classes
    """
    shapes = {array.shape for array in arrays}
    if len(shapes) == 1:
        return Stacked(tuple(arrays))
    if len({shape[1] for shape in shapes}) > 1:
        raise ValueError(
            f"{where}: the exits have different numbers of classes, in arrays of shape {_shapes(arrays)}: give logits "
            "of the same classes at every exit"
        )
    raise ValueError(
        f"{where}: the arrays have different numbers of samples, {_shapes(arrays)}: give every exit's logits of the "
        "same samples; batches need a list for each exit"
    )


def _batches(arrays: Sequence[np.ndarray], where: str) -> Layout:
    """Arrays with three axes, one after another along the samples' axis."""
    differing = [axis for axis in range(3) if len({array.shape[axis] for array in arrays}) > 1]
    if len(differing) > 1:
        raise ValueError(
            f"{where} is a list of arrays of shape {_shapes(arrays)}, which fit together along no axis: give batches "
            "of the same exits and classes"
        )
    may = differing or range(3)
    form = f"{len(arrays)} batches"
    readings = [
        Reading(Joined(tuple(arrays), axis), tuple("samples" if place == axis else None for place in range(3)), form)
        for axis in may
    ]
    return Layout(tuple(readings), form)


def _lists_of_lists(outer: Sequence[Sequence[np.ndarray]], where: str) -> Layout:
    """Exits of batches, or batches of exits."""
    everything = [array for inner in outer for array in inner]
    if len({array.shape[1] for array in everything}) > 1:
        raise ValueError(
            f"{where} holds arrays of shape {_shapes(everything)}: give logits of the same classes at every exit"
        )
    readings = []
    if len({tuple(len(array) for array in inner) for inner in outer}) == 1:
        exits = tuple(Joined(tuple(inner), 0) for inner in outer)
        readings.append(Reading(Stacked(exits), EXITS_FIRST, f"{len(outer)} exits in {len(outer[0])} batches"))
    if len({len(inner) for inner in outer}) == 1 and all(len({array.shape for array in inner}) == 1 for inner in outer):
        batches = tuple(Stacked(tuple(inner), 1) for inner in outer)
        readings.append(Reading(Joined(batches, 0), SAMPLES_FIRST, f"{len(outer)} batches of {len(outer[0])} exits"))
    if not readings:
        raise ValueError(
            f"{where} is a list of lists of arrays of shape {_shapes(everything)}: give every exit the same batches"
        )
    return Layout(tuple(readings), f"{len(outer)} lists of {len(outer[0])} arrays")


def batches_of_exits(outer: Sequence[Sequence[np.ndarray]], where: str) -> Layout:
    """As lists of lists, of which the outer list is known to hold batches."""
    layout = _lists_of_lists(outer, where)
    known = tuple(reading for reading in layout.readings if reading.axes == SAMPLES_FIRST)
    if not known:
        raise ValueError(f"{where}: the exits of a batch have different numbers of samples: export it again")
    return Layout(known, known[0].form)


def layout_of(content: object, where: str) -> Layout | None:
    """The logits in an array or in lists of arrays; None: something else.

    Raises
    ------
    ValueError : arrays that are logits by their form, but do not fit together
    """
    array = real_array(content)
    if array is not None and array.ndim == 3:
        return Layout((Reading(array),), "")
    if array is not None and array.ndim != 2:
        return None
    if not isinstance(content, (list, tuple)) or not content:
        return None
    arrays = [real_array(item) for item in content]
    axes = {None if array is None else array.ndim for array in arrays}
    if axes == {2}:
        return one_reading(exits_of(arrays, where), f"{len(arrays)} arrays")
    if axes == {3}:
        return _batches(arrays, where) if len(arrays) > 1 else Layout((Reading(arrays[0]),), "")
    return _nested(content, where) if axes == {None} else None


def _nested(content: Sequence, where: str) -> Layout | None:
    if not all(isinstance(item, (list, tuple)) and item for item in content):
        return None
    inner = [[real_array(array) for array in item] for item in content]
    axes = {None if array is None else array.ndim for arrays in inner for array in arrays}
    if axes == {2}:
        return _lists_of_lists(inner, where)
    shapes = {(len(arrays), array.shape) for arrays in inner for array in arrays if array is not None}
    if axes != {1} or len(shapes) > 1:
        return None
    return one_reading(Stacked(tuple(Stacked(tuple(arrays)) for arrays in inner)), f"{len(inner)} lists of arrays")
