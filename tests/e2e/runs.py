"""Runs folders for the browser: one run of every kind that a page must cope with, and a large one."""

from pathlib import Path

import numpy as np

from analysis.run import Run
from analysis.storage import write_run
from tests.toy import cut_run, full_run, golden_arrays, probs_only_run

HOSTILE = '<img src=x onerror="console.error(1)"> **bold** $x$ :red[y]'
"""A name that is markup in every language that a page could mistake it for."""
LOG = [{"epoch": i, "train_loss": 5.0 - i, "calibration_accuracy_exit_1": 0.1 * i} for i in (1, 2, 3)]
"""Of a training."""


def every_kind(folder: Path) -> Path:
    """A folder with `full`, `unlabelled`, `imageless`, `probs`, `one-exit` and `damaged`."""
    arrays = golden_arrays()
    logits, labels = arrays["logits"], arrays["labels"]
    full_run(
        folder / "full",
        logits,
        labels,
        column=HOSTILE,
        title=HOSTILE,
        dataset="cifar100",
        model="msdnet",
        class_names=[HOSTILE, *(f"class {i}" for i in range(1, 20))],
        provenance={"made_by": HOSTILE, "log": LOG},
    )
    write_run(folder / "unlabelled", logits=logits, costs={"MACs": range(1, 8)})
    write_run(folder / "imageless", logits=logits, labels=labels)
    probs_only_run(folder / "probs", logits, labels)
    write_run(folder / "one-exit", logits=logits[-1:, :3], labels=labels[:3])
    cut_run(folder / "damaged", logits, labels)
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
