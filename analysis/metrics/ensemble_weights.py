"""Weights of an ensemble of exits that make the labels of calibration samples likeliest. Needs only NumPy."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

GAP = 1e-6
"""Nats: the search ends once no weights can be better by more, in the mean."""
MOST_STEPS = 5000
DIGITS = 4
"""Of the weights: an address holds them, and calibration samples resolve no more."""


def likeliest_shares(probs: Float[np.ndarray, "members samples"]) -> Float64[np.ndarray, " members"]:
    """The shares v >= 0, sum 1, that minimise the mean of -log sum_i v_i probs_i.

    By expectation maximisation, whose every step lowers it: v_i becomes the mean over the samples of
    v_i probs_i / sum_j v_j probs_j. The problem is convex; log max_i mean_n (probs_in / sum_j v_j probs_jn) bounds what
    is left to gain, and ends the search.

    Parameters
    ----------
    probs : of the true class, by each member; samples that no member gives any mass are left out

    Returns
    -------
    numpy.ndarray
        Equal shares where no sample is left.

    Examples
    --------
    >>> likeliest_shares(np.array([[0.9, 0.8, 0.1], [0.2, 0.3, 0.6]])).round(3).tolist()
    [0.66, 0.34]
    """
    probs = np.asarray(probs, np.float64)
    probs = probs[:, probs.any(axis=0)]
    shares = np.full(len(probs), 1 / len(probs))
    if not probs.shape[1]:
        return shares
    for _ in range(MOST_STEPS):
        gain = (probs / (shares @ probs)).mean(axis=1)
        if np.log(gain.max()) <= GAP:
            break
        shares = shares * gain
        shares /= shares.sum()
    return shares


def likeliest_weights(probs: Float[np.ndarray, "exits samples"]) -> tuple[float, ...]:
    """The weights of `exit-ensemble`, L(L+1)/2 of them: at every exit the likeliest shares of the exits so far.

    Parameters
    ----------
    probs : of the true class, by each exit by itself, of labelled calibration samples
    """
    rows = [np.round(likeliest_shares(probs[: m + 1]), DIGITS) for m in range(len(probs))]
    return tuple(float(value) for row in rows for value in row)
