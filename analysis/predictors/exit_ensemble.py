"""The exit ensemble: at every exit a weighted mean of the exits so far, with weights of its own. Imports torch only."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from analysis.predictors.baseline import baseline
from analysis.predictors.prediction import Prediction
from analysis.predictors.weights import ensemble_weights


def log_weighted_mean(
    log_probs: Float[Tensor, "exits samples classes"], log_shares: Float[Tensor, "exits _ 1"]
) -> Float[Tensor, "samples classes"]:
    """log sum_i exp(log_shares_i + log_probs_i), exact where every term underflows; -inf where all are."""
    terms = log_probs + log_shares
    highest = terms.amax(0)
    against = torch.where(highest == -torch.inf, 0.0, highest)
    return (terms - against).exp().sum(0).log() + against


def exit_ensemble(
    logits: Float[Tensor, "exits samples classes"],
    *,
    weights: str | Sequence[float] = "equal",
    activation: str = "softmax",
) -> Prediction:
    """p_m = sum_{i<=m} v_mi q_i, where q_i is exit i's own distribution and the v_mi of each exit m sum to 1.

    Parameters
    ----------
    logits : float64; -inf is a class of probability 0
    weights : 'equal' (the mixture `moe`), 'latest' (each exit by itself, the baseline), or L(L+1)/2 numbers: v_11,
        v_21, v_22, v_31, ..., each exit's divided by their sum; `tune` fits them to calibration samples
    activation : of the exits: 'softmax', 'relu' or 'heaviside', as in `baseline`, whose softmax stands in where 'relu'
        or 'heaviside' leave no class

    Notes
    -----
    Inspired by the ensembles of exits of Ghanathe and Wilton 2024, QUTE, arXiv 2404.12599, which add heads to the
    network and average them; here the heads are the exits that there are, and only their weights are fitted. An exit
    counts as collapsed where it has itself no support.
    """
    exits = baseline(logits, activation=activation)
    shares = torch.tensor(ensemble_weights(weights, len(logits)), dtype=logits.dtype, device=logits.device)
    shown = torch.empty_like(exits.log_probs)
    for m, row in enumerate(shares):
        used = row.nonzero()[:, 0]
        shown[m] = log_weighted_mean(exits.log_probs[used], row[used].log()[:, None, None])
    return Prediction(shown, exits.collapsed)
