"""Product anytime (PA): a weighted product over the exits so far of positive parts of logits. Imports torch only."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from analysis.predictors.activations import bound_logits, log_activation, threshold_of
from analysis.predictors.prediction import Prediction, with_fallback
from analysis.predictors.weights import exit_weights


def weigh(log_factors: Float[Tensor, "exits samples classes"], weights: tuple[float, ...]) -> Tensor:
    """w_m * log a_m in place, with 0 * -inf = 0, since 0^0 = 1: an exit of weight 0 changes nothing."""
    for factors, weight in zip(log_factors, weights):
        if weight == 0:
            factors.zero_()
        elif weight != 1:
            factors.mul_(weight)
    return log_factors


def product_anytime(
    logits: Float[Tensor, "exits samples classes"],
    *,
    weights: str | Sequence[float] = "linear",
    activation: str = "relu",
    threshold: float | None = None,
    threshold_mode: str = "clamp",
    relative_threshold: float | None = None,
    cap: float | None = None,
    temperature: float = 1.0,
    fallback: str = "softmax",
) -> Prediction:
    """p_m(c) proportional to prod_{i<=m} a_i(c)^(w_i / T), evaluated as a running sum of logarithms.

    Parameters
    ----------
    logits : float64; -inf is a class of probability 0
    weights : 'linear' (w_m = m/L), 'uniform' (1) or one number per exit
    activation : a: 'relu' (max(f, 0)), 'softplus' (log(1 + exp(f))) or 'heaviside' (1[f > 0])
    threshold, threshold_mode, relative_threshold, cap : act on the logits before the activation; see `bound_logits`
    temperature : T > 0, applied after the product; not to the fallback
    fallback : what a sample shows from the exit on at which no class is left; see `with_fallback`

    Notes
    -----
    Jazbec et al. 2023, arXiv 2306.02652. Their code multiplies in float32 instead of adding logarithms, which overflows
    to NaN with 40 exits of weight 1 and logits near 15; elsewhere the probabilities agree to 2e-5.
    """
    bound = threshold_of(logits, threshold, relative_threshold)
    log_factors = log_activation(bound_logits(logits, bound, threshold_mode, cap), activation)
    scores = weigh(log_factors, exit_weights(weights, len(logits))).cumsum(0)
    if temperature != 1:
        scores /= temperature
    return with_fallback(scores, logits, fallback)
