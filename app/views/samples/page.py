"""Samples: which ones get worse with more computation, and how?"""

import numpy as np
import streamlit as st

from analysis.selection import SampleTable
from analysis.selection.filters import RIGHT
from analysis.selection.sample_table import describe_columns
from analysis.words.formats import counted, exit_labels
from app import cache, state
from app.components.controls import control
from app.components.empty_split import no_samples
from app.components.keys import walking_keys
from app.components.predictor_names import label_of
from app.components.selection import sample_table
from app.components.selection.gallery import gallery
from app.components.selection.held import (
    changed,
    effects_to_choose,
    exits_to_choose,
    other_rows,
    selected_rows,
    to_follow,
)
from app.components.selection.tiles import pictures, tiles_of
from app.components.text import escape
from app.view import View
from app.views.samples.alike import samples_alike
from app.views.samples.one_sample import axis_switches, one_sample
from app.views.samples.other_run import in_other_run, other_run, other_run_control
from app.views.samples.query_completion import complete_the_query
from app.views.samples.questions import questions_row

EFFECT_NAMES = {"any": "any", "fixed": "wrong to right", "broken": "right to wrong", "changed": "another class"}
GRAMMAR = (
    "Comparisons of columns with numbers, texts or each other, joined by and, or, not, with parentheses. "
    "Examples: `fall > 0.3 and not correct`, `label_name in (fox, wolf)`, `0.2 < confidence < 0.5`, "
    "`predicted_name ~ tree`. At an exit: `confidence[3]`, `predicted[1] != predicted[last]`. Sums: "
    "`confidence[last] - confidence[1] > 0.2`, `2 * fall < baseline_fall`. Saved slices: `in worst and not correct`. "
    "Another predictor's: `ca.fall > 0.1`. Columns with spaces stand between backquotes. While you type, names and "
    "values are offered: arrows choose one, Tab takes it."
)


def render(view: View) -> None:
    """The page."""
    st.subheader("Which samples get worse with more computation, and how?", anchor=False)
    if no_samples(view):
        return
    table = sample_table(view)
    questions_row(view, table)
    _filter_row(view)
    _query_row(view, table)
    rows = selected_rows(view, table)
    if view.selected is not None and view.selected.fault:
        st.error(escape(view.selected.fault))
    elif not len(rows):
        st.info("No sample passes every filter: take the last one back by Undo, or Clear them all.")
    row = _on_screen(view, table, rows)
    pinned, other = _pinned(view, table), in_other_run(view, str(table["id"].iat[row]))
    if pinned is None and other is None:
        wall, detail = st.columns([5, 6], gap="medium")
    else:
        detail, beside = st.columns(2, gap="medium")
        wall = st.container()
    with wall:
        _wall(view, table, rows, row)
    with detail:
        _steps(view, table, rows, row)
        _sample(view, table, row)
    if other is not None:
        with beside:
            other_run(*other)
    if pinned is not None:
        with beside:
            _pinned_line(table, pinned)
            _sample(view, table, pinned, prefix="pinned-")
    samples_alike(view, table, row)
    complete_the_query(view, table)


# --- which samples ---------------------------------------------------------------------------------------------------


def _back_to_first() -> None:
    state.reset("page")


def _filter_row(view: View) -> None:
    """The filters that need no typing. A run without labels has none that need them."""
    names = view.run.class_names
    classes = ["", *(str(index) for index in range(len(names)))]
    exits = exits_to_choose(view)
    exit_names = exit_labels(view.run.exit_names)
    label = label_of(view.predictor)

    def exit_name(key: str) -> str:
        return "last exit" if key == "last" else f"exit {exit_names[int(key) - 1]}"

    def class_name(key: str) -> str:
        return names[int(key)] if key else "any"

    places = iter(st.columns([3, 3, 2, 2, 3, 3] if view.has_labels else [3, 3, 3], vertical_alignment="bottom"))
    common = {"on_change": changed, "widget": "selectbox"}
    if view.has_labels:
        with next(places):
            told = "Selects the samples whose true class this is; empty: every class."
            control("true", "True class", classes, show=class_name, help=told, **common)
    with next(places):
        told = (
            "Selects the samples for which the predictor on screen answers this class at the last exit, the one of the "
            "largest p(k); empty: every class."
        )
        control("guess", "Predicted", classes, show=class_name, help=told, **common)
    if view.has_labels:
        with next(places):
            control("right", "Answer", RIGHT, **common)
        with next(places):
            control(
                "at",
                "Judged at",
                exits,
                show=exit_name,
                **common,
            )
    with next(places):
        control("effect", f"What {escape(label)} does", effects_to_choose(view), show=EFFECT_NAMES.get, **common)
    with next(places):
        control("above", "Largest fall above", widget="slider", step=0.01, on_change=changed)


def _query_row(view: View, table: SampleTable) -> None:
    query, columns, sort, order = st.columns([8, 3, 4, 4], vertical_alignment="bottom")
    with query:
        control(
            "query",
            "Query",
            widget="text",
            placeholder="fall > 0.3 and predicted_name ~ fox",
            help=GRAMMAR,
            on_change=changed,
        )
    with columns, st.popover("Columns", width="stretch", help="What a query can name, and what each column holds."):
        _columns(table)
    with sort:
        control("sort", "Sort by", list(table.columns), widget="selectbox", on_change=_back_to_first)
    with order:
        control(
            "order",
            "Order",
            widget="selectbox",
            on_change=_back_to_first,
            show={"down": "largest first", "up": "smallest first"}.get,
        )


def _columns(table: SampleTable) -> None:
    meanings = describe_columns(table)
    meanings = meanings[~meanings["column"].str.fullmatch(r"correct_([2-9]|\d\d+)")]
    st.markdown(
        "\n".join(f"- **{escape(name)}**: {escape(meaning)}" for name, meaning in meanings.itertuples(index=False))
    )


# --- which one -------------------------------------------------------------------------------------------------------


def _on_screen(view: View, table: SampleTable, rows: np.ndarray) -> int:
    """The row of the sample on screen: the address's, or else the first in the order, which the address then keeps.

    After a change of the filters, one that they hide gives way to the first. A switch of the predictor keeps it, as an
    address does, so that it can be compared.
    """
    follows = to_follow()
    if state.get("sample"):
        found = np.searchsorted(table["position"].to_numpy(), view.sample)
        if found < len(table) and table["position"].iat[found] == view.sample:
            if not (follows and len(rows) and found not in rows):
                return int(found)
        else:
            state.note(f"Sample {state.get('sample')} is not in the split {view.split}: showing the first one instead.")
    first = int(rows[0]) if len(rows) else 0
    state.set("sample", str(table["id"].iat[first]))
    return first


def _open(identity: str) -> None:
    state.set("sample", identity)


def _step(identity: str, rank: int) -> None:
    state.set("sample", identity)
    state.set("page", rank // int(state.get("per")) + 1)


def _steps(view: View, table: SampleTable, rows: np.ndarray, row: int) -> None:
    """Previous and next, also on the arrow keys, which send where they go: five fast presses move five."""
    found = np.flatnonzero(rows == row)
    place = int(found[0]) if len(found) else None
    identities = table["id"].iloc[rows].astype(str).to_numpy()
    targets = {"Previous": None if place is None else place - 1, "Next": 0 if place is None else place + 1}
    with st.container(horizontal=True, vertical_alignment="bottom", key="steps"):
        for name, target in targets.items():
            there = target is not None and 0 <= target < len(rows)
            arguments = (identities[target], target) if there else ("", 0)
            key = "left" if name == "Previous" else "right"
            st.button(name, disabled=not there, on_click=_step, args=arguments, key=f"step:{name}", help=f"Arrow {key}")
        st.caption("filtered out" if place is None else f"{place + 1:,} of {len(rows):,}", width="content")
        identity = str(table["id"].iat[row])
        already = state.get("pin") == identity
        st.button(
            "Pin", icon=":material/keep:", help="Keep this sample beside the next ones.", disabled=already,
            on_click=state.set, args=("pin", identity), key="pin",
        )  # fmt: skip
        axis_switches(view)
        other_run_control(view)
    walking_keys(place, len(rows), lambda to: _step(identities[to], to))


def _sample(view: View, table: SampleTable, row: int, *, prefix: str = "") -> None:
    position = int(table["position"].iat[row])
    one_sample(view, row, position, pictures(view, [position])[0], prefix=prefix)


def _pinned(view: View, table: SampleTable) -> int | None:
    """The row of the pinned sample; None where none is, or none that the split holds."""
    identity = state.get("pin")
    if not identity:
        return None
    position = cache.positions_by_id(view.run).get(identity)
    found = None if position is None else np.flatnonzero(table["position"].to_numpy() == position)
    if found is None or not len(found):
        state.note(f"The pinned sample {identity} is not in the split {view.split}: nothing is pinned.")
        state.reset("pin")
        return None
    return int(found[0])


def _pinned_line(table: SampleTable, row: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="pinned"):
        st.markdown(f":material/keep: pinned: sample {escape(str(table['id'].iat[row]))}", width="content")
        st.button("Release", on_click=state.reset, args=("pin",), key="unpin", help="Show one sample alone again.")


# --- the pictures ----------------------------------------------------------------------------------------------------


def _wall(view: View, table: SampleTable, rows: np.ndarray, row: int) -> None:
    """The selected samples first, then the rest that passes the filters, in grey: what they stand out from."""
    per, rest = int(state.get("per")), other_rows(view, table)
    rows = np.concatenate([rows, rest])
    pages = max(1, -(-len(rows) // per))
    if state.get("page") > pages:
        state.set("page", pages)
    start = (state.get("page") - 1) * per
    chosen = rows[start : start + per]
    identities = dict(zip(table["position"].iloc[chosen].tolist(), table["id"].iloc[chosen].tolist()))
    gallery(
        tiles_of(view, table, chosen, lit=True),
        name="samples",
        rest=f"{counted(len(rest), 'sample')} not selected",
        selected=int(table["position"].iat[row]),
        shown=view.shown,
        on_open=lambda position: _open(str(identities[position])),
    )
    _pager(pages)


def _pager(pages: int) -> None:
    page = state.get("page")
    with st.container(horizontal=True, vertical_alignment="bottom", key="pager"):
        _turn("Back", page - 1, disabled=page <= 1)
        control("page", f"Page of {pages:,}", widget="number", min_value=1, max_value=pages, step=1, width=130)
        _turn("Forward", page + 1, disabled=page >= pages)
        control("per", "Pictures a page", widget="selectbox", on_change=_back_to_first, width=150)


def _turn(name: str, target: int, *, disabled: bool) -> None:
    st.button(
        name, key=f"page:{name}", disabled=disabled, on_click=state.set, args=("page", max(target, 1)),
        help=f"Page {max(target, 1):,} of the pictures.",
    )  # fmt: skip
