"""Files and folders that are there whole or not at all, and on the disk before they have their name."""

import os
import re
import stat

import pytest

from analysis.runtime import whole_files
from analysis.runtime.folders import PROJECT
from analysis.runtime.whole_files import name_first, name_whole, unfinished, unfinished_folder, whole_file


@pytest.fixture
def events(monkeypatch) -> list[tuple[str, int]]:
    """What was synced, by inode, and what was named, in order."""
    seen, fsync, replace, link = [], os.fsync, os.replace, os.link

    def synced(handle):
        seen.append(("synced", os.fstat(handle).st_ino))
        fsync(handle)

    def named(name):
        def call(old, new):
            seen.append(("named", os.stat(old).st_ino))
            name(old, new)

        return call

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", named(replace))
    monkeypatch.setattr(os, "link", named(link))
    return seen


def test_a_file_is_on_the_disk_before_it_is_named_and_its_folder_after(tmp_path, events):
    with whole_file(tmp_path / "a.txt") as file:
        file.write_text("whole")
    inode = (tmp_path / "a.txt").stat().st_ino
    assert events == [("synced", inode), ("named", inode), ("synced", tmp_path.stat().st_ino)]
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_the_first_of_a_name_is_on_the_disk_before_it_is_named(tmp_path, events):
    with unfinished(tmp_path / "a.txt") as file:
        file.write_text("first")
        assert name_first(file, tmp_path / "a.txt")
    inode = (tmp_path / "a.txt").stat().st_ino
    assert events[:2] == [("synced", inode), ("named", inode)]


def test_every_file_of_a_folder_is_on_the_disk_before_the_folder_is_named(tmp_path, events):
    with unfinished_folder(tmp_path / "made") as folder:
        (folder / "deep").mkdir()
        for name in ("one", "deep/two"):
            (folder / name).write_text(name)
        name_whole(folder, tmp_path / "made")
    made = tmp_path / "made"
    inside = {path.stat().st_ino for path in (made, made / "one", made / "deep", made / "deep" / "two")}
    place = events.index(("named", made.stat().st_ino))
    assert {inode for _, inode in events[:place]} == inside
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


@pytest.mark.parametrize("kind", [whole_file, unfinished_folder])
def test_what_fails_leaves_nothing_and_what_was_there_stays(tmp_path, kind):
    (tmp_path / "a").write_text("before")
    for path in (tmp_path / "a", tmp_path / "new" / "deep" / "a"):
        with pytest.raises(RuntimeError), kind(path):
            raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "before"


def test_a_disk_that_refuses_the_last_bytes_is_no_whole_file(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole_files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"), whole_file(tmp_path / "a") as file:
        file.write_text("x")
    assert not list(tmp_path.iterdir())


def test_who_may_read_a_file_is_for_the_process_to_say(tmp_path):
    before = os.umask(0o077)
    try:
        with whole_file(tmp_path / "mine"), unfinished_folder(tmp_path / "folder") as folder:
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "mine").stat().st_mode) == 0o600


def test_nothing_else_gives_finished_files_their_names():
    naming = re.compile(r"os\.(replace|rename|link)\(|\.rename\(|shutil\.move|mkstemp|NamedTemporaryFile")
    sources = (PROJECT / "analysis").rglob("*.py")  # app/ writes no files
    assert [path.stem for path in sources if naming.search(path.read_text(encoding="utf-8"))] == ["whole_files"]
