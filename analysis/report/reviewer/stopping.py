"""Accuracy over compute in a report: everyone at one exit, and each sample by a stopping rule, under both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import plotly.graph_objects as go

from analysis.figures.compute_curve import Curve, RuleCurve, compute_curve_figure
from analysis.policies import POLICIES, resolve_policy
from analysis.report.reviewer.subject import Subject
from analysis.results import PolicyResults, Results, apply_policy
from analysis.results.policies import MEASURED_UNITS
from analysis.results.policy_curves import Gain, StopCurve, gain_of, policy_curve
from analysis.settings import number_text
from analysis.words import formats
from analysis.words.deciding import budgets, stopping

RULES: dict[str, dict[str, object]] = {"confidence": {"lambda": 0.8}, "budgeted": {}}
"""The rules that are drawn, and what their tables leave to be set: one that nothing is fitted for, one that is."""
SPOKEN_OF = "confidence"
"""The rule that the title speaks of, at the threshold that the budget allows."""


@dataclass(frozen=True, eq=False)
class Stopping:
    """Both predictors over the samples that nothing was fitted on.

    Attributes
    ----------
    costs : of the exits, in the subject's unit; their numbers where it knows none
    measured : results by state of the switch
    """

    subject: Subject
    costs: tuple[float, ...]
    measured: dict[str, Results]

    @property
    def answering(self) -> int:
        """The exit, from 0, whose cost is the budget that is spoken of: the middle one."""
        return (len(self.costs) - 1) // 2

    @property
    def policies(self) -> list[str]:
        """The rules that are drawn."""
        return [policy for policy in RULES if not self.why_not(policy)]

    def why_not(self, policy: str) -> str:
        """Why a rule is not drawn; empty where it is."""
        if not POLICIES[policy].fits:
            return ""
        if self.subject.choice is None:
            return self.subject.why_unfitted
        labelled = (self.subject.choice.fitted_run.labels[self.subject.choice.fitted] >= 0).any()
        needs = POLICIES[policy].needs_labels(resolve_policy(policy, RULES[policy]))
        return "none of the samples to fit on has a label" if needs and not labelled else ""

    def applied(self, policy: str, state: str, **settings: object) -> PolicyResults:
        """A rule under what a state shows."""
        subject, fits = self.subject, POLICIES[policy].fits
        return apply_policy(
            policy,
            RULES[policy] | settings,
            self.measured[state],
            subject.fitted[state == "on"] if fits else None,
            split=subject.split,
            fitted_on=subject.choice.provenance if fits else None,
            fitted_on_test=fits and subject.choice.on_test,
            cost_unit=subject.unit,
        )

    @cached_property
    def curves(self) -> dict[tuple[str, str], StopCurve]:
        """By rule and state."""
        return {
            (policy, state): policy_curve(self.applied(policy, state))
            for policy in self.policies
            for state in self.measured
        }

    @cached_property
    def right(self) -> dict[str, np.ndarray]:
        """By state, who is right by the rule that is spoken of at the dearest threshold within the budget."""
        found = {}
        for state in self.measured:
            curve = self.curves[SPOKEN_OF, state]
            if (place := curve.within(self.costs[self.answering])) is not None:
                right = self.applied(SPOKEN_OF, state, **{curve.setting: curve.values[place]}).right
                found |= {state: right} if len(right) else {}
        return found

    def over_exit(self, state: str) -> Gain | None:
        """What that rule gains over everyone at the exit that costs as much."""
        return gain_of(self.right[state], self.measured[state].right[self.answering])


def stopping_of(subject: Subject) -> Stopping:
    """The samples that are measured, and what their exits cost."""
    known = subject.run.cost(subject.unit)
    costs = tuple(float(m + 1) for m in range(subject.run.n_exits)) if known is None else known[1]
    sides = {"off": subject.before, "on": subject.after}
    if subject.choice is not None:
        places = np.searchsorted(subject.before.positions, subject.choice.measured)
        sides = {state: side.select(places) for state, side in sides.items()}
    return Stopping(subject, costs, sides)


def stopping_figure(stops: Stopping, state: str) -> go.Figure:
    """The curves with the switch in one state."""
    subject, costs, names, at = stops.subject, stops.costs, stops.subject.exit_names, stops.answering
    keys = {"off": ("baseline", "Baseline"), "on": (subject.row.id, subject.label)}
    shown = stops.measured[state].right_percent
    quantity = "accuracy" if subject.difference.has_labels else "share of answers that are final"
    title = budgets.budget_title(keys[state][1], names, at, shown, costs[at], subject.unit, quantity, np.asarray(costs))
    if state in stops.right:
        share = float(stops.right[state].mean())
        title = stopping.title_with_rule(title, _rule_name(SPOKEN_OF), share, stops.over_exit(state))
    beside = []
    if subject.difference.has_labels and subject.unit == "MACs":
        beside = [
            (Curve(key, name, 100 * one.accuracy), one.costs or costs)
            for key, name in keys.values()
            if (one := subject.published.get(key)) is not None
        ]
    return compute_curve_figure(
        costs,
        [Curve(*keys[one], side.right_percent) for one, side in stops.measured.items()],
        rules=[_as_drawn(*keys[one], policy, curve) for (policy, one), curve in stops.curves.items()],
        exit_names=names,
        emphasised=keys[state][0],
        published=beside,
        answer=(costs[at], float(shown[at])),
        unit=subject.unit,
        quantity=f"{quantity}, %",
        title=title,
        subtitle=_subtitle(stops) + (" Open markers: the paper." if beside else ""),
        height=440,
    )


def _rule_name(policy: str) -> str:
    label = POLICIES[policy].label
    return label if label.isupper() else label.lower()


def _as_drawn(key: str, name: str, policy: str, curve: StopCurve) -> RuleCurve:
    return RuleCurve(
        key,
        f"{name}, {_rule_name(policy)}",
        _rule_name(policy),
        policy,
        curve.costs,
        100 * curve.right,
        [repr(value) for value in curve.values],
        [f"{curve.setting} {number_text(value)}" for value in curve.values],
        joined=len(curve.costs) > 1,
        marked=policy == "budgeted",
        chosen=policy == SPOKEN_OF,
    )


def _subtitle(stops: Stopping) -> str:
    measured = formats.counted(stops.measured["off"].judged.n_samples, "sample")
    text = f"Steps: everyone stops at one exit. Lines: each sample stops by a rule, over its mean cost; {measured}."
    if any(POLICIES[policy].fits for policy in stops.policies):
        choice = stops.subject.choice
        fitted = formats.counted(len(choice.fitted), "sample")
        text += f" Thresholds of the budgeted batch are fitted on {fitted}"
        text += ", THE SAME AS MEASURED." if choice.on_test else "."
    return text


def stopping_notes(stops: Stopping) -> tuple[str, ...]:
    """What is left out, what is not drawn and why, how costs were counted."""
    subject, notes = stops.subject, []
    if subject.choice is not None and (left_out := len(subject.before.positions) - len(subject.choice.measured)):
        notes.append(stopping.left_out_words(left_out, subject.choice.named, subject.choice.seed))
    for policy in RULES:
        if why := stops.why_not(policy):
            notes.append(f"{POLICIES[policy].label} is not drawn: {why.removesuffix('.')}.")
    if subject.unit is not None:
        saving = "measured" if subject.unit in MEASURED_UNITS else "simulated"
        notes.append(f"Costs are those of the exits alone, {stopping.SAVINGS[saving]}.")
        if counted := budgets.cost_sentence(subject.run.provenance, subject.unit):
            notes.append(counted)
    return tuple(notes)


def stopping_claim(stops: Stopping) -> str:
    """What the rule gains under the correction within the budget; empty where nothing stops within it."""
    if set(stops.right) < {"off", "on"}:
        return ""
    return stopping.better_rule(
        stopping.cost_words(stops.costs[stops.answering], stops.subject.unit),
        f"stopping by {_rule_name(SPOKEN_OF)}",
        stops.subject.label,
        float(stops.right["on"].mean()),
        (stops.over_exit("on"), stops.subject.exit_names[stops.answering]),
        (gain_of(stops.right["on"], stops.right["off"]), "the baseline"),
    )
