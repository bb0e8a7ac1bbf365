"""The curves of the compute page: what a budget buys for everyone at one exit, and by each rule on average."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.figures.compute_curve import Curve, Others, RuleCurve, compute_curve_figure
from analysis.policies import POLICIES
from analysis.reference.published import Published
from analysis.results import Results
from analysis.results.policies import MEASURED_UNITS
from analysis.results.policy_curves import RUNNING, Gain, StopCurve, gain_of
from analysis.words import formats
from analysis.words.deciding import budgets, stopping
from app import cache, state
from app.components.chart import chart
from app.components.figure_table import by_exit, figure_table
from app.components.fitting.samples import on_test_badge
from app.components.predictor_names import label_of, named
from app.components.setting_widgets import set_one
from app.components.stopping.budget import Axis
from app.components.stopping.rules import (
    Rules,
    lower,
    needing_costs,
    owner_of,
    rule_name,
    rules_spinner,
    setting_words,
    what_of,
)
from app.components.text import plain_text
from app.view import View

HEIGHT = 500
STANDING = ("risk",)
"""Rules that are drawn as points: each of their settings is a promise of its own."""

ON_PROBABILITY = {"lambda": 0.8, "measure": "max-prob"}
"""The threshold that a rule of `STANDING` is compared with on the other predictor, at a lambda that spends as much."""


@dataclass(frozen=True)
class Gains:
    """By the rule on screen under the predictor on screen; None where that cannot be.

    A curve is read at the dearest point within the budget. A rule of `STANDING` is taken as it is set, whatever it
    spends, since its few points leave most of a budget unspent.
    """

    right: float | None = None
    at: str = ""
    """The setting that runs, in words."""
    cost: float | None = None
    """What a rule of `STANDING` spends on average."""
    spent: tuple[str, str] | None = None
    """The same, and what is spent by the threshold on the other predictor that it is compared with, in words."""
    answering: int | None = None
    """The exit, from 0, of everyone else: that which the budget reaches, or that which costs most nearly what the rule
    spends."""
    over_exit: Gain | None = None
    """Over everyone there."""
    over_other: Gain | None = None
    """Over the same rule on the other predictor; of `STANDING`, over the threshold on the other's largest probability
    that spends most nearly as much."""


Curves = Mapping[tuple[str, str], StopCurve]
"""(policy, predictor) -> its curve."""


def _rule_curves(view: View, rules: Rules) -> Curves:
    policies = dict.fromkeys([*state.get("rules"), state.get("policy")])
    possible = [policy for policy in policies if not rules.why_not(policy)]
    return {(policy, key): rules.curve(policy, key) for policy in possible for key in ("baseline", view.predictor)}


def _as_drawn(rules: Rules, policy: str, predictor: str, curve: StopCurve) -> RuleCurve:
    own = rules.settings(policy)
    values = curve.values or ("",)
    single = ", ".join(str(value) for name, value in own.items() if name == "law")
    return RuleCurve(
        predictor,
        f"{label_of(predictor)}, {rule_name(rules, policy)}",
        lower(POLICIES[policy].label),
        policy,
        curve.costs,
        100 * curve.right,
        [curve.setting and f"{value!r}" for value in values],
        [setting_words(curve.setting, value, rules.axis) if curve.setting else f"law {single}" for value in values],
        joined=policy not in STANDING and len(curve.costs) > 1,
        marked=policy == "budgeted",
        chosen=policy == state.get("policy"),
    )


def curves_on_screen(
    view: View,
    rules: Rules,
    answering: int | None,
    published: Mapping[str, Published],
    others: Sequence[Others],
) -> None:
    """The figure and what it says of the rule on screen; `answering` is the exit, from 0, that the budget reaches."""
    results = {key: rules.results(key) for key in dict.fromkeys(["baseline", view.predictor, *state.get("beside")])}
    with rules_spinner():
        found = _rule_curves(view, rules)
        gains = _gains(view, rules, answering, found)
    _figure(view, rules, answering, results, found, gains, published, others)
    _findings(view, rules, found, gains)


def _figure(
    view: View,
    rules: Rules,
    answering: int | None,
    results: Mapping[str, Results],
    found: Curves,
    gains: Gains,
    published: Mapping[str, Published],
    others: Sequence[Others],
) -> None:
    run, axis, budget = view.run, rules.axis, rules.budget
    curves = [Curve(key, label_of(key), one.right_percent) for key, one in results.items()]
    beside = []
    if published and state.get("published") and view.has_labels:
        beside = _published_curves(axis, published, list(results))
    shown = results[view.shown].right_percent
    names = formats.exit_labels(run.exit_names)
    rule, answer = (
        rule_name(rules, state.get("policy")),
        None if answering is None else (budget, float(shown[answering])),
    )
    if gains.cost is None or gains.over_exit is None:
        title = budgets.budget_title(
            label_of(view.shown), names, answering, shown, budget, axis.unit, quantity_of(view), np.asarray(axis.costs)
        )
        title = stopping.title_with_rule(title, rule, gains.right, gains.over_exit)
    else:
        answer = gains.cost, 100 * gains.right
        share = gains.cost / axis.costs[-1] if axis.unit is not None and axis.costs[-1] > 0 else None
        title = stopping.standing_title(
            label_of(view.shown), rule, quantity_of(view), gains.right, gains.spent[0], share, gains.over_exit,
            _exit_with_cost(names, axis, gains.answering),
        )  # fmt: skip
    drawn = [_as_drawn(rules, policy, key, curve) for (policy, key), curve in found.items()]
    figure = cache.drawn(
        compute_curve_figure,
        axis.costs,
        curves,
        rules=drawn,
        exit_names=names,
        emphasised=view.shown,
        published=beside,
        others=others,
        answer=answer,
        answer_name="at the budget" if gains.cost is None else rule,
        unit=axis.unit,
        quantity=f"{quantity_of(view)}, %",
        title=title,
        subtitle=_subtitle(rules, found) + _open_markers(bool(beside), bool(others)),
        height=HEIGHT,
    )
    chart(
        figure,
        name="compute",
        data=lambda: _curve_data(view, rules, curves, drawn, beside, others),
        height=HEIGHT,
        on_drag=lambda x: state.set("budget", axis.placed(x, snap=state.get("snap"))),
        draggable=budget,
        on_click=lambda point: _clicked(point, axis),
    )


def _exit_with_cost(names: Sequence[str], axis: Axis, exit_: int) -> str:
    """An exit's name, with what it costs where that is known."""
    return names[exit_] + ("" if axis.unit is None else f" ({stopping.cost_words(axis.costs[exit_], axis.unit)})")


def _subtitle(rules: Rules, found: Curves) -> str:
    text = "Steps: everyone stops at the deepest exit within the budget."
    if found:
        text += " Lines and points: each sample stops by a rule, over its mean cost."
    fitted = {
        POLICIES[policy].label: rules.apply(policy, key).fitted_on["samples"]
        for policy, key in found
        if POLICIES[policy].fits
    }
    if fitted:
        text += f" {stopping.fitted_words(fitted)}" + (", THE SAME AS MEASURED." if rules.choice.on_test else ".")
    return text


def _open_markers(paper: bool, others: bool) -> str:
    whose = " and ".join(["the paper"] * paper + ["other networks"] * others)
    return f" Open markers: {whose}." if whose else ""


def _gains(view: View, rules: Rules, answering: int | None, found: Curves) -> Gains:
    policy, other = state.get("policy"), view.predictor if view.shown == "baseline" else "baseline"
    standing, stops, at = policy in STANDING, {}, {}
    for key in (view.shown, other):
        curve = found.get((policy, key))
        if curve is None or not curve.setting or policy == "interruption":
            continue
        own = rules.settings(policy, key)
        if not standing:
            if (place := curve.within(rules.budget)) is None:
                continue
            own = {**own, curve.setting: curve.values[place]}
        stops[key], at[key] = (
            rules.apply(policy, key, own),
            setting_words(curve.setting, own[curve.setting], rules.axis),
        )
    if view.shown not in stops or not len(stops[view.shown].right):
        return Gains()
    mine, theirs, spent, cost = stops[view.shown].right, stops.get(other), None, None
    if standing:
        cost = stops[view.shown].mean_exit if rules.axis.unit is None else stops[view.shown].mean_cost
        answering = int(np.abs(np.asarray(rules.axis.costs) - cost).argmin())
        against = rules.curve("confidence", other, ON_PROBABILITY)
        place = int(np.abs(against.costs - cost).argmin())
        theirs = rules.apply("confidence", other, {**ON_PROBABILITY, "lambda": against.values[place]})
        spent = tuple(stopping.cost_words(one, rules.axis.unit) for one in (cost, float(against.costs[place])))
    everyone = None if answering is None else gain_of(mine, rules.results(view.shown).right[answering])
    over_other = None if theirs is None else gain_of(mine, theirs.right)
    return Gains(float(mine.mean()), at[view.shown], cost, spent, answering, everyone, over_other)


def _findings(view: View, rules: Rules, found: Curves, gains: Gains) -> None:
    """Under the figure: whose is the better rule, how costs were counted, what is missing and why."""
    axis, policy = rules.axis, state.get("policy")
    if gains.right is not None and gains.over_other is not None:
        other, everyone = named(view.predictor if view.shown == "baseline" else "baseline"), ""
        if gains.answering is not None:
            names = formats.exit_labels(view.run.exit_names)
            everyone = _exit_with_cost(names, axis, gains.answering) if gains.spent else names[gains.answering]
        plain_text(
            stopping.better_rule(
                stopping.cost_words(rules.budget, axis.unit),
                f"{rule_name(rules, policy)} at {gains.at}",
                named(view.shown),
                gains.right,
                None if gains.over_exit is None else (gains.over_exit, everyone),
                (gains.over_other, other),
                gains.spent,
            )
        )
    if view.has_labels and (curve := found.get((policy, view.shown))) is not None:
        _cheapest(view, rules, policy, curve)
    lines = []
    if rules.left_out:
        choice = rules.choice
        lines.append(stopping.left_out_words(rules.left_out, choice.named, choice.seed))
    missing = [p for p in dict.fromkeys([*state.get("rules"), policy, *needing_costs(axis)]) if rules.why_not(p)]
    lines += [f"{POLICIES[p].label} is not drawn: it {rules.why_not(p).removesuffix('.')}." for p in missing]
    if axis.unit is not None:
        saving = "measured" if axis.unit in MEASURED_UNITS else "simulated"
        lines.append(f"Costs are those of the exits alone, {stopping.SAVINGS[saving]}.")
    if counted := budgets.cost_sentence(view.run.provenance, axis.unit):
        lines.append(counted)
    if lines:
        plain_text(" ".join(lines), role="caption")
    if rules.choice is not None and rules.choice.on_test and any(POLICIES[p].fits for p, _ in found):
        on_test_badge()


def _cheapest(view: View, rules: Rules, policy: str, curve: StopCurve) -> None:
    """Where along its curve the rule on screen saves most for next to nothing."""
    last = rules.results(view.shown).right_share[-1]
    place = curve.cheapest(last - stopping.GIVEN_UP)
    if place is None or not curve.setting or policy == "interruption":
        return
    axis, cost = rules.axis, float(curve.costs[place])
    said = setting_words(curve.setting, curve.values[place], axis)
    plain_text(
        stopping.cheapest_words(
            f"{rule_name(rules, policy)} at {said}",
            named(view.shown),
            stopping.cost_words(cost, axis.unit),
            None if axis.unit is None or not axis.costs[-1] else 1 - cost / axis.costs[-1],
            float(curve.right[place]),
            float(last),
        )
    )


def _published_curves(
    axis: Axis, published: Mapping[str, Published], drawn: Sequence[str]
) -> list[tuple[Curve, Sequence[float]]]:
    found = []
    for key in drawn:
        if key in published:
            places = published[key].costs if axis.unit == "MACs" and published[key].costs else axis.costs
            found.append((Curve(key, label_of(key), 100 * np.asarray(published[key].accuracy)), places))
    return found


def _clicked(point: dict, axis: Axis) -> None:
    """An exit's marker puts the budget there; a point of a rule's curve shows that rule in full."""
    about = point["customdata"]
    if not isinstance(about, list) or not about:
        return
    if isinstance(about[0], int) and 1 <= about[0] <= len(axis.costs):
        state.set("budget", axis.costs[about[0] - 1])
    elif len(about) > 1 and all(isinstance(part, str) for part in about[:2]) and about[0] in POLICIES:
        policy = POLICIES[about[0]]
        try:
            if about[1]:
                set_one(owner_of(policy, axis), RUNNING[policy.id], about[1])
        except ValueError:
            return
        state.set("policy", policy.id)
        state.set("below", "rule")


def _curve_data(
    view: View,
    rules: Rules,
    curves: Sequence[Curve],
    drawn: Sequence[RuleCurve],
    published: Sequence[tuple[Curve, Sequence[float]]],
    others: Sequence[Others],
) -> pd.DataFrame:
    axis = rules.axis
    sources = [("run", curve, axis.costs) for curve in curves]
    sources += [("published", curve, places) for curve, places in published]
    cost = {} if axis.unit is None else {"cost_unit": axis.unit}
    parts = [
        by_exit(
            view.run.exit_names,
            ({} if axis.unit is None else {"cost": np.asarray(places)}) | {"percent": curve.values},
            predictor=curve.predictor_id,
            source=source,
            quantity=quantity_of(view),
            **cost,
        )
        for source, curve, places in sources
    ]
    parts += [
        pd.DataFrame(
            {
                "predictor": rule.predictor_id,
                "source": "run",
                "quantity": quantity_of(view),
                **cost,
                **what_of(
                    rules.apply(rule.policy, rule.predictor_id, rules.settings(rule.policy)), RUNNING[rule.policy]
                ),
                "at": list(rule.about),
                ("mean_exit" if axis.unit is None else "cost"): rule.x,
                "percent": rule.values,
            }
        )
        for rule in drawn
    ]
    table = figure_table(view, pd.concat(parts, ignore_index=True))
    theirs = [
        pd.DataFrame({"source": list(one.sources), "quantity": quantity_of(view), **cost, "at": one.name,
                      "cost": one.x, "percent": one.values})
        for one in others
    ]  # fmt: skip
    return pd.concat([table, *theirs], ignore_index=True)


def quantity_of(view: View) -> str:
    """What the curves show."""
    return "accuracy" if view.has_labels else "share of answers that are final"
