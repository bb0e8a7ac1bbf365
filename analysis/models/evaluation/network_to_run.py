"""A checkpoint or an exported program, and a data set -> a run: resumable, under corruption, in several processes.

Imports torch, storage and traces.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from analysis.images.corruptions import SIZE, corrupt
from analysis.images.datasets import Images
from analysis.images.image_files import ImageFiles, digest_of
from analysis.images.transforms import CROPPED
from analysis.models.evaluation.costs import measured_latency
from analysis.models.evaluation.resumable_chunks import (
    CHUNK,
    Partial,
    chunks_of,
    evaluate_chunks,
    shard_path,
    store_chunk_images,
    wait_for,
)
from analysis.models.evaluation.run_parts import samples_of, stored_weights
from analysis.models.networks.architectures import architecture
from analysis.models.networks.checkpoints import load_checkpoint
from analysis.models.networks.exported import Program, exported_network
from analysis.run import Run
from analysis.runtime.contents import hash_of
from analysis.runtime.hardware import describe_device
from analysis.runtime.memory import network_does_not_fit, said_when_out_of_memory
from analysis.runtime.processes import ALONE, Processes
from analysis.storage import write_run
from analysis.traces.bundle import bundle_traces

EXPORTED = "exported"
"""The `--arch` of a program whose code is in its file."""

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class Subject:
    """A network to be evaluated, and what its run says of it.

    network : normalised images to the logits of each exit, on the device where it runs
    name : the architecture's id, or `exported`
    normalisation : the data set whose normalisation it was trained with; `none`: its images are scaled to [0, 1]
    image_size : height and width of its images, in pixels
    classes : logits of each exit
    weights, arch : what the run keeps for live inference; None: it keeps no network
    """

    network: torch.nn.Module
    name: str
    normalisation: str
    image_size: int
    classes: int
    costs: Mapping[str, tuple[float, ...]]
    provenance: Mapping[str, object]
    weights: Path | None = None
    arch: str | None = None


@contextmanager
def opened_network(arch: str, checkpoint: str | Path, device: torch.device, *, half: bool = False) -> Iterator[Subject]:
    """The network of a checkpoint, on a device.

    Parameters
    ----------
    arch : an architecture's id, whose own normalisation is taken
    half : evaluate and keep the weights rounded to float16

    Raises
    ------
    ValueError : no such architecture, or not its checkpoint; a network that exceeds the memory
    """
    known = architecture(arch)
    with stored_weights(checkpoint, arch, half=half) as kept:
        with said_when_out_of_memory(network_does_not_fit(checkpoint, device)):
            network = load_checkpoint(kept.path, arch=arch).to(device)
        yield Subject(
            network,
            arch,
            known.dataset,
            known.image_size,
            known.config.classes,
            kept.costs,
            kept.provenance,
            kept.path,
            arch,
        )


def exported_subject(program: Program, image_size: int, normalisation: str) -> Subject:
    """The network that an exported program is.

    Parameters
    ----------
    image_size : height and width of the images that it will see
    normalisation : `cifar10`, `cifar100`, `imagenet` or `none`

    Raises
    ------
    ValueError : the program cannot be used with such images
    """
    network = exported_network(program, image_size)
    return Subject(network, EXPORTED, normalisation, image_size, network.classes, {}, {})


@dataclass(frozen=True)
class Plan:
    """How a network is evaluated: all of it that changes the logits, or where they are computed.

    corruption : kind and severity, as `analysis.images.corruptions` knows them; None: the images as they are
    half : logits and weights are kept as float16
    images : whether the images are kept beside the run
    chunk : images that are lost at most when the evaluation is killed; None: 256, or a batch if that is more
    """

    device: torch.device
    batch: int = CHUNK
    dtype: str = "fp32"
    corruption: tuple[str, int] | None = None
    seed: int = 0
    half: bool = False
    images: bool = True
    chunk: int | None = None

    @property
    def corrupted(self) -> str:
        """Kind and severity for people; empty without corruption."""
        return f"{self.corruption[0].replace('-', ' ')} of severity {self.corruption[1]}" if self.corruption else ""

    def dataset(self, dataset: str | None) -> str | None:
        """The name of the images that the network sees; None where they have none."""
        if dataset is None or self.corruption is None:
            return dataset
        return f"{dataset}-{self.corruption[0]}-{self.corruption[1]}"


def evaluate(
    out: Path,
    subject: Subject,
    parts: Mapping[str, Images | ImageFiles],
    plan: Plan,
    *,
    dataset: str | None,
    model: str | None,
    checkpoint: Path,
    title: str,
    provenance: Mapping[str, object],
    latency_batch: int | None = None,
    processes: Processes = ALONE,
    on_start: Callable[[int], Callable[[int], None]] = lambda total: lambda done: None,
) -> Run | None:
    """Evaluate a network on the splits of a data set, resuming what a killed evaluation left, and write the run.

    Parameters
    ----------
    out : the run folder to make; images go to `datasets/<dataset>/` beside it, or `datasets/<run>/` without a name
    parts : split (`test`, `calibration`) -> its images, in the order of the run
    dataset, model, title, provenance : what the run says of itself; a corruption is added to each
    checkpoint : the file that `subject` was read from, of which the run keeps name and sha256
    latency_batch : measure the latency of each exit with so many images; None: do not
    processes : of which this one takes its part
    on_start : told how many images this process has to evaluate; gives what is told how many more are done

    Returns
    -------
    The run, opened from its folder; None in a process that does not lead.

    Raises
    ------
    ValueError : images that cannot be read, an evaluation begun with other settings or images, a batch or a number of
        images for the latency too large for the memory, which is told before anything is evaluated
    """
    if plan.corruption and subject.image_size != SIZE:
        raise ValueError(
            f"{subject.name} takes images of {subject.image_size} pixels, and the corruptions' constants are for "
            f"CIFAR-C's {SIZE}: leave --corrupt out"
        )
    out = out.absolute()
    name, labels = plan.dataset(dataset), np.concatenate([images.labels for images in parts.values()])
    digest = hash_of(checkpoint)
    settings = {
        "arch": subject.name,
        "checkpoint": digest,
        "dataset": name,
        "normalisation": subject.normalisation,
        "splits": {split: len(images) for split, images in parts.items()},
        "labels": hashlib.sha256(labels.tobytes()).hexdigest(),
        "digest of the images": digest_of(parts),
        "corruption": plan.corrupted or None,
        "dtype": plan.dtype,
        "device": plan.device.type,
        "half": plan.half,
        "images": plan.images,
        "seed": plan.seed,
        "chunk": plan.chunk or max(CHUNK, plan.batch),
    }
    shards = {split: shard_path(out.parent, name or out.name, split) for split in parts} if plan.images else {}
    latency = partial(measured_latency, subject.network, subject.image_size, plan.device, dtype=DTYPES[plan.dtype])
    if latency_batch and processes.leads:
        latency(batch=latency_batch, warm_up=0, repeats=1)  # too many images for the memory are refused here
    unfinished = Partial(out, settings, processes)
    if out.exists():  # the others had done it all before this process came
        return None
    chunks = chunks_of(parts, unfinished.settings["chunk"])
    mine = [chunk for chunk in chunks[processes.rank :: processes.count] if not unfinished.is_done(chunk)]
    begun = time.perf_counter()
    try:
        evaluate_chunks(
            unfinished,
            mine,
            subject.network,
            parts,
            normalisation=subject.normalisation,
            device=plan.device,
            batch=plan.batch,
            dtype=DTYPES[plan.dtype],
            corrupt=_corruption(plan),
            shards=shards,
            on_batch=on_start(sum(chunk.size for chunk in mine)),
        )
    except BaseException:
        unfinished.discard_if_empty()
        raise
    seconds = time.perf_counter() - begun
    if not processes.leads:
        return None
    wait_for(unfinished, chunks)
    store_chunk_images(unfinished, chunks, parts, shards, as_seen=subject.image_size == CROPPED)
    measured = latency(batch=latency_batch) if latency_batch else None
    speed = sum(chunk.size for chunk in mine) / seconds if mine else None
    kept = np.float16 if plan.half else np.float32
    run = write_run(
        out,
        logits=(logits.astype(kept) for logits in unfinished.logits(chunks)),
        samples=samples_of(parts) if plan.images else samples_of(parts).drop(columns="image"),
        title=title + (f", {plan.corrupted}" if plan.corruption else ""),
        dataset=name,
        model=model,
        costs={**subject.costs, **({"ms": measured.ms_per_image} if measured else {})},
        class_names=next(iter(parts.values())).class_names or None,
        images={split: [shard] for split, shard in shards.items()},
        provenance={
            **_how(subject, plan, checkpoint, digest, len(labels), speed, processes),
            **(measured.provenance() if measured else {}),
            **subject.provenance,
            **provenance,
        },
        weights=subject.weights,
        arch=subject.arch,
        bundle=bundle_traces,
    )
    unfinished.discard()
    return run


def _corruption(plan: Plan) -> Callable[[Images, int], Images] | None:
    if plan.corruption is None:
        return None
    kind, severity = plan.corruption

    def change(images: Images, first: int) -> Images:
        pixels = corrupt(images.pixels, kind, severity, seed=plan.seed, first=first)
        return Images(pixels, images.labels, images.class_names)

    return change


def _how(
    subject: Subject, plan: Plan, checkpoint: Path, digest: str, samples: int, speed: float | None, processes: Processes
) -> dict[str, object]:
    """How the logits were made, in words and numbers; `summary` is the sentence that the app shows."""
    hardware = describe_device(plan.device)
    several = f", in {processes.count} processes" if processes.count > 1 else ""
    under = f" under {plan.corrupted}" if plan.corruption else ""
    rate = f", {speed:,.0f} images/s{' in each' if processes.count > 1 else ''}" if speed else ""
    corruption = (
        {
            "corruption": {
                "kind": plan.corruption[0],
                "severity": plan.corruption[1],
                "seed": plan.seed,
                "source": "constants of CIFAR-10-C (Hendrycks and Dietterich 2019, arXiv 1903.12261)",
            }
        }
        if plan.corruption
        else {}
    )
    return {
        "summary": f"Evaluated here from {checkpoint.name} (sha256 {digest[:12]}) on {samples:,} images{under}, "
        f"{plan.dtype}, on {hardware}{several}{rate}.",
        "checkpoint": {"name": checkpoint.name, "sha256": digest},
        "arch": subject.name,
        "normalisation": subject.normalisation,
        "hardware": hardware,
        "processes": processes.count,
        "batch": plan.batch,
        "dtype": plan.dtype,
        "images_per_s": round(speed, 1) if speed else None,
        "torch": torch.__version__,
        "made": time.strftime("%Y-%m-%d"),
        **corruption,
    }
