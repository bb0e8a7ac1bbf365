"""Boxes and lassos drawn over a scatter, resolved over all samples however few points were drawn. NumPy only."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from analysis.reference.symlog import FALL_UNIT, to_scale

MOST_VERTICES = 500
SCALES: dict[str, Callable[[np.ndarray], np.ndarray]] = {"symlog": lambda values: to_scale(values, FALL_UNIT)}
"""Name -> where on an axis a column's values lie: `symlog` is the scale of falls, in `analysis.reference.symlog`."""


@dataclass(frozen=True)
class Axis:
    """What a scatter shows along an axis: a column of numbers, as it is or on one of `SCALES`."""

    column: str
    scale: str = ""

    def __post_init__(self):
        if self.scale and self.scale not in SCALES:
            raise ValueError(f"axis: {self.scale!r} is no scale: {', '.join(SCALES)} is one")

    def places(self, values: np.ndarray) -> np.ndarray:
        """Where values of the column lie on the axis."""
        return SCALES[self.scale](values) if self.scale else values


@dataclass(frozen=True)
class Region:
    """A box (`x` = left, right; `y` = bottom, top) or a lasso (its vertices in order), in the units of its axes."""

    kind: str  # "box" or "lasso"
    x: tuple[float, ...]
    y: tuple[float, ...]
    across: Axis
    up: Axis

    def __post_init__(self):
        if self.kind not in ("box", "lasso"):
            raise ValueError(f"region kind {self.kind!r}: must be box or lasso")
        if len(self.x) != len(self.y):
            raise ValueError(f"region: {len(self.x)} x and {len(self.y)} y: each vertex needs both")
        if self.kind == "box" and len(self.x) != 2:
            raise ValueError(f"region: a box has 2 corners, not {len(self.x)}")
        if self.kind == "lasso" and not 3 <= len(self.x) <= MOST_VERTICES:
            raise ValueError(f"region: a lasso has 3 to {MOST_VERTICES} vertices, not {len(self.x)}")
        if not all(math.isfinite(v) for v in (*self.x, *self.y)):
            raise ValueError("region: its numbers must be finite")

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """What it was drawn over: across, up."""
        return self.across, self.up


def drawn_region(event: Mapping, across: Axis, up: Axis) -> Region:
    """The region that a figure reports: `{"kind": "box" or "lasso", "x": [...], "y": [...]}`."""
    return Region(event["kind"], tuple(float(v) for v in event["x"]), tuple(float(v) for v in event["y"]), across, up)


def inside(region: Region, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which points lie in a region.

    Parameters
    ----------
    region : Region
    x, y : array_like, (points,)
        In the units of its axes. NaN lies in no region.

    Returns
    -------
    numpy.ndarray
        bool, (points,). A box holds its edges. A lasso holds what an odd number of its edges separates from infinity,
        as `fill-rule: evenodd` does in an SVG; a point exactly on an edge may fall to either side.

    Examples
    --------
    >>> triangle = Region("lasso", (0, 2, 0), (0, 0, 2), Axis("x"), Axis("y"))
    >>> inside(triangle, [0.5, 1.5], [0.5, 1.5]).tolist()
    [True, False]
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    within = (x >= min(region.x)) & (x <= max(region.x)) & (y >= min(region.y)) & (y <= max(region.y))
    if region.kind == "lasso":
        near = np.flatnonzero(within)
        within[near] = _in_polygon(np.array(region.x), np.array(region.y), x[near], y[near])
    return within


def _in_polygon(px: np.ndarray, py: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Even-odd rule: flip the points that have an edge to their right, for each edge only those at its height.

    An edge spans [lower y, upper y), so that vertices count once. Nothing is divided: flat edges do no harm.
    """
    order = np.argsort(y, kind="stable")
    x, y = x[order], y[order]
    odd = np.zeros(len(x), dtype=bool)
    for x0, y0, x1, y1 in zip(px, py, np.roll(px, -1), np.roll(py, -1)):
        first, last = np.searchsorted(y, (min(y0, y1), max(y0, y1)), side="left")
        here = slice(first, last)
        left = (x[here] - x0) * (y1 - y0) < (y[here] - y0) * (x1 - x0)  # of an edge that rises
        odd[here] ^= left == (y1 > y0)
    result = np.empty(len(x), dtype=bool)
    result[order] = odd
    return result
