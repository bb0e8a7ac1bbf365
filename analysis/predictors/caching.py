"""Caching anytime (CA): the answer of the most confident exit so far. Imports torch only."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from analysis.predictors.prediction import Prediction, log_normalise, no_collapse


def caching_anytime(logits: Float[Tensor, "exits samples classes"]) -> Prediction:
    """The softmax of the exit with the highest max-probability so far; of equals, the later.

    Parameters
    ----------
    logits : float64; -inf is a class of probability 0

    Notes
    -----
    Jazbec et al. 2023, arXiv 2306.02652. Confidences are compared in float32, as their code does: two that saturate
    at 1 tie. So the max-probability is the running maximum of the baseline's in float32; in float64 it may fall by
    less than 6e-8.
    """
    log_probs = log_normalise(logits)
    confidence = log_probs.amax(-1).exp().float()  # (exits, samples)
    samples = torch.arange(logits.shape[1], device=logits.device)
    chosen = torch.zeros_like(confidence, dtype=torch.long)
    for m in range(1, len(logits)):
        chosen[m] = torch.where(confidence[m] >= confidence[chosen[m - 1], samples], m, chosen[m - 1])
    shown = log_probs[chosen, samples]
    return Prediction(shown, no_collapse(shown))
