"""Run folders that all tests share, made from golden_small.npz: 7 exits, 400 samples, 20 classes, float16."""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jaxtyping import install_import_hook

# Before anything of these is imported: their shapes and types are checked in every call that a test makes.
install_import_hook(["analysis.predictors", "analysis.metrics", "analysis.traces"], "beartype.beartype")

from analysis.run import Run  # noqa: E402
from analysis.storage import write_run  # noqa: E402

GOLDEN = Path(__file__).parent / "golden"

# No test may read or fill the caches and the state of the person who runs it.
_PRIVATE = tempfile.mkdtemp(prefix="exitlens-tests-")
os.environ["EXITLENS_CACHE"] = os.path.join(_PRIVATE, "cache")
os.environ["EXITLENS_STATE"] = os.path.join(_PRIVATE, "state")
# What is compiled is the same for all of them, and takes seconds.
os.environ.setdefault("NUMBA_CACHE_DIR", os.path.join(tempfile.gettempdir(), f"exitlens-tests-compiled-{os.getuid()}"))


def pytest_unconfigure() -> None:
    shutil.rmtree(_PRIVATE, ignore_errors=True)


@pytest.fixture(scope="session")
def golden_arrays() -> dict[str, np.ndarray]:
    """Every array of golden_small.npz: `logits`, `labels` and the published code's `probs_*`."""
    with np.load(GOLDEN / "golden_small.npz") as arrays:
        return {name: arrays[name] for name in arrays.files}


@pytest.fixture
def small_logits(golden_arrays) -> np.ndarray:
    """float16 (7, 400, 20)."""
    return golden_arrays["logits"].copy()


@pytest.fixture
def small_labels(golden_arrays) -> np.ndarray:
    """int64 (400,)."""
    return golden_arrays["labels"].copy()


@pytest.fixture
def runs(tmp_path, monkeypatch) -> Path:
    """An empty runs folder that `EXITLENS_RUNS` names."""
    folder = tmp_path / "runs"
    folder.mkdir()
    monkeypatch.setenv("EXITLENS_RUNS", str(folder))
    return folder


def coloured_square(number: int, size: int = 8) -> bytes:
    """A PNG whose colour tells which image it is."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (size, size), (number % 256, number // 256, 128)).save(buffer, format="PNG")
    return buffer.getvalue()


def write_image_parquet(path: Path, labels: np.ndarray, class_names: tuple[str, ...] = ()) -> Path:
    """One shard of Hugging Face image parquet, with an image that encodes its own position."""
    path.parent.mkdir(parents=True, exist_ok=True)
    label = {"_type": "ClassLabel", "names": list(class_names)}
    metadata = {"huggingface": json.dumps({"info": {"features": {"label": label}}})} if class_names else None
    rows = [{"bytes": coloured_square(i), "path": f"{i}.png"} for i in range(len(labels))]
    image = pa.array(rows, pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
    table = pa.table({"image": image, "label": pa.array(labels, pa.int64())}).replace_schema_metadata(metadata)
    pq.write_table(table, path, row_group_size=100)
    return path


@pytest.fixture
def square():
    """Function number -> the PNG of the image at that position of a table."""
    return coloured_square


@pytest.fixture
def image_parquet():
    """Function (path, labels, class names) -> one shard of image parquet."""
    return write_image_parquet


@pytest.fixture
def small_run(runs, small_logits, small_labels) -> Run:
    """A full run: costs in two units, class names, images, an extra column; 300 test and 100 calibration samples."""
    split = np.array(["test"] * 300 + ["calibration"] * 100)
    image = np.concatenate([np.arange(300), np.arange(100)])
    shards = {
        name: [write_image_parquet(runs / f"datasets/tiny/{name}-00000-of-00001.parquet", small_labels[split == name])]
        for name in ("test", "calibration")
    }
    return write_run(
        runs / "small",
        logits=small_logits,
        labels=small_labels,
        title="A small run",
        dataset="tiny",
        model="msdnet",
        costs={"MACs": [1e6 * i for i in range(1, 8)], "params": [1e3 * i for i in range(1, 8)]},
        class_names=[f"class <{i}>" for i in range(20)],
        samples=pd.DataFrame({"split": split, "image": image, "difficulty": np.linspace(0, 1, 400).round(3)}),
        images=shards,
        provenance={"made_by": "tests"},
    )


@pytest.fixture
def unlabelled_run(runs, small_logits) -> Run:
    """A run of which no label is known."""
    return write_run(runs / "unlabelled", logits=small_logits, costs={"MACs": range(1, 8)})


@pytest.fixture
def imageless_run(runs, small_logits, small_labels) -> Run:
    """A run with labels and without images, costs or class names; every sample is a test sample."""
    return write_run(runs / "imageless", logits=small_logits, labels=small_labels)


@pytest.fixture
def probs_run(runs, small_logits, small_labels) -> Run:
    """A run of kind `probs`: its array is log p."""
    logits = small_logits.astype(np.float64)
    log_probs = logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))
    return write_run(runs / "probs", logits=log_probs, labels=small_labels, kind="probs", costs={"MACs": range(1, 8)})


@pytest.fixture
def damaged_run(runs, small_logits, small_labels) -> Path:
    """The folder of a run whose logits were cut off."""
    run = write_run(runs / "damaged", logits=small_logits, labels=small_labels)
    file = run.path / "logits.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])
    return run.path
