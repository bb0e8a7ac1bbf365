"""What the map of trajectories says: its title, its axes, what is near on it. Texts are plain."""

from __future__ import annotations

import numpy as np

from analysis.words.formats import percent


def plane_finding(share: np.ndarray) -> str:
    """How much of the variance two directions hold.

    Parameters
    ----------
    share : float, (2,)
        From 0 to 1.

    Examples
    --------
    >>> plane_finding(np.array([0.71, 0.2])), plane_finding(np.zeros(2))
    ('Two directions hold 91.0% of how trajectories differ', 'All samples take the same way over the exits')
    """
    if not share.any():
        return "All samples take the same way over the exits"
    return f"Two directions hold {percent(100 * min(float(share.sum()), 1.0))} of how trajectories differ"


def plane_axes(share: np.ndarray) -> tuple[str, str]:
    """What stands at the axes."""
    shares = (f", {percent(100 * float(one))} of the variance" if one else "" for one in share)
    first, second = (f"{name} direction{text}" for name, text in zip(("first", "second"), shares))
    return first, second


def neighbours_finding(kept: float, neighbours: int) -> str:
    """How well a map keeps who is near.

    Examples
    --------
    >>> neighbours_finding(0.432, 15)
    'Of the 15 samples with the most similar trajectories, 43.2% are among the 15 nearest on the map'
    """
    if not np.isfinite(kept):
        return "Too few samples to say whether neighbours stay neighbours"
    of = f"Of the {neighbours} samples with the most similar trajectories"
    return f"{of}, {percent(100 * kept)} are among the {neighbours} nearest on the map"


def nearness(labelled: bool) -> str:
    """What it means to be near on the map."""
    whose = "the true class" if labelled else "the final prediction"
    return (
        f"Samples lie near each other when the probability of {whose} and the confidence take the same way over the "
        "exits under the baseline, whatever their images show."
    )
