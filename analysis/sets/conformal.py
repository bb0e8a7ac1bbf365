"""Split conformal sets: classes whose score is at most a quantile of calibration samples' scores. Needs only NumPy.

A set covers a new sample's class with probability 1 - alpha at least, over calibration and test samples that are
exchangeable, whatever the probabilities are worth.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float, Float64, Integer

from analysis.sets.table import SetMethod

Probs = Float64[np.ndarray, "samples classes"]


def raps_scores(probs: Probs, uniform: Float64[np.ndarray, " samples"], settings: Mapping[str, object]) -> Probs:
    """sum_{j<=rank(y)} (p_(j) + lambda 1[j > k_reg]) - U p_(rank(y)) of every class y.

    Angelopoulos et al. 2021 (arXiv 2009.14193). Their public code multiplies the last penalty by U too (`penalty_u`).
    Ranks go by falling probability, equal ones by index; a class of probability 0 has all of the mass before it.

    >>> settings = {"lambda": 0.25, "k_reg": 1, "penalty_u": False}
    >>> raps_scores(np.array([[0.5, 0.25, 0.25]]), np.array([0.5]), settings).tolist()
    [[0.25, 0.875, 1.375]]
    """
    order = np.argsort(-probs, axis=-1, kind="stable")
    ranked = np.take_along_axis(probs, order, axis=-1)
    mass = np.minimum(ranked.cumsum(axis=-1), 1)
    mass[ranked == 0] = 1
    beyond = np.arange(1, probs.shape[1] + 1) - settings["k_reg"]
    last = ranked + settings["lambda"] * (beyond > 0) if settings["penalty_u"] else ranked
    scores = np.empty_like(probs)
    by_rank = mass + settings["lambda"] * np.maximum(beyond, 0) - uniform[:, None] * last
    np.put_along_axis(scores, order, by_rank, axis=-1)
    return scores


def aps_scores(probs: Probs, uniform: Float64[np.ndarray, " samples"], settings: Mapping[str, object]) -> Probs:
    """The same without penalty: sum_{j<=rank(y)} p_(j) - U p_(rank(y)). Romano et al. 2020 (arXiv 2006.02544)."""
    return raps_scores(probs, uniform, {"lambda": 0.0, "k_reg": 0, "penalty_u": False})


def lac_scores(probs: Probs, uniform: Float64[np.ndarray, " samples"], settings: Mapping[str, object]) -> Probs:
    """1 - p(y) of every class, without U. Sadinle et al. 2019 (arXiv 1609.00451)."""
    return 1 - probs


def scores_of(method: SetMethod, probs: Probs, uniform: Float64[np.ndarray, " samples"], settings: Mapping) -> Probs:
    """Every class's score under a conformal method of the table."""
    module, name = method.function.split(":")
    return getattr(importlib.import_module(module), name)(probs, uniform, settings)


def quantile_rank(calibrated: int, alpha: float) -> int | None:
    """Which of the calibration scores, from 1 for the smallest, the quantile is; None where none is large enough.

    That at ceil((n + 1)(1 - alpha)) / n by NumPy's `higher`, which the public code takes: one score above the smallest
    that is valid, but for the largest.

    >>> quantile_rank(1000, 0.05), quantile_rank(39, 0.05), quantile_rank(18, 0.05)
    (952, 39, None)
    """
    valid = math.ceil((calibrated + 1) * (1 - alpha) - 1e-9)  # 20 * 0.95 is not 20
    return min(valid + 1, calibrated) if valid <= calibrated else None


def score_quantile(scores: Float[np.ndarray, " samples"], alpha: float) -> float:
    """The quantile of calibration scores; infinite where there are too few. See `quantile_rank`.

    >>> score_quantile(np.arange(1.0, 40.0), 0.05)
    39.0
    """
    rank = quantile_rank(len(scores), alpha)
    return math.inf if rank is None else float(np.partition(scores, rank - 1)[rank - 1])


def conformal_sets(
    scores: Probs, quantile: float, top: Integer[np.ndarray, " samples"] | None
) -> Bool[np.ndarray, "samples classes"]:
    """Which classes each set holds: those whose score is at most the quantile, and the class `top` where it is given.

    Parameters
    ----------
    top : the likeliest class of each sample, -1 where nothing is shown; None: sets may be empty
    """
    held = scores <= quantile
    if top is not None:
        shown = np.flatnonzero(top >= 0)
        held[shown, top[shown]] = True
    return held
