"""Zip files whose lists of members claim too much, or name nothing."""

import io
import struct
import time
import zipfile

import numpy as np
import pytest

from analysis.storage.importers.formats import open_file
from analysis.storage.importers.zip_files import members_of


def npz(path, method=zipfile.ZIP_DEFLATED, **arrays):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.save(buffer, array)
            archive.writestr(f"{name}.npy", buffer.getvalue())


def test_a_member_without_a_name_is_passed_over(tmp_path):
    npz(tmp_path / "x.npz", zipfile.ZIP_STORED, logits=np.ones((2, 3, 4)), y=np.arange(3))
    data = (tmp_path / "x.npz").read_bytes()
    entry = data.rindex(b"PK\1\2")
    nameless = data[:entry] + data[entry : entry + 28] + b"\0\0" + data[entry + 30 : entry + 46] + data[entry + 51 :]
    end = nameless.rindex(b"PK\5\6")
    size = struct.unpack("<I", nameless[end + 12 : end + 16])[0] - 5
    (tmp_path / "x.npz").write_bytes(nameless[: end + 12] + struct.pack("<I", size) + nameless[end + 16 :])
    assert list(open_file(tmp_path / "x.npz")) == ["logits"]


def test_members_that_share_their_bytes_are_refused(tmp_path):
    """Each claims a gigabyte that one of the file's kilobytes stands for."""
    npz(tmp_path / "x.npz", logits=np.zeros((2, 3, 1_000_000), np.uint8))
    assert open_file(tmp_path / "x.npz")["logits"].shape == (2, 3, 1_000_000)
    data = (tmp_path / "x.npz").read_bytes()
    entry, end = data.rindex(b"PK\1\2"), data.rindex(b"PK\5\6")
    entries = b"".join(data[entry:end].replace(b"logits", b"%06d" % i) for i in range(2000))
    record = struct.pack("<HHII", 2000, 2000, len(entries), entry)
    (tmp_path / "x.npz").write_bytes(data[:entry] + entries + data[end : end + 8] + record + b"\0\0")
    with pytest.raises(
        ValueError, match=r"x\.npz has \d+ bytes, and its members claim 12000256000: it is damaged, or made"
    ):
        open_file(tmp_path / "x.npz")


@pytest.mark.parametrize("is_zip64", [False, True])
def test_a_list_of_members_is_bounded(tmp_path, is_zip64):
    size = 1 << 26
    end = b"PK\5\6" + bytes(8) + struct.pack("<II", 0xFFFFFFFF if is_zip64 else size, 0) + b"\0\0"
    if is_zip64:
        record = b"PK\6\6" + bytes(36) + struct.pack("<QQ", size, 0)
        end = record + b"PK\6\7" + bytes(4) + struct.pack("<QI", size, 1) + end
    with (tmp_path / "x.npz").open("wb") as file:
        file.truncate(size)
        file.seek(size)
        file.write(end)
    with pytest.raises(ValueError, match=r"x\.npz holds too many files, or is damaged: save fewer arrays"):
        members_of(tmp_path / "x.npz")


@pytest.mark.parametrize("place", [1 << 20, 1 << 63, (1 << 64) - 1])
def test_a_larger_record_beyond_the_file_is_damage(tmp_path, place):
    locator = b"PK\6\7" + bytes(4) + struct.pack("<QI", place, 1)
    (tmp_path / "x.npz").write_bytes(locator + b"PK\5\6" + bytes(18))
    with pytest.raises(ValueError, match=r"x\.npz is cut off or damaged: copy it again"):
        members_of(tmp_path / "x.npz")


def test_many_members_are_listed_once(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        buffer = io.BytesIO()
        np.save(buffer, np.arange(3))
        for number in range(5000):
            archive.writestr(f"{number}.npy", buffer.getvalue(), zipfile.ZIP_DEFLATED if number % 2 else 0)
    arrays, began = open_file(tmp_path / "x.npz"), time.process_time()
    assert all(arrays[name].shape == (3,) for name in arrays)
    assert time.process_time() - began < 20  # reading the list for each takes minutes


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressed_members_are_read(tmp_path, method):
    logits = np.random.default_rng(0).normal(size=(2, 500, 40))
    npz(tmp_path / "x.npz", method, logits=logits, y=np.arange(500))
    np.testing.assert_array_equal(open_file(tmp_path / "x.npz")["logits"], logits)


def test_a_member_that_needs_more_room_than_there_is(tmp_path, monkeypatch):
    npz(tmp_path / "x.npz", logits=np.zeros((2, 3, 4)))
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 100}))
    with pytest.raises(
        ValueError, match=r"MB must be unpacked, and .* has 0 MB: free some, or name a larger folder in TMPDIR"
    ):
        open_file(tmp_path / "x.npz")["logits"]
