"""A run's numbers beside the published ones, and which of the published findings it shows too.

What is compared: accuracy per exit, the share of samples that fall by more than each of the paper's thresholds. A
finding is a comparison of the product (PA) with the baseline; every verdict is computed from the run's numbers by a
criterion that stands beside it. May import published numbers, traces, metrics and how numbers are written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.metrics.accuracy import accuracy
from analysis.metrics.decrease import THRESHOLDS, decrease_percent
from analysis.metrics.overthinking import overthinking
from analysis.metrics.uncertainty import ENTROPY_THRESHOLDS, entropy_rise_percent
from analysis.reference.published import Published
from analysis.traces import Traces
from analysis.words.formats import QUANTITY, percent

ORDER = ("baseline", "pa", "ca")
OF = ("true_class", "final_prediction")
LEVEL = 0.005
"""Points: accuracies closer than this are level; the paper gives hundredths of a point."""
SPOKEN_OF = 0.1
"""The fall that a verdict's numbers speak of."""
TABLE = ("accuracy", *OF, "oracle", "entropy")  # the quantities of `comparison_table`, in its order
STDS, POINTS = "published standard deviations", "points"

SHOWN, NOT_SHOWN = "shown", "not shown"
UNPUBLISHED, UNKNOWN = "not published", "cannot be computed"


@dataclass(frozen=True, eq=False)
class Measured:
    """One predictor's numbers on a run, of the samples whose label is known.

    Attributes
    ----------
    accuracy : float (exits,), percent
    falls : `true_class` and `final_prediction` -> float (8,), percent of samples over each of the paper's thresholds
    entropy_rises : float (6,), percent of samples whose entropy rises by more than each of the paper's thresholds
    oracle_gap : float, points: some exit is right and the last is not
    """

    accuracy: np.ndarray
    falls: Mapping[str, np.ndarray]
    entropy_rises: np.ndarray
    oracle_gap: float


def measure(traces: Traces) -> Measured:
    """What the paper reports of a predictor, measured on a run.

    Raises
    ------
    ValueError
        No label is known.
    """
    if not traces.has_labels:
        raise ValueError("no sample has a known label: import the run again with --labels")
    traces = traces.labelled()
    return Measured(
        accuracy=100 * accuracy(traces.correct),
        falls={of: decrease_percent(traces.falls[of, "absolute"].size, THRESHOLDS) for of in OF},
        entropy_rises=entropy_rise_percent(traces.entropy, traces.shown, ENTROPY_THRESHOLDS),
        oracle_gap=100 * overthinking(traces.correct).destructive,
    )


# --- the numbers -----------------------------------------------------------------------------------------------------


def difference(run: float, published: float, std: float) -> tuple[float, str]:
    """Run less published, and its unit: published standard deviations; points where that is 0 or missing.

    Parameters
    ----------
    run, published, std : float
        Percent of samples; `std` in points, NaN where the paper has none.

    Examples
    --------
    >>> difference(68.0, 70.0, 0.5)
    (-4.0, 'published standard deviations')
    >>> difference(1.0, 0.0, 0.0)
    (1.0, 'points')
    """
    return ((run - published) / std, STDS) if std > 0 else (run - published, POINTS)


def difference_words(value: float, unit: str) -> str:
    """A difference with its sign, as short as a cell of a table.

    Examples
    --------
    >>> difference_words(-8.79, STDS), difference_words(0.004, POINTS), difference_words(0.0, POINTS)
    ('−8.8 sd', '+0.004 points', '0 points')
    """
    if not np.isfinite(value):
        return "unknown"
    size = abs(value)
    if unit == STDS:
        digits = f"{size:.0f}" if size >= 99.5 else f"{size:.1f}"
    else:
        digits = f"{size:.2f}" if size >= 0.005 else f"{size:.1g}" if size else "0"
    sign = "" if float(digits) == 0 else "−" if value < 0 else "+"
    return f"{sign}{digits} {'sd' if unit == STDS else 'points'}"


def comparison_table(
    measured: Mapping[str, Measured], published: Mapping[str, Published], exit_names: Sequence[str]
) -> pd.DataFrame:
    """Every number of the run that the paper has too, one row each.

    Returns
    -------
    pandas.DataFrame
        `quantity` (one of `TABLE`), `at` (the exit's name, or the threshold), `predictor`, then `run`, `published`,
        `published_std` (percent of samples), `difference` and `difference_in`.
    """
    rows = []
    for quantity, places in places_of(exit_names).items():
        for predictor in (key for key in ORDER if key in measured and key in published):
            run = measured_percents(measured[predictor], quantity)
            paper, std = published_percents(published[predictor], quantity)
            for place, ours, theirs, spread in zip(places, run, paper, std):
                if np.isfinite(theirs):
                    rows.append((quantity, place, predictor, ours, theirs, spread, *difference(ours, theirs, spread)))
    columns = ["quantity", "at", "predictor", "run", "published", "published_std", "difference", "difference_in"]
    return pd.DataFrame(rows, columns=columns)


def places_of(exit_names: Sequence[str]) -> dict[str, list[str]]:
    """Where each quantity of `TABLE` is measured: the exits' names, or the thresholds as text."""
    falls, rises = [f"{tau:g}" for tau in THRESHOLDS], [f"{tau:g}" for tau in ENTROPY_THRESHOLDS]
    at = {"accuracy": list(exit_names), **dict.fromkeys(OF, falls), "entropy": rises, "oracle": [exit_names[-1]]}
    return {quantity: at[quantity] for quantity in TABLE}


def measured_percents(measured: Measured, quantity: str) -> np.ndarray:
    """A run's numbers of one quantity in percent of samples (the oracle gap in points)."""
    if quantity == "entropy":
        return measured.entropy_rises
    if quantity == "oracle":
        return np.array([measured.oracle_gap])
    return measured.accuracy if quantity == "accuracy" else measured.falls[quantity]


def published_percents(published: Published, quantity: str) -> tuple[np.ndarray, np.ndarray]:
    """The paper's numbers of one quantity in percent, and their standard deviations in points, NaN where missing."""
    if quantity == "accuracy":
        values, std = 100 * published.accuracy, published.accuracy_std
        return values, np.full(len(values), np.nan) if std is None else 100 * std
    if quantity == "entropy":
        values = np.array([published.entropy_rises.get(tau, np.nan) for tau in ENTROPY_THRESHOLDS])
        return values, np.full(len(values), np.nan)
    if quantity == "oracle":
        return np.array([np.nan if published.oracle_gap is None else 100 * published.oracle_gap]), np.array([np.nan])
    return published.decrease(quantity, THRESHOLDS), published.decrease_std(quantity, THRESHOLDS)


# --- the findings ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """Whether a run shows a published finding.

    Attributes
    ----------
    finding : what is said of the network
    verdict : `SHOWN`, `NOT_SHOWN`, `UNPUBLISHED` or `UNKNOWN`
    criterion : what decides
    paper, run : the numbers, in words
    """

    finding: str
    verdict: str
    criterion: str
    paper: str
    run: str


def verdicts(
    measured: Mapping[str, Measured],
    published: Mapping[str, Published],
    exit_names: Sequence[str],
) -> list[Verdict]:
    """Every published finding on PA, and whether the run shows it too.

    Parameters
    ----------
    measured
        By predictor id; without `pa` (a run that keeps only probabilities) nothing about PA can be computed.
    published
        Of the same network; holds `baseline` and `pa`.
    exit_names
        For naming exits; numbers where they have no names.
    """
    paper = published["baseline"], published["pa"]
    run = (measured["baseline"], measured["pa"]) if "pa" in measured else None
    found = [_falls(of, paper, run) for of in OF]
    return [*found, _accuracy(paper, run, exit_names), _oracle(paper, run), _entropy(paper, run)]


def fewer(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Where `after` is smaller; where `before` is 0 nothing can be smaller, and 0 is asked."""
    return (after < before) | ((before == 0) & (after == 0))


def _judged(finding: str, criterion: str, paper: tuple[object, str] | None, run: tuple[bool, str] | None) -> Verdict:
    if paper is None:
        return Verdict(finding, UNPUBLISHED, criterion, "no number", "" if run is None else run[1])
    if run is None:
        return Verdict(finding, UNKNOWN, criterion, paper[1], "PA needs logits; this run keeps only probabilities")
    return Verdict(finding, SHOWN if run[0] else NOT_SHOWN, criterion, paper[1], run[1])


def _falls(of: str, paper: tuple[Published, Published], run: tuple[Measured, Measured] | None) -> Verdict:
    theirs = [one.decrease(of, THRESHOLDS) for one in paper]
    return _judged(
        f"The {QUANTITY[of]}'s probability falls for fewer samples under PA than under the baseline",
        f"at each of the {len(THRESHOLDS)} published thresholds PA's share of samples that fall by more is smaller "
        "than the baseline's (0 where the baseline's is 0)",
        _fewer_words(*theirs, THRESHOLDS, SPOKEN_OF, ""),
        None if run is None else _fewer_words(*(one.falls[of] for one in run), THRESHOLDS, SPOKEN_OF, ""),
    )


def _fewer_words(
    before: np.ndarray, after: np.ndarray, thresholds: Sequence[float], spoken_of: float, unit: str
) -> tuple[bool, str]:
    holds, at = fewer(before, after), list(thresholds).index(spoken_of)
    where = f"fewer at all {len(holds)} thresholds"
    if not holds.all():
        missing = [f"{tau:g}" for tau, here in zip(thresholds, holds) if not here]
        where = f"not fewer by more than {', '.join(missing)}{unit}"
    return bool(holds.all()), f"{where}; by more than {spoken_of:g}{unit}: {percent(before[at])} → {percent(after[at])}"


def _accuracy(
    paper: tuple[Published, Published], run: tuple[Measured, Measured] | None, exit_names: Sequence[str]
) -> Verdict:
    theirs = sides(*(100 * one.accuracy for one in paper))
    judged = None
    if run is not None:
        ours = sides(*(one.accuracy for one in run))
        same = ours == theirs
        where = f"as in the paper at {'all' if same.all() else int(same.sum())} of {len(same)} exits"
        where = where.replace("all of", "all")
        if not same.all():
            where += f"; here {_sides_words(np.where(same, 9, ours), exit_names)}"
        judged = (
            bool(same.all()),
            f"{where}; last exit: {percent(run[0].accuracy[-1])} → {percent(run[1].accuracy[-1])}",
        )
    last = f"last exit: {percent(100 * paper[0].accuracy[-1])} → {percent(100 * paper[1].accuracy[-1])}"
    return _judged(
        f"PA's accuracy against the baseline's is {_sides_words(theirs, exit_names)}",
        "at each exit PA's accuracy lies on the same side of the baseline's as in the paper (level: equal to 0.01 "
        "points)",
        (True, f"{last}{_unresolved(paper, exit_names)}"),
        judged,
    )


def sides(baseline: np.ndarray, predictor: np.ndarray) -> np.ndarray:
    """-1, 0 or 1 per exit: the predictor's accuracy is below the baseline's, level with it, or above. Percent."""
    gain = np.asarray(predictor) - np.asarray(baseline)
    return np.where(np.abs(gain) < LEVEL, 0, np.sign(gain)).astype(int)


def _sides_words(found: np.ndarray, exit_names: Sequence[str]) -> str:
    words = []
    for side, said in ((1, "higher"), (0, "level"), (-1, "lower")):
        if names := [name for name, here in zip(exit_names, found) if here == side]:
            words.append(f"{said} at {_exits(names)}")
    return ", ".join(words)


def _unresolved(paper: tuple[Published, Published], exit_names: Sequence[str]) -> str:
    """Where the paper's own difference is within its spread: a run that differs there contradicts little."""
    if paper[0].accuracy_std is None:
        return "; one checkpoint, no spread"
    gain = np.abs(paper[1].accuracy - paper[0].accuracy)
    within = (gain < np.maximum(paper[0].accuracy_std, paper[1].accuracy_std)) & (100 * gain >= LEVEL)
    names = [name for name, here in zip(exit_names, within) if here]
    return f"; the difference is below one standard deviation at {_exits(names)}" if names else ""


def _exits(names: Sequence[str]) -> str:
    """Consecutive numbers are joined.

    >>> _exits(["2", "3", "4", "7"]), _exits(["stem"]), _exits(["1", "2"])
    ('exits 2 to 4, 7', 'exit stem', 'exits 1, 2')
    """
    groups: list[list[str]] = []
    for name in names:
        if groups and name.isdigit() and groups[-1][-1].isdigit() and int(name) == int(groups[-1][-1]) + 1:
            groups[-1].append(name)
        else:
            groups.append([name])
    said = [f"{group[0]} to {group[-1]}" if len(group) > 2 else ", ".join(group) for group in groups]
    return f"exit{'s' if len(names) > 1 else ''} {', '.join(said)}"


def _oracle(paper: tuple[Published, Published], run: tuple[Measured, Measured] | None) -> Verdict:
    known = all(one.oracle_gap is not None for one in paper)
    return _judged(
        "PA overthinks less: fewer samples are right at some exit and wrong at the last",
        "the oracle gap (accuracy with the best exit for each sample, less the last exit's) is smaller under PA",
        _gap_words(*(100 * one.oracle_gap for one in paper)) if known else None,
        None if run is None else _gap_words(*(one.oracle_gap for one in run)),
    )


def _gap_words(before: float, after: float) -> tuple[bool, str]:
    return bool(after < before), f"{before:.1f} → {after:.1f} points"


def _entropy(paper: tuple[Published, Published], run: tuple[Measured, Measured] | None) -> Verdict:
    known = all(one.entropy_rises for one in paper)
    theirs = [np.array([one.entropy_rises[tau] for tau in ENTROPY_THRESHOLDS]) for one in paper] if known else None
    return _judged(
        "Entropy rises with more computation for fewer samples under PA than under the baseline",
        f"at each of the {len(ENTROPY_THRESHOLDS)} published thresholds PA's share of samples whose entropy rises by "
        "more is smaller than the baseline's (0 where the baseline's is 0)",
        _fewer_words(*theirs, ENTROPY_THRESHOLDS, SPOKEN_OF, " nats") if theirs else None,
        None
        if run is None
        else _fewer_words(*(one.entropy_rises for one in run), ENTROPY_THRESHOLDS, SPOKEN_OF, " nats"),
    )


def summary_sentence(found: Sequence[Verdict], network: str) -> str:
    """How many of the published findings the run shows.

    Parameters
    ----------
    network : str
        As `network_name` writes it.
    """
    published = [one for one in found if one.verdict != UNPUBLISHED]
    shown = sum(one.verdict == SHOWN for one in published)
    if any(one.verdict == UNKNOWN for one in published):
        return f"The {len(published)} published findings on PA for {network} cannot be computed on this run."
    if shown == len(published):
        return f"This run shows all {shown} published findings on PA for {network}."
    return f"This run shows {shown} of the {len(published)} published findings on PA for {network}."


def gap_sentence(label: str, what: str, run: float, published: float, std: float) -> str:
    """One number beside the paper's: the title of a figure.

    Examples
    --------
    >>> gap_sentence("PA", "right at the last exit", 68.18, 74.69, 0.74)
    'PA: 68.2% right at the last exit; the paper 74.7% (−8.8 sd)'
    """
    return (
        f"{label}: {percent(run)} {what}; the paper {percent(published)} "
        f"({difference_words(*difference(run, published, std))})"
    )
