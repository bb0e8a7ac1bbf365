"""Accuracy against compute: what does a budget buy, and what does stopping there lose?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from analysis.figures.answers import PARTS, answers_figure
from analysis.figures.compute_curve import Curve, compute_curve_figure
from analysis.policies.anytime import answering_exit, convert_budget
from analysis.predictors import available_predictors, correction_cost, usable_predictors
from analysis.predictors.costs import CorrectionCost, share_of_exits
from analysis.reference.published import Published
from analysis.results import Results
from analysis.run import Run
from analysis.selection.marks import answered
from analysis.words import budgets, formats
from app import state
from app.components.chart import chart
from app.components.controls import control
from app.components.empty_split import no_samples
from app.components.figure_table import by_exit, figure_table
from app.components.predictor_names import label_of
from app.components.published import published_beside
from app.components.selection import open_gallery, select, strip
from app.components.text import escape, plain_table, plain_text
from app.view import View

HEIGHT = 460
SNAP = 0.008  # of the axis: a line dropped this close to an exit stands on it
OPERATION_UNITS = ("MACs", "FLOPs")  # costs that operations can be a share of
_LAST_UNIT = "compute:budget in"  # run, unit and budget as last shown: a change of unit converts the budget


@dataclass(frozen=True)
class Axis:
    """What the x axis holds: the cumulative cost of each exit in `unit`, or the exit numbers where `unit` is None."""

    unit: str | None
    costs: tuple[float, ...]


def render(view: View) -> None:
    """The page."""
    run = view.run
    st.subheader("Accuracy against compute", anchor=False)
    plain_text("What does a budget per sample buy, and which answers does it give up?", role="caption")
    if no_samples(view):
        return
    axis = _axis(view)
    if axis.unit is None:
        st.info("This run states no costs, so exits are counted instead: import it again with --costs to see compute.")
    published = published_beside(view)
    slot = st.container(horizontal=True, vertical_alignment="bottom")
    with slot:
        budget = _budget(run, axis)
        _curve_choices(view, published)
    results = {key: view.results(key) for key in _drawn(view)}
    answering = answering_exit(axis.costs, budget)
    _curve(view, axis, budget, answering, results, published)
    if counted := budgets.cost_sentence(run.provenance, axis.unit):
        plain_text(counted, role="caption")
    _answers(view, axis, answering, results[view.shown].answers)
    if view.has_labels:
        strip(view, "answers", hint="Click a bar of the answers: its samples show here.")
    _overhead(view, axis)


def _drawn(view: View) -> list[str]:
    return list(dict.fromkeys(["baseline", view.predictor, *state.get("beside")]))


def _quantity(view: View) -> str:
    return "accuracy" if view.has_labels else "share of answers that are final"


# --- controls --------------------------------------------------------------------------------------------------------


def _axis(view: View) -> Axis:
    found = view.run.cost(view.unit)
    if found is None:
        return Axis(None, tuple(float(number) for number in range(1, view.run.n_exits + 1)))
    return Axis(*found)


def _budget(run: Run, axis: Axis) -> float:
    """The budget's widget: from the first exit's cost to the last one's; empty stands for the middle exit."""
    last = st.session_state.get(_LAST_UNIT)
    budget = state.get("budget")
    if budget is not None and last is not None and last[0] == run.fingerprint and last[2] == budget:
        if last[1].unit != axis.unit:
            state.set("budget", convert_budget(budget, last[1].costs, axis.costs))
    elif budget is not None and last is not None and last[0] != run.fingerprint and last[2] == budget:
        state.reset("budget")  # another run: its costs have nothing to do with this budget
    low, high = axis.costs[0], axis.costs[-1]
    middle = axis.costs[(run.n_exits - 1) // 2]
    unit = "exits" if axis.unit is None else axis.unit
    said = ",.0f" if high >= 10_000 else ".6g"
    chosen = control(
        "budget",
        f"Budget per sample, {escape(unit)}",
        min_value=float(low),
        max_value=float(high),
        step=float((high - low) / 50) or None,
        placeholder=f"{middle:{said}}",
        format="%.0f" if high >= 10_000 else "%.6g",
        help=f"From {low:{said}} to {high:{said}}: type it, or drag the line in the figure. The deepest exit "
        "within it answers.",
    )
    st.session_state[_LAST_UNIT] = (run.fingerprint, axis, state.get("budget"))
    return middle if chosen is None else float(chosen)


def _curve_choices(view: View, published: Mapping[str, Published]) -> None:
    predictors = available_predictors()
    usable = [key for key in usable_predictors(view.run.kind) if key not in ("baseline", view.predictor)]
    kept = tuple(key for key in state.get("beside") if key in usable)
    if kept != state.get("beside") and set(state.get("beside")) - set(kept) <= {view.predictor, "baseline"}:
        state.set("beside", kept)  # what is drawn anyway needs no second line
    control("beside", "Compare with", usable, show=lambda key: predictors[key].label, placeholder="more predictors")
    if published:
        control("published", "Published values")


# --- the curve -------------------------------------------------------------------------------------------------------


def _curve(
    view: View,
    axis: Axis,
    budget: float,
    answering: int | None,
    results: Mapping[str, Results],
    published: Mapping[str, Published],
) -> None:
    run = view.run
    curves = [Curve(key, label_of(key), one.right_percent) for key, one in results.items()]
    beside = []
    if published and state.get("published") and view.has_labels:
        beside = _published_curves(axis, published, list(results))
    shown = results[view.shown].right_percent
    figure = compute_curve_figure(
        axis.costs,
        curves,
        exit_names=formats.exit_labels(run.exit_names),
        emphasised=view.shown,
        published=beside,
        answer=None if answering is None else (budget, float(shown[answering])),
        unit=axis.unit,
        quantity=f"{_quantity(view)}, %",
        title=budgets.budget_title(
            label_of(view.shown),
            formats.exit_labels(run.exit_names),
            answering,
            shown,
            budget,
            axis.unit,
            _quantity(view),
            np.asarray(axis.costs),
        ),
        subtitle="Anytime setting: every sample stops at the deepest exit within the budget, so lines are steps."
        + (" Open markers: the paper." if beside else ""),
        height=HEIGHT,
    )
    chart(
        figure,
        name="compute",
        data=lambda: _curve_data(view, axis, curves, beside),
        height=HEIGHT,
        on_drag=lambda x: state.set("budget", _within(x, axis)),
        draggable=budget,
        on_click=lambda point: _to_exit(point, axis),
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


def _within(x: float, axis: Axis) -> float:
    """Where the line was dropped, to 6 digits; exactly at an exit's cost where it is close to it."""
    nearest = min(axis.costs, key=lambda cost: abs(cost - x))
    if abs(nearest - x) <= SNAP * (axis.costs[-1] - axis.costs[0]):
        return nearest
    return min(max(float(f"{x:.6g}"), axis.costs[0]), axis.costs[-1])


def _to_exit(point: dict, axis: Axis) -> None:
    about = point["customdata"]
    if isinstance(about, list) and isinstance(about[0], int) and 1 <= about[0] <= len(axis.costs):
        state.set("budget", axis.costs[about[0] - 1])


def _curve_data(
    view: View, axis: Axis, curves: Sequence[Curve], published: Sequence[tuple[Curve, Sequence[float]]]
) -> pd.DataFrame:
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
        select(answered(about[0], n_exits, about[3], some_unknown=some_unknown), "answers")


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
        plain_table(_overhead_table(run, cost, shares, unit))


def _overhead_table(run: Run, cost: CorrectionCost, shares: np.ndarray, unit: str | None) -> pd.DataFrame:
    table = pd.DataFrame(
        {"exit": run.exit_names, "operations per sample": cost.operations, "bytes kept per sample": cost.bytes_kept}
    )
    return table if unit is None else table.assign(**{f"% of the exit's {unit}": 100 * shares})
