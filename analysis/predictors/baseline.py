"""The baseline: each exit's own softmax. Imports torch only."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from analysis.predictors.activations import log_activation
from analysis.predictors.prediction import Prediction, with_fallback


def baseline(
    logits: Float[Tensor, "exits samples classes"],
    *,
    temperature: float = 1.0,
    activation: str = "softmax",
    fallback: str = "softmax",
) -> Prediction:
    """p_m = softmax(f_m / T), or with another activation a(f_m) / sum a(f_m).

    Parameters
    ----------
    logits : float64; -inf is a class of probability 0
    temperature : T > 0; 'relu' and 'heaviside' do not depend on it
    activation : 'softmax', 'relu' (max(f, 0)) or 'heaviside' (1[f > 0])
    fallback : what an exit shows when 'relu' or 'heaviside' leave no class, each exit by itself; see `with_fallback`

    Notes
    -----
    Temperature: Guo et al. 2017, arXiv 1706.04599. Activations: the ablation of Jazbec et al. 2023, arXiv 2306.02652.
    """
    scores = logits / temperature if activation == "softmax" else log_activation(logits, activation)
    return with_fallback(scores, logits, fallback)
