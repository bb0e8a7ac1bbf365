"""The mixture: the running mean of the exits' probabilities. Imports torch only."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from analysis.predictors.baseline import baseline
from analysis.predictors.prediction import Prediction

SMALLEST_SUM = 1e-290
"""Below it a sum of probabilities has lost digits to underflow, and its logarithm is taken exit by exit instead."""


def log_running_sum(log_probs: Float[Tensor, "exits samples classes"]) -> Float[Tensor, "exits samples classes"]:
    """log sum_{i<=m} exp(log_probs_i), exact also where every term underflows."""
    sums = log_probs.exp().cumsum(0)
    low = (sums < SMALLEST_SUM).any(0)  # (samples, classes)
    logs = sums.log_()
    if low.any():
        logs[:, low] = torch.logcumsumexp(log_probs[:, low], 0)
    return logs


def mixture(
    logits: Float[Tensor, "exits samples classes"], *, activation: str = "softmax", fallback: str = "softmax"
) -> Prediction:
    """p_m = mean_{i<=m} q_i, where q_i is exit i's own distribution.

    Parameters
    ----------
    logits : float64; -inf is a class of probability 0
    activation : of the exits: 'softmax', 'relu' or 'heaviside', as in `baseline`
    fallback : what an exit without support adds to the mixture, as in `baseline`. 'none' adds nothing: the mean is
        over the exits that had support, and an exit that has none itself shows a row of zeros.

    Notes
    -----
    Called MoE or growing ensemble in Jazbec et al. 2023, arXiv 2306.02652. An exit counts as collapsed where it has
    itself no support, whatever the earlier ones had.
    """
    exits = baseline(logits, activation=activation, fallback=fallback)
    logs = log_running_sum(exits.log_probs)
    if fallback == "none":
        counts = (~exits.collapsed).cumsum(0)[..., None]
        logs = logs - counts.clamp_min(1).to(logs.dtype).log()
        logs[exits.collapsed] = -torch.inf
    else:
        logs -= torch.arange(1, len(logs) + 1, dtype=logs.dtype, device=logs.device).log_()[:, None, None]
    return Prediction(logs, exits.collapsed)
