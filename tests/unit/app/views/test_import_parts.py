"""Parts of the page Import: what a file is taken for, what the command is told, the script's snippet."""

import errno
import os
import tempfile
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from analysis.runtime.folders import PROJECT
from analysis.storage import list_runs, load_run, write_run
from app.views.import_run.files import (
    CALIBRATION,
    CLASSES,
    COSTS,
    IMAGES,
    LABELS,
    LARGEST_MB,
    SAMPLES,
    TEST,
    Given,
    Stage,
    role_of,
    safe_name,
    source_options,
)
from app.views.import_run.page import free_id, hiding
from app.views.import_run.snippet import snippet


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("logits.npz", TEST),
        ("val.p", CALIBRATION),
        ("calibration_logits.npy", CALIBRATION),
        ("labels.npy", LABELS),
        ("test_targets.npy", LABELS),
        ("logits_and_labels.npz", TEST),
        ("flops.pth", COSTS),
        ("classes.txt", CLASSES),
        ("samples.csv", SAMPLES),
        ("test_logits.csv", TEST),
        ("test-00000-of-00001.parquet", IMAGES),
    ],
)
def test_what_a_file_is_taken_for_by_its_name(name, role):
    assert role_of(Path(name)) == role


def test_the_command_is_told_of_every_file_in_order():
    given = [
        Given(Path("/a/test.npy"), TEST),
        Given(Path("/a/val.npy"), CALIBRATION),
        Given(Path("/a/test_labels.npy"), LABELS),
        Given(Path("/a/val_labels.npy"), LABELS),
        Given(Path("/a/s.csv"), SAMPLES),
        Given(Path("/a/flops.json"), COSTS),
        Given(Path("/a/images"), IMAGES),
    ]
    assert source_options(given) == [
        "/a/val.npy",
        "/a/test.npy",
        "--splits=calibration,test",
        "--labels=/a/val_labels.npy",
        "--labels=/a/test_labels.npy",
        "--samples=/a/s.csv",
        "--costs=/a/flops.json",
        "--images=/a/images",
    ]
    assert source_options(given[:1], "msdnet/test") == ["/a/test.npy::msdnet/test"]
    with pytest.raises(ValueError, match="are both taken for class names: keep one of them"):
        source_options([Given(Path("/a/a.txt"), CLASSES), Given(Path("/a/b.txt"), CLASSES)])


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("a.npz", "a.npz"), ("/etc/passwd", "passwd"), ("..\\..\\x.npy", "x.npy"), ("--out", "out"), ("", "file")],
)
def test_a_name_from_a_browser_is_a_name(sent, kept):
    assert safe_name(sent) == kept
    assert len(safe_name("x" * 10_000 + ".npy")) < 100


def test_the_snippet_runs_and_its_run_is_listed(runs):
    outputs = [torch.randn(6, 3).half() for _ in range(2)]
    exec(snippet(runs), {"outputs": outputs, "targets": torch.tensor([0, 1, 2, 0, 1, 2])})
    assert [entry.id for entry in list_runs()] == ["my-run"]
    run = load_run(runs / "my-run")
    assert run.logits.shape == (2, 6, 3)
    np.testing.assert_array_equal(run.logits.read(0, 6)[1], outputs[1].float().numpy())
    assert run.labels.tolist() == [0, 1, 2, 0, 1, 2]


def test_an_id_that_a_run_elsewhere_has_is_not_free(tmp_path, monkeypatch, small_logits):
    first, second = tmp_path / "first", tmp_path / "second"
    monkeypatch.setenv("EXITLENS_RUNS", f"{first}{os.pathsep}{second}")
    write_run(first / "net", logits=small_logits)
    second.mkdir()
    assert free_id("net", second) == "net-2"
    assert hiding("net", second) == first / "net"
    assert hiding("net", first) is None  # the command says that it is there


def test_an_id_that_is_free(tmp_path):
    assert free_id("My net, seed 0", tmp_path) == "My-net-seed-0"
    (tmp_path / "net").mkdir()
    assert free_id("net", tmp_path) == "net-2"
    assert (free_id("logits", tmp_path), free_id("..", tmp_path)) == ("logits-run", "run")


def test_the_server_takes_what_the_page_offers():
    config = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["maxUploadSize"] == LARGEST_MB


def test_what_does_not_fit_on_the_disk_is_said_and_no_part_of_it_is_taken_for_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    held, file = Stage(), SimpleNamespace(file_id="1", name="a.npy", getbuffer=lambda: b"abc")
    whole = Path.write_bytes

    def full(path, data):
        whole(path, data[:1])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(Path, "write_bytes", full)
        with pytest.raises(ValueError, match=r"a\.npy cannot be put into .*No space left on device"):
            held.put(file)
    assert held.put(file).read_bytes() == b"abc"
    held.clear()


def test_images_of_several_splits_lie_together_and_stay_while_the_page_runs_again(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    held, paths = Stage(), [tmp_path / "test-0.parquet", tmp_path / "calibration-0.parquet"]
    folder = held.together(paths)
    before = {path: path.lstat().st_ino for path in folder.iterdir()}
    assert held.together(paths) == folder
    assert {path: path.lstat().st_ino for path in folder.iterdir()} == before
    assert held.together(paths[:1]) != folder
    with pytest.raises(ValueError, match="two files of images have one name"):
        held.together([tmp_path / "a" / "test-0.parquet", tmp_path / "b" / "test-0.parquet"])
    held.clear()


def test_dropped_files_go_with_the_session(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    held, file = Stage(), SimpleNamespace(file_id="1-2", name="a.npy", getbuffer=lambda: b"abc")
    assert held.put(file).read_bytes() == b"abc"
    assert Stage().folder.parent == held.folder.parent  # another session of this app: neither removes the other's
    assert held.folder.is_dir()
    held.clear()
    assert list(tmp_path.iterdir()) == []
