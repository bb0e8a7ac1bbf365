"""Which axis is which: the length of the labels decides, and where it does not, the caller is asked. Imports numpy."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from analysis.storage.chunking import release_pages
from analysis.storage.faults import narrowed
from analysis.storage.importers.floats import as_floats
from analysis.storage.importers.layouts.lists import Reading
from analysis.storage.importers.layouts.pieces import Joined, Values, taken
from analysis.storage.importers.parts import ONE_NUMBER, Part

AXES = ("exits", "samples", "classes")


@dataclass(frozen=True)
class Oriented:
    """A part of a run whose axes are known, read in chunks (exits, samples, classes).

    part : what is read
    axes : the order of the axes of its values
    reading : of the part, the one that was chosen
    """

    part: Part
    axes: tuple[str, ...]
    reading: Reading

    @property
    def values(self) -> Values:
        """What is read, with three axes."""
        return self.reading.values

    @property
    def shape(self) -> tuple[int, int, int]:
        """(exits, samples, classes)."""
        return tuple(self.values.shape[self.axes.index(axis)] for axis in AXES)

    def numbers(self, start: int, stop: int) -> np.ndarray:
        """Samples start..stop-1 as (exits, samples, classes), in the precision of the source."""
        order = [self.axes.index(axis) for axis in AXES]
        chunk = taken(self.values, self.axes.index("samples"), start, stop).transpose(order)
        chunk = as_floats(np.ascontiguousarray(chunk))
        if isinstance(self.values, np.ndarray):
            release_pages(self.values)
        return chunk

    def chunk(self, start: int, stop: int, dtype: np.dtype) -> np.ndarray:
        """Samples start..stop-1 as (exits, samples, classes) in `dtype`, as `narrowed` makes them."""
        return narrowed(self.numbers(start, stop), dtype)


def parse_axes(text: str | None) -> tuple[str, ...] | None:
    """`exits,samples,classes` in any order.

    Raises
    ------
    ValueError : anything but a permutation of the three
    """
    if text is None:
        return None
    axes = tuple(name.strip() for name in text.split(","))
    if sorted(axes) != sorted(AXES):
        raise ValueError(f"--axes {text}: give the order of the logits' axes, such as exits,samples,classes")
    return axes


def _ask(part: Part, reading: Reading, reason: str) -> ValueError:
    axes = _completed(reading.axes)
    return ValueError(
        f"{part.where} has shape {reading.values.shape} {reason}: say which axis is which with --axes {axes}"
    )


def orient(part: Part, axes: tuple[str, ...] | None, n_samples: int | None = None) -> Oriented:
    """Find the axes of a part, and which of its readings is meant.

    Parameters
    ----------
    part : with its labels, if it has any
    axes : what the caller says; None to find out
    n_samples : the number of samples where the labels do not say it

    Raises
    ------
    ValueError : labels of another length than any axis, an order that cannot be told, or one logit for each sample
    """
    n_samples = len(part.labels) if part.labels is not None else n_samples
    reading = _reading(part, axes, n_samples)
    axes = axes or _axes(part, reading, n_samples)
    oriented = Oriented(part, axes, reading)
    if n_samples is not None and oriented.shape[1] != n_samples:
        raise ValueError(
            f"{part.where} has {oriented.shape[1]} samples and there are {n_samples} labels: give each sample one"
        )
    if oriented.shape[2] == 1:
        raise ValueError(f"{part.where} holds one number for each sample and exit {reading.values.shape}: {ONE_NUMBER}")
    return oriented


def _reading(part: Part, axes: tuple[str, ...] | None, n_samples: int | None) -> Reading:
    """The one reading of a part that the caller's axes and the number of samples allow."""
    readings = part.readings
    if axes is not None:
        readings = [r for r in readings if all(told in (None, said) for told, said in zip(r.axes, axes))]
        if not readings:
            may = " or ".join(",".join(axis or "..." for axis in reading.axes) for reading in part.readings)
            raise ValueError(f"--axes {','.join(axes)}: {part.where} is {part.form}, whose axes are {may}")
    elif len(readings) > 1 and n_samples is not None:
        fitting = [r for r in readings if r.values.shape[r.axes.index("samples")] == n_samples]
        readings = fitting or readings
    if len(readings) == 1:
        return readings[0]
    may = " or ".join(f"--axes {_completed(reading.axes)} ({reading.values.shape})" for reading in readings)
    raise ValueError(f"{part.where} is {part.form}, and nothing tells which axis holds the samples: say it with {may}")


def _completed(axes: tuple[str | None, ...]) -> str:
    """Axes of which one is known, with the others in their usual order."""
    others = iter([axis for axis in AXES if axis not in axes])
    return ",".join(axis or next(others) for axis in axes)


def _axes(part: Part, reading: Reading, n_samples: int | None) -> tuple[str, ...]:
    if None not in reading.axes:
        return reading.axes
    if "samples" in reading.axes:
        if n_samples is None and isinstance(reading.values, Joined) and len(reading.values.pieces) == 2:
            shapes = " and ".join(str(piece.shape) for piece in reading.values.pieces)
            raise ValueError(
                f"{part.where} is two arrays of shape {shapes}, batches or two splits: give the labels, or say --axes "
                f"{_completed(reading.axes)} if they are batches of one"
            )
        return _around(part, reading, reading.axes.index("samples"))
    return _without_labels(part, reading) if n_samples is None else _by_length(part, reading, n_samples)


def _without_labels(part: Part, reading: Reading) -> tuple[str, ...]:
    """The usual order, where the samples' axis is clearly the longest; of a list of exits, where it is not too long."""
    exits, samples, classes = reading.values.shape
    if samples <= (exits if part.form else max(exits, classes)):
        beside = f" ({', '.join(part.vectors[:8])}: no name that means labels)" if part.vectors else ""
        raise _ask(part, reading, f"and no labels{beside} tell which axis holds the samples")
    return AXES


def _by_length(part: Part, reading: Reading, n_samples: int) -> tuple[str, ...]:
    """The order in which the samples' axis has the labels' length and the classes' axis holds every label."""
    shape = reading.values.shape
    where = [axis for axis in range(3) if shape[axis] == n_samples]
    if not where:
        raise ValueError(
            f"{part.where} has shape {shape}, and no axis has the length of the {n_samples} labels: "
            "give one label for each sample"
        )
    if len(where) > 1:
        raise _ask(part, reading, f"and {len(where)} axes have the length of the {n_samples} labels")
    return _around(part, reading, where[0])


def _around(part: Part, reading: Reading, samples: int) -> tuple[str, ...]:
    """The order in which the samples have a known axis and the classes' axis holds every label."""
    shape = reading.values.shape
    if samples == 1:
        return AXES
    fitting = [
        order
        for order in permutations(AXES)
        if order.index("samples") == samples and _holds_labels(part, shape[order.index("classes")])
    ]
    if 1 in shape[:samples] + shape[samples + 1 :] and part.labels is not None and not (part.labels > 1).any():
        raise _ask(part, reading, "and an axis of length 1 may be one exit or one class")
    if len(fitting) != 1:
        raise _ask(part, reading, "and the labels do not tell the exits from the classes")
    return fitting[0]


def _holds_labels(part: Part, n_classes: int) -> bool:
    return part.labels is not None and not (part.labels >= n_classes).any()  # NaN, an unknown label, is none of these
