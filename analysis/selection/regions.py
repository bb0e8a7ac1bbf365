"""Boxes and lassos drawn over a scatter, resolved over all samples however few points were drawn. NumPy only."""

import math
from dataclasses import dataclass

import numpy as np

MOST_VERTICES = 500


@dataclass(frozen=True)
class Region:
    """A box (`x` = left, right; `y` = bottom, top) or a lasso (its vertices in order), in the units of the axes."""

    kind: str  # "box" or "lasso"
    x: tuple[float, ...]
    y: tuple[float, ...]

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


def from_event(event: dict) -> Region:
    """The region that a figure reports: `{"kind": "box" or "lasso", "x": [...], "y": [...]}`."""
    return Region(event["kind"], tuple(float(v) for v in event["x"]), tuple(float(v) for v in event["y"]))


def region_text(region: Region) -> str:
    """The region as an address holds it; `parse_region` is the inverse.

    Examples
    --------
    >>> region_text(Region("box", (0.0, 1.0), (0.5, 2.0)))
    'box:0,0.5,1,2'
    """
    return f"{region.kind}:" + ",".join(f"{v:.5g}" for vertex in zip(region.x, region.y) for v in vertex)


def parse_region(text: str) -> Region:
    """Read `box:x0,y0,x1,y1` or `lasso:x0,y0,x1,y1,x2,y2,...`.

    Raises
    ------
    ValueError
        It is neither, or its numbers are none.
    """
    kind, _, rest = text.partition(":")
    try:
        numbers = [float(part) for part in rest.split(",")]
    except ValueError:
        raise ValueError(f"region {text[:40]!r}: must be box: or lasso: and numbers with commas between them") from None
    if len(numbers) % 2:
        raise ValueError(f"region {text[:40]!r}: has {len(numbers)} numbers, each vertex needs x and y")
    return Region(kind, tuple(numbers[::2]), tuple(numbers[1::2]))


def inside(region: Region, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which points lie in a region.

    Parameters
    ----------
    region : Region
    x, y : array_like, (points,)
        In the units of the axes that it was drawn on. NaN lies in no region.

    Returns
    -------
    numpy.ndarray
        bool, (points,). A box holds its edges. A lasso holds what an odd number of its edges separates from infinity,
        as `fill-rule: evenodd` does in an SVG; a point exactly on an edge may fall to either side.

    Examples
    --------
    >>> inside(Region("lasso", (0, 2, 0), (0, 0, 2)), [0.5, 1.5], [0.5, 1.5]).tolist()
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
