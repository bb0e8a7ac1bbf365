"""A rule under shift, in words. Plain text; takes the points of `analysis.results.shift`."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.results.shift import ShiftPoint
from analysis.words.formats import percent, small


def value_words(value: float, *, risk: bool) -> str:
    """A risk in its own unit, an accuracy in percent.

    >>> value_words(0.05, risk=True), value_words(0.7, risk=False)
    ('0.050', '70.0%')
    """
    if value != value:
        return "unknown"
    return small(value) if risk else percent(100 * value)


def broken(point: ShiftPoint, *, risk: bool) -> bool:
    """Whether less holds than was promised."""
    return point.realised > point.promised if risk else point.realised < point.promised


def shift_finding(points: Sequence[ShiftPoint], kind: str, *, risk: bool) -> str:
    """From which severity on less holds than was promised."""
    what = "risk" if risk else "accuracy"
    shifted = [point for point in points if point.severity]
    if not shifted:
        return f"No run under {kind} to measure"
    worst = (max if risk else min)(shifted, key=lambda point: point.realised)
    promised, said = (value_words(value, risk=risk) for value in (worst.promised, worst.realised))
    first = next((point.severity for point in shifted if broken(point, risk=risk)), None)
    if first is None:
        return f"Under {kind} the promised {what}, {promised}, holds at every severity: at worst {said}"
    where = f"from severity {first} on: {said} at severity {worst.severity}"
    return f"Under {kind} the promised {what}, {promised}, is broken {where}"
