"""Performance control by similar samples: stop where calibration samples as confident as this one were right enough.

Mofakhami et al. 2024, "Performance Control in Early Exiting to Deploy Large Models at the Same Cost of Smaller Ones"
(arXiv 2412.19325). Needs only NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float32

from analysis.policies.answers import Answers
from analysis.policies.rule import ExitBins, Fit, Rule, bin_of


def exit_bins(
    confidence: Float32[np.ndarray, " samples"], correct: Bool[np.ndarray, " samples"], bins: int
) -> ExitBins:
    """Equally filled bins of one exit's confidences, and the accuracy in each.

    Edges are quantiles (linear between two samples); equal ones are merged, so that ties share a bin; on an edge the
    upper bin counts. A bin between two samples is empty, and nobody stops there.

    Examples
    --------
    >>> exit_bins(np.array([0.25, 0.5, 0.75, 1.0], np.float32), np.array([False, True, True, True]), 2)
    ExitBins(edges=(0.25, 0.625, 1.0), accuracy=(0.5, 1.0))
    """
    edges = np.unique(np.quantile(confidence.astype(np.float64), np.linspace(0, 1, bins + 1)))
    count = max(len(edges) - 1, 1)
    index = bin_of(confidence, edges)
    samples, right = np.bincount(index, minlength=count), np.bincount(index, weights=correct, minlength=count)
    accuracy = tuple(float(r / n) if n else None for r, n in zip(right, samples))
    return ExitBins(tuple(edges.tolist()), accuracy)


def fit(answers: Answers, settings: Mapping[str, object]) -> Fit:
    """The bins of every exit but the last, over these samples, all of which have a label."""
    bins = tuple(
        exit_bins(answers.max_prob[exit_], answers.correct[exit_], settings["bins"])
        for exit_ in range(answers.n_exits - 1)
    )
    nobody = (*(None,) * (answers.n_exits - 1), 0.0)
    return Fit(Rule("pcee", settings, "max-prob", nobody, bins=bins, target=settings["target"]))
