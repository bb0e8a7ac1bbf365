"""The product of softmaxes: the softmax of the running sum or mean of the logits. Imports torch only."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from analysis.predictors.prediction import Prediction, with_fallback


def softmax_product(
    logits: Float[Tensor, "exits samples classes"],
    *,
    combine: str = "sum",
    temperature: float = 1.0,
    fallback: str = "softmax",
) -> Prediction:
    """p_m = softmax(sum_{i<=m} f_i / T), or of their mean.

    Parameters
    ----------
    logits : float64; -inf is a class of probability 0, here and at every later exit
    combine : 'sum', the product of the exits' softmaxes, or 'mean', their geometric mean
    temperature : T > 0, applied after the product; not to the fallback
    fallback : what a sample shows once every class has been -inf at some exit; see `with_fallback`
    """
    scores = logits.cumsum(0)
    if combine == "mean":
        scores /= torch.arange(1, len(logits) + 1, device=logits.device)[:, None, None]
    if temperature != 1:
        scores /= temperature
    return with_fallback(scores, logits, fallback)
