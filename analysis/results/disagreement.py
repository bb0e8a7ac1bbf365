"""The samples on which two answers disagree: one is right, the other wrong, the clearest first. Needs only NumPy.

May import the difference of two results.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64

from analysis.results.differences import Difference

SIDES = ("first", "second")


@dataclass(frozen=True, eq=False)
class Disagreement:
    """Samples that one of two has right and the other wrong at the last exit that both have, the clearest first.

    Attributes
    ----------
    side : `first` or `second`, which of the two is right
    exit : from 1
    ids : text (samples,)
    labels : the true class
    probs : the true class's probability under the first and the second
    answers : the predicted class, -1 for none
    """

    side: str
    exit: int
    ids: np.ndarray
    labels: Int64[np.ndarray, " samples"]
    probs: Float[np.ndarray, "2 samples"]
    answers: Int64[np.ndarray, "2 samples"]


def disagreement(difference: Difference, side: str) -> Disagreement:
    """The samples that one side alone has right, by how much more probable it makes the true class.

    Parameters
    ----------
    difference : Difference
        Of any two results, with labels.
    side : str
        `first`: those that `difference.a` alone has right; `second`: those of `difference.b`.

    Raises
    ------
    ValueError
        No label is known.

    Examples
    --------
    >>> import analysis
    >>> run = analysis.load_run(analysis.find_run("msdnet-cifar100"))
    >>> baseline, pa = (analysis.results_of(run, key) for key in ("baseline", "pa"))
    >>> found = disagreement(analysis.difference_of(baseline, pa), "first")
    >>> len(found.ids), bool((np.diff(found.probs[0] - found.probs[1]) <= 0).all())
    (248, True)
    """
    if not difference.has_labels:
        raise ValueError(f"run {difference.a.run.id} has no labels: who is right is not known")
    last = difference.n_exits - 1
    both = (difference.a, difference.b)
    right = [one.right[last] for one in both]
    own, other = (0, 1) if side == SIDES[0] else (1, 0)
    rows = np.flatnonzero(right[own] & ~right[other])
    probs = np.stack([one.traces.true_class_prob[last, rows].astype(np.float64) for one in both])
    order = np.argsort(-(probs[own] - probs[other]), kind="stable")
    rows = rows[order]
    answers = np.stack([one.traces.predicted[last, rows].astype(np.int64) for one in both])
    labels = difference.a.traces.labels[rows].astype(np.int64)
    return Disagreement(side, last + 1, difference.a.ids[rows], labels, probs[:, order], answers)
