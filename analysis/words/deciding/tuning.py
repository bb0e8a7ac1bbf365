"""Tuned settings in words. Plain text; takes what `tuning_numbers` and `likelihood_numbers` return."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from analysis.settings import number_text
from analysis.words.formats import percent, points, small

FLAT = 0.2
"""So far below the accuracy, and further below than under the defaults, a mean confidence is a flattened one."""
GIVEN_UP = 0.01
"""Of expected accuracy, against the defaults: what `cost_sentences` takes for little."""


def measured_words(numbers: Mapping) -> str:
    """On which samples the fit is measured."""
    return "on the very samples fitted on" if numbers["fitted_on_test"] else "on the samples left out"


def flattened(numbers: Mapping) -> bool:
    """Whether the chosen settings leave a confidence at the last exit that is far below the accuracy there.

    >>> default = {"accuracy": [0.73], "confidence": [0.89]}
    >>> flattened({"default": default, "measured": {"accuracy": [0.74], "confidence": [0.1]}})
    True
    >>> flattened({"default": default, "measured": default})
    False
    """
    before, after = (numbers[side] for side in ("default", "measured"))
    return _flat(*((side["accuracy"][-1], side["confidence"][-1]) for side in (after, before)))


def _flat(one: tuple[float, float], default: tuple[float, float]) -> bool:
    """Of accuracies and mean confidences at the last exit."""
    below, before = (accuracy - confidence for accuracy, confidence in (one, default))
    return below >= FLAT and below > before


def tuning_finding(numbers: Mapping, label: str) -> str:
    """What the chosen settings are worth where they are measured, beside the defaults; whether they hold the limit."""
    ours, defaults = numbers["measured"], numbers["default"]
    gain = 100 * (ours["expected_accuracy"] - defaults["expected_accuracy"])
    accuracy = (
        f"{percent(100 * ours['expected_accuracy'])} expected accuracy ({'−' if gain < 0 else '+'}{points(gain)})"
    )
    falls = f"{percent(defaults['falling_percent'])} → {percent(ours['falling_percent'])}"
    how = f"falls by more than {number_text(numbers['threshold'])}"
    said = f"{measured_words(numbers)}: {accuracy}, {how}: {falls}"
    if not numbers["feasible"]:
        return f"No setting of {label} holds the limit on falls; the one under which fewest fall, {said}"
    flat = f", confidence at the last exit {_last(numbers, 'confidence', _share)}" if flattened(numbers) else ""
    return f"Tuned {label} {said}{flat}"


def cost_sentences(numbers: Mapping, told: Sequence[str]) -> list[str]:
    """What the chosen settings cost beside falls, and whether they are to be recommended: not where none holds the
    limit, nor where it is held by flattening.

    Parameters
    ----------
    told : each candidate's settings in words, in their order
    """
    said = []
    if not numbers["feasible"]:
        said.append(_none_holds(numbers))
    elif flattened(numbers):
        first = numbers["candidates"][0]
        how = "These settings flatten the answers" if first["feasible"] else "The limit on falls is held by flattening"
        said.append(
            f"{how}: at the last exit the mean confidence is {_share(numbers['measured']['confidence'][-1])} where "
            f"{_share(numbers['measured']['accuracy'][-1])} are right, so that probabilities have less to fall from."
        )
    said.append(
        f"At the last exit {measured_words(numbers)}, default → chosen settings: mean confidence "
        f"{_last(numbers, 'confidence', _share)}, accuracy {_last(numbers, 'accuracy', _share)}, ECE "
        f"{_last(numbers, 'ece', small)}."
    )
    if not recommended(numbers):
        said += _little_given_up(numbers, told)
    return said


def recommended(numbers: Mapping) -> bool:
    """Whether the chosen settings are what was asked for: they hold the limit, and not by flattening."""
    return numbers["feasible"] and not flattened(numbers)


def _none_holds(numbers: Mapping) -> str:
    limit, tau = number_text(numbers["max_falling"]), number_text(numbers["threshold"])
    fewest = min(row["falling_percent"] for row in numbers["candidates"])
    lost = 100 * (numbers["default"]["expected_accuracy"] - numbers["measured"]["expected_accuracy"])
    cost = f", which costs {points(lost)} of expected accuracy" if lost > 0 else ""
    return (
        f"No setting tried holds the limit: on the samples fitted on at least {percent(fewest)} fall by more than "
        f"{tau}, and {limit}% may. Chosen is only the one under which fewest fall{cost}."
    )


def _little_given_up(numbers: Mapping, told: Sequence[str]) -> list[str]:
    """The candidate that falls least among those about as accurate as the defaults and not flat; if another."""
    rows = numbers["candidates"]
    if rows[0]["feasible"]:
        return ["The defaults hold the limit too."]
    good = [
        place
        for place, row in enumerate(rows)
        if row["expected_accuracy"] >= rows[0]["expected_accuracy"] - GIVEN_UP
        and not _flat(*((one["last_accuracy"], one["confidence"]) for one in (row, rows[0])))
    ]
    best = min(good, key=lambda place: (rows[place]["falling_percent"], -rows[place]["expected_accuracy"]), default=0)
    if rows[best]["chosen"] or rows[best]["falling_percent"] >= rows[0]["falling_percent"]:
        return []
    row = rows[best]
    return [
        f"Giving up at most {100 * GIVEN_UP:g} point of the defaults' expected accuracy, and without flattening, "
        f"fewest fall under {told[best]}: {percent(row['falling_percent'])}, {_share(row['expected_accuracy'])} "
        f"accurate, {_share(row['confidence'])} confident at the last exit, on the samples fitted on."
    ]


def _last(numbers: Mapping, name: str, how: Callable[[float], str]) -> str:
    before, after = (how(numbers[side][name][-1]) for side in ("default", "measured"))
    return f"{before} → {after}"


def _share(value: float) -> str:
    return percent(100 * value)


def likelihood_finding(numbers: Mapping, label: str) -> str:
    """What the fitted setting does to the likelihood at the last exit."""
    before, after = (numbers[side]["nll_on_support"][-1] for side in ("default", "measured"))
    if before is None or after is None:
        return f"{label} was fitted by likelihood; what it is {measured_words(numbers)} is unknown"
    name = numbers["fitted"]
    return (
        f"Fitted {name} of {label}: {before:.3f} → {after:.3f} nats per label at the last exit, "
        f"{measured_words(numbers)}"
    )
