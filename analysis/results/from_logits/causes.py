"""Through which exit's factor a product loses true classes: of a run, as `analysis.results.factors` of one sample.

Reads the logits of the lost samples alone. May import results and runs; calling it imports torch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from analysis.metrics.lost_class import lost_at
from analysis.results.factors import PRODUCTS, factor_evidence
from analysis.results.from_logits.passes import over_logits
from analysis.results.results import Results


@dataclass(frozen=True, eq=False)
class DecidingFactors:
    """The samples whose true class loses the lead for good, and what decides each.

    Attributes
    ----------
    positions : of the samples in the run, rising
    deciding : the exit, from 0, whose factor weighs most against the true class up to where it loses the lead
    n_exits : of the run
    """

    positions: Int64[np.ndarray, " samples"]
    deciding: Int64[np.ndarray, " samples"]
    n_exits: int

    @property
    def counts(self) -> Int64[np.ndarray, " exits"]:
        """How many samples each exit's factor decides."""
        return np.bincount(self.deciding, minlength=self.n_exits)


def deciding_factors(results: Results) -> DecidingFactors | None:
    """Which exit's factor decides each lost sample; None where the predictor is no product of the exits.

    Evidence of exit i is w_i (log a_i(true class) - log a_i(rival)), the rival what is predicted where the true class
    loses the lead for good; the exit with the least decides, of equal ones the first.

    Raises
    ------
    ValueError
        Logits that the predictor refuses.
    """
    if results.predictor not in PRODUCTS or results.run.n_classes < 2:
        return None
    traces, run = results.traces, results.run
    at = lost_at(traces.correct)
    rows = np.flatnonzero(traces.correct.any(axis=0) & (at < traces.n_exits) & (traces.labels >= 0))
    rows = rows[np.argsort(results.positions[rows])]
    positions, labels, until = results.positions[rows], traces.labels[rows], at[rows]
    rivals = traces.predicted[until, rows].astype(np.int64)

    def decided(logits: np.ndarray, here: slice, first: int) -> np.ndarray:
        nothing_shown = rivals[here] < 0
        against = np.where(nothing_shown, _likeliest_other(logits, until[here], labels[here]), rivals[here])
        evidence = factor_evidence(results.predictor, results.settings, logits, labels[here], against, until[here])
        so_far = np.nan_to_num(evidence, nan=0.0, posinf=np.inf, neginf=-np.inf)
        so_far[np.arange(run.n_exits)[:, None] > until[here]] = np.inf
        return so_far.argmin(axis=0)

    found = list(over_logits(run, positions, decided)) if len(positions) else []
    return DecidingFactors(positions, np.concatenate([np.empty(0, np.int64), *found]), run.n_exits)


def _likeliest_other(logits: np.ndarray, until: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The class of the largest logit at an exit but the true one, where a collapsed sample shows nothing."""
    samples = np.arange(len(labels))
    there = logits[until, samples].astype(np.float64)
    there[samples, labels] = -np.inf
    return there.argmax(axis=-1)
