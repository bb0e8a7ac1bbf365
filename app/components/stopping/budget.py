"""The budget: typed with its unit or dragged, in the unit on screen, on demand at an exit."""

from dataclasses import dataclass

import streamlit as st

from analysis.policies.anytime import convert_budget
from analysis.reference.prefixes import PREFIXES, prefixed_number
from analysis.run import Run
from analysis.settings import number_text
from analysis.words.formats import quantity
from app import state
from app.components.controls import control
from app.components.text import escape
from app.view import View

CLOSE = 0.008  # of the axis: a line dropped this close to an exit stands on it
_LAST_UNIT = "compute:budget in"  # run, unit and budget as last shown: a change of unit converts the budget


@dataclass(frozen=True)
class Axis:
    """What the x axis holds: the cumulative cost of each exit in `unit`, or the exit numbers where `unit` is None."""

    unit: str | None
    costs: tuple[float, ...]

    def placed(self, budget: float, *, snap: bool = False) -> float:
        """A budget to 6 digits within the exits' costs; at one where it is close, with `snap` at the nearest."""
        nearest = min(self.costs, key=lambda cost: abs(cost - budget))
        if snap or abs(nearest - budget) <= CLOSE * (self.costs[-1] - self.costs[0]):
            return nearest
        return min(max(float(f"{budget:.6g}"), self.costs[0]), self.costs[-1])


def axis_of(view: View) -> Axis:
    """The costs in the unit on screen, or the exits themselves."""
    found = view.run.cost(view.unit)
    if found is None:
        return Axis(None, tuple(float(number) for number in range(1, view.run.n_exits + 1)))
    return Axis(*found)


def written(budget: float | None) -> str:
    """A budget as it is typed: exactly, with the prefix that its size has.

    >>> written(46331024.0), written(3.5e6), written(12.25), written(None)
    ('46.331024M', '3.5M', '12.25', '')
    """
    if budget is None:
        return ""
    for prefix, factor in reversed(PREFIXES.items()):
        if abs(budget) >= factor and float(number_text(budget / factor)) * factor == budget:
            return f"{number_text(budget / factor)}{prefix}"
    return number_text(budget)


def typed(text: str, axis: Axis) -> float | None:
    """The budget that a text stands for: as `prefixed_number` reads it, or percent of the last exit. Empty: None.

    Raises
    ------
    ValueError
        It is none.

    Examples
    --------
    >>> typed("12M", Axis("MACs", (5e6, 30e6))), typed("50%", Axis("MACs", (5e6, 30e6)))
    (12000000.0, 15000000.0)
    """
    bare = text.strip()
    share = bare.endswith("%")
    try:
        found = prefixed_number(bare[:-1], None) if share else prefixed_number(bare, axis.unit)
        if share and found is None:
            raise ValueError
    except ValueError:
        example = quantity(_middle(axis)).replace(" ", "")
        raise ValueError(
            f"budget is {text[:32]!r}: give a number, with k, M, G or T where it is large, or percent of the last "
            f"exit, for example {example} or 50%"
        ) from None
    return found / 100 * axis.costs[-1] if share else found


def budget_control(run: Run, axis: Axis) -> float:
    """The budget's widget: from the first exit's cost to the last one's; empty stands for the middle exit."""
    budget_on_screen(run, axis)
    low, high = axis.costs[0], axis.costs[-1]
    budget = state.get("budget")
    if budget is not None and state.get("snap") and low <= budget <= high:
        state.set("budget", axis.placed(budget, snap=True))
    control(
        "budget",
        f"Budget per sample, {escape('exits' if axis.unit is None else axis.unit)}",
        min_value=float(low),
        max_value=float(high),
        typed=(written, lambda text: typed(text, axis)),
        placeholder=quantity(float(_middle(axis))),
        help=f"From {quantity(float(low))} to {quantity(float(high))}: type it (30M is 30 million, 50% half of the "
        "last exit's), drag the line in the figure, or click a marker. One budget for everyone: the deepest exit "
        "within it answers. Samples that stop by themselves keep within it on average.",
    )
    return budget_on_screen(run, axis)


def budget_on_screen(run: Run, axis: Axis) -> float:
    """The budget that the address holds, within the exits' costs: in the unit on screen, forgotten with another run."""
    last = st.session_state.get(_LAST_UNIT)
    budget = state.get("budget")
    if budget is not None and last is not None and last[2] == budget:
        if last[0] != run.fingerprint:
            state.reset("budget")  # another run: its costs have nothing to do with this budget
        elif last[1].unit != axis.unit:
            state.set("budget", convert_budget(budget, last[1].costs, axis.costs))
    chosen = state.get("budget")
    st.session_state[_LAST_UNIT] = (run.fingerprint, axis, chosen)
    return _middle(axis) if chosen is None else float(min(max(chosen, axis.costs[0]), axis.costs[-1]))


def _middle(axis: Axis) -> float:
    return axis.costs[(len(axis.costs) - 1) // 2]
