"""What an attribution explains: one number per image, of one exit's head or of the product up to an exit.

The table needs no torch; the functions take tensors and import it when called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

QUANTITIES: dict[str, tuple[str, ...]] = {"head": ("logit", "prob"), "product": ("prob", "log-prob")}
"""What may be attributed of each: of a head its logit or softmax probability, of the product p or log p."""


@dataclass(frozen=True)
class Target:
    """One class's score at one exit.

    through : `head`, that exit alone; `product`, PA over the exits so far with relu and the weights m/L of the paper
    quantity : one of `QUANTITIES[through]`
    class_index, exit : from 0
    """

    through: str
    quantity: str
    class_index: int
    exit: int

    def __post_init__(self) -> None:
        if self.through not in QUANTITIES:
            raise ValueError(f"through is {self.through!r}: choose head or product")
        if self.quantity not in QUANTITIES[self.through]:
            allowed = " or ".join(QUANTITIES[self.through])
            raise ValueError(f"quantity is {self.quantity!r}: of a {self.through}, choose {allowed}")
        if self.class_index < 0 or self.exit < 0:
            raise ValueError("class and exit count from 0: give numbers that are not negative")


def product_log_probs(logits: Tensor, n_exits: int) -> tuple[Tensor, Tensor]:
    """log p_m and the support, at the last of the exits given, with gradients that are never NaN.

    The predictor `pa` as the paper sets it, by the predictor's own functions. Where every class has left the support
    (a collapse) no class has probability under the product: all are -inf, whatever fallback the predictor shows. Such a
    sample is masked before it is normalised: the gradient of a row of only -inf is NaN.

    Parameters
    ----------
    logits : (m, samples, classes), the exits so far
    n_exits : L, all exits of the network: it scales the weights

    Returns
    -------
    log_probs : (samples, classes), float64, -inf outside the support
    support : bool, (samples, classes)
    """
    import torch

    from analysis.predictors.activations import log_activation
    from analysis.predictors.prediction import log_normalise
    from analysis.predictors.product_anytime import log_product
    from analysis.predictors.weights import exit_weights

    factors = log_activation(logits.double(), "relu")
    scores = log_product(factors, exit_weights("linear", n_exits)[: len(logits)])[-1:]
    support = ~scores.isneginf()
    collapsed = ~support.any(-1, keepdim=True)
    log_probs = log_normalise(scores.masked_fill(collapsed, 0.0)).masked_fill(~support, -torch.inf)
    return log_probs[0], support[0]


def score(logits: Sequence[Tensor], target: Target, n_exits: int) -> Tensor:
    """The number that is attributed, one per image, (samples,).

    Parameters
    ----------
    logits : (samples, classes) of every exit up to the target's
    n_exits : all exits of the network
    """
    import torch

    chosen = target.class_index
    if target.through == "head":
        last = logits[target.exit]
        return last[:, chosen] if target.quantity == "logit" else last.double().softmax(-1)[:, chosen]
    log_probs, _ = product_log_probs(torch.stack(list(logits[: target.exit + 1])), n_exits)
    return log_probs[:, chosen] if target.quantity == "log-prob" else log_probs.exp()[:, chosen]


def removed_at(logits: Tensor, class_index: int) -> int | None:
    """The first exit, from 0, whose logit of a class is not positive, which takes it out of the product for good.

    Parameters
    ----------
    logits : (exits, classes) of one image

    Examples
    --------
    >>> import torch
    >>> removed_at(torch.tensor([[1.0, 2.0], [0.5, -0.1]]), 1)
    1
    """
    out = (logits[:, class_index] <= 0).nonzero()
    return int(out[0]) if len(out) else None
