"""What the exit at which a sample stopped tells about its class, beside what chance tells. Needs only NumPy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Integer

SHUFFLES = 200


class ExitInformation(NamedTuple):
    """Mutual information of exit and class divided by the entropy of the exit; NaN where all stop at one exit."""

    information: float
    """In [0, 1]: 0 where the exit tells nothing, 1 where the class tells the exit. Higher reveals more."""
    shuffled_mean: float
    """The mean of the same over shuffled classes: the plug-in estimate is above 0 by chance alone."""
    shuffled_p95: float
    """The 95th percentile of the same, linear between two."""


def _n_log_n(counts: np.ndarray) -> np.ndarray:
    return counts * np.log(np.maximum(counts, 1))


def exit_information(
    stops: Integer[np.ndarray, " samples"],
    labels: Integer[np.ndarray, " samples"],
    n_exits: int,
    n_classes: int,
    seed: int = 0,
    shuffles: int = SHUFFLES,
) -> ExitInformation:
    """The plug-in mutual information (nats) of exit and true class over the entropy of the exit.

    Parameters
    ----------
    stops : the exit, from 0, of each sample
    labels : the class of each sample
    seed : of the shuffles
    shuffles : how often the classes are shuffled

    Returns
    -------
    ExitInformation
        All NaN without samples, or where the entropy of the exit is 0.

    Examples
    --------
    >>> exit_information(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), 2, 2).information
    1.0
    """
    n, nothing = len(stops), ExitInformation(float("nan"), float("nan"), float("nan"))
    if n == 0 or (stops == stops[0]).all():
        return nothing
    terms = _n_log_n(np.arange(n + 1))  # of every count that there can be
    places = stops.astype(np.int64) * n_classes
    by_exit = terms[np.bincount(stops, minlength=n_exits)].sum()
    by_class = terms[np.bincount(labels, minlength=n_classes)].sum()
    entropy = np.log(n) - by_exit / n

    def shared(classes: np.ndarray) -> float:
        joint = terms[np.bincount(places + classes, minlength=n_exits * n_classes)].sum()
        information = np.log(n) + (joint - by_exit - by_class) / n
        return float(min(max(information / entropy, 0.0), 1.0))

    rng, classes = np.random.default_rng(seed), labels.astype(np.int64)
    by_chance = [shared(rng.permutation(classes)) for _ in range(shuffles)]
    return ExitInformation(shared(classes), float(np.mean(by_chance)), float(np.quantile(by_chance, 0.95)))
