"""What a correction does, in sentences: the overview and its figures. Every number is an argument, none is typed.

Plain text without markup, so that a page, a figure, a report and the command line can show the same words.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.results.against_paper import LEVEL
from analysis.results.differences import Difference
from analysis.words.formats import (
    QUANTITY,
    both_fall,
    counted,
    decimals,
    moved,
    percent,
    plural,
    points,
    probability,
    signed,
    small,
    smaller,
)

NOT_CLEAR = "no clear difference"  # by the test of `Difference.clear`
THRESHOLD = 0.1  # the fall that the overview's sentences speak of
THRESHOLDS = (0.01, 0.05, 0.1, 0.2, 0.5)  # the rows of its figure; the paper gives all five


def correction_sentence(difference: Difference, label: str, threshold: float = THRESHOLD) -> str:
    """One sentence: what samples lose with more computation, and what the correction changes, at the last exit too.

    Parameters
    ----------
    label : str
        The predictor's short name.
    """
    if difference.n_exits == 1:
        return _one_exit(difference, label)
    before, after = (float(side.falling_percent([threshold])[0]) for side in (difference.a, difference.b))
    falls = (
        f"the {QUANTITY[difference.of]}'s probability falls by more than {threshold:g} on the way through the network"
    )
    if before:
        start = f"More computation should help, yet for {percent(before)} of samples {falls}"
        start = f"{start}; under {label} for {percent(after) if after else 'none'}"
    else:
        start = f"For no sample {falls}; {f'under {label} for {percent(after)}' if after else f'nor under {label}'}"
    if not difference.has_labels:
        return f"{start}; {_changed(difference, label, 'final answer')}."
    old, new = 100 * difference.a.right_share[-1], 100 * difference.b.right_share[-1]
    if old == new:
        return f"{start}; the last exit's accuracy stays at {percent(new)}."
    if not difference.clear[-1]:
        same = "" if percent(old) == percent(new) else f", {NOT_CLEAR}"
        return f"{start}; the last exit's accuracy {moved(old, new, percent)}{same}."
    how = f"from {percent(old)} to {percent(new)}"
    if percent(old) == percent(new):
        how = f"by {points(new - old)} to {percent(new)}"
    return f"{start}; the last exit's accuracy {'rises' if new > old else 'falls'} {how}."


def _of_samples(share: float) -> str:
    return f"{percent(share)} of samples" if share else "no sample"


def _changed(difference: Difference, label: str, answer: str) -> str:
    changed = int(difference.changed[-1])
    if not changed:
        return f"{label} changes no {answer}"
    return f"{label} changes {changed:,} of {difference.n_samples:,} {plural(difference.n_samples, answer)}"


def _one_exit(difference: Difference, label: str) -> str:
    start = "This network has one exit, so nothing can fall on the way through it"
    if not difference.has_labels:
        return f"{start}; {_changed(difference, label, 'answer')}."
    old, new = (percent(100 * side.right_share[-1]) for side in (difference.a, difference.b))
    other = f", and {new} under {label}{'' if difference.clear[-1] else f', {NOT_CLEAR}'}"
    return f"{start}; its accuracy is {old}{'' if old == new else other}."


def published_sentence(
    falling: tuple[float, float], accuracy: tuple[float, float], label: str, threshold: float = THRESHOLD
) -> str:
    """The same comparison as published, in one sentence.

    Parameters
    ----------
    falling : (baseline, predictor), percent of samples that fall by more than `threshold`; NaN where not published
    accuracy : (baseline, predictor), fraction right at the last exit
    """
    right = f"accuracy {percent(100 * accuracy[0])} and {percent(100 * accuracy[1])}"
    if not np.isfinite(falling).all():
        return f"The paper: {right} under the baseline and {label}."
    return (
        f"The paper: {percent(falling[0])} of samples fall by more than {threshold:g} under the baseline, "
        f"{percent(falling[1])} under {label}; {right}."
    )


def relative_sentence(difference: Difference, label: str, share: float = 0.1) -> str:
    """The same falls as shares of what fell: what is small cannot fall far, and products begin small."""
    before, after = (float(side.falling_percent([share], kind="relative")[0]) for side in (difference.a, difference.b))
    what, at_first = QUANTITY[difference.of], (difference.a.mean_prob()[0], difference.b.mean_prob()[0])
    said = (
        f"Relative to its highest value so far, the {what}'s probability falls by more than {100 * share:g}% for "
        f"{_of_samples(after)} under {label}, for {percent(before) if before else 'none'} under the baseline"
    )
    falling = [float(side.falling_percent([THRESHOLD])[0]) for side in (difference.a, difference.b)]
    if falling[1] >= falling[0] or not smaller(at_first[1], at_first[0]):  # nothing to explain
        return f"{said}."
    old, new = map(small, at_first)
    return (
        f"{said}: at the first exit it is {new} on average under {label} and {old} under the baseline, and what is "
        "small cannot fall far."
    )


def price_sentence(difference: Difference, label: str) -> str:
    """What the correction costs: confidence, calibration, broken answers, collapses."""
    before, after = difference.a.confidence[-1], difference.b.confidence[-1]
    parts = [f"confidence at the last exit {moved(before, after, probability)}"]
    if difference.has_labels:
        old, new = difference.a.ece[-1], difference.b.ece[-1]
        parts.append(f"calibration error (ECE) {moved(old, new, small)}")
        parts.append(f"last answers broken {difference.a_only[-1]:,}, fixed {difference.b_only[-1]:,}")
    if difference.b.impossible > difference.a.impossible:
        lost = difference.b.impossible
        parts.append(
            f"{counted(lost, 'sample')} ({percent(100 * lost / difference.n_samples)}) {_verb(lost, 'end')} with "
            "probability 0 for the true class, so the log-likelihood is infinite"
        )
    if difference.b.tied > difference.a.tied:
        tied = difference.b.tied
        are = "is a tie" if tied == 1 else "are ties"
        parts.append(f"{counted(tied, 'last answer')} {are}, given to the first of the tied classes")
    parts.append(collapse_words(difference))
    return f"What {label} costs: {'; '.join(parts)}."


def _verb(count: int, verb: str) -> str:
    return f"{verb}s" if count == 1 else verb


def collapse_words(difference: Difference) -> str:
    """How often nothing was left of the support."""
    if not difference.b.collapses:
        return "no prediction collapses"
    collapses, predictions = difference.b.collapses, difference.n_samples * difference.b.n_exits
    share = percent(100 * collapses / predictions)
    of = f"{collapses:,} of {counted(predictions, 'prediction')} ({share})"
    return f"{of} {_verb(collapses, 'collapse')}: no class is left"


def trajectories_title(falling: tuple[int, int], drawn: int, label: str, threshold: float = THRESHOLD) -> str:
    """How many of the drawn samples fall in each panel of the picture of trajectories.

    Parameters
    ----------
    falling : (under the baseline, under the predictor)

    Examples
    --------
    >>> trajectories_title((4, 0), 10, "PA")
    'Of the same 10 samples, 4 fall by more than 0.1 under the baseline, none under PA'
    >>> trajectories_title((0, 1), 1, "CA")
    'This sample falls by more than 0.1 under CA, not under the baseline'
    """
    before, after = falling
    how = f"by more than {threshold:g}"
    if drawn == 1:
        under = {
            (True, True): f"under the baseline and under {label}",
            (True, False): f"under the baseline, not under {label}",
            (False, True): f"under {label}, not under the baseline",
            (False, False): f"neither under the baseline nor under {label}",
        }
        return f"This sample falls {how} {under[before > 0, after > 0]}"
    if not before and not after:
        return f"No sample of these {drawn:,} falls {how}, neither under the baseline nor under {label}"
    who = f"{before:,} {_verb(before, 'fall')}" if before else "none falls"
    return f"Of the same {drawn:,} samples, {who} {how} under the baseline, {after or 'none'} under {label}"


def mean_words(name: str, mean: np.ndarray) -> str:
    """What the mean of all samples does over the exits, under the predictor of this name.

    Examples
    --------
    >>> mean_words("PA", np.array([0.2, 0.3, 0.6]))
    'PA: the mean rises from 0.20 to 0.60'
    """
    start, end = float(mean[0]), float(mean[-1])
    if len(mean) == 1:
        return f"{name}: the mean is {probability(end)}"
    return f"{name}: the mean {moved(start, end, probability, 'rises' if end > start else 'falls')}"


def exits_title(difference: Difference, label: str) -> str:
    """On which side of the baseline's accuracy most exits lie, then the others; without labels, the confidence."""
    if not difference.has_labels:
        before, after = difference.a.confidence[-1], difference.b.confidence[-1]
        return f"Under {label}, the last exit's confidence {moved(before, after, probability)}"
    return accuracy_title(100 * difference.right_share, difference.clear, label)


def accuracy_title(change: np.ndarray, clear: np.ndarray, label: str) -> str:
    """On which side of the baseline's accuracy most exits lie, then the others, then the last.

    Parameters
    ----------
    change : float, (exits,)
        The predictor's accuracy less the baseline's, in points.
    clear : (exits,)
        As `Difference.clear`; over several seeds its mean: below 1 they do not all say so.

    Examples
    --------
    >>> accuracy_title(np.array([0.0, 0.5, 2.5]), np.array([0, 1, 1]), "PA")
    'PA is more accurate than the baseline at 2 of 3 exits, as accurate at 1; at the last 2.50 points above it'
    >>> accuracy_title(np.array([0.5, 0.3, 0.1]), np.array([1, 1, 0]), "PA")
    'PA is more accurate than the baseline at 2 of 3 exits; no clear difference at the last (+0.10 points)'
    """
    exits, rest = len(change), np.abs(clear) < 1
    gain = points(change[-1]) if change[-1] else ""
    last = f"{gain} {'above' if change[-1] > 0 else 'below'} it" if gain else "level with it"
    unsure = int(rest.sum()) if change[rest].any() else 0
    if unsure == exits:
        where = f" ({signed(change[-1])} points)" if exits == 1 else f" at any exit{_at_the_last(change)}"
        return f"{label} and the baseline: {NOT_CLEAR} in accuracy{where}"
    counts = {"as": 0 if unsure else int(rest.sum()), "more": int((clear == 1).sum()), "less": int((clear == -1).sum())}
    (most, count), *others = sorted(counts.items(), key=lambda pair: -pair[1])
    than = f"{most} accurate {'as' if most == 'as' else 'than'} the baseline"
    if exits == 1:
        return " ".join(filter(None, (label, "is", gain, than)))
    if count == exits:
        return f"{label} is {than} at every exit" + (f"; at the last {last}" if gain else "")
    parts = [f"{label} is {than} at {count} of {exits} exits"]
    parts += [f"{word} accurate at {number}" for word, number in others if number]
    if not rest[-1] or not unsure:
        parts += [f"{NOT_CLEAR} at {unsure}"] if unsure else []
        return f"{', '.join(parts)}; at the last {last}"
    if unsure == 1:
        return f"{', '.join(parts)}; {NOT_CLEAR} at the last ({signed(change[-1])} points)"
    return f"{', '.join(parts)}; {NOT_CLEAR} at the other {unsure}{_at_the_last(change)}"


def _at_the_last(change: np.ndarray) -> str:
    return f" (at the last {signed(change[-1])} points)" if change[-1] else ""


def entropy_title(before: float, after: float, threshold: float, label: str) -> str:
    """How many samples become less certain on the way; percents.

    Examples
    --------
    >>> entropy_title(31.2, 0.4, 0.1, "PA")
    'The entropy of 31.2% of samples rises by more than 0.1 nats under the baseline, of 0.40% under PA'
    >>> entropy_title(0, 0, 0.1, "PA")
    'No sample’s entropy rises by more than 0.1 nats, neither under the baseline nor under PA'
    """
    how = f"by more than {threshold:g} nats"
    if not before and not after:
        return f"No sample’s entropy rises {how}, neither under the baseline nor under {label}"
    who = f"The entropy of {percent(before)} of samples rises" if before else "No sample’s entropy rises"
    return f"{who} {how} under the baseline, of {percent(after) if after else 'none'} under {label}"


def share_title(difference: Difference, label: str, threshold: float = 0.01) -> str:
    """How many samples get worse at all, noticeably."""
    if difference.n_exits == 1:
        return "With one exit no sample falls"
    before, after = (float(side.falling_percent([threshold])[0]) for side in (difference.a, difference.b))
    return both_fall(before, after, f"by more than {threshold:g}", label)


def groups_title(names: Sequence[str], falls: np.ndarray, label: str, drawn: int | None = None) -> str:
    """Which group falls most under the predictor on screen: of all, or else of those in the figure.

    Parameters
    ----------
    names, falls : of every group, in the figure's order
    drawn
        How many of them the figure shows, from the first; None for all.
    """
    if not len(falls) or np.isnan(falls[:drawn]).all():
        return "No class has samples here"
    worst = int(np.nanargmax(falls[:drawn]))
    if falls[worst] == 0:
        return f"None of these falls under {label}" if np.nanmax(falls) > 0 else f"No class falls under {label}"
    by = f"by {small(falls[worst])} on average"
    if np.nanmax(falls) > falls[worst]:
        return f"Of these, {names[worst]} falls most under {label}, {by}"
    return f"Falls most under {label}: {names[worst]}, {by}"


def rows_words(drawn: int, groups: int, kind: str) -> str:
    """Which groups the figure shows.

    Examples
    --------
    >>> rows_words(15, 100, "classes")
    'the 15 of 100 classes that fall most under the baseline'
    >>> rows_words(10, 10, "classes")
    'all 10 classes, from the largest fall under the baseline down'
    """
    if groups == 1:
        return "one class alone"
    if drawn < groups:
        return f"the {drawn} of {groups:,} {kind} that fall most under the baseline"
    return f"all {groups} {kind}, from the largest fall under the baseline down"


def price_title(difference: Difference, label: str) -> str:
    """The correction's price at the last exit in one line."""
    if not difference.has_labels:
        return _changed(difference, label, "final answer")
    fixed, broken = int(difference.b_only[-1]), int(difference.a_only[-1])
    said = "neither fixes nor breaks a last answer"
    if fixed or broken:
        said = f"fixes {fixed:,} and breaks {broken:,} last answers"
    return f"{label} {said}; calibration error {moved(difference.a.ece[-1], difference.b.ece[-1], small)}"


def distance_sentence(accuracy: float, published: float) -> str:
    """How far the baseline's last exit is from the published one, in points of accuracy; both fractions of 1.

    The paper gives hundredths of a point: what is closer is level.
    """
    gap = 100 * (accuracy - published)
    where = "level with" if abs(gap) < LEVEL else f"{points(gap, exact=True)} {'above' if gap > 0 else 'below'}"
    return f"Its last exit reaches {decimals(100 * accuracy)}%, {where} the paper's {decimals(100 * published)}%."
