"""The Heaviside product: uniform over the classes that every exit so far has kept. Imports torch only."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from analysis.predictors.activations import threshold_of
from analysis.predictors.prediction import Prediction, with_fallback


def hard_product(
    logits: Float[Tensor, "exits samples classes"],
    *,
    threshold: float = 0.0,
    relative_threshold: float | None = None,
    fallback: str = "softmax",
) -> Prediction:
    """p_m(c) = 1[c in S_m] / |S_m|, S_m = classes with f_i(c) > b at every exit i <= m.

    Parameters
    ----------
    logits : float64; -inf is above no threshold
    threshold : b; a class stays while its logit is strictly above it
    relative_threshold : b as a share of each sample's largest logit at that exit, in place of `threshold`
    fallback : what a sample shows from the exit on at which no class is left; see `with_fallback`

    Notes
    -----
    Jazbec et al. 2023, arXiv 2306.02652: PA with the Heaviside function as activation. The probability of a class
    that is in the last exit's support never falls.
    """
    bound = threshold_of(logits, threshold, relative_threshold)
    dropped = (~(logits > bound)).cumsum(0, dtype=torch.int32) > 0
    scores = torch.zeros_like(logits).masked_fill_(dropped, -torch.inf)
    return with_fallback(scores, logits, fallback)
