"""Whether confidences mean what they say, and what they are good for: titles and sentences. Plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.words.formats import percent, points, small

MEASURE_WORDS = {
    "ece": ("better calibrated", False),
    "failure": ("better at telling right from wrong", True),
    "improvable": ("better at finding what computing on would mend", True),
}
"""Measure of `analysis.results.savings` -> what the better of two is, and whether that is the higher."""


def _claim(gap: float) -> str:
    """How far confidence lies from accuracy, fractions of 1."""
    if gap == 0:
        return "claims exactly what it gets right"
    return f"claims {points(100 * gap)} {'more' if gap > 0 else 'less'} than it gets right"


def reliability_title(gaps: Mapping[str, float]) -> str:
    """How far each predictor's mean confidence lies from its accuracy at the last exit.

    >>> reliability_title({"the baseline": 0.178, "PA": -0.0321})
    'At the last exit the baseline claims 17.8 points more than it gets right, PA 3.21 points less'
    """
    parts = [f"{named} {_claim(gap)}" for named, gap in gaps.items()]
    short = [part.replace("claims ", "").replace(" than it gets right", "") for part in parts[1:]]
    return f"At the last exit {', '.join([*parts[:1], *short])}"


def ece_title(errors: Mapping[str, float], tempered: Mapping[str, float]) -> str:
    """Each one's calibration error at the last exit, as it is and at its fitted temperature.

    >>> ece_title({"the baseline": 0.178, "PA": 0.0321}, {"the baseline": 0.02, "PA": 0.01})
    'At the last exit ECE is 0.178 for the baseline, 0.020 tempered; 0.032 for PA, 0.010 tempered'
    """
    parts = []
    for named, error in errors.items():
        after = tempered.get(named, float("nan"))
        parts.append(f"{small(error)} for {named}" + (f", {small(after)} tempered" if np.isfinite(after) else ""))
    return f"At the last exit ECE is {'; '.join(parts)}"


def temperature_title(temperatures: Mapping[str, np.ndarray]) -> str:
    """Which way each one errs: above 1 it is too sure.

    >>> temperature_title({"the baseline": np.array([1.5, 2.25]), "PA": np.array([0.5, 1.25])})
    'The baseline is too sure at every exit (T 1.50 to 2.25); PA at 1 of 2 (T 0.50 to 1.25)'
    """
    parts = []
    for named, values in temperatures.items():
        known = values[np.isfinite(values)]
        if not len(known):
            continue
        sure, count = int((known > 1).sum()), len(known)
        where = "at every exit" if sure == count else "at no exit" if not sure else f"at {sure} of {count}"
        what = "is too sure " if not parts else ""
        parts.append(f"{named} {what}{where} (T {known.min():.2f} to {known.max():.2f})")
    text = "; ".join(parts) or "no temperature could be fitted"
    return text[0].upper() + text[1:]


def failure_title(failure: Mapping[str, float], improvable: Mapping[str, float]) -> str:
    """How well confidence finds mistakes, and those that computing on would mend; means over the exits but the last.

    >>> said = failure_title({"the baseline": 0.85, "PA": 0.8612}, {"the baseline": 0.75, "PA": 0.76})
    >>> said.split("; ")[0]
    'Before the last exit confidence finds mistakes with mean AUROC 0.850 (the baseline), 0.861 (PA)'
    >>> said.split("; ")[1]
    'those mended later, 0.750, 0.760'
    """
    if not any(np.isfinite(value) for value in failure.values()):
        return "There is no exit before the last one with both right and wrong answers"
    first = ", ".join(f"{_auroc(value)} ({named})" for named, value in failure.items())
    second = ", ".join(_auroc(value) for value in improvable.values())
    return f"Before the last exit confidence finds mistakes with mean AUROC {first}; those mended later, {second}"


def _auroc(value: float) -> str:
    return small(value) if np.isfinite(value) else "unknown"


def deferral_title(exit_name: str, before: Mapping[str, float], after: Mapping[str, float]) -> str:
    """What handing the least confident 0.5% to an oracle gives; fractions of 1.

    >>> deferral_title("7", {"the baseline": 0.7356, "PA": 0.735}, {"the baseline": 0.74, "PA": 0.739})
    'At exit 7, handing over 0.5% of the answers lifts the baseline from 73.6% to 74.0%, PA from 73.5% to 73.9%'
    """
    parts = [f"{named} from {percent(100 * share)} to {percent(100 * after[named])}" for named, share in before.items()]
    return f"At exit {exit_name}, handing over 0.5% of the answers lifts {', '.join(parts)}"


def concordance(measures: Sequence[float], saved: Sequence[float], higher: bool) -> tuple[int, int]:
    """In how many pairs the better by the measure saves more, and how many pairs differ in both.

    >>> concordance([0.1, 0.2, 0.3], [30.0, 20.0, 25.0], higher=False)
    (2, 3)
    """
    agree = apart = 0
    for i in range(len(measures)):
        for j in range(i):
            product = (measures[i] - measures[j]) * (saved[i] - saved[j])
            apart += product != 0
            agree += product > 0 if higher else product < 0
    return agree, apart


def saving_title(measure: str, names: Sequence[str], measures: Sequence[float], saved: Sequence[float]) -> str:
    """Whether the better by a measure saves more, and the best by each; saved in percent.

    >>> saving_title("ece", ["the baseline", "PA"], [0.17, 0.03], [31.0, 29.5])
    'No: in 0 of 1 pair the better calibrated saves more; the best, PA, saves 29.5%, the baseline most, 31.0%'
    """
    words, higher = MEASURE_WORDS[measure]
    known = [place for place in range(len(names)) if np.isfinite(measures[place]) and np.isfinite(saved[place])]
    if len(known) < 2:
        return "Too few reach this accuracy to compare what they save"
    names, measures, saved = ([of[place] for place in known] for of in (names, measures, saved))
    agree, apart = concordance(measures, saved, higher)
    if not apart:
        return "All save as much, or are as good"
    verdict = "Yes" if agree == apart else "No" if 2 * agree <= apart else "Mostly"
    best = int(np.argmax(measures) if higher else np.argmin(measures))
    most = int(np.argmax(saved))
    pairs = "pair" if apart == 1 else "pairs"
    start = f"{verdict}: in {agree} of {apart} {pairs} the {words} saves more"
    if best == most:
        return f"{start}; the best, {names[best]}, saves most, {percent(saved[best])}"
    return f"{start}; the best, {names[best]}, saves {percent(saved[best])}, {names[most]} most, {percent(saved[most])}"
