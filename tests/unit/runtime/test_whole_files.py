"""Files and folders that are there whole or not at all, and on the disk before they have their name."""

import errno
import os
import re
import stat
import subprocess
import sys

import pytest

from analysis.runtime import whole_files
from analysis.runtime.folders import PROJECT
from analysis.runtime.whole_files import (
    discard_abandoned,
    locked,
    name_first,
    name_whole,
    reserve,
    unfinished,
    unfinished_folder,
    whole_file,
)

WRITING = """
import sys, time
from pathlib import Path
from analysis.runtime.whole_files import unfinished_folder, whole_file
with whole_file(Path(sys.argv[1]) / "file"), unfinished_folder(Path(sys.argv[1]) / "folder") as folder:
    (folder / "inside").write_text("x")
    print("begun", flush=True)
    time.sleep(60)
"""


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
    with pytest.raises(OSError, match="No space left") as refused, whole_file(tmp_path / "a") as file:
        file.write_text("x")
    assert refused.value.filename == str(tmp_path / "a")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", [whole_file, unfinished_folder])
def test_errors_of_the_system_name_a_file(tmp_path, kind):
    with pytest.raises(OSError, match="No space") as refused, kind(tmp_path / "a"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert refused.value.filename == str(tmp_path / "a")
    with pytest.raises(FileNotFoundError) as refused, kind(tmp_path / "a"):
        (tmp_path / "missing").read_text()
    assert refused.value.filename == str(tmp_path / "missing")


def killed_while_writing(folder) -> list[str]:
    """The names of what a process leaves in a folder that is killed while it writes a file and a folder there."""
    with subprocess.Popen([sys.executable, "-c", WRITING, folder], cwd=PROJECT, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"begun\n"
        process.kill()
    return sorted(path.name for path in folder.iterdir())


def test_what_killed_processes_leave_goes_when_the_next_one_writes(tmp_path):
    assert len(killed_while_writing(tmp_path)) == 2
    with whole_file(tmp_path / "other") as file:
        assert list(tmp_path.iterdir()) == [file]
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_what_a_living_process_writes_stays(tmp_path):
    with subprocess.Popen([sys.executable, "-c", WRITING, tmp_path], cwd=PROJECT, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        names = sorted(path.name for path in tmp_path.iterdir())
        discard_abandoned(tmp_path)
        with whole_file(tmp_path / "a"), unfinished_folder(tmp_path / "b"):  # nor their own
            discard_abandoned(tmp_path)
            assert len(list(tmp_path.iterdir())) == 4
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names, "a"])
        process.kill()


def test_what_another_machine_or_anyone_else_left_stays(tmp_path, monkeypatch):
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(whole_files, "_HERE", "0a1b2c3d")
        (left := whole_files._beside(tmp_path / "run", ".")).mkdir()
    ours = whole_files._beside(tmp_path / "run", ".")
    ours.symlink_to(left)
    os.mkfifo(fifo := whole_files._beside(tmp_path / "fifo", ""))
    (tmp_path / ".run.partial").mkdir()  # of an evaluation, which goes on
    (tmp_path / "mine.partial").touch()
    discard_abandoned(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [left.name, ours.name, ".run.partial", "mine.partial"]
    )
    assert not fifo.exists()
    discard_abandoned(tmp_path / "missing")


def test_a_folder_that_is_taken_for_abandoned_before_it_is_locked_is_made_again(tmp_path, monkeypatch):
    made = []

    def taken(path, **options):
        made.append(path)
        if len(made) == 1:
            path.rmdir()
        return locked(path, **options)

    monkeypatch.setattr(whole_files, "locked", taken)
    with unfinished_folder(tmp_path / "a") as folder:
        assert folder.is_dir()
    assert len(made) == 2


def test_a_lock_is_free_once_its_process_has_ended(tmp_path):
    handle = locked(tmp_path)
    with pytest.raises(BlockingIOError):
        locked(tmp_path)
    os.close(handle)
    code = "import sys, pathlib; from analysis.runtime.whole_files import locked; locked(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", f"{code}; print(1)", tmp_path], cwd=PROJECT, check=True, capture_output=True)
    os.close(locked(tmp_path))


def test_a_file_system_that_reserves_nothing_is_written_plainly(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EOPNOTSUPP, "not supported")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with (tmp_path / "a").open("wb") as file:
        reserve(file.fileno(), 1000)
    assert (tmp_path / "a").stat().st_size == 1000


def test_who_may_read_a_file_is_for_the_process_to_say(tmp_path):
    before = os.umask(0o077)
    try:
        with whole_file(tmp_path / "mine"), unfinished_folder(tmp_path / "folder") as folder:
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "mine").stat().st_mode) == 0o600


def test_nothing_else_gives_finished_files_their_names():
    naming = re.compile(r"os\.(replace|rename|link)\(|\.rename\((?!columns=)|shutil\.move|mkstemp|NamedTemporaryFile")
    sources = (PROJECT / "analysis").rglob("*.py")  # app/ writes no files
    found = {path.stem for path in sources if naming.search(path.read_text(encoding="utf-8"))}
    assert found == {"whole_files", "trash"}  # the trash moves run folders, which are whole
