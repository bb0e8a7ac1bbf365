"""How large a figure is on paper or on a slide: widths in points, inches or millimetres, and the size of its texts.

Imports the standard library only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

POINTS = {"pt": 1.0, "in": 72.0, "mm": 72 / 25.4, "cm": 72 / 2.54}
"""Unit -> how many points of 1/72 inch it is."""
WIDTHS = (72.0, 1440.0)
"""The narrowest and the widest picture, in points: 1 to 20 inches."""
FONTS = (4.0, 48.0)
"""The smallest and the largest text, in points."""


@dataclass(frozen=True)
class PrintSize:
    """A picture's size. `height` is None where it follows from the figure; a slide's is given.

    Attributes
    ----------
    width, font : float
        In points of 1/72 inch; all texts are of this size, but for a slide's title.
    height : float, optional
        In points.
    title : bool
        Whether title and subtitle are part of it, or are left to a caption.
    """

    width: float = 234.0
    font: float = 8.0
    height: float | None = None
    title: bool = True

    def __post_init__(self):
        for name, value, (low, high) in (("width", self.width, WIDTHS), ("font size", self.font, FONTS)):
            if not low <= value <= high:
                raise ValueError(f"a {name} of {value:g} pt: give {low:g} to {high:g} pt")


@dataclass(frozen=True)
class Preset:
    """A size that is offered by name."""

    id: str
    label: str
    size: PrintSize


PRESETS = (
    Preset("column", "One column, 3.25 in", PrintSize()),
    Preset("text", "Text width, 5.5 in", PrintSize(396.0)),
    Preset("columns", "Two columns, 6.75 in", PrintSize(486.0)),
    Preset("slide", "Slide, 16:9", PrintSize(960.0, 16.0, height=540.0)),
)
"""A column of ICML and CVPR, the text of NeurIPS and ICLR, both columns of ICML, and a slide of 13.33 by 7.5 inches."""
SLIDE = PRESETS[-1].size


def in_points(length: str) -> float:
    """A length as it is typed, in points.

    Raises
    ------
    ValueError
        It is no number with a unit.

    Examples
    --------
    >>> in_points("3.25in"), in_points("240 pt"), round(in_points("84mm"), 1)
    (234.0, 240.0, 238.1)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(pt|in|mm|cm)\s*", length, re.IGNORECASE | re.ASCII)
    if found is None:
        raise ValueError(f"a width of {length[:32]!r}: give a number with in, mm, cm or pt, for example 3.25in")
    return float(found[1]) * POINTS[found[2].lower()]
