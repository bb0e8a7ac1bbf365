"""Titles that people give to runs: kept beside the run folders, shown wherever titles are, never written into a run."""

import pytest

from analysis.runtime.folders import state_folder
from analysis.storage import list_runs, load_run
from analysis.storage.display_titles import LONGEST, display_titles, rename_run


def test_a_given_title_takes_the_place_of_the_run_s_own_and_leaves_the_folder_as_it_was(small_run):
    content = {path.name: path.read_bytes() for path in small_run.path.iterdir()}
    rename_run(small_run.path, " The one for the talk ")
    assert load_run(small_run.path).title == "The one for the talk"
    assert [entry.title for entry in list_runs()] == ["The one for the talk"]
    assert load_run(small_run.path).fingerprint == small_run.fingerprint
    assert {path.name: path.read_bytes() for path in small_run.path.iterdir()} == content


def test_an_empty_title_is_its_own_again(small_run):
    rename_run(small_run.path, "Another")
    rename_run(small_run.path, "  ")
    assert load_run(small_run.path).title == "A small run"
    assert display_titles() == {}


def test_nothing_is_written_before_there_is_a_title(small_run):
    rename_run(small_run.path, "")
    assert display_titles() == {}
    assert not state_folder().exists()


@pytest.mark.parametrize("title", ["two\nlines", "x" * (LONGEST + 1), "bell\a"])
def test_a_title_is_one_line(small_run, title):
    with pytest.raises(ValueError, match=f"give one line of at most {LONGEST} characters"):
        rename_run(small_run.path, title)


def test_runs_open_under_their_own_titles_where_the_file_is_damaged_and_it_is_said_to_who_asks(small_run):
    rename_run(small_run.path, "Another")
    (state_folder() / "titles.sqlite").write_bytes(b"no database" * 100)
    assert load_run(small_run.path).title == "A small run"
    assert [entry.title for entry in list_runs()] == ["A small run"]
    with pytest.raises(ValueError, match=r"titles\.sqlite: the runs' titles cannot be used .* mend or move the file"):
        display_titles()
