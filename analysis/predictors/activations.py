"""Activations: a logit, bounded first, into the logarithm of a factor of a product. Imports torch only."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

SOFTPLUS_TAIL = -40.0
"""Below it log(log1p(exp(f))) is f to the last bit of a float64, and log1p(exp(f)) underflows further down."""


def threshold_of(
    logits: Float[Tensor, "*shape classes"], threshold: float | None, relative_threshold: float | None
) -> float | Float[Tensor, "*shape 1"] | None:
    """The threshold b: one number, or each sample's own share of its largest logit at that exit, or None."""
    if relative_threshold is not None:
        return logits.amax(-1, keepdim=True) * relative_threshold
    return threshold


def bound_logits(
    logits: Float[Tensor, "*shape classes"],
    threshold: float | Float[Tensor, "*shape 1"] | None,
    threshold_mode: str,
    cap: float | None,
) -> Float[Tensor, "*shape classes"]:
    """Logits below the threshold raised to it ('clamp') or set to 0 ('zero'), then those above the cap lowered to it.

    -inf stays -inf. A relative threshold may lie above the cap: such a logit ends at the cap.
    """
    bounded = logits
    if threshold is not None:
        floor = torch.as_tensor(
            threshold if threshold_mode == "clamp" else 0.0, dtype=logits.dtype, device=logits.device
        )
        bounded = torch.where(logits < threshold, floor, logits)
        bounded = torch.where(logits == -torch.inf, logits, bounded)
    return bounded if cap is None else bounded.clamp_max(cap)


def log_activation(logits: Float[Tensor, "*shape"], activation: str) -> Float[Tensor, "*shape"]:
    """log a(f) for a = max(f, 0) ('relu'), log(1 + exp(f)) ('softplus') or 1[f > 0] ('heaviside'); -inf where a is 0.

    The gradient of 'relu' is never NaN: logits up to 0 are masked before the logarithm, whose derivative there is
    infinite, by a function that selects 0 for them whatever gradient arrives. A clamp would let it pass at 0 itself.

    >>> log_activation(torch.tensor([-1.0, 0.0, 1.0]), "relu").tolist()
    [-inf, -inf, 0.0]
    >>> log_activation(torch.tensor([-1000.0]), "softplus").tolist()
    [-1000.0]
    """
    if activation == "relu":
        return torch.threshold(logits, 0.0, 0.0).log_()
    if activation == "heaviside":
        return torch.where(logits > 0, 0.0, -torch.inf).to(logits.dtype)
    if activation == "softplus":
        softplus = logits.clamp_min(0) + torch.log1p(torch.exp(-logits.abs()))
        return torch.where(logits < SOFTPLUS_TAIL, logits, softplus.log())
    raise ValueError(f"activation is {activation!r}: give relu, softplus or heaviside")
