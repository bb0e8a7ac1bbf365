"""`PolicyResults`: what one policy does on one run under one predictor, every number computed when asked for and kept.

`policy_of` makes it from a run; with the results of both sides at hand `apply_policy` does. Commands, pages and
reports read these. May import results, policies, metrics and statistics.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int64

from analysis.metrics.exit_information import ExitInformation, exit_information
from analysis.policies import find_policy, resolve_policy
from analysis.policies.budgeted import SHARES, rule_for
from analysis.policies.interruption import drawn_places, exits_reached, expected_value, reached_shares
from analysis.policies.risk_control import RiskFit, loss_per_exit
from analysis.policies.rule import Fit, Rule, stopping_exits
from analysis.policies.scores import scores
from analysis.policies.table import LABELLED_LOSSES
from analysis.policies.what_stops import (
    ClassDepths,
    StopGroups,
    class_depths,
    right_where_stopped,
    stop_groups,
    stopped_too_early,
    stopped_too_late,
)
from analysis.results.fitting import SampleChoice, choose_samples, results_at
from analysis.results.results import Results, number
from analysis.run import Run
from analysis.statistics.binomial import clopper_pearson_upper
from analysis.statistics.mean_bounds import hoeffding_bentkus, wsr_below

GAP_DELTA = 0.05
"""Of the bound of the gap by stopping time."""
NOTHING = float("nan")
MEASURED_UNITS = ("ms",)
"""Units that are measured; in every other, savings are simulated from counts."""


def _ltt_below(losses: np.ndarray, limit: float, delta: float) -> bool:
    return hoeffding_bentkus(float(losses.sum() / len(losses)), len(losses), limit) <= delta


BELOW = {"ucb-wsr": wsr_below, "ltt": _ltt_below}
"""Rule of risk control -> its test that a mean is below a limit."""


class BudgetPoint(NamedTuple):
    """One point of the budgeted-batch curve."""

    p: float
    thresholds: tuple[float | None, ...]
    calibration_accuracy: float
    accuracy: float
    cost: float


class Gaps(NamedTuple):
    """By the exit where samples stop, or up to it; (exits,) each, NaN without labelled samples."""

    samples: Int64[np.ndarray, " exits"]
    """All of them, labelled or not."""
    accuracy: Float[np.ndarray, " exits"]
    gap: Float[np.ndarray, " exits"]
    lost: Int64[np.ndarray, " exits"]
    """How many samples that is: wrong where they stop, right at the last exit."""
    gap_bound: Float[np.ndarray, " exits"]
    """One-sided upper Clopper-Pearson bound of the gap at level 1 - `GAP_DELTA`."""


@dataclass(frozen=True, eq=False)
class PolicyResults:
    """One policy on one run: `policy_of` makes it.

    What mentions the true class is over the measured samples whose label is known, everything else over all of them.
    Accuracies and shares are fractions of 1, exits of samples from 0, mean exits from 1; NaN without samples or costs.

    Attributes
    ----------
    policy, settings : an id of `POLICIES`, and its settings, complete
    split : whose samples are measured, less those that were fitted on
    measured : their results
    fitted : of those that were fitted on; None: nothing is fitted
    rule : when a sample stops; None for `interruption`, where the world decides
    risk_fit : what calibration said of every threshold, for `risk`; else None
    fitted_on, fitted_on_test : the provenance, as in `Rule`
    cost_unit, costs : of the measured run; None and None where it knows none
    seed : of shuffles, and of each sample's budget under `interruption`
    """

    policy: str
    settings: Mapping[str, object]
    split: str
    measured: Results
    fitted: Results | None
    rule: Rule | None
    risk_fit: RiskFit | None
    fitted_on: Mapping[str, object] | None
    fitted_on_test: bool
    cost_unit: str | None
    costs: Float[np.ndarray, " exits"] | None
    seed: int

    # --- where each sample stops ---

    @number
    def stops(self) -> Int64[np.ndarray, " samples"]:
        """The exit, from 0, at which each measured sample stops.

        Under `interruption` each sample's budget is drawn from the law by the seed; -1: it ends before exit 1.
        """
        if self.rule is None:
            return exits_reached(drawn_places(self.measured.positions, self.seed), self.reached)
        return stopping_exits(self.rule, scores(self.rule.measure, self.measured.traces))

    @number
    def reached(self) -> Float[np.ndarray, " exits_and_before"]:
        """P(before exit 1) and P(exit m) under the law of `interruption`."""
        law = {key: self.settings[key] for key in ("law", "mean", "budgets")}
        return reached_shares(law.pop("law"), self.costs, **law)

    @property
    def _correct(self) -> Bool[np.ndarray, "exits labelled"]:
        return self.measured.labelled.traces.correct

    @cached_property
    def _labelled_stops(self) -> Int64[np.ndarray, " labelled"]:
        return self.stops[self.measured.traces.labels >= 0]

    # --- how good, how deep, how dear ---

    @cached_property
    def accuracy(self) -> float:
        """Share that is right where it stops."""
        right = right_where_stopped(self._correct, self._labelled_stops)
        return float(right.mean()) if len(right) else NOTHING

    @cached_property
    def right_share(self) -> float:
        """What a curve shows: the accuracy, the expected one under `interruption`; without labels the share of samples
        whose answer where they stop is already the final one."""
        if self.rule is None:
            return expected_value(self.reached, self.measured.right_share, self.settings["prior"])
        return float(self.right.mean()) if len(self.right) else NOTHING

    @number
    def right(self) -> Bool[np.ndarray, " judged"]:
        """Which judged samples are right where they stop; without labels, whose answer there is the final one."""
        return right_where_stopped(self.measured.right, self._judged_stops)

    @cached_property
    def answers(self) -> dict[str, Int64[np.ndarray, " exits"]]:
        """Of the judged samples that stop at each exit, how many are right there, right deeper alone, and neither."""
        right, stops, n_exits = self.measured.right, self._judged_stops, self.measured.n_exits
        good, early = self.right, stopped_too_early(right, stops)
        parts = {"right": good, "right_deeper": early, "wrong_from_here": (stops >= 0) & ~good & ~early}
        return {name: np.bincount(stops[part], minlength=n_exits) for name, part in parts.items()}

    @property
    def _judged_stops(self) -> Int64[np.ndarray, " judged"]:
        return self._labelled_stops if self.measured.has_labels else self.stops

    @number
    def exit_shares(self) -> Float[np.ndarray, " exits"]:
        """Share of the samples that stops at each exit; under `interruption` the law's, not the draw's."""
        if self.rule is None:
            return self.reached[1:]
        return np.bincount(self.stops, minlength=self.measured.n_exits) / self.measured.n_samples

    @cached_property
    def mean_exit(self) -> float:
        """From 1; under `interruption` the law's, of those that are answered."""
        return self._mean(np.arange(1, self.measured.n_exits + 1))

    @cached_property
    def mean_cost(self) -> float:
        """In the cost unit, of the exits alone: what a correction adds is told by its own cost."""
        return NOTHING if self.costs is None else self._mean(self.costs)

    def _mean(self, values: np.ndarray) -> float:
        """Of a value per exit, over the samples."""
        if self.rule is not None:
            return float(values[self.stops].mean())
        answered = self.exit_shares.sum()
        return float((self.exit_shares * values).sum() / answered) if answered > 0 else NOTHING

    @cached_property
    def saved(self) -> float:
        """Share of the last exit's cost that is not spent on average."""
        return NOTHING if self.costs is None else 1 - self.mean_cost / float(self.costs[-1])

    @property
    def saving(self) -> str | None:
        """`measured` where the unit is a latency, `simulated` where costs are counted; None without costs."""
        if self.cost_unit is None:
            return None
        return "measured" if self.cost_unit in MEASURED_UNITS else "simulated"

    @cached_property
    def expected_accuracy(self) -> float:
        """Under `interruption`: sum_m P(m) accuracy_m + P(before exit 1) prior."""
        return expected_value(self.reached, self.measured.accuracy, self.settings["prior"])

    # --- to whom ---

    def _gaps(self, groups: StopGroups, samples: np.ndarray) -> Gaps:
        bounds = [clopper_pearson_upper(int(k), int(n), GAP_DELTA) for k, n in zip(groups.lost, groups.samples)]
        return Gaps(samples, groups.accuracy, groups.gap, groups.lost, np.array(bounds))

    @property
    def _stopped(self) -> Int64[np.ndarray, " exits"]:
        return np.bincount(self.stops[self.stops >= 0], minlength=self.measured.n_exits)

    @number
    def by_exit(self) -> Gaps:
        """Of the samples that stop at each exit: how many, accuracy, and what the last exit would have had right."""
        return self._gaps(stop_groups(self._correct, self._labelled_stops), self._stopped)

    @number
    def up_to_exit(self) -> Gaps:
        """The same of all samples that have stopped by each exit."""
        groups = stop_groups(self._correct, self._labelled_stops, up_to=True)
        return self._gaps(groups, np.cumsum(self._stopped))

    @number
    def too_early(self) -> Bool[np.ndarray, " labelled"]:
        """Which labelled samples are wrong where they stop though a later exit is right."""
        return stopped_too_early(self._correct, self._labelled_stops)

    @number
    def too_late(self) -> Bool[np.ndarray, " labelled"]:
        """Which labelled samples an exit before the one where they stop had right already."""
        return stopped_too_late(self._correct, self._labelled_stops)

    @cached_property
    def information(self) -> ExitInformation:
        """What the exit index reveals of the class, beside shuffled classes."""
        traces, answered = self.measured.labelled.traces, self._labelled_stops >= 0
        return exit_information(
            self._labelled_stops[answered], traces.labels[answered], traces.n_exits, traces.n_classes, self.seed
        )

    @cached_property
    def classes(self) -> ClassDepths:
        """How deep each class goes, and what that is worth."""
        traces = self.measured.labelled.traces
        return class_depths(traces.correct, self._labelled_stops, traces.labels, traces.n_classes, self.costs)

    # --- what was fitted, and what came of it ---

    @cached_property
    def calibration_accuracy(self) -> float:
        """Accuracy of the samples that were fitted on, under the rule; NaN where nothing was fitted."""
        return NOTHING if self.fitted is None else _accuracy_under(self.rule, self.fitted)

    @number
    def losses(self) -> Float[np.ndarray, " samples"]:
        """Under `risk`: what each measured sample loses where it stops, in the loss's own unit; with a loss that needs
        labels, of those whose label is known."""
        loss, measured = self.settings["loss"], self.measured
        labelled = loss in LABELLED_LOSSES
        stops, side = (self._labelled_stops, measured.labelled) if labelled else (self.stops, measured)
        return loss_per_exit(loss, side.traces)[stops, np.arange(len(stops))]

    @cached_property
    def risk(self) -> float:
        """Their mean; NaN without any."""
        return float(self.losses.sum() / len(self.losses)) if len(self.losses) else NOTHING

    @property
    def promised(self) -> float:
        """What the rule guarantees, or else what it reached on the samples that it was fitted on."""
        if self.risk_fit is None:
            return self.calibration_accuracy
        return self.settings["epsilon"] if self.risk_fit.certified else self.risk_fit.risk

    @property
    def realised(self) -> float:
        """The same quantity on the measured samples: the risk under `risk`, else the accuracy."""
        return self.accuracy if self.risk_fit is None else self.risk

    @cached_property
    def points(self) -> tuple[BudgetPoint, ...]:
        """Under `budgeted`: the curve, every p of `analysis.policies.budgeted.SHARES`."""
        return tuple(self._point(p) for p in SHARES)

    def _point(self, p: float) -> BudgetPoint:
        rule = rule_for(self.fitted.traces, self.settings, p)
        stops = stopping_exits(rule, scores(rule.measure, self.measured.traces))
        right = right_where_stopped(self._correct, stops[self.measured.traces.labels >= 0])
        cost = NOTHING if self.costs is None else float(self.costs[stops].mean())
        accuracy = float(right.mean()) if len(right) else NOTHING
        return BudgetPoint(p, rule.thresholds, _accuracy_under(rule, self.fitted), accuracy, cost)


def _accuracy_under(rule: Rule, results: Results) -> float:
    traces = results.labelled.traces
    if not traces.n_samples:
        return NOTHING
    return float(right_where_stopped(traces.correct, stopping_exits(rule, scores(rule.measure, traces))).mean())


def _fit(policy: str, settings: Mapping[str, object], results: Results) -> Fit:
    """The policy's rule, fitted on these samples."""
    row = find_policy(policy)
    if row.needs_labels(settings):
        if not results.has_labels:
            raise ValueError(
                f"policy {policy} is fitted on labels, and run {results.run.id} has none among the samples to fit on: "
                f"choose another loss or policy, or import the run with --labels"
            )
        results = results.labelled
    module, name = row.function.split(":")
    return getattr(importlib.import_module(module), name)(results.traces, settings, *([BELOW] if row.tested else []))


def apply_policy(
    policy: str,
    settings: Mapping[str, object] | None,
    measured: Results,
    fitted: Results | None = None,
    *,
    split: str | None = None,
    fitted_on: Mapping[str, object] | None = None,
    fitted_on_test: bool = False,
    cost_unit: str | None = None,
    seed: int = 0,
) -> PolicyResults:
    """A policy on samples whose results are at hand: what sweeps and pages call again and again.

    Parameters
    ----------
    measured, fitted : of one predictor with the same settings; `fitted` may be None where nothing is fitted
    split : what `measured` is called; its own split unless told
    fitted_on, fitted_on_test : where `fitted` comes from, as `SampleChoice` says

    Raises
    ------
    ValueError
        Settings that do not go together; labels or costs that are missing; an unknown cost unit.
    """
    row, resolved = find_policy(policy), resolve_policy(policy, settings)
    unit, costs = measured.run.cost(cost_unit) or (None, None)
    if row.function is None and costs is None:
        raise ValueError(
            f"policy {policy} needs the exits' costs, and run {measured.run.id} knows none: import it with --costs"
        )
    if row.fits and fitted is None:
        raise ValueError(f"policy {policy} is fitted: give the results of the samples to fit it on")
    fit = Fit(None) if row.function is None else _fit(policy, resolved, fitted if row.fits else measured)
    rule = fit.rule and dataclasses.replace(
        fit.rule,
        predictor=measured.predictor,
        predictor_settings=measured.settings,
        run=measured.run.id,
        fitted_on=fitted_on,
        fitted_on_test=fitted_on_test,
    )
    risk_fit = fit.found if isinstance(fit.found, RiskFit) else None
    costs = None if costs is None else np.asarray(costs, np.float64)
    sides = measured, fitted if row.fits else None
    split = split or measured.split
    return PolicyResults(policy, resolved, split, *sides, rule, risk_fit, fitted_on, fitted_on_test, unit, costs, seed)


def policy_of(
    run: Run,
    policy: str,
    settings: Mapping[str, object] | None = None,
    predictor: str = "baseline",
    predictor_settings: Mapping[str, object] | None = None,
    split: str = "test",
    *,
    calibration: str | None = None,
    seed: int = 0,
    fitted_on: Run | None = None,
    allow_test_fitting: bool = False,
    cost_unit: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> PolicyResults:
    """What a stopping policy does on a run, fitted on samples that are not reported unless that is allowed.

    Parameters
    ----------
    run : Run
    policy, settings
        An id of `analysis.policies.POLICIES`, and what differs from its defaults; values or text.
    predictor, predictor_settings
        Whose probabilities decide, and whose answers are judged.
    split, calibration, seed, fitted_on, allow_test_fitting
        As `analysis.results.fitting.choose_samples`; the seed is that of shuffles too.
    cost_unit
        One of the run's; None for its first.
    progress
        Told after each chunk of traces that is computed how many more samples are done.

    Raises
    ------
    ValueError
        An unknown policy, predictor, setting, split or unit; nothing to fit on or to measure; a run of another network.

    Examples
    --------
    >>> from analysis.storage import find_run, load_run
    >>> run = load_run(find_run("msdnet-cifar100"))
    >>> found = policy_of(run, "confidence", {"lambda": 0.8})
    >>> found.exit_shares.round(2).tolist(), round(found.accuracy, 3), round(found.saved, 2)
    ([0.58, 0.18, 0.1, 0.05, 0.03, 0.02, 0.04], 0.696, 0.67)
    """
    row, resolved = find_policy(policy), resolve_policy(policy, settings)
    if fitted_on is not None and not row.fits:
        raise ValueError(f"nothing of policy {policy} is fitted: leave out --fitted-on")
    run.cost(cost_unit)  # refuses an unknown unit before anything is computed
    choice: SampleChoice = choose_samples(
        run,
        split,
        calibration=calibration,
        seed=seed,
        fitted_on=fitted_on,
        allow_test_fitting=allow_test_fitting,
        fits=row.fits,
    )
    if row.needs_labels(resolved):
        choice = choice.by_label
    measured = results_at(run, predictor, predictor_settings, choice.measured, progress=progress)
    fitted = None
    if row.fits:
        fitted = results_at(choice.fitted_run, predictor, predictor_settings, choice.fitted, progress=progress)
    return apply_policy(
        policy,
        resolved,
        measured,
        fitted,
        split=split,
        fitted_on=choice.provenance,
        fitted_on_test=choice.on_test,
        cost_unit=cost_unit,
        seed=seed,
    )


def sweep(results: PolicyResults, name: str, values: Sequence[object]) -> list[PolicyResults]:
    """The same policy on the same samples under each value of one setting: a curve of accuracy over cost, say."""
    return [
        apply_policy(
            results.policy,
            {**results.settings, name: value},
            results.measured,
            results.fitted,
            split=results.split,
            fitted_on=results.fitted_on,
            fitted_on_test=results.fitted_on_test,
            cost_unit=results.cost_unit,
            seed=results.seed,
        )
        for value in values
    ]
