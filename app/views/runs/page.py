"""Runs: which there are, what is wrong with the damaged ones; open, rename, delete and put back, import."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from analysis.reference.outside_text import isolated
from analysis.runtime.folders import runs_addresses, runs_folders
from analysis.runtime.objects import shown_address
from analysis.storage import RunEntry
from analysis.storage.display_titles import LONGEST, display_titles, rename_run
from analysis.storage.trash import DeletedRun, delete_run, deleted_runs, restore_run, trash_folder, why_not_deletable
from app import cache, state
from app.components.frame.run_choice import listed_once, natural
from app.components.text import escape, plain_text
from app.server.read_only import read_only, refuse_read_only
from app.view import View

TABLE, TITLE, TYPED = "runs-table", "runs-title", "runs-typed-id"
ROW, TALL = 35, 66  # pixels of a row; from 65 on texts are broken into lines, three of them
IN_ONE_LINE = 32  # characters of a title
HIGHEST = 500  # pixels of the table before it scrolls


def render(view: View | None) -> None:
    """The page; `view` is None where no run can be opened."""
    st.subheader("Which runs are there?", anchor=False)
    entries = sorted(cache.runs(), key=lambda entry: (entry.error is not None, natural(entry.title)))
    if entries:
        _table(entries)
    if entry := listed_once().get(state.get("run")):
        _actions(entry)
    if not read_only():
        _trash()
    _import()


# --- the list --------------------------------------------------------------------------------------------------------


def _table(entries: Sequence[RunEntry]) -> None:
    plain_text(
        "Tick a row to put its run on screen. A click on a heading sorts; the magnifier above the table searches; a "
        "double click on a cell shows all of it.",
        role="caption",
    )
    row = row_height(entries)
    st.dataframe(
        table_of(entries, state.get("run")),
        hide_index=True,
        row_height=row,
        height=ROW + row * min(len(entries), HIGHEST // row) + 3,
        on_select=lambda: put_on_screen([entry.id for entry in entries]),
        selection_mode="single-row",
        key=TABLE,
        column_config={
            "shown": st.column_config.TextColumn(width=50, help="The run that the other pages are about."),
            "title": st.column_config.TextColumn(width=220),
            "id": st.column_config.TextColumn(width=144, help="The name of its folder, which addresses hold."),
            "model": st.column_config.TextColumn(width=85),
            "data set": st.column_config.TextColumn(width=65),
            "samples": st.column_config.NumberColumn(width=65, format="localized", help="Of all splits."),
            "exits": st.column_config.NumberColumn(width=45),
            "date": st.column_config.TextColumn(
                width=86, help="When it was made, as the run says; else when its folder changed."
            ),
            "MB": st.column_config.NumberColumn(
                width=50, format="%.1f", help="On disk, without the data set's images."
            ),
            "state": st.column_config.TextColumn(
                width=54 if all(one.error is None for one in entries) else 240, help="Sound, or what is wrong with it."
            ),
        },
    )


def row_height(entries: Sequence[RunEntry]) -> int:
    """The pixels of a row: several lines where a title or what is wrong with a run needs them."""
    return TALL if any(one.error is not None or len(one.title) > IN_ONE_LINE for one in entries) else ROW


def table_of(entries: Sequence[RunEntry], on_screen: str) -> pd.DataFrame:
    """A row for each run folder.

    Parameters
    ----------
    on_screen : str
        The id of the run that the other pages are about.
    """
    return pd.DataFrame(
        {
            "shown": ["\N{BLACK CIRCLE}" if one.id == on_screen and not _hidden(one) else "" for one in entries],
            "title": [isolated(one.title) for one in entries],
            "id": [isolated(one.id) for one in entries],
            "model": [isolated(one.model or "") for one in entries],
            "data set": [isolated(one.dataset or "") for one in entries],
            "samples": [one.shape[1] or None for one in entries],
            "exits": [one.shape[0] or None for one in entries],
            "date": [date_of(one) for one in entries],
            "MB": [one.bytes / 1e6 for one in entries],
            "state": ["sound" if one.error is None else isolated(one.error) for one in entries],
        }
    )


def _hidden(entry: RunEntry) -> bool:
    """Whether another folder of the same name stands before this one."""
    first = listed_once().get(entry.id)
    return first is not None and first.path != entry.path


def date_of(entry: RunEntry) -> str:
    """The day a run was made, as it says, else the day its folder last changed: ISO 8601."""
    try:
        return datetime.fromisoformat(entry.made).date().isoformat()
    except ValueError:
        return datetime.fromtimestamp(entry.mtime_ns / 1e9, UTC).date().isoformat()


def put_on_screen(ids: Sequence[str]) -> None:
    """In a callback: the run of the row that was ticked is the one on screen."""
    rows = st.session_state[TABLE]["selection"]["rows"]
    if rows and 0 <= rows[0] < len(ids):
        state.set("run", ids[rows[0]])


# --- what can be done with the run on screen ---------------------------------------------------------------------


def _actions(entry: RunEntry) -> None:
    st.markdown(f"**{escape(entry.title)}**")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Open",
            type="primary",
            disabled=entry.error is not None,
            on_click=state.open_page,
            args=("overview",),
            help="What this run is and what the correction does to it: the overview.",
        )
        if read_only():
            return
        with st.popover("Rename", width="content"):
            _rename(entry)
        with st.popover("Delete", width="content"):
            _delete(entry)


def _rename(entry: RunEntry) -> None:
    key = f"{TITLE}:{entry.path}"
    st.text_input(
        "Title",
        value=entry.title,
        max_chars=LONGEST,
        key=key,
        help="What this run is called wherever its title is shown. It is kept in your state folder: the run itself "
        "does not change, and its id stays.",
    )
    st.button(
        "Rename it", on_click=_renamed, args=(entry, key), help="Shown everywhere; the run folder stays as it is."
    )
    st.button(
        "Its own title again", on_click=_renamed, args=(entry, None), help="The title that stands in the run folder."
    )


def _renamed(entry: RunEntry, key: str | None) -> None:
    try:
        refuse_read_only("renamed")
        rename_run(entry.path, st.session_state.get(key, "") if key else "")
        st.session_state.pop(f"{TITLE}:{entry.path}", None)
    except ValueError as error:
        state.note(str(error))


def _delete(entry: RunEntry) -> None:
    if reason := why_not_deletable(entry.path):
        plain_text(f"It cannot be deleted: {reason}.")
        return
    key = f"{TYPED}:{entry.path}"
    plain_text("Its folder moves into the trash, from where it can be put back. To be sure, type its id:")
    st.code(entry.id, language=None)
    st.text_input("Id of the run", key=key, placeholder=entry.id, help="The name of its folder.")
    st.button(
        "Delete this run", on_click=_deleted, args=(entry, key), help="To the trash, from which it can be put back."
    )


def _deleted(entry: RunEntry, key: str) -> None:
    try:
        refuse_read_only("deleted")
        if st.session_state.get(key, "").strip() != entry.id:
            raise ValueError(f"Nothing was deleted: type the id of the run, {entry.id}, to delete it.")
        gone = delete_run(entry.path, entry.title)
    except ValueError as error:
        state.note(str(error))
        return
    st.session_state.pop(key, None)
    state.reset("run", "sample")
    state.note(f"{gone.title} ({gone.id}) was deleted. “Put back”, under deleted runs, undoes this.")


# --- the trash and the way to import --------------------------------------------------------------------------------


def _trash() -> None:
    try:
        display_titles()
        found = deleted_runs()
    except ValueError as error:
        st.warning(escape(error))
        return
    if not found:
        return
    st.markdown("**Deleted runs**")
    for one in found:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Put back", key=f"put-back:{one.folder}", on_click=_put_back, args=(one,), help="Where it was.")
            plain_text(f"{one.title} ({one.id}), deleted {one.deleted[:16].replace('T', ' ')} UTC, was in {one.run}")
    plain_text(f"They lie in {trash_folder()}: what is removed from there is gone for good.", role="caption")


def _put_back(one: DeletedRun) -> None:
    try:
        refuse_read_only("put back")
        state.set("run", restore_run(one).name)
    except ValueError as error:
        state.note(str(error))


def _import() -> None:
    if not read_only():
        st.button(
            "Import a run",
            on_click=state.open_page,
            args=("import_run",),
            help="Make a run of files of logits: by drag and drop, from a training script, or on the command line.",
        )
    places = ", ".join([*map(str, runs_folders()), *map(shown_address, runs_addresses())])
    plain_text(f"Runs are looked for in {places}; EXITLENS_RUNS names other folders.", role="caption")
