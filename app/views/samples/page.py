"""Samples: which ones get worse with more computation, and how?"""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from analysis.figures.sparkline import sparkline_paths
from analysis.selection import SampleTable
from analysis.selection.filters import EFFECTS, RIGHT, Filters, ordered
from analysis.selection.sample_table import describe_columns
from analysis.words.formats import counted, exit_labels, percent
from app import cache, state
from app.components.controls import control
from app.components.empty_split import no_samples
from app.components.predictor_names import label_of
from app.components.selection import Selected, sample_table, selection_line, selection_on_screen
from app.components.text import escape
from app.view import View
from app.views.samples.gallery import Tile, gallery, image_address
from app.views.samples.one_sample import axis_switch, one_sample

_FILTERED, _UNDERSTOOD = "samples-filtered", "samples-understood"
FILTERS = ("true", "guess", "right", "at", "effect", "above", "query")
EFFECT_NAMES = {"any": "any", "fixed": "wrong to right", "broken": "right to wrong", "changed": "another class"}
GRAMMAR = (
    "Comparisons of columns with numbers, texts or each other, joined by and, or, not, with parentheses. "
    "Examples: `fall > 0.3 and not correct`, `label_name in (fox, wolf)`, `0.2 < confidence < 0.5`, "
    "`predicted_name ~ tree`, `fall > baseline_fall`. Columns with spaces stand between backquotes."
)


def render(view: View) -> None:
    """The page."""
    st.subheader("Which samples get worse with more computation, and how?", anchor=False)
    if no_samples(view):
        return
    table = sample_table(view)
    _filter_row(view)
    _query_row(view, table)
    held = selection_on_screen(view)
    selection_line(held, offer_gallery=False)
    rows, understood = _understood_rows(view, table, held)
    _result_row(view, rows, len(table))
    if understood and not len(rows):
        st.info("No sample passes every filter: take one back, or clear them all.")
    row = _on_screen(view, table, rows)
    wall, detail = st.columns([5, 6], gap="medium")
    with wall:
        _wall(view, table, rows, row)
    with detail:
        _steps(view, table, rows, row)
        position = int(table["position"].iat[row])
        one_sample(view, row, position, _pictures(view, [position])[0])


# --- which samples ---------------------------------------------------------------------------------------------------


def _back_to_first() -> None:
    state.reset("page")


def _filtered() -> None:
    """In a callback: the filters have changed, so a sample that none of them passes is not followed any further."""
    _back_to_first()
    st.session_state[_FILTERED] = True


def _filter_row(view: View) -> None:
    """The filters that need no typing. A run without labels has none that need them."""
    names = view.run.class_names
    classes = ["", *(str(index) for index in range(len(names)))]
    exits = ["last", *(str(number) for number in range(1, view.run.n_exits + 1))]
    exit_names = exit_labels(view.run.exit_names)
    label = label_of(view.predictor)

    def class_name(key: str) -> str:
        return names[int(key)] if key else "any"

    places = iter(st.columns([3, 3, 2, 2, 3, 3] if view.has_labels else [3, 3, 3], vertical_alignment="bottom"))
    common = {"on_change": _filtered, "widget": "selectbox"}
    if view.has_labels:
        with next(places):
            control("true", "True class", classes, show=class_name, **common)
    with next(places):
        control("guess", "Predicted", classes, show=class_name, **common)
    if view.has_labels:
        with next(places):
            control("right", "Answer", RIGHT, **common)
        with next(places):
            control(
                "at", "At exit", exits, show=lambda key: key if key == "last" else exit_names[int(key) - 1], **common
            )
    with next(places):
        effects = EFFECTS if view.has_labels else ("any", "changed")
        control("effect", f"What {escape(label)} does", effects, show=EFFECT_NAMES.get, **common)
    with next(places):
        control("above", "Largest fall above", widget="slider", step=0.01, on_change=_filtered)


def _query_row(view: View, table: SampleTable) -> None:
    query, columns, sort, order = st.columns([8, 3, 4, 4], vertical_alignment="bottom")
    with query:
        control(
            "query",
            "Query",
            widget="text",
            placeholder="fall > 0.3 and predicted_name ~ fox",
            help=GRAMMAR,
            on_change=_filtered,
        )
    with columns, st.popover("Columns", width="stretch"):
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


def _understood_rows(view: View, table: SampleTable, held: Selected | None) -> tuple[np.ndarray, bool]:
    """The rows that pass, in order, and whether the query is understood; otherwise by the last one that was."""
    query, last = state.get("query"), st.session_state.get(_UNDERSTOOD, {})
    try:
        rows = _rows(view, table, held, query)
    except ValueError as error:
        st.session_state.pop(_FILTERED, None)
        try:
            rows = _rows(view, table, held, last[view.run.fingerprint])
        except (KeyError, ValueError):  # none was, or it needs what is no longer there
            st.error(escape(error))
            return np.array([], dtype=np.int64), False
        st.error(escape(f"{str(error).rstrip('.')}. The samples below are those of the last query."))
        return rows, False
    st.session_state[_UNDERSTOOD] = {view.run.fingerprint: query}
    return rows, True


def _rows(view: View, table: SampleTable, held: Selected | None, query: str) -> np.ndarray:
    filters = Filters(
        true_class=int(state.get("true")) if state.get("true") and view.has_labels else None,
        predicted_class=int(state.get("guess")) if state.get("guess") else None,
        right=state.get("right") if view.has_labels else "any",
        exit=_right_at(view) + 1,
        effect=state.get("effect"),
        above=state.get("above") or None,
        query=query,
    )
    mask = filters.selection().mask(table)
    if held is not None:
        mask &= held.mask
    return ordered(table, mask, state.get("sort"), descending=state.get("order") == "down")


def _clear() -> None:
    state.reset(*FILTERS, "brush", "page")


def _result_row(view: View, rows: np.ndarray, total: int) -> None:
    filtered = any(state.get(name) != state.CONTROLS[name].default for name in (*FILTERS, "brush"))
    with st.container(horizontal=True, vertical_alignment="center", key="result-row"):
        share = f" ({percent(100 * len(rows) / total)})" if len(rows) < total else ""
        st.markdown(f"**{len(rows):,}** of {counted(total, 'sample')}{share}", width="content")
        st.button("Clear the filters", on_click=_clear, disabled=not filtered, icon=":material/filter_alt_off:")


# --- which one -------------------------------------------------------------------------------------------------------


def _on_screen(view: View, table: SampleTable, rows: np.ndarray) -> int:
    """The row of the sample on screen: the address's, or else the first in the order, which the address then keeps.

    After a change of the filters, one that they hide gives way to the first. A switch of the predictor keeps it, as an
    address does, so that it can be compared.
    """
    changed = st.session_state.pop(_FILTERED, False)
    if state.get("sample"):
        found = np.searchsorted(table["position"].to_numpy(), view.sample)
        if found < len(table) and table["position"].iat[found] == view.sample:
            if not (changed and len(rows) and found not in rows):
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
    """Previous and next, also on the arrow keys; each sends where it goes, so that merged presses do not add up."""
    found = np.flatnonzero(rows == row)
    rank = int(found[0]) if len(found) else None
    targets = {"Left": None if rank is None else rank - 1, "Right": 0 if rank is None else rank + 1}
    with st.container(horizontal=True, vertical_alignment="center", key="steps"):
        for key, name in (("Left", "Previous"), ("Right", "Next")):
            target = targets[key]
            there = target is not None and 0 <= target < len(rows)
            arguments = (str(table["id"].iat[rows[target]]), target) if there else ("", 0)
            st.button(name, shortcut=key, disabled=not there, on_click=_step, args=arguments, key=f"step:{key}")
        place = "filtered out" if rank is None else f"{rank + 1:,} of {len(rows):,}"
        st.caption(place, width="content")
        axis_switch(view)


# --- the pictures ----------------------------------------------------------------------------------------------------


def _wall(view: View, table: SampleTable, rows: np.ndarray, row: int) -> None:
    per = int(state.get("per"))
    pages = max(1, -(-len(rows) // per))
    if state.get("page") > pages:
        state.set("page", pages)
    start = (state.get("page") - 1) * per
    chosen = rows[start : start + per]
    identities = dict(zip(table["position"].iloc[chosen].tolist(), table["id"].iloc[chosen].tolist()))
    gallery(
        _tiles(view, table, chosen),
        name="samples",
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
        control("per", "On a page", widget="selectbox", on_change=_back_to_first, width=110)


def _turn(name: str, target: int, *, disabled: bool) -> None:
    st.button(name, key=f"page:{name}", disabled=disabled, on_click=state.set, args=("page", max(target, 1)))


def _tiles(view: View, table: SampleTable, chosen: np.ndarray) -> list[Tile]:
    positions = table["position"].to_numpy()[chosen]
    pictures = [image_address(data) for data in _pictures(view, positions)]
    drawn = any(picture == ("", "") for picture in pictures)
    shown, behind = _lines(view, chosen) if drawn else ([""] * len(chosen),) * 2
    at = _right_at(view)
    right = known = [False] * len(chosen)
    if view.has_labels:
        right = table["correct" if at < 0 else f"correct_{at + 1}"].iloc[chosen].tolist()
        known = table["label"].iloc[chosen].notna().tolist()
    titles = table["label_name" if view.has_labels else "predicted_name"].iloc[chosen].astype(object).tolist()
    falls = table["fall"].iloc[chosen].tolist()
    guesses = _guesses(view, chosen, at)
    return [
        Tile(
            position=position,
            title=_text(title) if known_ or not view.has_labels else "label unknown",
            note="" if title == guess else f"as {guess}",
            fall=f"{fall:.3f}" if fall >= 0.0005 else "",
            mark="" if not known_ else "right" if right_ else "wrong",
            image=picture,
            fault=fault,
            shown="" if picture or fault else line,
            behind="" if picture or fault or not view.poe else faint,
        )
        for position, title, guess, fall, known_, right_, (picture, fault), line, faint in zip(
            positions.tolist(), titles, guesses, falls, known, right, pictures, shown, behind
        )
    ]


def _right_at(view: View) -> int:
    """The exit that right and wrong are about, from 0; -1 the last, which it is without labels."""
    return -1 if state.get("at") == "last" or not view.has_labels else int(state.get("at")) - 1


def _guesses(view: View, chosen: np.ndarray, exit_: int) -> list[str]:
    """What is predicted at the exit that right and wrong are about."""
    predicted = view.traces(view.shown).predicted[exit_, chosen]
    return [view.run.class_names[index] if index >= 0 else "none" for index in predicted.tolist()]


def _text(name: object) -> str:
    return name if isinstance(name, str) else "none"


def _lines(view: View, chosen: np.ndarray) -> tuple[Sequence[str], Sequence[str]]:
    """Trajectories in place of pictures: of the true class, or the final prediction in a run without labels."""
    name = "true_class_prob" if view.has_labels else "final_prediction_prob"
    return tuple(
        sparkline_paths(getattr(view.traces(predictor), name)[:, chosen]) for predictor in (view.shown, "baseline")
    )


def _pictures(view: View, positions: Sequence[int]) -> list[bytes | None]:
    source = cache.images(view.run)
    try:
        return [None] * len(positions) if source is None else source.encoded(positions)
    except ValueError as error:
        state.note(f"The images of these samples cannot be shown: {error}.")
        return [None] * len(positions)
