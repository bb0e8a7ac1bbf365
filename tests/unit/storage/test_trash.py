"""Deleted runs: gone from the list, whole in the trash, and back where they were; nothing is ever lost."""

import errno
import os

import pytest

from analysis.runtime.folders import state_folder
from analysis.storage import list_runs, load_run, trash
from analysis.storage.display_titles import display_titles, rename_run
from analysis.storage.trash import delete_run, deleted_runs, restore_run, trash_folder, why_not_deletable


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(params=["the same file system", "another file system"])
def where(request, monkeypatch):
    """Moving within a file system, and to another, where renaming fails."""
    rename = os.rename

    def across(source, target):
        if (trash_folder() in (source, *source.parents)) != (trash_folder() in (target, *target.parents)):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(source, target)

    if request.param == "another file system":
        monkeypatch.setattr(trash.os, "rename", across)


@pytest.mark.usefixtures("where")
def test_a_deleted_run_leaves_the_list_and_comes_back_as_it_was(small_run):
    before, fingerprint = content(small_run.path), small_run.fingerprint
    gone = delete_run(small_run.path, "A small run")
    assert list_runs() == []
    assert list(small_run.path.parent.glob("*small*")) == []
    assert deleted_runs() == [gone]
    assert (gone.id, gone.title, gone.run) == ("small", "A small run", str(small_run.path))
    assert restore_run(gone) == small_run.path
    assert content(small_run.path) == before
    assert load_run(small_run.path).fingerprint == fingerprint
    assert deleted_runs() == []


def test_its_title_goes_and_comes_with_it(small_run):
    rename_run(small_run.path, "For the talk")
    gone = delete_run(small_run.path)
    assert gone.title == "For the talk"
    assert display_titles() == {}
    restore_run(gone)
    assert load_run(small_run.path).title == "For the talk"


def test_a_name_as_long_as_names_may_be_is_no_obstacle(small_run):
    long = small_run.path.rename(small_run.path.with_name("\N{SNOWMAN}" * 85))
    assert restore_run(delete_run(long)) == long


def test_what_has_taken_its_place_stays(small_run):
    gone = delete_run(small_run.path)
    small_run.path.mkdir()
    with pytest.raises(ValueError, match=r"cannot be put back: .*small is taken; rename what is there"):
        restore_run(gone)
    assert deleted_runs() == [gone]


def test_the_last_deleted_comes_first_and_what_is_gone_for_good_is_not_listed(small_run, imageless_run):
    first, second = delete_run(small_run.path), delete_run(imageless_run.path)
    assert deleted_runs() == [second, first]
    (trash_folder() / second.folder).rename(state_folder() / "elsewhere")
    assert deleted_runs() == [first]


def test_a_copy_that_fails_leaves_the_run_where_it_is(small_run, monkeypatch):
    before = content(small_run.path)

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    def across(*args):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(trash.os, "rename", across)
    monkeypatch.setattr(trash.shutil, "copytree", full)
    with pytest.raises(ValueError, match=r"run 'small' cannot be deleted: .*No space left on device"):
        delete_run(small_run.path)
    assert content(small_run.path) == before
    assert deleted_runs() == []


def test_a_folder_that_may_not_be_written_and_a_link_are_refused_in_words(small_run, runs, monkeypatch):
    (runs / "linked").symlink_to(small_run.path)
    assert "is a link to another place" in why_not_deletable(runs / "linked")
    assert "is no longer there" in why_not_deletable(runs / "gone")
    assert why_not_deletable(small_run.path) is None
    monkeypatch.setattr(trash.os, "access", lambda path, mode: path != runs)
    with pytest.raises(ValueError, match=r"run 'small' cannot be deleted: .* may not be written by this app"):
        delete_run(small_run.path)
    assert small_run.path.is_dir()
