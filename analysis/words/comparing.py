"""What is said of runs and predictors side by side: what each is called, and which is better by how much."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence

from analysis.reference.outside_text import distinct
from analysis.words.formats import interval_words, percent, points, signed

SHORT = 16
"""Characters of a run's name that is not cut any further."""


def entry_names(
    runs: Sequence[str], titles: Sequence[str], predictors: Sequence[str], settings: Sequence[str]
) -> tuple[str, ...]:
    """What entries are called beside each other: what differs between them, and no more.

    Parameters
    ----------
    runs, titles, predictors, settings : one per entry
        The run's id and title, the predictor's label, the settings that differ from its defaults.

    Examples
    --------
    >>> entry_names(["a", "a"], ["My run", "My run"], ["Baseline", "PA"], ["", ""])
    ('Baseline', 'PA')
    >>> titles = ["MSDNet on CIFAR-10, 18 epochs, seed 0", "MSDNet on CIFAR-10, 18 epochs, seed 1"]
    >>> entry_names(["a", "b"], titles, ["PA", "PA"], ["", ""])
    ('seed 0', 'seed 1')
    >>> entry_names(["a", "b"], ["MSDNet on CIFAR-100, fast", "IMTA stage 1 on CIFAR-100, fast"], ["PA"] * 2, [""] * 2)
    ('MSDNet', 'IMTA stage 1')
    >>> entry_names(["a", "b"], ["My own network, try 2", "My own network, try 10"], ["PA"] * 2, [""] * 2)
    ('try 2', 'try 10')
    >>> entry_names(["a", "a"], ["My run", "My run"], ["PA", "PA"], ["", "weights=uniform"])
    ('PA', 'PA weights=uniform')
    """
    short = _apart(dict(zip(runs, titles)))
    one_run = len(short) == 1
    one_predictor = len(set(zip(predictors, settings))) == 1
    names = []
    for run, predictor, setting in zip(runs, predictors, settings):
        own = f"{predictor} {setting}".strip()
        names.append(own if one_run else short[run] if one_predictor else f"{own}, {short[run]}")
    return distinct(names, lambda place: str(place + 1))


def _apart(titles: dict[str, str]) -> dict[str, str]:
    """Run -> what tells its title from the others: as few of its parts, between commas, as do that for all of them.

    Of longer ones the words that all begin or end with go too. Runs of one title are told by their ids.
    """
    if len(titles) == 1:
        return titles
    for places in ((0,), (-1,), (0, -1), (0, 1), (0, 1, -1), slice(None)):
        short = {run: _parts(title.split(", "), places) for run, title in titles.items()}
        if len(set(short.values())) == len(short):
            return _without_shared_words(short)
    return {run: run for run in titles}


def _parts(parts: Sequence[str], places: tuple[int, ...] | slice) -> str:
    if isinstance(places, tuple):
        chosen = dict.fromkeys(place % len(parts) for place in places if place < len(parts))
        parts = [parts[place] for place in chosen]
    return ", ".join(parts[places] if isinstance(places, slice) else parts)


def _without_shared_words(texts: dict[str, str]) -> dict[str, str]:
    if max(map(len, texts.values())) <= SHORT:
        return texts
    words = {run: text.split() for run, text in texts.items()}
    first = _shared_words(list(words.values()))
    last = _shared_words([own[::-1] for own in words.values()])
    if first and any("".join(own[first : len(own) - last]).isdigit() for own in words.values()):
        first -= 1  # the number of something: of what stands before it
    for begin, end in ((first, last), (0, last), (first, 0)):
        short = {run: " ".join(own[begin : len(own) - end]) for run, own in words.items()}
        if all(short.values()) and len(set(short.values())) == len(short):
            return short
    return texts


def _shared_words(texts: Sequence[Sequence[str]]) -> int:
    shortest = min(map(len, texts))
    return next((n for n in range(shortest) if len({text[n] for text in texts}) > 1), shortest)


def named_within(name: str) -> str:
    """An entry's name within a sentence, where the baseline is a word.

    Examples
    --------
    >>> named_within("Baseline, seed 0"), named_within("PA")
    ('the baseline, seed 0', 'PA')
    """
    return f"the b{name[1:]}" if re.match(r"Baseline\b", name) else name


def accuracy_finding(names: Sequence[str], last: Sequence[float], unsure: Collection[int] = ()) -> str:
    """Which is right most often at its last exit, and by how much more than the next; fractions.

    Parameters
    ----------
    unsure : places of those that are right less often than the best, which may be chance.

    Examples
    --------
    >>> accuracy_finding(["Baseline", "PA"], [0.7079, 0.7351])
    'At its last exit PA is right most often: 73.5%, 2.72 points more than the baseline'
    >>> accuracy_finding(["Baseline", "PA", "CA"], [0.5, 0.5, 0.25])
    'At their last exits the baseline and PA are right most often: 50.0% each, 25.0 points more than CA'
    >>> accuracy_finding(["Baseline", "PA"], [0.9242, 0.9261], [0])
    'At its last exit PA is right most often: 92.6%, 0.19 points more than the baseline, no clear difference'
    >>> accuracy_finding(["Baseline", "PA", "CA"], [0.91, 0.9261, 0.9242], [2])
    'At its last exit PA is right most often: 92.6%, 0.19 points more than CA, no clear difference'
    >>> accuracy_finding(["PA, own", "PA", "CA"], [0.91, 0.9261, 0.9242], [0, 2])
    'At its last exit PA is right most often: 92.6%, 0.19 points more than CA, no clear difference to PA, own and CA'
    """
    best = max(last)
    below = [value for value in last if not _level(value, best)]
    who, most = _those_at(names, last, best), percent(100 * best)
    if not below:
        return f"At their last exits {who} are right equally often: {most}"
    more = f"{points(100 * (best - max(below)))} more than {_those_at(names, last, max(below))}"
    if unsure:
        those = _joined([names[place] for place in sorted(unsure)])
        more += ", no clear difference" + ("" if more.endswith(f" than {those}") else f" to {those}")
    if len(last) - len(below) > 1:
        return f"At their last exits {who} are right most often: {most} each, {more}"
    return f"At its last exit {who} is right most often: {most}, {more}"


def falls_finding(names: Sequence[str], percents: Sequence[float], threshold: float) -> str:
    """Under which the fewest samples fall by more than a threshold, and how many where most do.

    Examples
    --------
    >>> falls_finding(["Baseline", "PA"], [68.07, 9.83], 0.01)
    'Fewest samples fall by more than 0.01 under PA, 9.83%; most under the baseline, 68.1%'
    >>> falls_finding(["Baseline", "PA", "Baseline, own"], [88.0, 9.83, 88.0], 0.01)
    'Fewest samples fall by more than 0.01 under PA, 9.83%; most under the baseline and the baseline, own, 88.0%'
    """
    least, most = min(percents), max(percents)
    if _level(least, most):
        return f"Under all of them {percent(least)} of samples fall by more than {threshold:g}"
    few, many = (_those_at(names, percents, value) for value in (least, most))
    return (
        f"Fewest samples fall by more than {threshold:g} under {few}, {percent(least)}; most under {many}, "
        f"{percent(most)}"
    )


def _level(one: float, other: float) -> bool:
    """Whether two are the same but for the rounding of a mean over seeds."""
    return math.isclose(one, other, rel_tol=1e-9)


def _those_at(names: Sequence[str], values: Sequence[float], value: float) -> str:
    """All whose value it is, by name; of more than three how many there are.

    >>> _those_at(["Baseline", "PA", "CA"], [1, 2, 1], 1), _those_at(["a", "b", "c", "d"], [0, 0, 0, 0], 0)
    ('the baseline and CA', '4 of them')
    """
    return _joined([name for name, own in zip(names, values) if _level(own, value)])


def _joined(names: Sequence[str]) -> str:
    found = [named_within(name) for name in names]
    if len(found) > 3:
        return f"{len(found)} of them"
    return " and ".join(filter(None, (", ".join(found[:-1]), found[-1])))


def difference_finding(
    a: str, b: str, difference: float, low: float, high: float, p_holm: float, where: str = "the last exit"
) -> str:
    """How much more often the second is right than the first at an exit, and how sure that is.

    Examples
    --------
    >>> difference_finding("Baseline", "PA", 0.0272, 0.0222, 0.0322, 1e-20)
    'PA is right more often than the baseline at the last exit: by 2.72 points (95% interval 2.22 to 3.22)'
    >>> difference_finding("CA", "PA", -0.001, -0.004, 0.002, 0.6)
    'At the last exit PA and CA cannot be told apart: −0.10 points (95% interval −0.40 to +0.20), adjusted p = 0.6'
    """
    a, b, at = named_within(a), named_within(b), f"at {where}"
    if p_holm >= 0.05:
        ends = f"{signed(100 * low)} to {signed(100 * high)}"
        return (
            f"{at.capitalize()} {b} and {a} cannot be told apart: {signed(100 * difference)} points "
            f"(95% interval {ends}), adjusted p = {p_holm:.2g}"
        )
    more, sign = ("more", 1) if difference > 0 else ("less", -1)
    ends = sorted((sign * 100 * low, sign * 100 * high))
    b = f"T{b[1:]}" if b.startswith("the b") else b
    return (
        f"{b} is right {more} often than {a} {at}: by {points(100 * difference, exact=True)} "
        f"(95% interval {interval_words(*ends)})"
    )


def last_exit_words(exit: int, exits: tuple[int, int]) -> str:
    """What the last exit that two networks have is called; `exits` are how many each has.

    Examples
    --------
    >>> last_exit_words(7, (7, 7)), last_exit_words(4, (7, 4))
    ('the last exit', 'exit 4, the last that both have,')
    """
    return "the last exit" if exits == (exit, exit) else f"exit {exit}, the last that both have,"


def hidden_exits(shown: int, exits: int) -> str:
    """What is not in a table of exits that differ.

    Examples
    --------
    >>> hidden_exits(2, 7), hidden_exits(0, 7), hidden_exits(7, 7)
    ('5 of 7 exits, where the two do not differ (adjusted p 0.05 or more), are hidden.', 'The two differ at no exit \
(adjusted p 0.05 or more).', '')
    """
    if shown == exits:
        return ""
    if not shown:
        return "The two differ at no exit (adjusted p 0.05 or more)."
    return f"{exits - shown} of {exits} exits, where the two do not differ (adjusted p 0.05 or more), are hidden."


def collapsed_name(names: Sequence[str]) -> str:
    """What entries that differ in their seed alone are called together.

    Examples
    --------
    >>> collapsed_name(["PA, seed 0", "PA, seed 1"]), collapsed_name(["seed 0", "seed 1", "seed 2"])
    ('PA, 2 seeds', '3 seeds')
    """
    parts = [name.split(", ") for name in names]
    shared = ", ".join(part for part in parts[0] if all(part in other for other in parts[1:]))
    return f"{shared}, {len(names)} seeds" if shared else f"{len(names)} seeds"
