"""What addresses of an earlier version call a brush, as the selection that it means. Only read, never written.

    <figure>:<of>:<size>:<predictor>:<shape>

`of` and `size` as in `FallColumn`, `predictor` an id. The figures and their shapes:

    scatter     box:x0,y0,x1,y1 or lasso:x0,y0,...: largest fall under the baseline (x) and the predictor (y), both on
                the scale of falls
    histogram   low,high    the largest fall lies from `low` to below `high` (up to 1 with it where high is 1)
    over        tau         the largest fall is above tau
    pair        from-to,tau the largest fall is above tau and goes from exit `from` to exit `to` (from 1)
"""

import math
import re
from collections.abc import Sequence

from analysis.selection import marks
from analysis.selection.columns import FallColumn
from analysis.selection.selection import Selection
from analysis.traces import FALLS

FIGURES = ("scatter", "histogram", "over", "pair")
OF = tuple(dict.fromkeys(of for of, _ in FALLS))
SIZES = tuple(dict.fromkeys(size for _, size in FALLS))


def read_selection(text: str) -> Selection:
    """The selection that an address holds, in today's language or as an earlier version's brush.

    Raises
    ------
    ValueError
        It is neither: the message says which part is wrong.

    Examples
    --------
    >>> read_selection("over:true_class:absolute:pa:0.1").text
    'pa.fall_true_class > 0.1'
    """
    return _of_brush(text) if ":" in text and text.partition(":")[0].isidentifier() else Selection.parse(text)


def _of_brush(text: str) -> Selection:
    parts = text.split(":", 4)
    if len(parts) < 5:
        raise ValueError(f"brush {text[:40]!r}: must be figure:of:size:predictor:shape")
    figure, of, size, predictor, shape = parts
    for value, allowed in ((figure, FIGURES), (of, OF), (size, SIZES)):
        if value not in allowed:
            raise ValueError(f"brush {text[:40]!r}: {value!r} must be one of {', '.join(allowed)}")
    fall = FallColumn(predictor, of, size)
    if figure == "scatter":
        return marks.falls_inside(FallColumn("baseline", of, size), fall, _region(shape))
    if figure == "histogram":
        return marks.falls_between(fall, *_numbers(text, shape, 2))
    if figure == "over":
        return marks.falls_above(fall, *_numbers(text, shape, 1))
    head, _, shape = shape.partition(",")
    match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", head, re.ASCII)
    if match is None or not 1 <= int(match[1]) < int(match[2]):
        raise ValueError(f"brush {text[:40]!r}: {head!r} must be two exits, the earlier first, as in 1-3")
    return marks.falls_from_to(fall, *_numbers(text, shape, 1), int(match[1]), int(match[2]))


def _numbers(text: str, shape: str, count: int) -> Sequence[float]:
    try:
        numbers = [float(part) for part in shape.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count or not all(math.isfinite(v) for v in numbers):
        raise ValueError(f"brush {text[:40]!r}: {shape[:40]!r} must be {count} number{'s' if count > 1 else ''}")
    return numbers


def _region(shape: str) -> dict[str, object]:
    """`box:x0,y0,x1,y1` or `lasso:x0,y0,x1,y1,x2,y2,...` as a figure would report it."""
    kind, _, rest = shape.partition(":")
    try:
        numbers = [float(part) for part in rest.split(",")]
    except ValueError:
        raise ValueError(
            f"region {shape[:40]!r}: must be box: or lasso: and numbers with commas between them"
        ) from None
    if len(numbers) % 2:
        raise ValueError(f"region {shape[:40]!r}: has {len(numbers)} numbers, each vertex needs x and y")
    return {"kind": kind, "x": numbers[::2], "y": numbers[1::2]}
