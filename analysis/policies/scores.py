"""How sure an exit is: the four scores that a threshold may be set on. Needs only NumPy.

All are float32, as the confidences of traces and of the public code are; higher is surer.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float32, Integer

from analysis.policies.answers import Answers
from analysis.policies.table import MEASURES


def certainty(entropy: Float[np.ndarray, " *shape"], n_classes: int) -> Float32[np.ndarray, " *shape"]:
    """1 - H / ln C: 1 where one class has all the mass, 0 where all have the same; 1 with a single class.

    >>> certainty(np.array([0.0, np.log(4)]), 4).tolist()
    [1.0, 0.0]
    """
    share = np.asarray(entropy, np.float64) / np.log(n_classes) if n_classes > 1 else np.zeros_like(entropy)
    return np.asarray(1 - share, np.float32)


def patience(
    predicted: Integer[np.ndarray, "exits ..."], shown: Bool[np.ndarray, "exits ..."]
) -> Float32[np.ndarray, "exits ..."]:
    """PABEE's counter: 0 at exit 1, one more where the answer is that of the exit before, else 0.

    Zhou et al. 2020 (arXiv 2006.04152). An exit that shows nothing sets it to 0, and no later one agrees with it.

    >>> patience(np.array([3, 3, 3, 1, 1]), np.ones(5, bool)).tolist()
    [0.0, 1.0, 2.0, 0.0, 1.0]
    """
    counter = np.zeros(predicted.shape, np.float32)
    for exit_ in range(1, len(predicted)):
        same = shown[exit_] & shown[exit_ - 1] & (predicted[exit_] == predicted[exit_ - 1])
        counter[exit_] = np.where(same, counter[exit_ - 1] + 1, 0)
    return counter


def scores(measure: str, answers: Answers) -> Float32[np.ndarray, "exits samples"]:
    """The score of every exit for every sample.

    Parameters
    ----------
    measure : one of `MEASURES`
        `max-prob`: the largest probability; `margin`: less the second largest; `entropy`: see `certainty`;
        `patience`: see there. An exit that shows nothing (a collapse with fallback none) scores 0.
    """
    shown = answers.predicted >= 0
    match measure:
        case "max-prob":
            return answers.max_prob
        case "margin":
            return answers.margin
        case "entropy":
            return np.where(shown, certainty(answers.entropy, answers.n_classes), np.float32(0))
        case "patience":
            return patience(answers.predicted, shown)
    raise ValueError(f"measure is {measure!r}: give one of {', '.join(MEASURES)}")


def score_so_far(measure: str, probs: np.ndarray) -> np.ndarray | np.float32:
    """The score at the last of the exits so far, from the probabilities of all of them.

    Parameters
    ----------
    measure : as in `scores`
    probs : of one sample (exits so far, classes), or of several (exits so far, samples, classes); zeros show nothing

    Returns
    -------
    float32; one number, or one per sample

    Examples
    --------
    >>> [float(score_so_far(m, np.array([[0.5, 0.5], [0.25, 0.75]]))) for m in ("max-prob", "margin", "patience")]
    [0.75, 0.5, 0.0]
    """
    probs = np.asarray(probs, np.float64)
    if probs.ndim not in (2, 3) or 0 in (len(probs), probs.shape[-1]):
        raise ValueError(f"probs must be (exits so far, classes) or with samples between, not of shape {probs.shape}")
    last, shown = probs[-1], probs.any(axis=-1)
    match measure:
        case "max-prob":
            score = last.max(axis=-1)
        case "margin":
            top = np.sort(last, axis=-1)[..., -2:]
            score = top[..., -1] - (top[..., 0] if probs.shape[-1] > 1 else 0)
        case "entropy":
            entropy = np.asarray(-(last * np.log(np.where(last > 0, last, 1))).sum(axis=-1))
            score = certainty(entropy, probs.shape[-1])
        case "patience":
            score = patience(probs.argmax(axis=-1), shown)[-1]
        case _:
            raise ValueError(f"measure is {measure!r}: give one of {', '.join(MEASURES)}")
    return np.where(shown[-1], score, 0).astype(np.float32)[()]
