"""What tests are made of: images of noise, images that tell their place, the golden logits, runs that have everything.

Imports no torch.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.images.datasets import Images, write_parquet
from analysis.run import Run
from analysis.storage import write_run

GOLDEN = Path(__file__).parent / "golden"
SPLIT = np.array(["test"] * 300 + ["calibration"] * 100)
"""Of the golden samples, in the runs that have two splits."""


def noise(count: int, height: int = 32, width: int = 32, seed: int = 0) -> np.ndarray:
    """uint8 (count, height, width, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def noise_images(count: int, classes: int = 10, *, named: bool = False, seed: int = 0) -> Images:
    """Images of noise whose labels go round the classes, which are called `class 0` and so on or nothing."""
    names = tuple(f"class {i}" for i in range(classes)) if named else ()
    return Images(noise(count, seed=seed), np.arange(count) % classes, names)


def write_splits(folder: Path, **splits: Images) -> Path:
    """A data set in image parquet: a shard for each split."""
    for split, images in splits.items():
        write_parquet(images, folder / f"{split}-00000-of-00001.parquet")
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


def golden_arrays() -> dict[str, np.ndarray]:
    """Every array of golden_small.npz: `logits` float16 (7, 400, 20), `labels` int64 (400,), published `probs_*`."""
    with np.load(GOLDEN / "golden_small.npz") as arrays:
        return {name: arrays[name] for name in arrays.files}


def log_probs(logits: np.ndarray) -> np.ndarray:
    """float64 log p of logits whose last axis holds the classes."""
    wide = logits.astype(np.float64)
    return wide - np.log(np.exp(wide).sum(axis=-1, keepdims=True))


def full_run(out: Path, logits: np.ndarray, labels: np.ndarray, *, column: str, **named) -> Run:
    """A run of the golden arrays with all there can be: two splits, costs in two units, images, a column of its own.

    Parameters
    ----------
    column : what its own column is called, which goes from 0 to 1
    named : what it is called otherwise: title, dataset, model, class names, provenance, as `write_run` takes them
    """
    places = {split: out.parent / f"datasets/tiny/{split}-00000-of-00001.parquet" for split in ("test", "calibration")}
    image, rising = np.concatenate([np.arange(300), np.arange(100)]), np.linspace(0, 1, 400).round(3)
    return write_run(
        out,
        logits=logits,
        labels=labels,
        costs={"MACs": [1e6 * i for i in range(1, 8)], "params": [1e3 * i for i in range(1, 8)]},
        samples=pd.DataFrame({"split": SPLIT, "image": image, column: rising}),
        images={split: [write_image_parquet(path, labels[split == SPLIT])] for split, path in places.items()},
        **named,
    )


def probs_only_run(out: Path, logits: np.ndarray, labels: np.ndarray) -> Run:
    """A run of kind `probs`: its array is log p."""
    return write_run(out, logits=log_probs(logits), labels=labels, kind="probs", costs={"MACs": range(1, 8)})


def cut_run(out: Path, logits: np.ndarray, labels: np.ndarray) -> Path:
    """The folder of a run whose logits were cut off."""
    file = write_run(out, logits=logits, labels=labels).path / "logits.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])
    return out
