"""The selection that every page is about: from the address to a mask, from a mark in a figure to the address, and back.

It is one thing however it was made: what was brushed, clicked or saved stands in the control `brush`, and the filters
and the query of the Samples page narrow it. A new brush forgets them.
"""

from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import streamlit as st

from analysis.predictors import settings_key
from analysis.selection import SampleTable, Selection
from analysis.selection.earlier import read_selection
from analysis.selection.filters import EFFECTS, RIGHT, Filters, ordered
from analysis.selection.listed import Listed
from analysis.words.formats import exit_labels
from analysis.words.selections import selection_words
from app import cache, state
from app.components.fitting.sets import sets_for_query
from app.components.predictor_names import named
from app.components.selection import store
from app.view import Selected, View

FILTERS = ("true", "guess", "right", "at", "effect", "above", "query")
SELECTING = ("brush", *FILTERS)
"""The controls that select."""
SETS = ("sets", "sets_set", "fit", "fit_seed")
"""The controls that say which sets of classes a query's columns are of."""
_WITH_THEM = ("sort", "order", "strip", "only")  # what a step back brings back too
_FOLLOWING, _PAST, _UNDERSTOOD = "selection-changed", "selection-past", "selection-understood"
_OVER = "selection-over"  # the text of what the page's numbers are over, while they are over the selected samples alone
MOST_STEPS = 50


@dataclass
class _Past:
    """What was selected before, the oldest first, and what is selected now: values of the controls."""

    now: dict[str, object] | None = None
    before: list[dict[str, object]] = field(default_factory=list)


def sample_table(view: View) -> SampleTable:
    """The table of the samples on screen, in the run's order."""
    return cache.table(
        SampleTable,
        view.run.fingerprint, view.split, settings_key(view.predictor, view.settings), view.poe,
        *(state.get(name) for name in SETS),
        run=view.run,
        split=view.split,
        predictor=view.predictor,
        poe=view.poe,
        traces=view.traces,
        sets=partial(sets_for_query, view),
    )  # fmt: skip


# --- what changes it, in callbacks -----------------------------------------------------------------------------------


def select(selection: Selection, figure: str = "", *, anew: bool = False) -> None:
    """In a callback: this is selected from now on, and nothing else; of the samples that the page's numbers are over.

    Parameters
    ----------
    selection : Selection
    figure : str
        Name of the chart below which the samples are shown, where `strip` has a place for it.
    anew : bool
        Among all samples, even while numbers are over the selected ones alone: it is no mark of a figure.
    """
    if not anew and st.session_state.get(_OVER):
        selection = selection & Selection.parse(st.session_state[_OVER])
    text = carried(selection)
    if text is None:
        state.note("What was selected is too long for the address: select less, or save it in parts as slices.")
        return
    if Selection.parse(text).slices:
        state.note("The address names the slice alone, its samples are too many: send the slice's file along with it.")
    clear()
    state.set("brush", text)
    state.set("strip", figure)


def carried(selection: Selection) -> str | None:
    """A selection's text with the ids of its saved slices where they fit into the address, else with their names."""
    for text in (store.with_ids(selection).text, selection.text):
        if len(text) <= state.CONTROLS["brush"].high and text.isprintable():
            return text
    return None


def open_gallery(selection: Selection | None = None) -> None:
    """In a callback: show the Samples page with what is selected, or with this, which then is."""
    if selection is not None:
        select(selection)
    state.open_page("samples")


def clear() -> None:
    """In a callback: every sample is as good as any other again."""
    state.reset(*SELECTING, "strip", "page")
    follow()


def changed() -> None:
    """In a callback: a filter has changed."""
    state.reset("page")
    follow()


def follow() -> None:
    """In a callback: a sample on screen that is not among the selected any more gives way to the first that is."""
    st.session_state[_FOLLOWING] = True


def to_follow() -> bool:
    """Whether it is to be looked for, once."""
    return st.session_state.pop(_FOLLOWING, False)


def undo() -> None:
    """In a callback: what was selected before the last change."""
    past = _past()
    if past.before:
        _restore(past.before.pop())


def _restore(values: dict[str, object]) -> None:
    for name, value in values.items():
        state.set(name, value)
    _past().now = values
    state.reset("page")
    follow()


def can_undo() -> bool:
    """Whether there was a change."""
    return bool(_past().before)


def _past() -> _Past:
    return st.session_state.setdefault(_PAST, _Past())


def _remember() -> None:
    past, now = _past(), {name: state.get(name) for name in (*SELECTING, *_WITH_THEM)}
    if past.now is not None and any(past.now[name] != now[name] for name in SELECTING):
        past.before = [*past.before, past.now][-MOST_STEPS:]
    past.now = now


# --- what it holds ---------------------------------------------------------------------------------------------------


def with_selection(view: View) -> View:
    """The view with what the address says is selected, resolved over all samples.

    What cannot be is noted, and then not selected; a query that is none keeps the samples of the last that was. What an
    earlier version wrote is understood, and then stands in the address as this one writes it.
    """
    st.session_state.pop(_OVER, None)
    _known_filters(view)
    selected = _selected(view) if any(state.get(n) != state.CONTROLS[n].default for n in SELECTING) else None
    _remember()
    if selected is None:
        return view
    only = bool(selected.count) and over_selected()
    if only and not selected.fault:
        st.session_state[_OVER] = _as_named(view).text
    chosen = view.run.positions(view.split)[selected.mask]
    labelled = bool((view.run.labels[chosen] >= 0).any()) if only else view.has_labels
    return replace(view, selected=selected, only=only, has_labels=labelled)


def over_selected() -> bool:
    """Whether the page's numbers are over the selected samples alone, where there are any; a list has no numbers."""
    return state.get("only") and state.page() in state.CONTROLS["only"].pages and state.page() != "samples"


def _as_named(view: View) -> Selection:
    """What is selected, with the names of slices whose ids the address does not hold."""
    filters = _filters(view, state.get("query")).selection()
    return read_selection(state.get("brush")) & filters if state.get("brush") else filters


def _known_filters(view: View) -> None:
    """Filters whose values depend on the run fall back, with a note, where this one has none such."""
    classes = ["", *(str(index) for index in range(view.run.n_classes))]
    state.narrow("guess", classes)
    if view.has_labels:
        state.narrow("true", classes)
        state.narrow("at", exits_to_choose(view))
    else:
        state.narrow("effect", effects_to_choose(view))


def exits_to_choose(view: View) -> list[str]:
    """What the control `at` takes on this run."""
    return ["last", *(str(number) for number in range(1, view.run.n_exits + 1))]


def effects_to_choose(view: View) -> tuple[str, ...]:
    """What the control `effect` takes on this run."""
    return EFFECTS if view.has_labels else ("any", "changed")


def _selected(view: View) -> Selected | None:
    table, brush = sample_table(view), _brush(view)
    if brush is None and all(state.get(name) == state.CONTROLS[name].default for name in FILTERS):
        return None
    last, query, fault = st.session_state.get(_UNDERSTOOD, {}), state.get("query"), ""
    try:
        selection, mask = _resolved(view, table, brush, query)
        st.session_state[_UNDERSTOOD] = {view.run.fingerprint: query}
    except ValueError as error:
        fault = str(error)
        try:
            selection, mask = _resolved(view, table, brush, last[view.run.fingerprint])
            fault = f"{fault.rstrip('.')}. The samples are those of the last query."
        except (KeyError, ValueError):  # there was none, or it needs what is no longer there
            selection, mask = Selection.parse("false"), np.zeros(len(table), dtype=bool)
    if selection.query is None:
        return None
    words = selection_words(selection, named, exit_labels(view.run.exit_names), view.run.class_names)
    return Selected(selection, mask, words, fault)


def _resolved(view: View, table: SampleTable, brush: Selection | None, query: str) -> tuple[Selection, np.ndarray]:
    selection = store.explained(_filters(view, query).selection(), view.run)
    if brush is not None:
        selection = brush & selection
    return selection, selection.mask(table)


def _brush(view: View) -> Selection | None:
    """What was brushed, clicked or saved; None, with a note, where it cannot be on this run."""
    text = state.get("brush")
    if not text:
        return None
    try:
        selection = read_selection(text)
        explained = store.explained(selection, view.run)
        mask = explained.mask(sample_table(view))
        if not mask.any() and any(isinstance(region, Listed) for region in explained.regions.values()):
            state.note(f"None of the samples that were selected one by one is in the split {view.split} of this run.")
        state.set("brush", carried(selection) or selection.text)
    except ValueError as error:
        state.note(f"What was selected is not shown: {error}")
        state.reset("brush", "strip")
        return None
    return explained


def _filters(view: View, query: str) -> Filters:
    return Filters(
        true_class=int(state.get("true")) if state.get("true") and view.has_labels else None,
        predicted_class=int(state.get("guess")) if state.get("guess") else None,
        right=state.get("right") if view.has_labels else RIGHT[0],
        exit=right_at(view) + 1,
        effect=state.get("effect"),
        above=state.get("above") or None,
        query=query,
    )


def right_at(view: View) -> int:
    """The exit that right and wrong are about, from 0; -1 the last, which it is without labels."""
    return -1 if state.get("at") == "last" or not view.has_labels else int(state.get("at")) - 1


def selected_rows(view: View, table: SampleTable) -> np.ndarray:
    """The selected rows of the table, all while none are, in the order that is chosen."""
    return _in_order(table, np.ones(len(table), dtype=bool) if view.selected is None else view.selected.mask)


def other_rows(view: View, table: SampleTable) -> np.ndarray:
    """The rows that pass the filters and were not brushed, clicked or asked for, in that order; with `only` none.

    What a filter or the query leaves out is hidden, as filters do everywhere; what a brush leaves out is grey.
    """
    alone = view.selected is None or view.selected.fault or not state.get("brush")
    if alone or (view.selected.count and state.get("only")):
        return np.empty(0, dtype=np.int64)
    passing = store.explained(_filters(view, state.get("query")).selection(), view.run).mask(table)
    return _in_order(table, passing & ~view.selected.mask)


def _in_order(table: SampleTable, mask: np.ndarray) -> np.ndarray:
    sort = state.get("sort") if state.get("sort") in table else state.CONTROLS["sort"].default
    return ordered(table, mask, sort, descending=state.get("order") == "down")
