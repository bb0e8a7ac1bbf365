"""Headers of safetensors files that lie, and one of 100,000 tensors."""

import json
import time

import numpy as np
import pytest

from analysis.storage.importers.formats import open_file
from analysis.storage.safetensors import find_tensor


def write(path, entries: dict, data: bytes):
    header = json.dumps(entries).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [True, 3, 4]},
        {"shape": [2.0, 3, 2]},
        {"shape": [-1, -3, 4]},
        {"shape": [0, 1 << 70]},
        {"shape": [1] * 99 + [12]},
        {"shape": ["1", 3, 4]},
        {"shape": None},
        {"data_offsets": [False, 48]},
        {"data_offsets": [0, 49]},
        {"data_offsets": [0, 48, 48]},
        {"data_offsets": [8, 56]},
        {"dtype": ["F32"]},
        {"dtype": None},
    ],
)
def test_a_damaged_header_is_refused(tmp_path, changes):
    entry = {"dtype": "F32", "shape": [1, 3, 4], "data_offsets": [0, 48]}
    write(tmp_path / "x.safetensors", {"logits": entry}, bytes(48))
    assert find_tensor(tmp_path / "x.safetensors", "logits").shape == (1, 3, 4)
    write(tmp_path / "x.safetensors", {"logits": entry | changes}, bytes(48))
    with pytest.raises(ValueError, match=r"x\.safetensors has a damaged safetensors header: copy it again"):
        find_tensor(tmp_path / "x.safetensors", "logits")


def test_tensors_that_share_bytes_are_refused(tmp_path):
    def entry(start, stop):
        return {"dtype": "F32", "shape": [(stop - start) // 4], "data_offsets": [start, stop]}

    write(tmp_path / "x.safetensors", {"b": entry(24, 48), "none": entry(12, 12), "a": entry(0, 24)}, bytes(48))
    assert find_tensor(tmp_path / "x.safetensors", "b").shape == (6,)
    write(tmp_path / "x.safetensors", {"b": entry(24, 48), "a": entry(0, 28)}, bytes(48))
    with pytest.raises(ValueError, match=r"x\.safetensors has a damaged safetensors header: copy it again"):
        find_tensor(tmp_path / "x.safetensors", "b")


def test_a_hundred_thousand_tensors_are_read_with_one_look_at_the_header(tmp_path):
    names = {f"t{i}": {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]} for i in range(100_000)}
    write(tmp_path / "x.safetensors", names, np.arange(100_000, dtype="<f4").tobytes())
    began = time.process_time()
    tensors = open_file(tmp_path / "x.safetensors")
    assert [float(tensors[f"t{i}"][0]) for i in range(100_000)] == list(range(100_000))
    assert time.process_time() - began < 60  # 100,000 looks take hours


def test_a_tensor_that_is_missing_is_told_with_a_few_that_are_there(tmp_path):
    names = {f"t{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(1000)}
    write(tmp_path / "x.safetensors", names, b"")
    with pytest.raises(ValueError, match=r"holds no tensor 'logits', only t0, t1, .*, t7, \.\.\.$"):
        find_tensor(tmp_path / "x.safetensors", "logits")
