"""The stopping rules: with which settings, fitted and measured on which samples."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from analysis.policies import POLICIES, Policy, find_policy, resolve_policy
from analysis.predictors import settings_key
from analysis.results import PolicyResults, Results, apply_policy
from analysis.results.fitting import SampleChoice
from analysis.results.policy_curves import StopCurve, policy_curve
from analysis.run import Run
from analysis.settings import Setting, number_text
from app import cache, state
from app.components.fitting.samples import choose, chosen_way, results_of_some, ways_to_fit
from app.components.setting_widgets import Owner, understood
from app.components.stopping.budget import Axis, written
from app.view import View

LAMBDAS = {"patience": "2"}
"""Where a threshold starts, by its measure; 0.8 for scores up to 1."""
_NEEDED = {"mean": ("law", ("exponential",)), "budgets": ("law", ("list",)), "delta": ("rule", ("ucb-wsr", "ltt"))}
"""Setting -> the setting that it belongs to, and its values."""


@dataclass(frozen=True)
class Rules:
    """What the rules on screen are fitted and measured on, and how they are set.

    Attributes
    ----------
    view, axis, budget : what is on screen
    source : whose samples are fitted on
    fits : the ways to choose these, the one that stands for the default first
    choice : the samples; None where nothing is fitted, or where there are none to fit on
    reason : why there are none
    set : policy -> its settings, as texts
    """

    view: View
    axis: Axis
    budget: float
    source: Run
    fits: tuple[str, ...]
    choice: SampleChoice | None
    reason: str
    set: Mapping[str, Mapping[str, str]]

    @property
    def measured(self) -> np.ndarray:
        """The positions of the samples that every curve is over; with `only`, the selected ones among them."""
        if not self.view.only:
            return self._unfitted
        selected = self.view.run.positions(self.view.split)[self.view.selected.mask]
        return self._unfitted[np.isin(self._unfitted, selected)]

    @property
    def _unfitted(self) -> np.ndarray:
        return self.view.run.positions(self.view.split) if self.choice is None else self.choice.measured

    @property
    def left_out(self) -> int:
        """How many samples of the split are fitted on and therefore not measured."""
        return len(self.view.run.positions(self.view.split)) - len(self._unfitted)

    @property
    def _key(self) -> tuple:
        named = None if self.choice is None else (self.choice.named, self.choice.seed, self.choice.on_test)
        some = self.measured.tobytes() if self.view.only else b""
        return self.view.run.fingerprint, self.view.split, self.source.fingerprint, named, some

    def results(self, predictor: str) -> Results:
        """A predictor's results over the measured samples."""
        return results_of_some(self.view, self.view.run, predictor, self.measured)

    def settings(self, policy: str, predictor: str = "") -> dict[str, object]:
        """A policy's settings, complete; under a predictor, a threshold that nobody typed is the budget's."""
        return self.owner(policy, predictor).values(self.set[policy])

    def owner(self, policy: str, predictor: str = "") -> Owner:
        """The policy as what has settings."""
        start = ""
        if policy == "confidence" and predictor and "lambda" not in self.set[policy]:
            curve = self.curve(policy, predictor)
            start = number_text(curve.values[curve.within(self.budget) or 0])
        return owner_of(find_policy(policy), self.axis, start)

    def why_not(self, policy: str) -> str:
        """Why there is no such rule on these samples; empty where there is."""
        row = find_policy(policy)
        if not len(self.measured):
            return "is fitted on all of the selected samples, so that none is left to measure it on"
        if row.fits and self.choice is None:
            return self.reason
        if policy in needing_costs(self.axis):
            return "needs the exits' costs: import the run with them"
        if row.needs_labels(self.settings(policy)):
            fitted = self.choice.fitted_run.labels[self.choice.fitted]
            return "" if (fitted >= 0).any() else "is fitted on labels, and none of the samples to fit on has one"
        return ""

    def apply(self, policy: str, predictor: str, settings: Mapping[str, object] | None = None) -> PolicyResults:
        """A policy under a predictor; of the settings on screen unless told."""
        settings = self.settings(policy, predictor) if settings is None else dict(settings)
        return cache.numbers(_applied, *self.key_of(policy, predictor, settings), rules=self, policy=policy,
                             predictor=predictor, settings=settings)  # fmt: skip

    def curve(self, policy: str, predictor: str, settings: Mapping[str, object] | None = None) -> StopCurve:
        """What the policy spends and gets right along one of its settings; of the settings on screen unless told."""
        settings = self.settings(policy) if settings is None else dict(settings)
        base = self.apply(policy, predictor, settings)
        return cache.numbers(policy_curve, *self.key_of(policy, predictor, settings), results=base)

    def key_of(self, policy: str, predictor: str, settings: Mapping[str, object] | None = None) -> tuple:
        """What a policy's numbers under a predictor depend on."""
        settings = self.settings(policy, predictor) if settings is None else settings
        of = settings_key(predictor, self.view.settings_of(predictor))
        return *self._key, self.axis.unit, of, policy, tuple(settings.items())


def _applied(rules: Rules, policy: str, predictor: str, settings: Mapping[str, object]) -> PolicyResults:
    choice, row = rules.choice, find_policy(policy)
    fits = row.fits
    if fits and row.needs_labels(settings):
        choice = choice.by_label
    fitted = results_of_some(rules.view, choice.fitted_run, predictor, choice.fitted) if fits else None
    return apply_policy(
        policy,
        settings,
        rules.results(predictor),
        fitted,
        split=rules.view.split,
        fitted_on=choice.provenance if fits else None,
        fitted_on_test=fits and choice.on_test,
        cost_unit=rules.axis.unit,
    )


def rules_spinner() -> AbstractContextManager[None]:
    """Says what is waited for where rules are applied: also the traces of the samples that they are fitted on."""
    return st.spinner("Applying the stopping rules to every sample …")


# --- settings --------------------------------------------------------------------------------------------------------


def owner_of(policy: Policy, axis: Axis, threshold: str = "") -> Owner:
    """The policy as what has settings: those of all policies stand in one text, and no two share a name.

    Parameters
    ----------
    threshold : str
        Where a threshold that nobody typed starts, if not at the measure's own start.
    """
    others = {setting.name for row in POLICIES.values() for setting in row.settings}
    return Owner(
        policy.id,
        policy.settings,
        "policy_set",
        lambda texts: resolve_policy(policy.id, texts),
        lambda texts: _starts(policy, texts, axis) | ({"lambda": threshold} if threshold else {}),
        others - {setting.name for setting in policy.settings},
    )


def _starts(policy: Policy, texts: Mapping[str, str], axis: Axis) -> dict[str, str]:
    """What stands where the table has no default: a threshold, and what a law needs."""
    if policy.id == "confidence":
        return {"lambda": LAMBDAS.get(texts.get("measure", "").strip().lower(), "0.8")}
    if policy.id == "interruption":
        law = texts.get("law", "").strip().lower()
        middle = axis.costs[(len(axis.costs) - 1) // 2]
        return {"exponential": {"mean": f"{middle:.12g}"},
                "list": {"budgets": ",".join(f"{cost:.12g}" for cost in axis.costs)}}.get(law, {})  # fmt: skip
    return {}


def applies(name: str, settings: Mapping[str, object]) -> bool:
    """Whether a setting means anything beside the others."""
    of, values = _NEEDED.get(name, (None, ()))
    return of is None or settings[of] in values


def sliding(setting: Setting, settings: Mapping[str, object]) -> Setting:
    """A setting as its widget has it: a threshold of patience is counted, so that no slider of scores stands below."""
    counted = setting.name == "lambda" and settings["measure"] == "patience"
    return replace(setting, slides=()) if counted else setting


def setting_words(name: str, value: float, axis: Axis) -> str:
    """A setting at a point of a curve, in as many digits as make the same rule when they are typed."""
    return f"{name} {written(value)} {axis.unit}" if name == "mean" else f"{name} {number_text(value)}"


def rule_name(rules: Rules, policy: str) -> str:
    """What a rule is called within a sentence, with the setting that tells it from its like."""
    own, label = rules.settings(policy), lower(POLICIES[policy].label)
    told = {"confidence": "measure", "interruption": "law", "risk": "rule"}.get(policy)
    return f"{label} ({own[told]})" if told else label


def lower(label: str) -> str:
    """A rule's label within a sentence."""
    return label if label.isupper() else label.lower()


def what_of(found: PolicyResults, running: str = "") -> dict[str, object]:
    """What a saved table says of a rule: which, with which settings but the one that runs, fitted on what."""
    own = {name: value for name, value in found.settings.items() if name != running and value not in (None, "none")}
    fitted = found.fitted_on or {}
    return {
        "policy": found.policy,
        "policy_settings": " ".join(f"{name}={value}" for name, value in own.items()),
        "fitted_on": " ".join(str(fitted[name]) for name in ("run", "split") if name in fitted),
        "fitted_on_test": found.fitted_on_test,
    }


# --- samples ---------------------------------------------------------------------------------------------------------


def needing_costs(axis: Axis) -> tuple[str, ...]:
    """The rules that cannot be because the exits' costs are unknown."""
    return () if axis.unit is not None else tuple(key for key, row in POLICIES.items() if row.function is None)


def rules_on_screen(view: View, axis: Axis, budget: float) -> Rules:
    """What the address says of the rules; a note for each thing that cannot be."""
    source = _source(view)
    fits = ways_to_fit(view, source)
    chosen = chosen_way(fits)
    choice, reason = None, ""
    fitted = any(POLICIES[policy].fits for policy in (*state.get("rules"), state.get("policy")))
    if fitted or state.get("below") == "tune":
        try:
            choice = choose(view, chosen, source)
        except ValueError as error:
            reason = f"has no samples to fit on: {error}"
    texts = {row.id: understood(owner_of(row, axis)) for row in POLICIES.values()}
    return Rules(view, axis, budget, source, fits, choice, reason, texts)


def runs_alike(run: Run) -> dict[str, str]:
    """Ids and titles of the other runs of as many exits and classes."""
    return {
        entry.id: entry.title
        for entry in cache.runs()
        if entry.error is None and entry.id != run.id and entry.shape[::2] == (run.n_exits, run.n_classes)
    }


def _source(view: View) -> Run:
    wanted = state.get("fitted_on")
    if not wanted:
        return view.run
    entry = next((one for one in cache.runs() if one.id == wanted and wanted in runs_alike(view.run)), None)
    try:
        if entry is not None:
            return cache.run(entry)
        reason = "is no run of the same exits and classes"
    except ValueError as error:
        reason = f"cannot be opened ({error})"
    state.note(state.fallback_note("fitted_on", wanted, reason))
    state.reset("fitted_on")
    return view.run
