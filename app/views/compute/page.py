"""Accuracy against compute: what does a budget buy, for everyone at one exit and when each sample stops by itself?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.answers import PARTS, answers_figure
from analysis.policies import POLICIES
from analysis.policies.anytime import answering_exit
from analysis.predictors import available_predictors, correction_cost, usable_predictors
from analysis.predictors.costs import CorrectionCost, share_of_exits
from analysis.reference.published import Published
from analysis.results import Results
from analysis.run import Run
from analysis.selection.marks import answered
from analysis.words import formats
from analysis.words.deciding import budgets
from analysis.words.selections import lit_words
from app import cache, state
from app.components.chart import chart
from app.components.controls import control
from app.components.empty_split import no_samples
from app.components.figure_table import by_exit, figure_table
from app.components.predictor_names import label_of
from app.components.published import published_beside
from app.components.selection import select, strip
from app.components.stopping.budget import Axis, axis_of, budget_control
from app.components.stopping.rules import needing_costs, rules_on_screen
from app.components.table_export import offer_table
from app.components.text import plain_table, plain_text
from app.view import View
from app.views.compute.curve import curves_on_screen
from app.views.compute.other_points import drawn_points, points_beside, points_box
from app.views.compute.rule import rule_on_screen
from app.views.compute.shift import shift_on_screen
from app.views.compute.tune import tune_on_screen

OPERATION_UNITS = ("MACs", "FLOPs")  # costs that operations can be a share of
BELOW = {
    "budget": "Everyone stops at the budget",
    "rule": "Each sample stops by a rule",
    "shift": "The rule under shift",
    "tune": "Settings of the correction",
}


def render(view: View) -> None:
    """The page."""
    run = view.run
    st.subheader("What does a budget per sample buy, and which answers does it give up?", anchor=False)
    if no_samples(view):
        return
    axis = axis_of(view)
    if axis.unit is None:
        st.info("This run states no costs, so exits are counted instead: import it again with costs to see compute.")
    published, points = published_beside(view), points_beside(view)
    slot = st.container(horizontal=True, vertical_alignment="bottom")
    with slot:
        budget = budget_control(run, axis)
        control("snap", "Snap to exits")
        _curve_choices(view, published, bool(points))
        points_box(view, axis, points)
    _rule_choices(axis)
    rules = rules_on_screen(view, axis, budget)
    answering = answering_exit(axis.costs, budget)
    curves_on_screen(view, rules, answering, published, drawn_points(points, axis))
    control("below", "Look closer at", show=BELOW.get)
    if state.get("below") == "rule":
        rule_on_screen(view, rules)
        return
    if state.get("below") == "shift":
        shift_on_screen(view, rules)
        return
    if state.get("below") == "tune":
        tune_on_screen(view, rules)
        return
    _answers(view, axis, answering, view.results(view.shown).answers, view.lit_results(view.shown))
    strip(view, "answers", hint="Click a part of a bar: its samples show here.")
    _overhead(view, axis)


# --- controls --------------------------------------------------------------------------------------------------------


def _curve_choices(view: View, published: Mapping[str, Published], points: bool) -> None:
    predictors = available_predictors()
    usable = [key for key in usable_predictors(view.run.kind) if key not in ("baseline", view.predictor)]
    kept = tuple(key for key in state.get("beside") if key in usable)
    if kept != state.get("beside") and set(state.get("beside")) - set(kept) <= {view.predictor, "baseline"}:
        state.set("beside", kept)  # what is drawn anyway needs no second line
    control("beside", "Compare with", usable, show=lambda key: predictors[key].label, placeholder="more predictors")
    if published or points:
        control("published", "Published values")


def _rule_choices(axis: Axis) -> None:
    """The rules to draw, of those that are possible with these costs."""
    able = [key for key in state.CONTROLS["rules"].choices if key not in needing_costs(axis)]
    kept = tuple(key for key in state.get("rules") if key in able)
    if kept != state.get("rules"):
        state.set("rules", kept)
    control("rules", "Each sample stops by", able, show=lambda key: POLICIES[key].label, widget="pills")


# --- what is given up ------------------------------------------------------------------------------------------------


def _answers(
    view: View, axis: Axis, answering: int | None, counts: Mapping[str, np.ndarray], lit: Results | None
) -> None:
    names = formats.exit_labels(view.run.exit_names)
    labelled = view.has_labels
    figure = cache.drawn(
        answers_figure,
        counts,
        exit_names=names,
        predictor_id=view.shown,
        answering=answering,
        title=budgets.given_up_title(names, answering, counts, has_labels=labelled),
        subtitle=f"{label_of(view.shown)}, {formats.counted(int(sum(c[0] for c in counts.values())), 'sample')}; "
        f"the exit that answers within the budget {'in full colour' if lit is None else 'with a thick outline'}."
        + ("" if labelled else " Without labels, right means: already the final answer.")
        + lit_words(None if lit is None else view.selected.count),
        selected=None if lit is None else lit.answers,
    )
    n_exits, some_unknown = view.run.n_exits, bool((view.run.labels < 0).any())
    chart(
        figure,
        name="answers",
        predictor=view.shown,
        height=340,
        data=lambda: _answers_data(view, counts),
        on_click=lambda point: _open_answers(point, n_exits, some_unknown, labelled),
    )
    if not labelled or answering is None:
        return
    lost = int(counts["right_deeper"][answering])
    st.button(
        f"Show the {formats.counted(lost, 'sample')} that a deeper exit has right"
        if lost
        else "No deeper exit does better on any sample",
        disabled=not lost,
        on_click=select,
        args=(answered(answering + 1, n_exits, "right_deeper", some_unknown=some_unknown), "answers"),
        type="primary",
        help="Wrong at the exit that answers within the budget, right at some later one: what stopping there gives up.",
    )


def _answers_data(view: View, counts: Mapping[str, np.ndarray]) -> pd.DataFrame:
    samples = sum(counts.values())
    parts = [
        by_exit(view.run.exit_names, {"samples": counts[key], "percent": 100 * counts[key] / samples}, answers=key)
        for key in PARTS
    ]
    return figure_table(view, pd.concat(parts, ignore_index=True), predictor=view.shown)


def _open_answers(point: dict, n_exits: int, some_unknown: bool, labelled: bool) -> None:
    about = point["customdata"]
    if not (isinstance(about, list) and len(about) == 4 and isinstance(about[0], int) and 1 <= about[0] <= n_exits):
        return
    if about[3] in PARTS:
        which = answered(about[0], n_exits, about[3], some_unknown=some_unknown and labelled, has_labels=labelled)
        select(which, "answers")


# --- what the correction costs ---------------------------------------------------------------------------------------


def _overhead(view: View, axis: Axis) -> None:
    """What the correction itself computes, in one sentence; the numbers of every exit below."""
    run = view.run
    cost = correction_cost(view.predictor, view.settings, n_exits=run.n_exits, n_classes=run.n_classes)
    label = label_of(view.predictor)
    if cost is None:
        plain_text(
            f"What {label} itself computes is unknown: it is a function of your own, whose operations are not counted."
        )
        return
    unit = axis.unit if axis.unit in OPERATION_UNITS else next((u for u in OPERATION_UNITS if u in run.costs), None)
    shares = np.full(run.n_exits, np.nan) if unit is None else share_of_exits(cost.operations, run.costs[unit])
    plain_text(
        budgets.overhead_sentence(label, cost.operations, cost.bytes_kept, None if unit is None else shares, unit)
    )
    with st.expander("Operations and bytes per exit"):
        alike = "" if unit is None else f" One operation is counted like one {unit.rstrip('s')}."
        plain_text(f"Counted: {cost.counted}.{alike}", role="caption")
        table = _overhead_table(run, cost, shares, unit)
        plain_table(table)
        offer_table(
            "overhead", f"What {label} itself computes on {run.id}", figure_table(view, table, predictor=view.predictor,
            split=False), runs=(run.id,), shown=table,
        )  # fmt: skip


def _overhead_table(run: Run, cost: CorrectionCost, shares: np.ndarray, unit: str | None) -> pd.DataFrame:
    table = pd.DataFrame(
        {"exit": run.exit_names, "operations per sample": cost.operations, "bytes kept per sample": cost.bytes_kept}
    )
    return table if unit is None else table.assign(**{f"% of the exit's {unit}": 100 * shares})
