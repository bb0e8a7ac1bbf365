"""A stopping rule fitted on a clean run and measured on corrupted ones: what was promised beside what holds.

Which runs are corruptions of which is read from their provenance, as `evaluate --corrupt` writes it. May import runs,
results, metrics and statistics.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from analysis.metrics.accuracy_drops import Drops, accuracy_drops
from analysis.results.policies import PolicyResults, policy_of
from analysis.run import Run
from analysis.statistics.binomial import clopper_pearson_interval
from analysis.storage import RunEntry

OUTSIDE, NORMAL = 0.05, 1.959964
"""How likely the truth lies outside an interval; how many standard errors of a mean that is on either side."""
OF_ONES = ("consistency", "accuracy-gap")
"""Losses that are 0 or 1, so that their mean is a share."""


def corruption_of(provenance: Mapping[str, object]) -> tuple[str, int] | None:
    """Kind and severity of the corruption that a run was evaluated under; None for a clean one.

    >>> corruption_of({"corruption": {"kind": "fog", "severity": 3}}), corruption_of({"corruption": "fog"})
    (('fog', 3), None)
    """
    told = provenance.get("corruption")
    kind, severity = (told.get("kind"), told.get("severity")) if isinstance(told, Mapping) else (None, None)
    whole = isinstance(severity, int) and not isinstance(severity, bool)
    return (kind, severity) if isinstance(kind, str) and kind and whole and 0 < severity < 100 else None


def _checkpoint(provenance: Mapping[str, object]) -> object:
    told = provenance.get("checkpoint")
    return told.get("sha256") if isinstance(told, Mapping) else None


def of_one_network(one: RunEntry, other: RunEntry) -> bool:
    """Whether two runs may be of one network: as many exits and classes, the same model, and no other checkpoint.

    A run that was trained here names no checkpoint; then the model's name decides. A checkpoint may be the weights that
    the other run holds.
    """
    if one.shape[::2] != other.shape[::2] or one.model != other.model:
        return False
    checkpoints = _checkpoint(one.provenance), _checkpoint(other.provenance)
    return None in checkpoints or bool({checkpoints[0], one.weights} & {checkpoints[1], other.weights} - {None})


def corruptions_of(clean: RunEntry, entries: Iterable[RunEntry]) -> dict[str, dict[int, RunEntry]]:
    """Kind -> severity -> the sound run of it, of the clean run's network; of several alike the newest."""
    found: dict[str, dict[int, RunEntry]] = {}
    for entry in sorted(entries, key=lambda entry: entry.mtime_ns):
        corruption = corruption_of(entry.provenance)
        if corruption is not None and entry.error is None and of_one_network(clean, entry):
            found.setdefault(corruption[0], {})[corruption[1]] = entry
    return {kind: dict(sorted(found[kind].items())) for kind in sorted(found)}


def clean_of(shifted: RunEntry, entries: Iterable[RunEntry]) -> RunEntry | None:
    """The sound run without corruption of a corrupted run's network; of several one that names its checkpoint, then
    the newest."""
    alike = [
        entry
        for entry in entries
        if entry.error is None and corruption_of(entry.provenance) is None and of_one_network(shifted, entry)
    ]
    return max(alike, key=lambda e: (_checkpoint(e.provenance) is not None, e.mtime_ns), default=None)


@dataclass(frozen=True)
class ShiftPoint:
    """One run under the rule that a clean run's calibration samples fitted. Shares are fractions of 1.

    Attributes
    ----------
    run : its id
    severity : of its corruption; 0 for the clean one
    samples : how many are measured
    promised, realised : the risk under `risk`, in the loss's own unit; else the accuracy
    certified : whether the rule guarantees what was promised, for samples like those fitted on
    low, high : 95 % interval of `realised`: Clopper-Pearson's where it is a share, else the normal one of a mean
    accuracy, too_early, too_late, mean_exit : as of `PolicyResults`; exits from 1
    drops : of accuracy and of the last exit's confidence in windows of samples, against the samples fitted on
    fitted_on : provenance of the rule
    fitted_on_test : whether a sample that is measured was fitted on
    """

    run: str
    severity: int
    samples: int
    promised: float
    realised: float
    certified: bool
    low: float
    high: float
    accuracy: float
    too_early: float
    too_late: float
    mean_exit: float
    drops: Drops
    fitted_on: Mapping[str, object]
    fitted_on_test: bool


def shift_point(
    run: Run,
    clean: Run,
    severity: int,
    policy: str,
    settings: Mapping[str, object],
    predictor: str = "baseline",
    predictor_settings: Mapping[str, object] | None = None,
    split: str = "test",
    cost_unit: str | None = None,
) -> ShiftPoint:
    """A rule fitted on a clean run's calibration samples, measured on this run; on the clean one itself too.

    Raises
    ------
    ValueError
        As `analysis.results.policies.policy_of`: the clean run has no calibration split, or is of another network.
    """
    fitted_on = None if run is clean else clean
    found = policy_of(
        run, policy, settings, predictor, predictor_settings, split, fitted_on=fitted_on, cost_unit=cost_unit
    )
    return _point(found, severity)


def _point(found: PolicyResults, severity: int) -> ShiftPoint:
    measured, clean = found.measured.labelled.traces, found.fitted.labelled.traces
    if found.risk_fit is None:
        low, high = _of_share(found.realised, measured.n_samples)
    elif found.settings["loss"] in OF_ONES:
        low, high = _of_share(found.realised, len(found.losses))
    else:
        low, high = _of_mean(found.losses)

    def mean(values) -> float:
        return float(values.mean()) if len(values) else float("nan")

    return ShiftPoint(
        found.measured.run.id,
        severity,
        found.measured.n_samples,
        float(found.promised),
        float(found.realised),
        found.risk_fit is not None and bool(found.risk_fit.certified),
        low,
        high,
        float(found.accuracy),
        mean(found.too_early),
        mean(found.too_late),
        float(found.mean_exit),
        accuracy_drops(clean.correct[-1], clean.max_prob[-1], measured.correct[-1], measured.max_prob[-1]),
        found.fitted_on,
        found.fitted_on_test,
    )


def _of_share(share: float, trials: int) -> tuple[float, float]:
    return clopper_pearson_interval(round(share * trials), trials, OUTSIDE) if trials else (float("nan"),) * 2


def _of_mean(losses: np.ndarray) -> tuple[float, float]:
    """NaN with fewer than two losses."""
    if len(losses) < 2:
        return float("nan"), float("nan")
    half = NORMAL * float(losses.std(ddof=1)) / math.sqrt(len(losses))
    return max(float(losses.mean()) - half, 0.0), float(losses.mean()) + half
