"""What a report claims, with its intervals: sentences and titles that no page has. Plain text."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.results.comparison import AtExit, Estimate
from analysis.results.differences import Difference
from analysis.results.policy_curves import Gain
from analysis.words.deciding.stopping import gain_words
from analysis.words.formats import QUANTITY, apart_words, counted, interval_words, moved, percent, points, small

ENTROPY_RISE = 0.1
"""The rise of entropy, in nats, that a claim speaks of."""


def p_words(p: float) -> str:
    """A p-value: never smaller than it is.

    >>> p_words(0.034), p_words(0.00001), p_words(1.0)
    ('p = 0.034', 'p < 0.0001', 'p = 1')
    """
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.2g}"


def shown_claim(named: str, shares: Sequence[tuple[str, float, tuple[float, float]]]) -> str:
    """What one predictor reaches, each share with its interval; percents.

    Parameters
    ----------
    named : the predictor, within a sentence
    shares : what samples do, how many, the two ends

    Examples
    --------
    >>> shown_claim("PA", [("are right", 73.5, (72.6, 74.4)), ("fall", 0.0, (0.0, 0.04))])
    'Under PA, 73.5% of samples are right (95%: 72.60 to 74.40), none fall (95%: 0.00 to 0.04).'
    """
    parts = [
        f"{percent(share) if share else 'none'}{'' if place else ' of samples'} {does} (95%: {interval_words(*ends)})"
        for place, (does, share, ends) in enumerate(shares)
    ]
    return f"Under {named}, {', '.join(parts)}."


def accuracy_claim(label: str, accuracy: float, at: AtExit, exits: int) -> str:
    """The last exit's accuracy under a correction, with the interval and the test of its difference to the baseline's.

    Parameters
    ----------
    accuracy : the correction's, a fraction of 1
    exits : over how many exits the p-value is adjusted
    """
    gain = gain_words(Gain(at.accuracy.difference, at.accuracy.low, at.accuracy.high), "the baseline's")
    adjusted = f", adjusted over {exits} exits by Holm" if exits > 1 else ""
    return (
        f"The last exit's accuracy under {label} is {percent(100 * accuracy)}, {gain} "
        f"(exact McNemar test, {p_words(at.p_holm)}{adjusted}; {label} alone is right for {at.b_only:,}, the baseline "
        f"alone for {counted(at.a_only, 'sample')})."
    )


def falls_claim(label: str, of: str, by_threshold: Sequence[tuple[float, float, Estimate]]) -> str:
    """How many more or fewer samples fall under a correction, with intervals.

    Parameters
    ----------
    by_threshold : threshold, percent of samples that fall by more under the correction, the difference in points
    """
    parts = []
    for threshold, share, found in by_threshold:
        low, high = found.low, found.high
        how = f"by more than {threshold:g} for {f'{percent(share)} of samples' if share else 'no sample'}"
        if not found.difference:
            parts.append(f"{how}, as under the baseline")
            continue
        apart = f"{points(found.difference, exact=True)} {'more' if found.difference > 0 else 'fewer'}"
        parts.append(f"{how}, {apart} (95%: {apart_words(low, high, less='fewer')}) than under the baseline")
    return f"Under {label} the {QUANTITY[of]}'s probability falls {'; '.join(parts)}."


def entropy_title(difference: Difference, label: str) -> str:
    """What the mean entropy does from the first exit to the last."""
    before, after = difference.a.entropy, difference.b.entropy
    if len(before) == 1:
        return f"Mean entropy {small(before[0])} nats under the baseline, {small(after[0])} under {label}"
    return (
        f"Mean entropy {moved(before[0], before[-1], _nats)} nats under the baseline, "
        f"{moved(after[0], after[-1], _nats).removeprefix('goes ')} under {label}"
    )


def _nats(value: float) -> str:
    return f"{value:.2f}" if value >= 0.995 else small(value)


def entropy_claim(label: str, before: float, after: float, threshold: float = ENTROPY_RISE) -> str:
    """For how many samples entropy rises with more computation; percents."""
    start = f"Entropy rises by more than {threshold:g} nats between two exits for"
    if not before:
        now = f"for {percent(after)} of samples" if after else "nor"
        return f"{start} no sample under the baseline, {now} under {label}."
    now = percent(after) if after else "none"
    return f"{start} {percent(before)} of samples under the baseline, for {now} under {label}."
