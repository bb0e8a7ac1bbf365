"""`EXITLENS_READ_ONLY=1`: no page offers to write or takes a file, and what an open page asks is refused.

A new way to write is a row of `WRITES`; a new page is looked at because it is in the table of pages.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from analysis.runtime import command_job
from analysis.runtime.folders import state_folder
from analysis.selection import SampleTable, Selection, Slices, slice_of
from analysis.storage import write_run
from analysis.storage.display_titles import display_titles, rename_run
from analysis.storage.trash import delete_run, deleted_runs
from app.page_table import EVERY_PAGE, PAGES
from tests.e2e import pages


@dataclass(frozen=True)
class Write:
    """One way to write.

    page : where it is
    label : of the button that does it
    before : what is typed first: label of the field -> text
    """

    page: str
    label: str
    before: tuple[tuple[str, str], ...] = ()


WRITES = (
    Write("runs", "Rename it", (("Title", "Another title"),)),
    Write("runs", "Its own title again"),
    Write("runs", "Delete this run", (("Id of the run", "small"),)),
    Write("runs", "Put back"),
    Write("samples", "Save", (("Save as", "mine"),)),
    Write("samples", "Rename", (("New name", "other"),)),
    Write("samples", "Delete"),
    Write("import_run", "Import"),
)


@pytest.fixture
def everything(small_run, runs, small_logits, small_labels, tmp_path):
    """A run with a title of its own, a deleted one, a saved slice, and a file to import."""
    rename_run(small_run.path, "Renamed")
    delete_run(write_run(runs / "gone", logits=small_logits).path)
    Slices().save(slice_of(small_run, SampleTable(small_run), Selection.parse("label = 3"), "threes"))
    np.savez(tmp_path / "net.npz", logits=small_logits, labels=small_labels)
    yield tmp_path / "net.npz"
    for job in list(command_job._jobs):
        job.cancel()


def kept(runs: Path) -> dict[str, object]:
    """All that is kept: the runs' files, and what the state folder says."""
    slices = {name: (one.ids, one.note) for name, one in Slices().items()}
    files = {str(path): path.stat().st_mtime_ns for path in runs.rglob("*")}
    held = {str(path.relative_to(state_folder())) for path in state_folder().rglob("*")}
    held = {name for name in held if not name.endswith(("-wal", "-shm", "-journal"))}
    return {"files": files, "slices": slices, "titles": display_titles(), "trash": deleted_runs(), "state": held}


def opened(page: str, source: Path) -> AppTest:
    """A page as one who may write has it before them: the box of slices open, a file to import looked into."""
    app = pages.opened(page, run="small", **({"brush": "label = 3"} if page == "samples" else {}))
    if page == "samples":
        app.button(key="selection:slices").click().run()
    if page == "import_run":
        app.text_area[0].set_value(str(source)).run()
        while command_job._jobs:
            time.sleep(0.1)
            app.run()
        app.run()
    assert not app.exception
    return app


def button(app: AppTest, label: str):
    return next((one for one in app.button if one.label == label), None)


@pytest.mark.parametrize("write", WRITES, ids=lambda write: f"{write.page}: {write.label}")
def test_what_an_open_page_asks_is_refused(everything, runs, monkeypatch, write):
    app = opened(write.page, everything)
    for label, text in write.before:
        next(one for one in app.text_input if one.label == label).set_value(text)
    before = kept(runs)
    monkeypatch.setenv("EXITLENS_READ_ONLY", "1")
    button(app, write.label).click().run()
    while command_job._jobs:
        time.sleep(0.1)
        app.run()
    assert not app.exception
    assert kept(runs) == before
    fault = "slices-fault"  # what the box of slices says once it is opened again
    assert "read-only" in pages.words(app) + (app.session_state[fault] if fault in app.session_state else "")  # noqa: SIM401


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_no_page_offers_to_write_and_looking_writes_nothing(everything, runs, monkeypatch, page):
    monkeypatch.setenv("EXITLENS_READ_ONLY", "1")
    before = kept(runs)
    app = pages.opened(page, run="small", **({"source": "upload"} if page == "live" else {}))
    if "selection:slices" in {one.key for one in app.button}:
        app.button(key="selection:slices").click().run()
    assert not app.exception
    assert not app.file_uploader
    assert not {one.label for one in app.button} & {write.label for write in WRITES}
    assert kept(runs) == before


def test_pages_that_are_there_to_write_are_not_in_the_bar(everything, monkeypatch):
    hidden = {page.title for page in PAGES if page.writes}
    assert hidden
    linked = {link.proto.label for link in pages.opened().get("page_link")}
    assert hidden <= linked
    monkeypatch.setenv("EXITLENS_READ_ONLY", "1")
    linked = {link.proto.label for link in pages.opened().get("page_link")}
    assert not hidden & linked
    assert "Overview" in linked
