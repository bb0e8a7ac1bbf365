"""What was brushed, lassoed or clicked in a figure of falls: a short text for the address, resolved over all samples.

    <figure>:<of>:<size>:<predictor>:<shape>

`of` is the class whose probability falls (`true_class`, `final_prediction`, `any_class`), `size` is `absolute` or
`relative`, `predictor` an id. The figures and their shapes:

    scatter     box:x0,y0,x1,y1 or lasso:x0,y0,...: largest fall under the baseline (x) and the predictor (y), both on
                the scale of `analysis.reference.symlog` with unit 1e-4
    histogram   low,high    the largest fall lies from `low` to below `high` (up to 1 with it where high is 1)
    over        tau         the largest fall is above tau
    pair        from-to,tau the largest fall is above tau and goes from exit `from` to exit `to` (from 1)

NumPy only.
"""

import math
import re
from dataclasses import dataclass

import numpy as np

from analysis.reference.symlog import FALL_UNIT, from_scale, to_scale
from analysis.selection.regions import Region, from_event, inside, parse_region, region_text

OF = ("true_class", "final_prediction", "any_class")
SIZES = ("absolute", "relative")
FIGURES = ("scatter", "histogram", "over", "pair")


@dataclass(frozen=True)
class Brush:
    """One brushed part of one figure; `region` for a scatter, else `numbers` (and `pair`, exits from 1)."""

    figure: str
    of: str
    size: str
    predictor: str
    region: Region | None = None
    numbers: tuple[float, ...] = ()
    pair: tuple[int, int] | None = None

    @property
    def needs_baseline(self) -> bool:
        """Whether the baseline's falls are needed beside those of `predictor`."""
        return self.figure == "scatter"


def scatter_brush(of: str, size: str, predictor: str, event: dict) -> Brush:
    """The brush of a region that the scatter reported."""
    return Brush("scatter", of, size, predictor, region=from_event(event))


def text_of(brush: Brush) -> str:
    """The brush as the address holds it; `parse_brush` is the inverse.

    Examples
    --------
    >>> text_of(Brush("pair", "true_class", "absolute", "pa", numbers=(0.01,), pair=(1, 3)))
    'pair:true_class:absolute:pa:1-3,0.01'
    """
    if brush.region is not None:
        shape = region_text(brush.region)
    else:
        numbers = ",".join(f"{v:.6g}" for v in brush.numbers)
        shape = f"{brush.pair[0]}-{brush.pair[1]},{numbers}" if brush.pair else numbers
    return f"{brush.figure}:{brush.of}:{brush.size}:{brush.predictor}:{shape}"


def parse_brush(text: str) -> Brush:
    """Read a brush.

    Raises
    ------
    ValueError
        The text is none: the message says which part is wrong.
    """
    parts = text.split(":", 4)
    if len(parts) < 5:
        raise ValueError(f"brush {text[:40]!r}: must be figure:of:size:predictor:shape")
    figure, of, size, predictor, shape = parts
    for value, allowed in ((figure, FIGURES), (of, OF), (size, SIZES)):
        if value not in allowed:
            raise ValueError(f"brush {text[:40]!r}: {value!r} must be one of {', '.join(allowed)}")
    if figure == "scatter":
        return Brush(figure, of, size, predictor, region=parse_region(shape))
    pair = None
    if figure == "pair":
        head, _, shape = shape.partition(",")
        match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", head, re.ASCII)
        if match is None or not 1 <= int(match[1]) < int(match[2]):
            raise ValueError(f"brush {text[:40]!r}: {head!r} must be two exits, the earlier first, as in 1-3")
        pair = int(match[1]), int(match[2])
    return Brush(
        figure, of, size, predictor, numbers=_numbers(text, shape, 2 if figure == "histogram" else 1), pair=pair
    )


def _numbers(text: str, shape: str, count: int) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in shape.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != count or not all(math.isfinite(v) for v in numbers):
        raise ValueError(f"brush {text[:40]!r}: {shape[:40]!r} must be {count} number{'s' if count > 1 else ''}")
    return numbers


def brushed(
    brush: Brush,
    falls: np.ndarray,
    baseline_falls: np.ndarray | None = None,
    from_exit: np.ndarray | None = None,
    to_exit: np.ndarray | None = None,
) -> np.ndarray:
    """Which samples a brush holds.

    Parameters
    ----------
    falls, baseline_falls : numpy.ndarray, (samples,)
        Largest falls under the brush's predictor and under the baseline, of its class and size, in [0, 1].
    from_exit, to_exit : numpy.ndarray, (samples,)
        Exits between which the predictor's largest fall happens, from 0. Needed for a pair.

    Returns
    -------
    numpy.ndarray
        bool, (samples,). Exact over all samples.
    """
    if brush.figure == "scatter":
        return inside(brush.region, to_scale(baseline_falls, FALL_UNIT), to_scale(falls, FALL_UNIT))
    if brush.figure == "histogram":
        low, high = brush.numbers
        return (falls >= low) & ((falls < high) | (high >= 1.0) & (falls <= high))
    above = falls > brush.numbers[-1]
    if brush.figure == "pair":
        above = above & (from_exit == brush.pair[0] - 1) & (to_exit == brush.pair[1] - 1)
    return above


def describe(brush: Brush, label: str, exit_names: tuple[str, ...] = ()) -> str:
    """What a brush holds, in words that follow "12 samples".

    Parameters
    ----------
    label : str
        What to call the predictor: "PA", "the baseline".
    exit_names : tuple of str
        Names of the exits, where they have some.

    Examples
    --------
    >>> describe(parse_brush("over:true_class:absolute:pa:0.1"), "PA")
    'whose largest fall of the true class is above 0.1 under PA'
    """
    whose = {"true_class": "the true class", "final_prediction": "the final prediction", "any_class": "any class"}[
        brush.of
    ]
    start = f"whose largest {'relative ' if brush.size == 'relative' else ''}fall of {whose}"
    if brush.figure == "scatter":
        x, y = (from_scale([max(min(v), 0.0), max(max(v), 0.0)], FALL_UNIT) for v in (brush.region.x, brush.region.y))
        lasso = ", inside a lasso" if brush.region.kind == "lasso" else ""
        return f"{start} is {_rough(*x)} under the baseline and {_rough(*y)} under {label}{lasso}"
    if brush.figure == "histogram":
        return f"{start} lies {_between(*brush.numbers)} under {label}"
    words = f"{start} is above {_short(brush.numbers[-1])} under {label}"
    if brush.pair:
        first, last = (exit_names[e - 1] if e <= len(exit_names) else str(e) for e in brush.pair)
        words += f" and goes from exit {first} to {last}"
    return words


def _rough(low: float, high: float) -> str:
    return f"{low:.2g} to {high:.2g}"


def _between(low: float, high: float) -> str:
    return f"from {_short(low)} to {_short(high)}"


def _short(value: float) -> str:
    return f"{value:.3g}" if value >= 1e-4 or value == 0 else f"{value:.0e}"
