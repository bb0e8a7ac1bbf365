"""Adaptive PA: a product of positive parts in which each sample has a threshold of its own. Imports torch only."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from analysis.predictors.activations import log_activation
from analysis.predictors.prediction import Prediction, log_normalise, with_fallback
from analysis.predictors.product_anytime import log_product
from analysis.predictors.weights import exit_weights

CLOSE = 1e-12
"""A mass that is short of the setting by less has reached it: sums of probabilities are rounded."""


def own_threshold(logits: Float[Tensor, "*shape classes"], mass: float) -> Float[Tensor, "*shape 1"]:
    """The largest b for which the classes with f >= b hold at least `mass` of the exit's softmax; -inf for all of it.

    >>> own_threshold(torch.tensor([[[2.0, 0.0, 1.0]]], dtype=torch.float64), 0.9).item()  # 0.665 + 0.245 = 0.910
    1.0
    """
    if mass >= 1:
        return torch.full_like(logits[..., :1], -torch.inf)
    ordered = logits.sort(-1, descending=True).values
    held = log_normalise(ordered).exp().cumsum(-1)
    needed = (held < mass - CLOSE).sum(-1, keepdim=True).clamp_max(logits.shape[-1] - 1)
    return ordered.gather(-1, needed)


def adaptive_log_factors(logits: Float[Tensor, "*shape classes"], mass: float) -> Float[Tensor, "*shape classes"]:
    """log a_i(c): of max(f, 0) where a class reaches its sample's threshold, else -inf."""
    return log_activation(torch.where(logits >= own_threshold(logits, mass), logits, 0.0), "relu")


def adaptive_product(
    logits: Float[Tensor, "exits samples classes"],
    *,
    mass: float = 0.99,
    weights: str | Sequence[float] = "linear",
    fallback: str = "softmax",
) -> Prediction:
    """p_m(c) proportional to prod_{i<=m} a_i(c)^w_i, a_i(c) = max(f_i(c), 0) where f_i(c) >= b_i(x), else 0.

    b_i(x) is the largest number for which the classes with f_i(c) >= b_i(x) hold at least `mass` of exit i's softmax:
    a sample of which the exit is sure keeps few classes, one of which it is not keeps many. Equal logits stay or go
    together. With `mass` 1 it is PA.

    Parameters
    ----------
    logits : float64; -inf is a class of probability 0
    mass : from 0 (only the likeliest class, with those that tie) to 1 (all classes)
    weights : 'linear' (w_m = m/L), 'uniform' (1) or one number per exit
    fallback : what a sample shows from the exit on at which no class is left; see `with_fallback`

    Notes
    -----
    Inspired by the variants of Jazbec et al. 2023, arXiv 2306.02652, which set one threshold for all samples; that the
    softmax's mass sets it for each sample and exit is ours.
    """
    scores = log_product(adaptive_log_factors(logits, mass), exit_weights(weights, len(logits)))
    return with_fallback(scores, logits, fallback)
