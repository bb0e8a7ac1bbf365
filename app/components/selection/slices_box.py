"""The box of the slices: keep the selection under a name, select and combine what was kept, save to files, import."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from analysis.reference.outside_text import csv_cell, file_name, html_text
from analysis.run import Run
from analysis.selection import SampleTable, Selection, Slice, slice_of
from analysis.selection.grammar import written_name
from analysis.selection.slices import LONGEST_NAME, LONGEST_NOTE
from analysis.words.formats import counted
from app import state
from app.components.presenting import add_samples
from app.components.selection import store
from app.components.selection.held import sample_table, select, selected_rows
from app.components.text import escape, plain_text
from app.server.read_only import read_only
from app.view import View

_WANTED, _DELETED, _FAULT, _ROUND = "slices-wanted", "slices-deleted", "slices-fault", "slices-round"
_DONE = "slices-done"
COLUMNS = ("label_name", "predicted_name", "confidence", "fall")
"""Saved beside the ids unless others are chosen."""
WORST = 10
"""How many are saved unless told, while nothing is selected: the first of the order."""
LARGEST_MB = 5
JOINS = {
    "And": "Narrow the selection to those that are in this slice too.",
    "Or": "Add this slice to the selection.",
    "And not": "Leave this slice out of the selection; of all samples while nothing is selected.",
}


def ask_for_slices() -> None:
    """In a callback: open the box."""
    st.session_state[_WANTED] = True
    for name in (_DELETED, _FAULT):
        st.session_state.pop(name, None)


def slices_box(view: View) -> None:
    """Open the box if it was asked for."""
    st.session_state.pop(_DONE, None)  # with a run of the whole page the box is closed
    if st.session_state.pop(_WANTED, False):
        _box(view)


@st.dialog("Slices", width="medium", icon=":material/bookmarks:")
def _box(view: View) -> None:
    if fault := st.session_state.pop(_FAULT, ""):
        st.error(escape(fault))
    try:
        slices = store.saved()
        _save(view)
        _list(view, slices)
    except ValueError as error:  # the file is damaged, or cannot be read
        st.error(escape(error))
    _export(view)
    if not read_only():
        _import()


# --- keep ------------------------------------------------------------------------------------------------------------


def _save(view: View) -> None:
    if read_only():
        plain_text("This app is read-only: slices that its host saved can be shown, none can be saved.", role="caption")
        return
    table = sample_table(view)
    rows = selected_rows(view, table)
    if not len(rows):
        plain_text("No sample is selected, so there is none to save.", role="caption")
        return
    with st.form("save-slice", border=False, clear_on_submit=False):
        name, first, note, go = st.columns([4, 3, 5, 2], vertical_alignment="bottom")
        name.text_input("Save as", max_chars=LONGEST_NAME, placeholder="a name", key="slice-name")
        first.number_input(
            f"How many of {len(rows):,}",
            min_value=1,
            max_value=len(rows),
            value=len(rows) if view.selected else min(WORST, len(rows)),
            key="slice-first",
            help=f"The first of them in the order of Samples: by {escape(state.get('sort'))}.",
        )
        note.text_input("Note", max_chars=LONGEST_NOTE, placeholder="why to look at them", key="slice-note")
        go.form_submit_button(
            "Save", type="primary", width="stretch", key="slice-save", on_click=_keep, args=(view, table, rows)
        )
    if view.selected is not None and st.button(
        f"Add {counted(len(rows), 'selected sample')} to a presentation",
        key="slice-present-selected",
        type="tertiary",
        icon=":material/co_present:",
        on_click=add_samples,
    ):
        st.rerun()
    if st.session_state.pop(_DONE, False):
        st.rerun()


def _keep(view: View, table: SampleTable, rows: np.ndarray) -> None:
    """In a callback: save what the form says, which then is selected by its name."""
    most = st.session_state["slice-first"]
    selection = Selection.of_ids(table["id"].iloc[rows[:most]])
    if view.selected is not None and most == len(rows):
        selection = view.selected.selection
    try:
        one = slice_of(view.run, table, selection, st.session_state["slice-name"], st.session_state["slice-note"])
        store.changeable().save(one)
    except ValueError as error:
        st.session_state[_FAULT] = str(error)
        return
    select(_of(one.name), str(state.get("strip")), anew=True)
    st.session_state[_DONE] = True


def _of(name: str) -> Selection:
    return Selection.parse(f"in {written_name(name)}")


# --- what was kept ---------------------------------------------------------------------------------------------------


def _list(view: View, slices: Mapping[str, Slice]) -> None:
    if gone := st.session_state.get(_DELETED):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"Deleted {escape(gone.name)}.", width="content")
            st.button(
                "Undo", key="slice-undelete", type="tertiary", on_click=_change, args=(_undelete,), help="Put it back."
            )
    if not slices:
        plain_text(
            "No slice is saved yet. A slice keeps samples under a name, across restarts and runs.", role="caption"
        )
    for number, one in enumerate(slices.values()):
        _row(view, number, one)


def _row(view: View, number: int, one: Slice) -> None:
    what, *places, more = st.columns([7, 2, 2, 2, 3, 2], vertical_alignment="center", gap="xsmall")
    size, fault = _size(view.run, view.split, one)
    here = f"{size:,} here" if size == len(one.ids) else f"{size:,} here of {len(one.ids):,}"
    said = html_text(fault) if fault else here + (f" · {html_text(one.note)}" if one.note else "")
    with what:
        name = html_text(one.name)
        whole = html_text(f"{one.name}: {one.note or 'no note'}. Saved from {one.run}, {one.made[:10]}.")
        st.html(f'<div class="xl-slice" title="{whole}"><b>{name}</b><br><span class="xl-muted">{said}</span></div>')
    for place, (label, about) in zip(places, {"Show": "Select it.", **JOINS}.items()):
        with place:
            dead = bool(fault) or (view.selected is None and label in ("And", "Or"))
            key, action = f"slice:{label}:{number}", {"on_click": _join, "args": (view, label, one.name)}
            if st.button(label, key=key, help=about, disabled=dead, type="tertiary", **action):
                st.rerun()
    with more, st.popover("", icon=":material/more_horiz:", help="Rename, delete, save to a file", type="tertiary"):
        _further(view, number, one, dead=bool(fault))


def _join(view: View, label: str, name: str) -> None:
    """In a callback: select a slice, or the selection and the slice joined."""
    now = Selection() if view.selected is None else view.selected.selection
    joined = {"Show": lambda: _of(name), "And": lambda: now & _of(name), "Or": lambda: now | _of(name)}
    try:
        select(joined.get(label, lambda: now & ~_of(name))(), anew=True)
    except ValueError as error:  # too long
        state.note(f"What was selected is kept: {error}")


def _size(run: Run, split: str, one: Slice) -> tuple[int, str]:
    """How many of its samples are in the split on screen, or why it is not of this run's samples."""
    try:
        return int(np.isin(one.joined(run), run.positions(split)).sum()), ""
    except ValueError as error:
        return 0, str(error)


def _further(view: View, number: int, one: Slice, *, dead: bool) -> None:
    st.download_button(
        "Save to a file", one.to_json(), file_name=f"{file_name(one.name, 'slice')}.slice.json",
        mime="application/json", key=f"slice:file:{number}", on_click="ignore",
        help="For somebody else, whose app imports it.",
    )  # fmt: skip
    if read_only():
        return
    if st.button(
        "Add to a presentation", key=f"slice:present:{number}", disabled=dead, on_click=_present, args=(view, one),
        help="Selects it; its images and trajectories become a screen, with its name and note.",
    ):  # fmt: skip
        st.rerun()
    key = f"slice:name:{number}:{one.name}"
    st.text_input("New name", value=one.name, max_chars=LONGEST_NAME, key=key)
    st.button("Rename", key=f"slice:rename:{number}", on_click=_change, args=(_rename, one.name, key))
    st.button(
        "Delete", key=f"slice:delete:{number}", icon=":material/delete:", on_click=_change, args=(_delete, one.name)
    )


def _present(view: View, one: Slice) -> None:
    """In a callback: select a slice, which then becomes a screen."""
    _join(view, "Show", one.name)
    add_samples(one.name, one.note)


def _change(action: Callable[..., None], *arguments: str) -> None:
    """In a callback: change what is saved; the box then says why it could not be."""
    try:
        action(*arguments)
    except ValueError as error:
        st.session_state[_FAULT] = str(error)
    except KeyError:  # another window was faster
        pass


def _rename(name: str, key: str) -> None:
    if (to := st.session_state[key].strip()) != name:
        store.changeable().rename(name, to)


def _delete(name: str) -> None:
    st.session_state[_DELETED] = store.changeable().delete(name)


def _undelete() -> None:
    store.changeable().save(st.session_state.pop(_DELETED), replace=True)


# --- out and in ------------------------------------------------------------------------------------------------------


def _export(view: View) -> None:
    table = sample_table(view)
    rows = selected_rows(view, table)
    with st.expander(f"Save the ids of {counted(len(rows), 'sample')} as CSV", key="slice-export"):
        chosen = st.multiselect(
            "Columns beside the ids",
            [name for name in table.columns if name != "id"],
            [name for name in COLUMNS if name in table],
            key="slice-columns",
        )
        st.download_button(
            "Save CSV",
            lambda: samples_csv(table, rows, chosen),
            file_name=f"{file_name(view.run.id, 'run')}-samples.csv",
            mime="text/csv",
            key="slice-csv",
            on_click="ignore",
            icon=":material/download:",
        )


def samples_csv(table: SampleTable, rows: np.ndarray, columns: list[str]) -> str:
    """Ids and columns of some samples, in that order: text that is never a formula."""
    found = {name: table[name].iloc[rows].astype(object) for name in ["id", *columns]}
    return "\ufeff" + pd.DataFrame(found).map(csv_cell).rename(columns=csv_cell).to_csv(index=False)


def _import() -> None:
    with st.expander("Bring in a slice that somebody saved to a file", key="slice-import"):
        turn = st.session_state.get(_ROUND, 0)
        file = st.file_uploader("A slice's file", type=["json"], max_upload_size=LARGEST_MB, key=f"slice-file-{turn}")
        if file is None:
            return
        try:
            one = Slice.from_json(file.getvalue().decode("utf-8"))
            if one.name in store.saved():
                one = _under_another_name(one)
                if one is None:
                    return
            store.changeable().save(one)
        except UnicodeDecodeError:
            st.error("slice: the file is no text: choose one that was saved by “Save to a file”")
            return
        except ValueError as error:
            st.error(escape(error))
            return
        st.session_state[_ROUND] = turn + 1  # another uploader is empty
        st.rerun(scope="fragment")


def _under_another_name(one: Slice) -> Slice | None:
    """The slice under the name that is given; None until it is."""
    name = st.text_input(
        f"There is a slice {escape(one.name)} already: import it as", max_chars=LONGEST_NAME, key="slice-import-name"
    )
    return replace(one, name=name.strip()) if name.strip() else None
