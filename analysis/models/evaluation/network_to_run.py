"""From a network and its images to a run: resumable, under corruption, in several processes.

The one way there, for a network that was just trained, a checkpoint and an exported program. Imports torch and storage.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from analysis.images.corruptions import SIZE
from analysis.images.datasets import Images
from analysis.images.image_files import ImageFiles, digest_of
from analysis.images.transforms import CROPPED
from analysis.models.evaluation.costs import measured_latency
from analysis.models.evaluation.plan import Plan
from analysis.models.evaluation.resumable_chunks import (
    Partial,
    chunks_of,
    evaluate_chunks,
    shard_path,
    store_chunk_images,
    wait_for,
)
from analysis.models.evaluation.subjects import Subject
from analysis.run import Run
from analysis.runtime.hardware import describe_device
from analysis.runtime.processes import ALONE, Processes
from analysis.storage.contents import Description, Exits, RunContent, Samples
from analysis.storage.writing import write_run_folder


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


def evaluate(
    out: Path,
    subject: Subject,
    parts: Mapping[str, Images | ImageFiles],
    plan: Plan,
    description: Description,
    *,
    how: Callable[[float | None], Mapping[str, object]] = lambda images_per_s: {},
    bundle: Callable[[Path], None] | None = None,
    processes: Processes = ALONE,
    on_start: Callable[[int], Callable[[int], None]] = lambda total: lambda done: None,
    on_write: Callable[[int], Callable[[int], None]] = lambda total: lambda done: None,
) -> Run | None:
    """Evaluate a network on the splits of a data set, resuming what a killed evaluation left, and write the run.

    Parameters
    ----------
    out : the run folder to make; images go to `datasets/<dataset>/` beside it, or `datasets/<run>/` without a name
    parts : split (`test`, `calibration`) -> its images, in the order of the run
    description : what the run says of itself; a corruption is added to its title and its dataset
    how : told how many images passed in a second (None: none did), what the provenance says of the evaluation
    bundle : as `write_run` takes it
    processes : of which this one takes its part
    on_start : told how many images this process has to evaluate; gives what is told how many more are done
    on_write : the same of the images whose logits are written into the run, at its end

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
    name = plan.dataset(description.dataset)
    shards = {split: shard_path(out.parent, name or out.name, split) for split in parts} if plan.images else {}
    latency = partial(measured_latency, subject.network, subject.image_size, plan.device, dtype=plan.torch_dtype)
    if plan.latency_batch and processes.leads:
        latency(batch=plan.latency_batch, warm_up=0, repeats=1)  # too many for the memory are refused here
    with closing(Partial(out, _settings(subject, parts, plan, name), processes)) as unfinished:
        if out.exists():  # the others had done it all before this process came
            return None
        chunks = chunks_of(parts, unfinished.settings["chunk"])
        mine = [chunk for chunk in chunks[processes.rank :: processes.count] if not unfinished.is_done(chunk)]
        begun = time.perf_counter()
        try:
            on_batch = on_start(sum(chunk.size for chunk in mine))
            evaluate_chunks(unfinished, mine, subject, parts, plan, shards=shards, on_batch=on_batch)
        except BaseException:
            unfinished.discard_if_empty()
            raise
        seconds = time.perf_counter() - begun
        if not processes.leads:
            return None
        wait_for(unfinished, chunks)
        store_chunk_images(unfinished, chunks, parts, plan, shards=shards, as_seen=subject.image_size == CROPPED)
        measured = latency(batch=plan.latency_batch) if plan.latency_batch else None
        speed = sum(chunk.size for chunk in mine) / seconds if mine else None
        kept, table = np.float16 if plan.half else np.float32, samples_of(parts)
        provenance = {**how(speed), **(measured.provenance() if measured else {}), **subject.provenance}
        content = RunContent(
            (logits.astype(kept) for logits in unfinished.logits(chunks)),
            Samples(
                table=table if plan.images else table.drop(columns="image"),
                images={split: [shard] for split, shard in shards.items()},
            ),
            Exits(costs={**subject.costs, **({"ms": measured.ms_per_image} if measured else {})}),
            replace(
                description,
                title=(description.title or out.name) + (f", {plan.corrupted}" if plan.corruption else ""),
                dataset=name,
                provenance={**provenance, **description.provenance},
            ),
            subject.kept,
            next(iter(parts.values())).class_names or None,
        )
        run = write_run_folder(out, content, bundle=bundle, progress=on_write(len(table)))
        unfinished.discard()
        return run


def _settings(
    subject: Subject, parts: Mapping[str, Images | ImageFiles], plan: Plan, dataset: str | None
) -> dict[str, object]:
    """All that the logits depend on, and what else must be the same for an evaluation to go on."""
    labels = np.concatenate([images.labels for images in parts.values()])
    return {
        "arch": subject.name,
        "checkpoint": subject.sha256,
        "dataset": dataset,
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
        "chunk": plan.images_per_chunk,
    }


def how_evaluated(
    subject: Subject, plan: Plan, samples: int, processes: Processes, images_per_s: float | None
) -> dict[str, object]:
    """How the logits were made, in words and numbers; `summary` is the sentence that the app shows.

    Parameters
    ----------
    samples : images of all splits
    images_per_s : how many passed in a second; None: none did
    """
    checkpoint, digest, speed = subject.checkpoint, subject.sha256, images_per_s
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
