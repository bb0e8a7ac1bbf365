"""Tuned settings in words. Plain text; takes what `tuning_numbers` and `likelihood_numbers` return."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.settings import number_text
from analysis.words.formats import percent, points


def measured_words(numbers: Mapping) -> str:
    """On which samples the fit is measured."""
    return "on the very samples fitted on" if numbers["fitted_on_test"] else "on the samples left out"


def tuning_finding(numbers: Mapping, label: str) -> str:
    """What the chosen settings are worth where they are measured, beside the defaults."""
    ours, defaults = numbers["measured"], numbers["default"]
    gain = 100 * (ours["expected_accuracy"] - defaults["expected_accuracy"])
    accuracy = (
        f"{percent(100 * ours['expected_accuracy'])} expected accuracy ({'−' if gain < 0 else '+'}{points(gain)})"
    )
    falls = f"{percent(defaults['falling_percent'])} → {percent(ours['falling_percent'])}"
    how = f"falls by more than {number_text(numbers['threshold'])}"
    return f"Tuned {label} {measured_words(numbers)}: {accuracy}, {how}: {falls}"


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
