"""Runs folders for the browser: one run of every kind that a page must cope with, and a large one."""

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.run import Run
from analysis.storage import write_run
from tests.conftest import GOLDEN, write_image_parquet

HOSTILE = '<img src=x onerror="console.error(1)"> **bold** $x$ :red[y]'
"""A name that is markup in every language that a page could mistake it for."""


def golden() -> tuple[np.ndarray, np.ndarray]:
    """float16 (7, 400, 20) and int64 (400,)."""
    with np.load(GOLDEN / "golden_small.npz") as arrays:
        return arrays["logits"], arrays["labels"]


def every_kind(folder: Path) -> Path:
    """A folder with `full`, `unlabelled`, `imageless`, `probs`, `one-exit` and `damaged`."""
    logits, labels = golden()
    split = np.array(["test"] * 300 + ["calibration"] * 100)
    image = np.concatenate([np.arange(300), np.arange(100)])
    shards = {
        name: [write_image_parquet(folder / f"datasets/tiny/{name}-00000-of-00001.parquet", labels[split == name])]
        for name in ("test", "calibration")
    }
    write_run(
        folder / "full",
        logits=logits,
        labels=labels,
        title=HOSTILE,
        dataset="cifar100",
        model="msdnet",
        costs={"MACs": [1e6 * i for i in range(1, 8)], "params": [1e3 * i for i in range(1, 8)]},
        class_names=[HOSTILE, *(f"class {i}" for i in range(1, 20))],
        samples=pd.DataFrame({"split": split, "image": image, HOSTILE: np.linspace(0, 1, 400).round(3)}),
        images=shards,
        provenance={"made_by": HOSTILE},
    )
    write_run(folder / "unlabelled", logits=logits, costs={"MACs": range(1, 8)})
    write_run(folder / "imageless", logits=logits, labels=labels)
    wide = logits.astype(np.float64)
    log_probs = wide - np.log(np.exp(wide).sum(axis=2, keepdims=True))
    write_run(folder / "probs", logits=log_probs, labels=labels, kind="probs", costs={"MACs": range(1, 8)})
    write_run(folder / "one-exit", logits=logits[-1:, :3], labels=labels[:3])
    damaged = write_run(folder / "damaged", logits=logits, labels=labels).path / "logits.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-1000])
    return folder


def synthetic(folder: Path, samples: int = 50_000, classes: int = 100, exits: int = 7) -> Run:
    """A large run without images: logits that grow with the exits around a true class, with noise of their own."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, classes, samples)
    shared = generator.normal(0, 1, (samples, classes)).astype(np.float32)

    def chunk(start: int, stop: int) -> np.ndarray:
        part = np.empty((exits, stop - start, classes), np.float16)
        for m in range(exits):
            values = shared[start:stop] + generator.normal(0, 1, (stop - start, classes)).astype(np.float32)
            values[np.arange(stop - start), labels[start:stop]] += 2 + 0.5 * m
            part[m] = values
        return part

    size = 5000
    chunks = (chunk(start, min(start + size, samples)) for start in range(0, samples, size))
    return write_run(
        folder / "synthetic",
        logits=chunks,
        labels=labels,
        title=f"Synthetic, {samples} samples",
        costs={"MACs": [1e7 * m for m in range(1, exits + 1)]},
    )
