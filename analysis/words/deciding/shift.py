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
    """Whether less holds than was promised, beyond what chance leaves open: the whole 95% interval lies on that side.

    Without an interval, as far as the mean goes.
    """
    low, high = (value if end != end else end for value, end in zip([point.realised] * 2, (point.low, point.high)))
    return low > point.promised if risk else high < point.promised


def shift_finding(points: Sequence[ShiftPoint], kind: str, *, risk: bool) -> str:
    """At which severities less holds than was promised, or than was reached where nothing was."""
    what = "risk" if risk else "accuracy"
    shifted = [point for point in points if point.severity]
    if not shifted:
        return f"No run under {kind} to measure"
    worst = (max if risk else min)(shifted, key=lambda point: point.realised)
    promised, said, low, high = (
        value_words(value, risk=risk) for value in (worst.promised, worst.realised, worst.low, worst.high)
    )
    of = f"promised {what}" if worst.certified else f"{what} where it was fitted"
    severities = [point.severity for point in shifted if broken(point, risk=risk)]
    if severities:
        where = _where(severities, [point.severity for point in shifted])
        return f"Under {kind} the {of}, {promised}, no longer holds {where}: {said} at severity {worst.severity}"
    if worst.realised <= worst.promised if risk else worst.realised >= worst.promised:
        return f"Under {kind} the {of}, {promised}, holds at every severity: at worst {said}"
    return f"Under {kind} the {of}, {promised}, may hold at every severity: at worst {said} (95%: {low} to {high})"


def _where(severities: Sequence[int], among: Sequence[int]) -> str:
    """Severities in words: the most severe ones, or whichever."""
    if len(severities) > 1 and list(severities) == list(among[-len(severities) :]):
        return f"from severity {severities[0]} on"
    if len(severities) == 1:
        return f"at severity {severities[0]}"
    return f"at severities {', '.join(map(str, severities[:-1]))} and {severities[-1]}"
