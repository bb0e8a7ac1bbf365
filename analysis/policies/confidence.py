"""Stop at the first exit that is sure enough: one threshold on one score. Needs only NumPy."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.policies.answers import Answers
from analysis.policies.rule import Fit, Rule, same_threshold


def fit(answers: Answers, settings: Mapping[str, object]) -> Fit:
    """The rule of a threshold that is given: score > lambda, for patience counter >= lambda. Nothing is fitted."""
    thresholds = same_threshold(settings["lambda"], answers.n_exits)
    measure = settings["measure"]
    return Fit(Rule("confidence", settings, measure, thresholds, reaches=measure == "patience"))
