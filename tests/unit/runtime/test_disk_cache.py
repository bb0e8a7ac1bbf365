"""The cache on disk: what is kept is what is read; what is damaged, foreign or of other code is passed over."""

import os
import pickletools
import shutil

import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors.numpy import save

from analysis.runtime import disk_cache
from analysis.runtime.disk_cache import SEAL, discard_oldest, entry_path, read_entry, write_entry

ARRAYS = {
    "float": np.linspace(0, 1, 6, dtype=np.float32).reshape(2, 3),
    "int": np.arange(3, dtype=np.int16),
    "bool": np.array([[True, False]]),
    "turned": np.arange(6.0).reshape(2, 3).T,
    "empty": np.empty((2, 0), np.float32),
}
SAID = {"notes": ["", "a\nb"], "scores": [1.5, None]}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EXITLENS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def kept():
    """An entry."""
    path = entry_path("things", "analysis.run", "a run", {"cap": 6})
    write_entry(path, ARRAYS, SAID)
    return path


@pytest.mark.parametrize(("arrays", "said"), [(ARRAYS, SAID), ({}, {"a": 1}), (ARRAYS, {})])
def test_what_is_kept_is_what_is_read(arrays, said):
    path = entry_path("things", "analysis.run", len(arrays), said)
    write_entry(path, arrays, said)
    entry = read_entry(path)
    assert entry.said == said
    assert entry.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(entry.arrays[name], array)
        assert entry.arrays[name].dtype == array.dtype
    assert path.stat().st_mode & 0o077 == 0


def test_the_name_is_made_of_kind_code_and_all_that_goes_in(monkeypatch):
    paths = {
        entry_path(kind, module, fingerprint, settings)
        for kind in ("a", "b")
        for module in ("analysis.run", "analysis.metrics.decrease")
        for fingerprint in ("x", "y")
        for settings in ({"cap": None}, {"cap": 6.0})
    }
    assert len(paths) == 16
    before = entry_path("a", "analysis.run", "x")
    assert before == entry_path("a", "analysis.run", "x")
    monkeypatch.setattr(disk_cache, "code_version", lambda module: "another")
    assert entry_path("a", "analysis.run", "x") != before


def damaged(content: bytes) -> dict[str, bytes]:
    """Content -> what may stand in its place, by name; most are of the same size."""
    at = {"the seal": 3, "what is said": SEAL + 5, "an array": len(content) - 20}
    flipped = {f"a bit of {what}": content[:i] + bytes([content[i] ^ 1]) + content[i + 1 :] for what, i in at.items()}
    other = save({name: array + 1 if name == "int" else array for name, array in ARRAYS.items()})
    head = content[: content.index(b"\n", SEAL + 1) + 1]
    return flipped | {
        "nothing": b"",
        "half": content[: len(content) // 2],
        "more": content + b"\0",
        "zeros": bytes(len(content)),
        "other arrays": head + save(ARRAYS | {"int": ARRAYS["int"] + 1}),
        "arrays of other shapes": head + save(ARRAYS | {"float": ARRAYS["float"].T.copy()}),
        "a safetensors file": other,
        "a pickle": b"\x80\x04cos\nsystem\n(S'true'\ntR.",
    }


@pytest.mark.parametrize("what", damaged(bytes(500) + b"\n" * 5))
def test_what_is_damaged_is_passed_over_also_where_it_has_the_right_size(kept, what):
    content = kept.read_bytes()
    kept.write_bytes(damaged(content)[what])
    assert read_entry(kept) is None
    write_entry(kept, ARRAYS, SAID)
    assert read_entry(kept).said == SAID
    assert kept.read_bytes() == content


def test_an_entry_under_anothers_name_is_passed_over(kept):
    other = entry_path("things", "analysis.run", "another run", {"cap": 6})
    shutil.copy(kept, other)
    assert read_entry(kept)
    assert read_entry(other) is None


def test_what_is_no_file_is_passed_over(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "none", tmp_path / "pipe", tmp_path / "none" / "none"):
        assert read_entry(path) is None


def test_there_is_no_pickle_in_an_entry(kept):
    with pytest.raises(ValueError, match=r"opcode|unknown|exhausted"):
        list(pickletools.genops(kept.read_bytes()))
    with pytest.raises(SafetensorError, match="Unknown dtype"):
        write_entry(kept, {"object": np.array([{}], object)}, {})
    assert read_entry(kept).said == SAID


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("EXITLENS_CACHE", str(tmp_path / "file"))
    path = entry_path("things", "analysis.run")
    write_entry(path, ARRAYS, SAID)
    assert read_entry(path) is None


def test_what_was_used_least_recently_goes_whoever_wrote_it(tmp_path):
    for age, name in enumerate(("a.entry", "b.safetensors", "c.entry", "d.safetensors")):
        path = tmp_path / name
        path.write_bytes(bytes(100))
        os.utime(path, (1e9 - age, 1e9 - age))
    discard_oldest(tmp_path, 250)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.entry", "b.safetensors"]


def test_what_is_read_was_used(kept):
    os.utime(kept, (1e9, 1e9))
    newer = kept.with_name("newer.entry")
    newer.write_bytes(bytes(100))
    os.utime(newer, (1.5e9, 1.5e9))
    read_entry(kept)
    discard_oldest(kept.parent, kept.stat().st_size)
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]
