"""Accuracy against compute: what does a budget buy, for everyone at one exit and when each sample stops by itself?"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.answers import PARTS, answers_figure
from analysis.figures.compute_curve import Curve, RuleCurve, compute_curve_figure
from analysis.figures.correction_overhead import correction_overhead_figure
from analysis.policies import POLICIES
from analysis.policies.anytime import answering_exit
from analysis.predictors import available_predictors, correction_cost, usable_predictors
from analysis.predictors.costs import CorrectionCost, share_of_exits
from analysis.reference.published import Published
from analysis.results import Results
from analysis.results.policy_curves import RUNNING, Gain, StopCurve, gain_of
from analysis.run import Run
from analysis.selection.marks import answered
from analysis.words import budgets, formats, stopping
from app import state
from app.components.chart import chart
from app.components.controls import control
from app.components.empty_split import no_samples
from app.components.figure_table import by_exit, figure_table
from app.components.predictor_names import label_of, named
from app.components.published import published_beside
from app.components.selection import open_gallery
from app.components.setting_widgets import set_one
from app.components.text import escape, plain_table, plain_text
from app.view import View
from app.views.compute.budget import Axis, axis_of, budget_control
from app.views.compute.rule import ON_TEST, rule_on_screen
from app.views.compute.rules import Rules, owner_of, rules_on_screen, setting_words

HEIGHT = 500
OPERATION_UNITS = ("MACs", "FLOPs")  # costs that operations can be a share of
BELOW = {"budget": "Everyone stops at the budget", "rule": "Each sample stops by a rule"}
STANDING = ("risk",)
"""Rules that are drawn as points: each of their settings is a promise of its own."""


def render(view: View) -> None:
    """The page."""
    run = view.run
    st.subheader("Accuracy against compute", anchor=False)
    plain_text(
        "What does a budget per sample buy, for everyone at one exit and when each sample stops by itself, and which "
        "answers does it give up?",
        role="caption",
    )
    if no_samples(view):
        return
    axis = axis_of(view)
    if axis.unit is None:
        st.info("This run states no costs, so exits are counted instead: import it again with --costs to see compute.")
    published = published_beside(view)
    slot = st.container(horizontal=True, vertical_alignment="bottom")
    with slot:
        budget = budget_control(run, axis)
        control("snap", "Snap to exits")
        _curve_choices(view, published)
    control("rules", "Each sample stops by", show=lambda key: POLICIES[key].label, widget="pills")
    rules = rules_on_screen(view, axis, budget)
    curves = _rule_curves(view, rules)
    results = {key: rules.results(key) for key in _drawn(view)}
    answering = answering_exit(axis.costs, budget)
    _curve(view, rules, budget, answering, results, curves, published)
    _findings(view, rules, budget, answering, curves)
    control("below", "Below", show=BELOW.get, label_visibility="collapsed")
    if state.get("below") == "rule":
        rule_on_screen(view, rules)
        return
    lost, cost = st.columns(2, gap="medium")
    with lost:
        _answers(view, axis, answering, view.results(view.shown).answers)
    with cost:
        _overhead(view, axis)


def _drawn(view: View) -> list[str]:
    return list(dict.fromkeys(["baseline", view.predictor, *state.get("beside")]))


def _quantity(view: View) -> str:
    return "accuracy" if view.has_labels else "share of answers that are final"


# --- controls --------------------------------------------------------------------------------------------------------


def _curve_choices(view: View, published: Mapping[str, Published]) -> None:
    predictors = available_predictors()
    usable = [key for key in usable_predictors(view.run.kind) if key not in ("baseline", view.predictor)]
    kept = tuple(key for key in state.get("beside") if key in usable)
    if kept != state.get("beside") and set(state.get("beside")) - set(kept) <= {view.predictor, "baseline"}:
        state.set("beside", kept)  # what is drawn anyway needs no second line
    control("beside", "Draw beside", usable, show=lambda key: predictors[key].label, placeholder="other predictors")
    if published:
        control("published", "Published values")


# --- the curve -------------------------------------------------------------------------------------------------------

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
        f"{label_of(predictor)}, {_rule_name(rules, policy)}",
        _lower(POLICIES[policy].label),
        policy,
        curve.costs,
        100 * curve.right,
        [curve.setting and f"{value!r}" for value in values],
        [setting_words(curve.setting, value, rules.axis) if curve.setting else f"law {single}" for value in values],
        joined=policy not in STANDING and len(curve.costs) > 1,
        marked=policy == "budgeted",
        chosen=policy == state.get("policy"),
    )


def _lower(label: str) -> str:
    return label if label.isupper() else label.lower()


def _rule_name(rules: Rules, policy: str) -> str:
    """What a rule is called within a sentence, with the setting that tells it from its like."""
    own, label = rules.settings(policy), _lower(POLICIES[policy].label)
    told = {"confidence": "measure", "interruption": "law", "risk": "rule"}.get(policy)
    return f"{label} ({own[told]})" if told else label


def _curve(
    view: View,
    rules: Rules,
    budget: float,
    answering: int | None,
    results: Mapping[str, Results],
    found: Curves,
    published: Mapping[str, Published],
) -> None:
    run, axis = view.run, rules.axis
    curves = [Curve(key, label_of(key), one.right_percent) for key, one in results.items()]
    beside = []
    if published and state.get("published") and view.has_labels:
        beside = _published_curves(axis, published, list(results))
    shown = results[view.shown].right_percent
    names = formats.exit_labels(run.exit_names)
    title = budgets.budget_title(
        label_of(view.shown), names, answering, shown, budget, axis.unit, _quantity(view), np.asarray(axis.costs)
    )
    right, over_exit, _ = _gains(view, rules, budget, answering, found)
    drawn = [_as_drawn(rules, policy, key, curve) for (policy, key), curve in found.items()]
    figure = compute_curve_figure(
        axis.costs,
        curves,
        rules=drawn,
        exit_names=names,
        emphasised=view.shown,
        published=beside,
        answer=None if answering is None else (budget, float(shown[answering])),
        unit=axis.unit,
        quantity=f"{_quantity(view)}, %",
        title=stopping.title_with_rule(title, _rule_name(rules, state.get("policy")), right, over_exit),
        subtitle=_subtitle(rules, found) + (" Open markers: the paper." if beside else ""),
        height=HEIGHT,
    )
    chart(
        figure,
        name="compute",
        data=lambda: _curve_data(view, rules, curves, drawn, beside),
        height=HEIGHT,
        on_drag=lambda x: state.set("budget", axis.placed(x, snap=state.get("snap"))),
        draggable=budget,
        on_click=lambda point: _clicked(point, axis),
    )


def _subtitle(rules: Rules, found: Curves) -> str:
    text = "Steps: everyone stops at the deepest exit within the budget."
    if found:
        text += " Lines and points: each sample stops by a rule, over its mean cost."
    if any(POLICIES[policy].fits for policy, _ in found):
        samples = formats.counted(len(rules.choice.fitted), "sample")
        text += f" Fitted on {samples}" + (", THE SAME AS MEASURED." if rules.choice.on_test else ".")
    return text


def _gains(
    view: View, rules: Rules, budget: float, answering: int | None, found: Curves
) -> tuple[float | None, Gain | None, Gain | None]:
    """Within the budget, by the rule on screen on the predictor on screen: how much is right, what that gains over
    everyone at the exit that answers, and over the same rule on the other predictor."""
    policy, other = state.get("policy"), view.predictor if view.shown == "baseline" else "baseline"
    right = {}
    for key in (view.shown, other):
        curve = found.get((policy, key))
        place = None if curve is None or not curve.setting or policy == "interruption" else curve.within(budget)
        if place is not None:
            own = {**rules.settings(policy, key), curve.setting: curve.values[place]}
            right[key] = rules.apply(policy, key, own).right
    if view.shown not in right or not len(right[view.shown]):
        return None, None, None
    mine = right[view.shown]
    everyone = None if answering is None else gain_of(mine, rules.results(view.shown).right[answering])
    return float(mine.mean()), everyone, gain_of(mine, right[other]) if other in right else None


def _findings(view: View, rules: Rules, budget: float, answering: int | None, found: Curves) -> None:
    """Under the figure: whose is the better rule, how costs were counted, what is missing and why."""
    axis, policy = rules.axis, state.get("policy")
    right, over_exit, over_other = _gains(view, rules, budget, answering, found)
    if right is not None and over_other is not None:
        names = formats.exit_labels(view.run.exit_names)
        other = named(view.predictor if view.shown == "baseline" else "baseline")
        exit_gain = None if over_exit is None else (over_exit, names[answering])
        plain_text(
            stopping.better_rule(
                stopping.cost_words(budget, axis.unit),
                _rule_name(rules, policy),
                named(view.shown),
                right,
                exit_gain,
                (over_other, other),
            )
        )
    lines = []
    if rules.left_out:
        choice = rules.choice
        lines.append(stopping.left_out_words(rules.left_out, choice.named, choice.seed, None))
    missing = [p for p in dict.fromkeys([*state.get("rules"), policy]) if rules.why_not(p)]
    lines += [f"{POLICIES[p].label} is not drawn: it {rules.why_not(p).removesuffix('.')}." for p in missing]
    if axis.unit is not None:
        saving = "measured" if axis.unit == "ms" else "simulated"
        lines.append(f"Costs are those of the exits alone, {stopping.SAVINGS[saving]}.")
    if counted := budgets.cost_sentence(view.run.provenance, axis.unit):
        lines.append(counted)
    if lines:
        plain_text(" ".join(lines), role="caption")
    if rules.choice is not None and rules.choice.on_test and any(POLICIES[p].fits for p, _ in found):
        st.badge("fitted on test", icon=":material/warning:", color="orange", help=ON_TEST)


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
    elif about[0] in POLICIES and len(about) > 1:
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
            quantity=_quantity(view),
            **cost,
        )
        for source, curve, places in sources
    ]
    parts += [
        pd.DataFrame(
            {
                "predictor": rule.predictor_id,
                "source": "run",
                "quantity": _quantity(view),
                **cost,
                "policy": rule.policy,
                "at": list(rule.about),
                ("mean_exit" if axis.unit is None else "cost"): rule.x,
                "percent": rule.values,
            }
        )
        for rule in drawn
    ]
    return figure_table(view, pd.concat(parts, ignore_index=True))


# --- what is given up ------------------------------------------------------------------------------------------------


def _answers(view: View, axis: Axis, answering: int | None, counts: Mapping[str, np.ndarray]) -> None:
    names = formats.exit_labels(view.run.exit_names)
    labelled = view.has_labels
    figure = answers_figure(
        counts,
        exit_names=names,
        predictor_id=view.shown,
        answering=answering,
        opens=labelled,
        title=budgets.given_up_title(names, answering, counts, has_labels=labelled),
        subtitle=f"{label_of(view.shown)}, {formats.counted(int(sum(c[0] for c in counts.values())), 'sample')}; "
        "the exit that answers within the budget in full colour."
        + ("" if labelled else " Without labels, right means: already the final answer."),
    )
    n_exits, some_unknown = view.run.n_exits, bool((view.run.labels < 0).any())
    chart(
        figure,
        name="answers",
        height=340,
        data=lambda: _answers_data(view, counts),
        on_click=lambda point: _open_answers(point, n_exits, some_unknown) if labelled else None,
    )
    if not labelled or answering is None:
        return
    lost = int(counts["right_deeper"][answering])
    st.button(
        f"Open the {formats.counted(lost, 'sample')} that a deeper exit has right"
        if lost
        else "No deeper exit does better on any sample",
        disabled=not lost,
        on_click=open_gallery,
        args=(answered(answering + 1, n_exits, "right_deeper", some_unknown=some_unknown),),
        kwargs={"as_query": True},
        type="primary",
    )


def _answers_data(view: View, counts: Mapping[str, np.ndarray]) -> pd.DataFrame:
    samples = sum(counts.values())
    parts = [
        by_exit(view.run.exit_names, {"samples": counts[key], "percent": 100 * counts[key] / samples}, answers=key)
        for key in PARTS
    ]
    return figure_table(view, pd.concat(parts, ignore_index=True), predictor=view.shown)


def _open_answers(point: dict, n_exits: int, some_unknown: bool) -> None:
    about = point["customdata"]
    if not (isinstance(about, list) and len(about) == 4 and isinstance(about[0], int) and 1 <= about[0] <= n_exits):
        return
    if about[3] in PARTS:
        open_gallery(answered(about[0], n_exits, about[3], some_unknown=some_unknown), as_query=True)


# --- what the correction costs ---------------------------------------------------------------------------------------


def _overhead(view: View, axis: Axis) -> None:
    run = view.run
    cost = correction_cost(view.predictor, view.settings, n_exits=run.n_exits, n_classes=run.n_classes)
    label = label_of(view.predictor)
    if cost is None:
        st.markdown(f"**What {escape(label)} itself computes is unknown**")
        plain_text("It is a function of your own: its operations are not counted.", role="caption")
        return
    unit = axis.unit if axis.unit in OPERATION_UNITS else next((u for u in OPERATION_UNITS if u in run.costs), None)
    shares = np.full(run.n_exits, np.nan) if unit is None else share_of_exits(cost.operations, run.costs[unit])
    figure = correction_overhead_figure(
        shares,
        cost.operations,
        cost.bytes_kept,
        exit_names=formats.exit_labels(run.exit_names),
        predictor_id=view.predictor,
        predictor_shown=view.poe,
        unit=unit,
        title=budgets.overhead_title(label, cost.operations, cost.bytes_kept, None if unit is None else shares, unit),
        subtitle=f"Counted: {cost.counted}."
        + ("" if unit is None else " One operation is counted like one " + unit.rstrip("s") + "."),
    )
    chart(
        figure,
        name="overhead",
        height=340,
        data=lambda: figure_table(
            view, _overhead_table(run, cost, shares, unit), predictor=view.predictor, split=False
        ),
    )
    with st.expander("Operations and bytes per exit"):
        plain_table(_overhead_table(run, cost, shares, unit))


def _overhead_table(run: Run, cost: CorrectionCost, shares: np.ndarray, unit: str | None) -> pd.DataFrame:
    table = pd.DataFrame(
        {"exit": run.exit_names, "operations per sample": cost.operations, "bytes kept per sample": cost.bytes_kept}
    )
    return table if unit is None else table.assign(**{f"% of the exit's {unit}": 100 * shares})
