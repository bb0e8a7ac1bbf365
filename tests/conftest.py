"""Run folders that all tests share, made from golden_small.npz: 7 exits, 400 samples, 20 classes, float16."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from jaxtyping import install_import_hook

# Before anything of these is imported: their shapes and types are checked in every call that a test makes.
install_import_hook(
    [f"analysis.{part}" for part in ("predictors", "metrics", "statistics", "policies", "sets", "traces")],
    "beartype.beartype",
)

from analysis.run import Run  # noqa: E402
from analysis.storage import write_run  # noqa: E402
from tests import toy  # noqa: E402

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
    return toy.golden_arrays()


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """One thread for torch, as where sums must not depend on their order; tiny tensors wait for several, too."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


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
    """An empty runs folder that `EXITLENS_RUNS` names; the state folder is yet to be made."""
    folder = tmp_path / "runs"
    folder.mkdir()
    monkeypatch.setenv("EXITLENS_RUNS", str(folder))
    monkeypatch.setenv("EXITLENS_STATE", str(tmp_path / "state"))
    return folder


@pytest.fixture
def square():
    """Function number -> the PNG of the image at that position of a table."""
    return toy.coloured_square


@pytest.fixture
def image_parquet():
    """Function (path, labels, class names) -> one shard of image parquet."""
    return toy.write_image_parquet


@pytest.fixture
def small_run(runs, small_logits, small_labels) -> Run:
    """A full run: costs in two units, class names, images, an extra column; 300 test and 100 calibration samples."""
    return toy.full_run(
        runs / "small",
        small_logits,
        small_labels,
        column="difficulty",
        title="A small run",
        dataset="tiny",
        model="msdnet",
        class_names=[f"class <{i}>" for i in range(20)],
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
    return toy.probs_only_run(runs / "probs", small_logits, small_labels)


@pytest.fixture
def damaged_run(runs, small_logits, small_labels) -> Path:
    """The folder of a run whose logits were cut off."""
    return toy.cut_run(runs / "damaged", small_logits, small_labels)
