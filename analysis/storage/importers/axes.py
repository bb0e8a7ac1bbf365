"""Which axis is which: the length of the labels decides, and where it does not, the caller is asked. Imports numpy."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from analysis.storage.chunking import release_pages
from analysis.storage.faults import narrowed
from analysis.storage.importers.floats import as_floats
from analysis.storage.importers.parts import Part

AXES = ("exits", "samples", "classes")


@dataclass(frozen=True)
class Oriented:
    """A part of a run whose axes are known, read in chunks (exits, samples, classes)."""

    part: Part
    axes: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(exits, samples, classes)."""
        return tuple(self.part.shape[self.axes.index(axis)] for axis in AXES)

    def numbers(self, start: int, stop: int) -> np.ndarray:
        """Samples start..stop-1 as (exits, samples, classes), in the precision of the source."""
        values = self.part.values
        if isinstance(values, tuple):
            chunk = np.stack([as_floats(exit_values[start:stop]) for exit_values in values])
        else:
            turned = values.transpose([self.axes.index(axis) for axis in AXES])
            chunk = as_floats(np.ascontiguousarray(turned[:, start:stop]))
        for array in values if isinstance(values, tuple) else (values,):
            release_pages(array)
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


def _ask(part: Part, reason: str) -> ValueError:
    return ValueError(
        f"{part.where} has shape {part.shape} {reason}: say which axis is which with --axes {','.join(AXES)}"
    )


def orient(part: Part, axes: tuple[str, ...] | None, n_samples: int | None = None) -> Oriented:
    """Find the axes of a part.

    Parameters
    ----------
    part : with its labels, if it has any
    axes : what the caller says; None to find out
    n_samples : the number of samples where the labels do not say it

    Raises
    ------
    ValueError : labels of another length than any axis, or an order that cannot be told
    """
    n_samples = len(part.labels) if part.labels is not None else n_samples
    if isinstance(part.values, tuple):
        axes = axes or AXES
    if axes is None:
        axes = _without_labels(part) if n_samples is None else _by_length(part, n_samples)
    oriented = Oriented(part, axes)
    if n_samples is not None and oriented.shape[1] != n_samples:
        raise ValueError(
            f"{part.where} has {oriented.shape[1]} samples and there are {n_samples} labels: give each sample one"
        )
    return oriented


def _without_labels(part: Part) -> tuple[str, ...]:
    """The usual order, where the samples' axis is clearly the longest."""
    exits, samples, classes = part.shape
    if samples <= max(exits, classes):
        beside = f" ({', '.join(part.vectors[:8])}: no name that means labels)" if part.vectors else ""
        raise _ask(part, f"and no labels{beside} tell which axis holds the samples")
    return AXES


def _by_length(part: Part, n_samples: int) -> tuple[str, ...]:
    """The order in which the samples' axis has the labels' length and the classes' axis holds every label."""
    where = [axis for axis in range(3) if part.shape[axis] == n_samples]
    if not where:
        raise ValueError(
            f"{part.where} has shape {part.shape}, and no axis has the length of the {n_samples} labels: "
            "give one label for each sample"
        )
    if len(where) > 1:
        raise _ask(part, f"and {len(where)} axes have the length of the {n_samples} labels")
    if where == [1]:
        return AXES
    fitting = [
        order
        for order in permutations(AXES)
        if order.index("samples") == where[0] and _holds_labels(part, part.shape[order.index("classes")])
    ]
    if len(fitting) != 1:
        raise _ask(part, "and the labels do not tell the exits from the classes")
    return fitting[0]


def _holds_labels(part: Part, n_classes: int) -> bool:
    return part.labels is not None and not (part.labels >= n_classes).any()  # NaN, an unknown label, is none of these
