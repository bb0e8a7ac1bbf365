"""A pipe or a device in place of a file is refused at once, whichever input it is: reading it may never end."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from analysis.cli import main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes and devices")


@pytest.fixture(params=["pipe", "device"])
def endless(request, tmp_path) -> Path:
    """A pipe that nobody writes, or a link to a device that never ends."""
    path = tmp_path / "endless"
    if request.param == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    return path


def refused(argv: list[str], path: Path, capsys) -> None:
    assert main(argv) == 2
    assert capsys.readouterr().err == f"{path} is no file but a pipe or device: save what it gives in a file\n"


@pytest.mark.parametrize("option", [None, "--labels", "--classes", "--costs", "--about", "--images", "--samples"])
def test_import(tmp_path, endless, capsys, option):
    np.savez(source := tmp_path / "source.npz", logits=np.zeros((2, 30, 3), np.float32))
    words = [str(endless)] if option is None else [str(source), option, str(endless)]
    refused(["import", *words, "--out", str(tmp_path / "run")], endless, capsys)


@pytest.mark.parametrize("name", ["run.json", "logits.safetensors", "samples.parquet", "more.bin"])
@pytest.mark.parametrize("command", ["validate", "summarize"])
def test_a_file_of_a_run(small_run, endless, capsys, command, name):
    manifest = json.loads((small_run.path / "run.json").read_text())
    manifest["files"][name] = {"bytes": 0, "sha256": "0" * 64}  # as much as a pipe or device says that it has
    (small_run.path / "run.json").write_text(json.dumps(manifest))
    (small_run.path / name).unlink(missing_ok=True)
    shutil.move(endless, small_run.path / name)
    refused([command, str(small_run.path)], small_run.path / name, capsys)


def test_traces_beside_a_run(small_run, endless, capsys):
    """What is no file holds no traces: they are computed."""
    assert main(["summarize", str(small_run.path), "--format", "json"]) == 0
    before = capsys.readouterr().out
    shutil.move(endless, small_run.path / "traces-pa.parquet")
    assert main(["summarize", str(small_run.path), "--format", "json"]) == 0
    assert capsys.readouterr().out == before


def test_images_of_a_run(small_run, endless, capsys):
    place = small_run.image_tables["test"][0]
    place.unlink()
    shutil.move(endless, place)
    assert main(["validate", str(small_run.path)]) == 2
    assert f"{place} is no file but a pipe or device" in capsys.readouterr().err


def test_a_predictor(small_run, endless, capsys):
    refused(["summarize", str(small_run.path), "--predictor", f"{endless}:mine"], endless, capsys)


def test_images_of_an_evaluation(tmp_path, endless):
    from analysis.images.image_files import open_images

    for place in ("shards/test-0.parquet", "folders/test/cat/a.png"):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).symlink_to(endless)
        with pytest.raises(ValueError, match="is no file but a pipe or device"):
            open_images(tmp_path / place.split("/")[0], "test", image_size=None, dataset="")
