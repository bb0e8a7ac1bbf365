"""Which predictors a run can feed, from what it holds, and why not the others. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.predictors.custom import available_predictors
from analysis.predictors.table import PREDICTORS, Predictor
from analysis.settings import join_or

PROBABILITIES_ONLY = (
    "needs logits, but this run holds probabilities only, "
    "and log p is the logits up to an unknown shift for each sample"
)


def why_unusable(predictor: Predictor, kind: str) -> str | None:
    """Why it cannot be computed on a run of that kind, to be read on from its name; None where it can.

    Parameters
    ----------
    kind : what the run holds, 'logits' or 'probs'
    """
    if kind not in ("logits", "probs"):
        raise ValueError(f"kind is {kind!r}: give logits or probs")
    return PROBABILITIES_ONLY if predictor.needs_logits and kind == "probs" else None


def usable_predictors(kind: str) -> dict[str, Predictor]:
    """Those of `available_predictors` that can be computed on a run of that kind, in the same order."""
    return {key: row for key, row in available_predictors().items() if why_unusable(row, kind) is None}


def first_correction(kind: str) -> str:
    """The correction that stands in where none is chosen, or one that the run cannot feed: the table's first."""
    return next(key for key in usable_predictors(kind) if key != "baseline")


def check_usable(predictor: Predictor, settings: Mapping[str, object], kind: str) -> None:
    """Refuse what cannot be computed on a run of that kind, under these settings.

    Raises
    ------
    ValueError
        Saying why, and what to choose instead.
    """
    if (reason := why_unusable(predictor, kind)) is not None:
        others = [key for key, row in PREDICTORS.items() if key != "baseline" and why_unusable(row, kind) is None]
        raise ValueError(f"{predictor.id} {reason}: choose {join_or(others)}")
    activation = None if predictor.path else settings.get("activation", "softmax")
    if kind == "probs" and activation in ("relu", "heaviside"):
        raise ValueError(f"{predictor.id} with activation={activation} {PROBABILITIES_ONLY}: set activation=softmax")
