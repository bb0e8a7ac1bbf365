"""What sets of classes hold and how large they are: titles and sentences. Plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.words.formats import percent

NESTED_PROMISE = (
    "Promised is that the first exit's set holds a label that is drawn from its own draw of the posterior. At later "
    "exits it would have to follow the draw of every exit, and these are independent: there, and of real labels, "
    "coverage is measured, not promised."
)
ABOVE_CHANCE = "more where sets that would be empty hold the likeliest class instead"
"""Said of coverage by chance unless sets may be empty."""


def coverage_title(asked: float, covered: Mapping[str, np.ndarray], exit_names: Sequence[str]) -> str:
    """The lowest coverage of each over the exits, beside what is asked; fractions of 1.

    >>> coverage_title(0.95, {"the baseline": np.array([0.95, 0.94]), "PA": np.array([0.96, 0.955])}, ["1", "2"])
    'Of 95.0% asked, the baseline covers at worst 94.0% (exit 2), PA 95.5% (exit 2)'
    """
    parts = []
    for named, shares in covered.items():
        if not np.isfinite(shares).any():
            continue
        lowest = int(np.nanargmin(shares))
        verb = "covers at worst " if not parts else ""
        parts.append(f"{named} {verb}{percent(100 * shares[lowest])} (exit {exit_names[lowest]})")
    if not parts:
        return "Without labels nobody knows what the sets cover"
    return f"Of {percent(100 * asked)} asked, {', '.join(parts)}"


def size_title(sizes: Mapping[str, np.ndarray]) -> str:
    """How the mean size goes from the first exit to the last.

    >>> size_title({"the baseline": np.array([8.25, 5.0]), "PA": np.array([9.0, 9.0])})
    'The mean set goes from 8.2 classes at the first exit to 5.0 at the last (the baseline), from 9.0 to 9.0 (PA)'
    """
    parts = []
    for named, means in sizes.items():
        ends = (" classes at the first exit", " at the last") if not parts else ("", "")
        parts.append(f"from {_size(means[0])}{ends[0]} to {_size(means[-1])}{ends[1]} ({named})")
    return f"The mean set goes {', '.join(parts)}"


def _size(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def by_size_title(
    kind: str,
    asked: float,
    labelled: np.ndarray,
    coverage: np.ndarray,
    telling: np.ndarray,
    bins: Sequence[str],
    exit_name: str,
) -> str:
    """At the last exit, the size whose sets hold the true class least often; arrays (bins,), fractions of 1.

    Parameters
    ----------
    kind : whose sets, in the plural
    labelled, coverage, telling : as in `BySize`; only of sizes that tell something is anything said
    bins : the sizes, the first that of empty sets

    Examples
    --------
    >>> bins, told = ["0", "1", "2-5"], np.array([False, True, True])
    >>> by_size_title("PA's sets", 0.95, np.array([0, 900, 100]), np.array([np.nan, 0.97, 0.8]), told, bins, "7")
    "At exit 7, PA's sets of 2-5 classes cover least: 80.0% of 100, where 95.0% is asked on average"
    >>> told = np.array([False, False, True])
    >>> by_size_title("PA's sets", 0.95, np.array([1, 0, 999]), np.array([0, np.nan, 0.951]), told, bins, "7")
    "At exit 7, PA's sets of 2-5 classes, 999 of 1,000, cover 95.1%, where 95.0% is asked on average"
    """
    if not labelled.any():
        return "Without labels nobody knows what the sets cover"
    total, at = int(labelled.sum()), f"At exit {exit_name}"
    if labelled[0] == total:
        return f"{at} every set is empty"
    if not telling.any():
        return f"{at}, too few of {kind} that are not empty have one size to say what it covers"
    least = int(np.nanargmin(np.where(telling, coverage, np.nan)))
    size = f"of {bins[least]} {'class' if bins[least] == '1' else 'classes'}"
    covered, of = percent(100 * coverage[least]), f"{labelled[least]:,}"
    where = f"where {percent(100 * asked)} is asked on average"
    if telling.sum() > 1:
        return f"{at}, {kind} {size} cover least: {covered} of {of}, {where}"
    if labelled[least] < total:
        return f"{at}, {kind} {size}, {of} of {total:,}, cover {covered}, {where}"
    return f"{at}, {kind} are all {size}: they cover {covered} of {of}, {where}"


def growth_title(grows: Mapping[str, float]) -> str:
    """How often sets grow at all with more computation; percents.

    >>> growth_title({"the baseline": 61.25, "PA": 0.0})
    'More computation makes the set larger than at some earlier exit for 61.2% (the baseline), none (PA)'
    """
    parts = [f"{percent(share) if share else 'none'} ({named})" for named, share in grows.items()]
    return f"More computation makes the set larger than at some earlier exit for {', '.join(parts)}"


def consistency_title(consistency: np.ndarray, exit_names: Sequence[str]) -> str:
    """How much of the last set every earlier one held too.

    >>> consistency_title(np.array([1.0, 0.912]), ["1", "2"])
    'At exit 2, 91.2% of a set was in every set before'
    """
    if not np.isfinite(consistency[-1]):
        return f"At exit {exit_names[-1]} every set is empty"
    return f"At exit {exit_names[-1]}, {percent(100 * consistency[-1])} of a set was in every set before"
