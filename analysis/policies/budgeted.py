"""Budgeted batch classification (MSDNet): which share of the samples stops at each exit, and the thresholds for it.

Huang et al. 2018 (arXiv 1703.09844). The share of exit k is proportional to p^k; thresholds are set on calibration
data so that these shares stop. The public code does the same, and shuffles and augments its calibration data. Needs
only NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float32, Float64

from analysis.policies.answers import Answers
from analysis.policies.rule import Fit, Rule

SHARES = tuple(i / 20 for i in range(1, 40))
"""The p of the curve."""


def exit_shares(p: float, n_exits: int) -> Float64[np.ndarray, " exits"]:
    """q_k proportional to p^k, k from 1, summing to 1.

    >>> exit_shares(0.5, 2).round(3).tolist()
    [0.667, 0.333]
    """
    powers = np.float64(p) ** np.arange(1, n_exits + 1)
    return powers / powers.sum()


def thresholds_of(
    confidence: Float32[np.ndarray, "exits samples"], shares: Sequence[float] | np.ndarray
) -> tuple[float | None, ...]:
    """Per exit the floor(N q_k)-th highest confidence among the samples that have not stopped; 0 at the last.

    None, nobody stops, where that is the 0th or fewer samples are left. Those that tie with the threshold stop too.

    Parameters
    ----------
    confidence : of the calibration samples, N of them
    shares : q, one per exit

    Examples
    --------
    >>> thresholds_of(np.array([[0.9, 0.5, 0.7, 0.5], [0.8, 0.9, 0.6, 0.7]], np.float32), [0.5, 0.5])
    (0.699999988079071, 0.0)
    """
    n_samples = confidence.shape[1]
    left, thresholds = np.ones(n_samples, bool), []
    for exit_, share in enumerate(shares[:-1]):
        wanted, there = math.floor(n_samples * share), confidence[exit_, left]
        if not 1 <= wanted <= len(there):
            thresholds.append(None)
            continue
        threshold = np.partition(there, len(there) - wanted)[len(there) - wanted]
        thresholds.append(float(threshold))
        left &= confidence[exit_] < threshold
    return (*thresholds, 0.0)


def rule_for(answers: Answers, settings: Mapping[str, object], p: float) -> Rule:
    """The rule of one p, fitted on the confidences of these samples: stop where max-prob >= T_k."""
    thresholds = thresholds_of(answers.max_prob, exit_shares(p, answers.n_exits))
    return Rule("budgeted", {**settings, "p": p}, "max-prob", thresholds, reaches=True)


def fit(answers: Answers, settings: Mapping[str, object]) -> Fit:
    """The rule of the settings' p; `rule_for` gives the others of the curve."""
    return Fit(rule_for(answers, settings, settings["p"]))
