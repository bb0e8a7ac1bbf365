"""The agreement vote: a mean of the exits so far in which those that agree count more. Imports torch only."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from analysis.predictors.exit_ensemble import log_weighted_mean
from analysis.predictors.prediction import Prediction, log_normalise, no_collapse


def agreement_vote(logits: Float[Tensor, "exits samples classes"], *, power: float = 1.0) -> Prediction:
    """p_m proportional to sum_{i<=m} n_mi^power q_i, q_i = softmax(f_i), n_mi the exits up to m that answer as i does.

    An exit agrees with itself, so n_mi is at least 1; the answer of equally likely classes is the first. With `power` 0
    it is the mixture `moe`, with a large one the mean of the exits that give the commonest answer.

    Parameters
    ----------
    logits : float64; -inf is a class of probability 0
    power : at least 0

    Notes
    -----
    A soft vote weighted by agreement, in the spirit of patience (Zhou et al. 2020, PABEE, arXiv 2006.04152), which
    counts how many exits agree in order to stop; using the counts as weights is ours.
    """
    log_probs = log_normalise(logits)
    answers = logits.argmax(-1)  # (exits, samples)
    shown = torch.empty_like(log_probs)
    for m in range(len(logits)):
        so_far = answers[: m + 1]
        agreeing = (so_far[:, None] == so_far[None]).sum(1).to(logits.dtype)  # (exits so far, samples)
        votes = power * agreeing.log()
        votes = votes - votes.amax(0)
        shown[m] = log_weighted_mean(log_probs[: m + 1], (votes - votes.exp().sum(0).log())[..., None])
    return Prediction(shown, no_collapse(shown))
