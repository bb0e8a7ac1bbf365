"""What a correction does, in sentences: the overview and its figures. Every number is an argument, none is typed.

Plain text without markup, so that a page, a figure, a report and the command line can show the same words.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.results.differences import Difference
from analysis.words.formats import QUANTITY, percent, plural, small, smaller

THRESHOLD = 0.1  # the fall that the overview's sentences speak of
THRESHOLDS = (0.01, 0.05, 0.1, 0.2, 0.5)  # the rows of its figure; the paper gives all five


def correction_sentence(difference: Difference, label: str, threshold: float = THRESHOLD) -> str:
    """One sentence: what the correction does to the samples that get worse, and to the accuracy of the last exit.

    Parameters
    ----------
    label : str
        The predictor's short name.
    """
    if difference.n_exits == 1:
        return _one_exit(difference, label)
    before, after = (float(side.falling_percent([threshold])[0]) for side in (difference.a, difference.b))
    who = "no sample loses" if after == 0 else f"{percent(after)} of samples lose"
    start = (
        f"Under {label} {who} more than {threshold:g} of the {QUANTITY[difference.of]}'s probability on the way "
        f"through the network; under the baseline {percent(before)} do"
    )
    if not difference.has_labels:
        return f"{start}; {label} changes {difference.changed[-1]:,} of {difference.n_samples:,} final answers."
    old, new = 100 * difference.a.right_share[-1], 100 * difference.b.right_share[-1]
    if percent(old) == percent(new):
        return f"{start}; the last exit's accuracy stays at {percent(new)}."
    return (
        f"{start}; the last exit's accuracy {'rises' if new > old else 'falls'} from {percent(old)} to {percent(new)}."
    )


def _one_exit(difference: Difference, label: str) -> str:
    start = "This network has one exit, so nothing can fall on the way through it"
    if not difference.has_labels:
        return f"{start}; {label} changes {difference.changed[-1]:,} of {difference.n_samples:,} answers."
    old, new = (percent(100 * side.right_share[-1]) for side in (difference.a, difference.b))
    return f"{start}; its accuracy is {old}{'' if old == new else f', and {new} under {label}'}."


def published_sentence(
    falling: tuple[float, float], accuracy: tuple[float, float], label: str, threshold: float = THRESHOLD
) -> str:
    """The same comparison as published, in one sentence.

    Parameters
    ----------
    falling : (baseline, predictor), percent of samples that fall by more than `threshold`
    accuracy : (baseline, predictor), fraction right at the last exit
    """
    return (
        f"The paper: {percent(falling[0])} of samples lose more than {threshold:g} under the baseline, "
        f"{percent(falling[1])} under {label}; accuracy {percent(100 * accuracy[0])} and {percent(100 * accuracy[1])}."
    )


def relative_sentence(difference: Difference, label: str, share: float = 0.1) -> str:
    """The same falls as shares of what fell: what is small cannot fall far, and products begin small."""
    before, after = (float(side.falling_percent([share], kind="relative")[0]) for side in (difference.a, difference.b))
    what, at_first = QUANTITY[difference.of], (difference.a.mean_prob()[0], difference.b.mean_prob()[0])
    said = (
        f"Relative to its highest value so far the {what}'s probability falls by more than {100 * share:g}% for "
        f"{percent(after)} of samples under {label}, for {percent(before)} under the baseline"
    )
    if not smaller(at_first[1], at_first[0]):
        return f"{said}."
    return (
        f"{said}: at the first exit it is {at_first[1]:.2g} on average under {label} and {at_first[0]:.2g} under the "
        "baseline, and what is small cannot fall far."
    )


def price_sentence(difference: Difference, label: str) -> str:
    """What the correction costs: confidence, calibration, broken answers, collapses."""
    before, after = difference.a.confidence[-1], difference.b.confidence[-1]
    parts = [f"confidence at the last exit goes from {before:.2f} to {after:.2f}"]
    if difference.has_labels:
        old, new = difference.a.ece[-1], difference.b.ece[-1]
        parts.append(f"calibration error (ECE) from {old:.3f} to {new:.3f}")
        parts.append(f"last answers broken {difference.a_only[-1]:,}, fixed {difference.b_only[-1]:,}")
    if difference.b.impossible > difference.a.impossible:
        lost = difference.b.impossible
        parts.append(
            f"{lost:,} {plural(lost, 'sample')} ({percent(100 * lost / difference.n_samples)}) end with probability 0 "
            "for the true class, so the log-likelihood is infinite"
        )
    if difference.b.tied > difference.a.tied:
        tied = difference.b.tied
        parts.append(f"{tied:,} last {plural(tied, 'answer')} are ties, given to the first of the tied classes")
    parts.append(collapse_words(difference))
    return f"What {label} costs: {'; '.join(parts)}."


def collapse_words(difference: Difference) -> str:
    """How often nothing was left of the support."""
    if not difference.b.collapses:
        return "no prediction collapses"
    predictions = difference.n_samples * difference.n_exits
    share = percent(100 * difference.b.collapses / predictions)
    return f"{difference.b.collapses:,} of {predictions:,} predictions collapse: no class is left ({share})"


def trajectories_title(difference: Difference, label: str, *, corrected: bool, threshold: float = THRESHOLD) -> str:
    """What the picture of trajectories shows, for the predictor on screen."""
    side = difference.b if corrected else difference.a
    share = float(side.falling_percent([threshold])[0])
    who = "No sample loses" if share == 0 else f"{percent(share)} of samples lose"
    start, end = side.mean_prob()[0], side.mean_prob()[-1]
    if difference.n_exits == 1:
        return f"{label}: the {QUANTITY[difference.of]} has a probability of {end:.2f} on average"
    mean = "the mean of all rises" if end > start else "the mean of all falls"
    who = who if share else who.lower()
    return f"{label}: {who} more than {threshold:g} on the way; {mean} from {start:.2f} to {end:.2f}"


def exits_title(difference: Difference, label: str) -> str:
    """Accuracy over all exits, or the confidence where there are no labels."""
    change = 100 * difference.right_share
    if not difference.has_labels:
        before, after = difference.a.confidence[-1], difference.b.confidence[-1]
        return f"{label} moves the last exit's confidence from {before:.2f} to {after:.2f}"
    better, worse = int((change > 0).sum()), int((change < 0).sum())
    if not better and not worse:
        return f"{label} is as accurate as the baseline at every exit"
    count, word = (better, "more") if better else (worse, "less")
    last = (
        f"{abs(change[-1]):.2f} points {'above' if change[-1] > 0 else 'below'} it" if change[-1] else "level with it"
    )
    of = f"{count} of {difference.n_exits} {plural(difference.n_exits, 'exit')}"
    return f"{label} is {word} accurate than the baseline at {of}; at the last {last}"


def share_title(difference: Difference, label: str, threshold: float = 0.01) -> str:
    """How many samples get worse at all, noticeably."""
    before, after = (float(side.falling_percent([threshold])[0]) for side in (difference.a, difference.b))
    return f"{percent(before)} of samples fall by more than {threshold:g}; with {label} {percent(after)}"


def groups_title(names: Sequence[str], falls: np.ndarray, label: str) -> str:
    """Which group falls most under the predictor on screen."""
    if not len(falls):
        return "No class has samples here"
    worst = int(np.nanargmax(falls))
    return f"Falls most under {label}: {names[worst]}, by {small(falls[worst])} on average"


def price_title(difference: Difference, label: str) -> str:
    """The correction's price at the last exit in one line."""
    if not difference.has_labels:
        return f"{label} changes {difference.changed[-1]:,} of {difference.n_samples:,} final answers"
    old, new = difference.a.ece[-1], difference.b.ece[-1]
    return (
        f"{label} fixes {difference.b_only[-1]:,} and breaks {difference.a_only[-1]:,} last answers; "
        f"calibration error {old:.3f} to {new:.3f}"
    )


def distance_sentence(accuracy: float, published: float) -> str:
    """How far the baseline's last exit is from the published one, in points of accuracy; both fractions of 1."""
    points = 100 * (accuracy - published)
    where = "as accurate as" if abs(points) < 0.05 else f"{abs(points):.1f} points {'above' if points > 0 else 'below'}"
    return f"Its last exit reaches {percent(100 * accuracy)}, {where} the paper's {percent(100 * published)}."
