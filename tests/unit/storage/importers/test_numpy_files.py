"""Damaged .npy and .npz files are refused in words, whatever their headers claim."""

import io
import struct
import zipfile

import numpy as np
import pytest
import torch

from analysis.storage.importers import numpy_files
from analysis.storage.importers.formats import open_file


def npy(header: str, data: bytes = bytes(96)) -> bytes:
    """A .npy file with any header."""
    padded = header.encode() + b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded + data


def shaped(shape: str) -> str:
    return f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("{'descr': '<f4'", "is not a NumPy array or is damaged"),
        ("(" * 3000, "is not a NumPy array or is damaged"),
        ("__import__('os')", "is not a NumPy array or is damaged"),
        (shaped("(2, 3, 5)"), "is shorter than its header says"),
        (shaped("(-2, 3, 4)"), "is shorter than its header says"),
        (shaped("(4611686018427387904, 4, 4)"), "is shorter than its header says"),
        (shaped(f"(2, 3, {10**30})"), "is shorter than its header says"),
    ],
)
def test_headers_that_lie(tmp_path, header, message):
    (tmp_path / "x.npy").write_bytes(npy(header))
    with pytest.raises(ValueError, match=f"x.npy {message}"):
        open_file(tmp_path / "x.npy")


def test_a_header_that_tells_the_truth(tmp_path):
    (tmp_path / "x.npy").write_bytes(npy(shaped("(2, 3, 4)")))
    assert open_file(tmp_path / "x.npy").shape == (2, 3, 4)


@pytest.mark.parametrize("suffix", ["npz", "pth"])
@pytest.mark.parametrize(("place", "value"), [(6, 255), (42, 255), (44, 255), (45, 255)])
def test_directories_of_zip_files_that_lie(tmp_path, suffix, place, value):
    """A version of the format that no one has, and members that begin beyond the file."""
    path = tmp_path / f"x.{suffix}"
    if suffix == "npz":
        np.savez(path, logits=np.ones((2, 3, 4)))
    else:
        torch.save((torch.ones(2, 3, 4), torch.arange(3)), path)
    data = bytearray(path.read_bytes())
    start = -1
    while (start := data.find(b"PK\x01\x02", start + 1)) >= 0:
        data[start + place] = value
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"copy it again|save it again|shorter than its header"):
        dict(open_file(path))


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("place", [40, 80, 200, 400])
def test_damage_inside_a_compressed_npz(tmp_path, method, place):
    array = io.BytesIO()
    np.save(array, np.random.default_rng(0).normal(size=(2, 30, 4)))
    with zipfile.ZipFile(tmp_path / "x.npz", "w", method) as archive:
        archive.writestr("logits.npy", array.getvalue())
    data = bytearray((tmp_path / "x.npz").read_bytes())
    np.testing.assert_array_equal(open_file(tmp_path / "x.npz")["logits"], np.load(io.BytesIO(array.getvalue())))
    data[place : place + 4] = bytes(255 - byte for byte in data[place : place + 4])
    (tmp_path / "x.npz").write_bytes(data)
    with pytest.raises(ValueError, match=r"x\.npz: logits is damaged or encrypted: save it again"):
        open_file(tmp_path / "x.npz")["logits"]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_a_header_that_claims_more_than_its_member_is_refused_before_it_is_unpacked(tmp_path, method, monkeypatch):
    with zipfile.ZipFile(tmp_path / "x.npz", "w", method) as archive:
        archive.writestr("logits.npy", npy(shaped("(2, 3, 5000000)")) + np.arange(1 << 22, dtype="<f8").tobytes())
    taken = []
    blocks = numpy_files.unpacked
    monkeypatch.setattr(numpy_files, "unpacked", lambda *of: (taken.append(len(b)) or b for b in blocks(*of)))
    with pytest.raises(ValueError, match=r"x\.npz: logits is shorter than its header says: copy it again"):
        open_file(tmp_path / "x.npz")["logits"]
    assert sum(taken) < 1 << 23


@pytest.mark.parametrize(
    "shape", ["(True, 3, 8)", "(2, True, 4)", "(False, 3, 4)", "(2., 3, 4)", "[2, 3, 4]", "None", "3"]
)
def test_lengths_are_whole_numbers(tmp_path, shape):
    (tmp_path / "x.npy").write_bytes(npy(shaped(shape)))
    with pytest.raises(ValueError, match=r"x\.npy is not a NumPy array or is damaged: save it again"):
        open_file(tmp_path / "x.npy")


@pytest.mark.parametrize("code", ["|S0", "<U0", "|V0", "3", "<q4"])
def test_a_type_has_a_size(tmp_path, code):
    (tmp_path / "x.npy").write_bytes(npy(shaped("(1000000000000, 3, 4)").replace("<f4", code)))
    with pytest.raises(ValueError, match=r"x\.npy is not a NumPy array or is damaged: save it again"):
        open_file(tmp_path / "x.npy")


def test_a_header_of_python_2_is_read_without_a_word(tmp_path):
    (tmp_path / "x.npy").write_bytes(npy(shaped("(2L, 3L, 4L)")))
    assert open_file(tmp_path / "x.npy").shape == (2, 3, 4)


def test_a_header_is_short(tmp_path):
    header = shaped("(2, 3, 4)").encode() + b" " * (1 << 20) + b"\n"
    (tmp_path / "x.npy").write_bytes(b"\x93NUMPY\x02\x00" + struct.pack("<I", len(header)) + header + bytes(96))
    with pytest.raises(ValueError, match=r"x\.npy is not a NumPy array or is damaged"):
        open_file(tmp_path / "x.npy")
