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

from analysis.images.datasets import Images, load_parquet, write_parquet
from analysis.images.image_files import ImageFiles
from analysis.models.evaluation.costs import CONVENTIONS, cumulative_costs, measured_latency
from analysis.models.evaluation.inference import predict
from analysis.models.evaluation.resumable_chunks import shard_path
from analysis.models.networks.architectures import architecture
from analysis.models.networks.checkpoints import load_checkpoint, save_tensors, save_weights
from analysis.run import Run
from analysis.runtime.memory import network_does_not_fit, said_when_out_of_memory
from analysis.storage import write_run
from analysis.traces.bundle import bundle_traces

MACS = {"MACs": "published", "MACs (conv, linear)": "conv-linear"}
"""Unit of a run's costs -> how it is counted: the papers' count first, which stands beside the published ones."""


def store_images(images: Images, split: str, dataset: str, runs: Path) -> Path:
    """The shard that holds a split's images for all runs of a folder; written when it is not there yet.

    Of two that are written at once the first stays.

    Raises
    ------
    ValueError : another shard of that name is there, with other images
    """
    shard = shard_path(runs, dataset, split)
    written = not shard.exists() and write_parquet(images, shard, replace=False)
    if not written and not np.array_equal(load_parquet([shard]).pixels, images.pixels):
        raise ValueError(f"{shard} holds other images than this run's {split} split: choose another --out")
    return shard


@dataclass(frozen=True)
class StoredWeights:
    """A checkpoint as a run keeps it: its file, and what is known of its network without running it on data."""

    path: Path
    costs: dict[str, tuple[int, ...]]
    """The units of `MACS`, and `params`, cumulative per exit."""
    provenance: dict[str, object]


def fits_half(state: Mapping[str, torch.Tensor]) -> bool:
    """Whether float16 holds every convolution and linear layer as it is, as in weights that runs keep."""
    weights = [value for key, value in state.items() if value.is_floating_point() and value.ndim > 1]
    return all(torch.equal(value.half().to(value.dtype), value) for value in weights)


@contextmanager
def stored_weights(checkpoint: str | Path, arch: str, *, half: bool = True) -> Iterator[StoredWeights]:
    """A checkpoint converted to what runs keep, in a temporary file.

    Parameters
    ----------
    half : convolutions and linear layers become float16, as in the runs that ship; otherwise only where that changes
        no weight

    Raises
    ------
    ValueError : not a checkpoint of `arch`
    """
    network = load_checkpoint(checkpoint, arch=arch)
    costs = {}
    for unit, convention in MACS.items():
        costs[unit], params = cumulative_costs(network, architecture(arch).image_size, convention)
    costs["params"] = params
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        state = network.state_dict()
        if half or fits_half(state):
            save_weights(state, path)
        else:
            save_tensors(state, path)
        yield StoredWeights(path, costs, {"macs": CONVENTIONS[MACS["MACs"]]})


def samples_of(parts: Mapping[str, Images | ImageFiles]) -> pd.DataFrame:
    """One row per sample: label (null where unknown), split and position in the split's images."""
    labels = pd.Series(np.concatenate([images.labels for images in parts.values()]), dtype="Int64")
    return pd.DataFrame(
        {
            "label": labels.mask(labels < 0),
            "split": np.repeat(list(parts), [len(images) for images in parts.values()]),
            "image": np.concatenate([np.arange(len(images)) for images in parts.values()]),
        }
    )


def accuracy_per_exit(run: Run) -> dict[str, np.ndarray]:
    """Split -> accuracy (exits,), a fraction of 1, of the logits as they are, over the samples whose label is known."""
    predicted = np.concatenate(
        [
            run.logits.read(start, min(start + 1000, run.n_samples)).argmax(axis=2)
            for start in range(0, run.n_samples, 1000)
        ],
        axis=1,
    )
    known = np.flatnonzero(run.labels >= 0)
    positions = {split: np.intersect1d(run.positions(split), known) for split in ("test", "calibration")}
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
    latency_batch: int | None = None,
    keeps_weights: bool = True,
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
    latency_batch : measure each exit's latency on so many images, on `device`
    keeps_weights : whether the run holds them
    on_batch : told the number of images of each batch that is done

    Returns
    -------
    The run, opened from its folder.

    Raises
    ------
    ValueError : other images of that name are there; the network or the images for the latency exceed the memory
    """
    model = arch.split("-")[0] if model is None else model
    shards = {split: [store_images(images, split, dataset, out.parent)] for split, images in parts.items()}
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "network.safetensors"
        save_tensors(network.state_dict(), checkpoint)
        with stored_weights(checkpoint, arch) as weights:
            with said_when_out_of_memory(network_does_not_fit(arch, device)):
                stored = load_checkpoint(weights.path, arch=arch).to(device)
            size = architecture(arch).image_size
            latency = measured_latency(stored, size, device, batch=latency_batch) if latency_batch else None
            logits = [predict(stored, images, dataset, device, on_batch=on_batch) for images in parts.values()]
            return write_run(
                out,
                logits=np.concatenate(logits, axis=1).astype(np.float16),
                samples=samples_of(parts),
                title=title,
                dataset=dataset,
                model=model,
                costs={**weights.costs, **({"ms": latency.ms_per_image} if latency else {})},
                class_names=next(iter(parts.values())).class_names or None,
                images=shards,
                provenance={**provenance, **weights.provenance, **(latency.provenance() if latency else {})},
                weights=weights.path if keeps_weights else None,
                arch=arch if keeps_weights else None,
                bundle=bundle_traces,
            )
