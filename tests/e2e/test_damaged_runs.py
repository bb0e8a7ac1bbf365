"""A run damaged in any way stands in the list with a sentence of its own, and every other run works."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.storage import list_runs
from tests.e2e.pages import figures, opened, words
from tests.toy import full_run, golden_arrays


def edited(change: Callable[[dict], object]) -> Callable[[Path], None]:
    """Damage to what run.json says."""

    def damage(folder: Path) -> None:
        path = folder / "run.json"
        content = json.loads(path.read_text())
        changed = change(content)
        path.write_text(json.dumps(content if changed is None else changed))

    return damage


def entry(*keys: object, value: object) -> Callable[[Path], None]:
    """Damage that puts another value at a place in run.json."""

    def change(content: dict) -> None:
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = value

    return edited(change)


def rewritten(name: str, content: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Damage to a file whose size run.json is made to agree with."""

    def damage(folder: Path) -> None:
        path = folder / name
        path.write_bytes(content(path.read_bytes()))
        entry("files", name, "bytes", value=path.stat().st_size)(folder)

    return damage


def into_folder(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()
        if name != "run.json":
            entry("files", name, "bytes", value=(folder / name).stat().st_size)(folder)

    return damage


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def to_pipe(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)
        if name != "run.json":
            entry("files", name, "bytes", value=0)(folder)

    return damage


def raw(text: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / "run.json").write_bytes(text)


DAMAGE: dict[str, Callable[[Path], None]] = {
    "run.json is empty": raw(b""),
    "run.json is cut": lambda folder: raw((folder / "run.json").read_bytes()[:200])(folder),
    "run.json is a list": raw(b"[]"),
    "run.json is a number": raw(b"1e999"),
    "run.json is no UTF-8": raw(b'{"title": "\xff\xfe"}'),
    "run.json nests too deep": raw(b"[" * 100_000),
    "run.json has a number of 5,000 digits": raw(b'{"schema": ' + b"9" * 5000 + b"}"),
    "run.json is a folder": into_folder("run.json"),
    "run.json is a pipe": to_pipe("run.json"),
    "run.json is missing": without("run.json"),
    "title is a number": entry("title", value=3),
    "dataset is a list": entry("dataset", value=["cifar100"]),
    "model is an object": entry("model", value={}),
    "arch is a number": entry("arch", value=1.5),
    "exits is text": entry("exits", value="seven"),
    "exits holds numbers": entry("exits", value=[1, 2, 3, 4, 5, 6, 7]),
    "an exit's name is a list": entry("exits", 0, "name", value=[1]),
    "a cost is NaN": entry("exits", 0, "cost", "MACs", value=float("nan")),
    "a cost is text": entry("exits", 0, "cost", "MACs", value="1e6"),
    "a cost is infinite": entry("exits", 6, "cost", "MACs", value=float("inf")),
    "a cost has 400 digits": entry("exits", 6, "cost", "MACs", value=10**400),
    "a cost is null": entry("exits", 0, "cost", "MACs", value=None),
    "costs are a list": entry("exits", 0, "cost", value=[1.0]),
    "samples is NaN": entry("samples", value=float("nan")),
    "samples is huge": entry("samples", value=10**30),
    "samples is true": entry("samples", value=True),
    "classes are numbers": entry("classes", value=5),
    "a class is an object": entry("classes", 0, value={"name": "fox"}),
    "too few classes": entry("classes", value=["a", "b"]),
    "kind is a list": entry("kind", value=["logits"]),
    "dtype is a number": entry("dtype", value=16),
    "schema is of the future": entry("schema", value=2),
    "logits names a folder above": entry("logits", value=["../logits.safetensors"]),
    "logits names nothing": entry("logits", value=[]),
    "logits names a null byte": entry("logits", value=["\0"]),
    "images is a list": entry("images", value=[["test"]]),
    "images lie elsewhere": entry("images", "test", value=["../../../etc/passwd"]),
    "images hold a null byte": entry("images", "test", value=["../datasets/\0"]),
    "files is a list": entry("files", value=[]),
    "a file's entry is a number": entry("files", "logits.safetensors", value=3),
    "a file's hash is a number": entry("files", "logits.safetensors", "sha256", value=64),
    "a file's name holds a null byte": entry("files", "\0", value={"bytes": 1, "sha256": "0" * 64}),
    "a file's name is 10,000 long": entry("files", "x" * 10_000, value={"bytes": 1, "sha256": "0" * 64}),
    "provenance is text": entry("provenance", value="by hand"),
    "logits are cut": lambda folder: (folder / "logits.safetensors").write_bytes(b"\x40"),
    "logits are zeros": rewritten("logits.safetensors", lambda data: bytes(len(data))),
    "logits have a header of null": rewritten("logits.safetensors", lambda data: b"\4" + bytes(7) + b"null" + data),
    "logits are a folder": into_folder("logits.safetensors"),
    "logits are a pipe": to_pipe("logits.safetensors"),
    "logits are missing": without("logits.safetensors"),
    "samples are cut": rewritten("samples.parquet", lambda data: data[: len(data) // 2]),
    "samples are no parquet": rewritten("samples.parquet", lambda data: b"id,label\n1,2\n"),
    "samples are a folder": into_folder("samples.parquet"),
    "samples are missing": without("samples.parquet"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    arrays = golden_arrays()
    folder = tmp_path_factory.mktemp("runs")
    known = {"dataset": "cifar100", "model": "msdnet"}  # to the paper's page, which looks at every run
    full_run(folder / "sound", arrays["logits"], arrays["labels"], column="difficulty", **known)
    return folder


@pytest.fixture(params=DAMAGE)
def damaged(request, folder):
    shutil.copytree(folder / "sound", folder / "damaged")
    DAMAGE[request.param](folder / "damaged")
    yield folder
    shutil.rmtree(folder / "damaged")


@pytest.fixture(autouse=True)
def runs(folder, monkeypatch):
    monkeypatch.setenv("EXITLENS_RUNS", str(folder))


def test_a_damaged_run_is_listed_with_its_sentence_and_opens_as_one(damaged):
    error = {entry.id: entry.error for entry in list_runs()}["damaged"]
    app = opened("overview", run="damaged")
    assert not app.exception
    assert error is None or "(damaged)" in " ".join(app.sidebar.selectbox(key="control:run").options)
    assert not figures(app)
    assert "The run damaged cannot be opened" in words(app)


def test_the_other_runs_work_beside_all_of_them(folder, tmp_path, monkeypatch):
    shutil.copytree(folder / "sound", tmp_path / "sound")
    shutil.copytree(folder / "datasets", tmp_path / "datasets")
    for number, damage in enumerate(DAMAGE.values()):
        shutil.copytree(folder / "sound", tmp_path / f"damaged-{number}")
        damage(tmp_path / f"damaged-{number}")
    monkeypatch.setenv("EXITLENS_RUNS", str(tmp_path))
    for page in ("overview", "paper"):
        app = opened(page, run="sound")
        assert not app.exception
        assert not app.error
        assert figures(app)
