"""The page of runs by AppTest: what it lists, renaming, deleting and putting back; what read-only hosting leaves."""

import pytest

from analysis.runtime.folders import runs_folders
from analysis.storage import list_runs, write_run
from analysis.storage.display_titles import display_titles
from analysis.storage.trash import deleted_runs
from app.components.text import escape
from app.views.runs.page import ROW, TALL
from tests.e2e import pages


def table(app):
    return app.dataframe[0].value.set_index("id")


def button(app, label):
    return next(one for one in app.button if one.label == label)


@pytest.fixture
def app(small_run, damaged_run):
    return pages.opened("runs", run="small")


def typed(app, what, text):
    next(one for one in app.text_input if one.label == what).set_value(text)
    return app


def test_it_lists_every_run_with_what_is_wrong_with_damaged_ones(app):
    assert not app.exception
    rows = table(app)
    assert list(rows.index) == ["small", "damaged"]
    small = rows.loc["small"]
    assert (small["title"], small["model"], small["data set"]) == ("A small run", "msdnet", "tiny")
    assert (small["samples"], small["exits"], small["state"], small["shown"]) == (400, 7, "sound", "\N{BLACK CIRCLE}")
    assert small["MB"] == pytest.approx(next(e.bytes for e in list_runs() if e.id == "small") / 1e6)
    assert "bytes, not the" in rows.loc["damaged"]["state"]


def test_rows_are_as_high_as_the_longest_title_needs(small_run, runs, small_logits):
    def drawn():
        app = pages.opened("runs", run="small")
        assert "a double click on a cell shows all of it" in pages.words(app)
        return app.dataframe[0].proto.row_height

    assert drawn() == ROW
    write_run(runs / "long", logits=small_logits, title="MSDNet on CIFAR-100, 134 epochs, batch 256, seed 0")
    assert drawn() == TALL > 64  # pixels: from then on Streamlit breaks texts into lines


def test_what_is_wrong_with_a_damaged_run_has_several_lines(app):
    assert app.dataframe[0].proto.row_height == TALL


def test_the_way_to_import_is_a_click(app):
    button(app, "Import a run").click().run()
    assert "What do these files hold" in pages.words(app)


def test_open_shows_the_overview_of_the_run(app):
    button(app, "Open").click().run()
    assert "trajectories" in pages.figures(app)
    assert pages.address(app)["run"] == "small"


def test_a_new_title_is_used_everywhere_and_taken_back(app, small_run):
    typed(app, "Title", "<b>For the talk</b>")
    button(app, "Rename it").click().run()
    assert not app.exception
    assert table(app).loc["small"]["title"] == "<b>For the talk</b>"
    assert f"**{escape('<b>For the talk</b>')}**" in [block.value for block in app.markdown]
    assert "<b>For the talk</b>" in app.sidebar.selectbox(key="control:run").options
    assert "&lt;b&gt;For the talk&lt;/b&gt;" in pages.words(pages.opened(run="small"))
    button(app, "Its own title again").click().run()
    assert table(app).loc["small"]["title"] == "A small run"
    assert display_titles() == {}


def test_a_title_that_cannot_be_is_said_and_nothing_changes(app):
    typed(app, "Title", "a\nb")
    button(app, "Rename it").click().run()
    assert not app.exception
    assert any("give one line" in one.value for one in app.info)
    assert table(app).loc["small"]["title"] == "A small run"


def test_deleting_asks_for_the_id_and_can_be_undone(app, small_run):
    typed(app, "Id of the run", "smal")
    button(app, "Delete this run").click().run()
    assert any("Nothing was deleted" in one.value for one in app.info)
    assert small_run.path.is_dir()
    typed(app, "Id of the run", "small")
    button(app, "Delete this run").click().run()
    assert not app.exception
    assert not small_run.path.exists()
    assert "small" not in table(app).index
    assert "A small run (small), deleted" in pages.words(app)
    button(app, "Put back").click().run()
    assert not app.exception
    assert small_run.path.is_dir()
    assert pages.address(app)["run"] == "small"
    assert deleted_runs() == []


def test_a_damaged_run_is_deleted_too(damaged_run):
    app = pages.opened("runs", run="damaged")
    typed(app, "Id of the run", "damaged")
    button(app, "Delete this run").click().run()
    assert not app.exception
    assert not damaged_run.exists()
    assert "There is no run in" in pages.words(app)
    assert "damaged (damaged), deleted" in pages.words(app)


def test_without_a_run_it_says_how_to_import_one(runs):
    app = pages.opened("runs")
    assert not app.exception
    assert not app.dataframe
    assert str(runs_folders()[0]) in pages.words(app)
    assert any("python -m analysis import" in block.value for block in app.code)


def test_read_only_hosting_renames_and_deletes_nothing(small_run, monkeypatch):
    open_before = pages.opened("runs", run="small")
    monkeypatch.setenv("EXITLENS_READ_ONLY", "1")
    app = pages.opened("runs", run="small")
    assert [one.label for one in app.button if one.label in ("Open", "Rename it", "Delete this run")] == ["Open"]
    typed(open_before, "Id of the run", "small")
    button(open_before, "Delete this run").click().run()  # a page that was open before
    assert small_run.path.is_dir()
    assert "read-only: nothing can be deleted" in pages.words(open_before)


def test_a_folder_that_may_not_be_written_is_said(small_run, monkeypatch):
    from analysis.storage import trash

    monkeypatch.setattr(trash.os, "access", lambda path, mode: False)
    app = pages.opened("runs", run="small")
    assert "It cannot be deleted: " in pages.words(app)
    assert "Delete this run" not in [one.label for one in app.button]


def test_a_run_hidden_by_another_of_its_name_is_listed_and_not_touched(small_run, tmp_path, monkeypatch):
    import shutil

    other = tmp_path / "other"
    shutil.copytree(small_run.path.parent, other)
    monkeypatch.setenv("EXITLENS_RUNS", f"{small_run.path.parent}:{other}")
    app = pages.opened("runs", run="small")
    rows = app.dataframe[0].value
    assert list(rows["shown"]) == ["\N{BLACK CIRCLE}", ""]
    assert "is hidden by" in rows["state"][1]
    typed(app, "Id of the run", "small")
    button(app, "Delete this run").click().run()
    assert not small_run.path.exists()
    assert (other / "small").is_dir()
