"""A trained network and its images -> a run folder: logits of every exit, labels, costs, weights, images, traces.

Imports torch, storage and traces. Images are stored once per data set, beside the runs that share them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file

from analysis.models.architectures import architecture
from analysis.models.checkpoints import load_checkpoint, save_weights
from analysis.models.costs import CONVENTIONS, cumulative_costs
from analysis.models.datasets import Images, load_parquet, write_parquet
from analysis.models.inference import predict
from analysis.run import Run
from analysis.storage import write_run
from analysis.traces.bundle import bundle_traces

MACS_CONVENTION = "published"
"""The papers' count, so that a run's costs stand beside the published ones."""


def store_images(images: Images, split: str, dataset: str, runs: Path) -> Path:
    """The shard that holds a split's images for all runs of a folder; written when it is not there yet.

    Raises
    ------
    ValueError : another shard of that name is there, with other images
    """
    shard = runs / "datasets" / dataset / f"{split}-00000-of-00001.parquet"
    if not shard.exists():
        write_parquet(images, shard)
    elif not np.array_equal(load_parquet([shard]).pixels, images.pixels):
        raise ValueError(f"{shard} holds other images than this run's {split} split: choose another --out")
    return shard


@dataclass(frozen=True)
class StoredWeights:
    """A checkpoint as a run keeps it: its file, and what is known of its network without running it on data."""

    path: Path
    costs: dict[str, tuple[int, ...]]
    """`MACs` and `params`, cumulative per exit."""
    provenance: dict[str, object]


@contextmanager
def stored_weights(checkpoint: str | Path, arch: str) -> Iterator[StoredWeights]:
    """A checkpoint converted to what runs keep, in a temporary file.

    Raises
    ------
    ValueError : not a checkpoint of `arch`
    """
    network = load_checkpoint(checkpoint, arch=arch)
    macs, params = cumulative_costs(network, architecture(arch).image_size, MACS_CONVENTION)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save_weights(network.state_dict(), path)
        yield StoredWeights(path, {"MACs": macs, "params": params}, {"macs": CONVENTIONS[MACS_CONVENTION]})


def samples_of(parts: Mapping[str, Images]) -> pd.DataFrame:
    """One row per sample: label, split and position in the split's images."""
    return pd.DataFrame(
        {
            "label": np.concatenate([images.labels for images in parts.values()]),
            "split": np.repeat(list(parts), [len(images) for images in parts.values()]),
            "image": np.concatenate([np.arange(len(images)) for images in parts.values()]),
        }
    )


def accuracy_per_exit(run: Run) -> dict[str, np.ndarray]:
    """Split -> accuracy (exits,), a fraction of 1, of the logits as they are."""
    predicted = np.concatenate(
        [
            run.logits.read(start, min(start + 1000, run.n_samples)).argmax(axis=2)
            for start in range(0, run.n_samples, 1000)
        ],
        axis=1,
    )
    positions = {split: run.positions(split) for split in ("test", "calibration")}
    return {s: (predicted[:, at] == run.labels[at]).mean(axis=1) for s, at in positions.items() if len(at)}


def write_network_run(
    out: Path,
    network: torch.nn.Module,
    parts: Mapping[str, Images],
    *,
    arch: str,
    dataset: str,
    title: str,
    provenance: Mapping[str, object],
    device: torch.device,
    model: str | None = None,
    on_batch: Callable[[int], None] | None = None,
) -> Run:
    """Evaluate a network on the splits of a data set and write the run.

    The logits are those of the weights as they are stored (convolutions and linear layers in float16), so that the run
    can be recomputed from its own files.

    Parameters
    ----------
    out : the run folder to make; images go to `datasets/<dataset>/` beside it
    network : images to a list of logits, one per exit, of architecture `arch`
    parts : split (`test`, `calibration`) -> its images, in the order of the run
    title, provenance : what is shown of how the run was made
    model : the run's model id; by default the family of `arch`
    on_batch : told the number of images of each batch that is done

    Returns
    -------
    The run, opened from its folder.
    """
    model = arch.split("-")[0] if model is None else model
    shards = {split: [store_images(images, split, dataset, out.parent)] for split, images in parts.items()}
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "network.safetensors"
        save_file({key: value.cpu().contiguous() for key, value in network.state_dict().items()}, checkpoint)
        with stored_weights(checkpoint, arch) as weights:
            stored = load_checkpoint(weights.path, arch=arch).to(device)
            logits = [predict(stored, images, dataset, device, on_batch=on_batch) for images in parts.values()]
            return write_run(
                out,
                logits=np.concatenate(logits, axis=1).astype(np.float16),
                samples=samples_of(parts),
                title=title,
                dataset=dataset,
                model=model,
                costs=weights.costs,
                class_names=next(iter(parts.values())).class_names or None,
                images=shards,
                provenance={**provenance, **weights.provenance},
                weights=weights.path,
                arch=arch,
                bundle=bundle_traces,
            )
