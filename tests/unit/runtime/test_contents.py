"""What a file holds, by its hash: read once, remembered by this process and on disk, and never believed of another."""

import hashlib
import os
import time

import pytest

from analysis.runtime import contents
from analysis.runtime.contents import Stamp, content_of, remembered


@pytest.fixture
def hashed(monkeypatch, tmp_path) -> list:
    """Grows whenever a file is read; no content is remembered from before."""
    read, hash_of = [], contents.hash_of
    monkeypatch.setenv("EXITLENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(contents, "_known", {})
    monkeypatch.setattr(contents, "hash_of", lambda path: read.append(path) or hash_of(path))
    return read


@pytest.fixture
def file(tmp_path):
    """A file that was written long ago."""
    path = tmp_path / "file"
    path.write_bytes(b"content")
    os.utime(path, (1e9, 1e9))
    return path


def test_a_file_is_read_once_by_this_process_and_by_the_next(file, hashed):
    for _ in range(2):
        assert content_of(file) == hashlib.sha256(b"content").hexdigest()
    contents._known.clear()
    assert content_of(file) == hashlib.sha256(b"content").hexdigest()
    assert len(hashed) == 1


@pytest.mark.parametrize("process", ["the same", "another"])
@pytest.mark.parametrize(
    "change",
    [
        lambda file: (file.write_bytes(b"CONTENT"), os.utime(file, (1e9 + 1, 1e9 + 1))),
        lambda file: (file.write_bytes(b"longer content"), os.utime(file, (1e9, 1e9))),
        lambda file: (file.rename(file.with_name("old")), file.write_bytes(b"CONTENT"), os.utime(file, (1e9, 1e9))),
    ],
    ids=["time", "size", "inode"],
)
def test_another_stamp_is_another_content(file, hashed, change, process):
    content_of(file)
    change(file)
    if process == "another":
        contents._known.clear()
    assert content_of(file) == hashlib.sha256(file.read_bytes()).hexdigest()
    assert len(hashed) == 2


def test_what_may_still_be_changing_is_not_remembered(file, hashed):
    os.utime(file, ns=(time.time_ns(), time.time_ns()))
    assert content_of(file) == content_of(file)
    assert len(hashed) == 2


def test_what_changes_while_it_is_read_is_not_remembered(file, hashed):
    def read():
        os.utime(file, (1e9 + 5, 1e9 + 5))
        return "mixed"

    assert remembered(str(file), lambda: contents.stamp_of(file.stat()), read) == "mixed"
    assert content_of(file) == hashlib.sha256(b"content").hexdigest()


def test_a_damaged_memory_is_passed_over(file, hashed, tmp_path):
    expected = content_of(file)
    (kept,) = (tmp_path / "cache" / "contents").iterdir()
    for damaged in (b"", kept.read_bytes().replace(expected.encode(), b"0" * 64), b"0" * 500):
        kept.write_bytes(damaged)
        contents._known.clear()
        assert content_of(file) == expected
    assert len(hashed) == 4


def test_an_object_on_remote_storage_is_remembered_by_its_etag(hashed):
    read = []
    for etag, count in (("a", 1), ("a", 1), ("b", 2)):
        stamp = Stamp(etag, 10, 1)
        assert remembered("https://host/shard", lambda stamp=stamp: stamp, lambda e=etag: read.append(e) or e) == etag
        contents._known.clear()
        assert len(read) == count


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        content_of(tmp_path / "none")
