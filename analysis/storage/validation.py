"""Check every byte of a run folder, its logits and its images. Imports numpy, pandas, pyarrow and Pillow."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL.Image import Image

from analysis.images.decoding import bounded, loaded
from analysis.images.image_tables import ImageTable, disagreement
from analysis.images.thumbnails import SHOWN
from analysis.run import Run
from analysis.runtime.contents import hash_of
from analysis.runtime.objects import hash_at
from analysis.storage.chunking import samples_per_chunk
from analysis.storage.faults import describe, first_fault
from analysis.storage.manifest import RunError, read_manifest
from analysis.storage.reading import load_run
from analysis.storage.remote.stubs import read_stub

AT_ONCE = 100
"""Images that are read at once."""
SAID = 8
"""Samples that a message names."""


def check_images(run: Run) -> None:
    """Check that the images a run names are there, enough, labelled as the run's samples are, and can be shown.

    Raises
    ------
    RunError : naming the split and what is wrong with it
    """
    for split, shards in run.image_tables.items():
        try:
            table = ImageTable(shards)
        except ValueError as error:
            raise RunError(f"{run.id}: the {split} images: {error}") from None
        positions = run.positions(split)
        images = run.samples["image"].to_numpy()[positions]
        positions, images = positions[images >= 0], images[images >= 0]
        if len(images) and images.max() >= len(table):
            raise RunError(
                f"{run.id}: a {split} sample has image {images.max()}, and there are {len(table)}: import again"
            )
        try:
            labels, faults = table.labels, _faults(table, images)
        except ValueError as error:
            raise RunError(f"{run.id}: the {split} images: {error}") from None
        wrong = disagreement(run.labels[positions], labels[images]) if labels is not None else None
        if wrong:
            sample = run.samples["id"].iloc[positions[wrong[1]]]
            raise RunError(
                f"{run.id}: {wrong[0]} {split} labels differ from their images', first at sample {sample}: "
                "the images are another dataset's or in another order"
            )
        if faults:
            some = ", ".join(str(run.samples["id"].iloc[positions[place]])[:40] for place in list(faults)[:SAID])
            some += f" and {len(faults) - SAID} more" if len(faults) > SAID else ""
            raise RunError(
                f"{run.id}: {len(faults)} of {len(images)} {split} images cannot be shown, of the samples {some} "
                f"(the first: {next(iter(faults.values()))}): copy the images again"
            )


def _faults(table: ImageTable, images: np.ndarray) -> dict[int, str]:
    """Which of the images at positions in a table cannot be shown, by their place among these, and why."""
    faults = {}
    order = np.argsort(images, kind="stable")  # row group after row group
    for start in range(0, len(order), AT_ONCE):
        places = order[start : start + AT_ONCE]
        for place, data in zip(places.tolist(), table.encoded(images[places])):
            try:
                if data is not None:
                    loaded(bounded(data, SHOWN), _decoded)
            except ValueError as error:
                faults[place] = str(error)
    return dict(sorted(faults.items()))


def _decoded(image: Image) -> Image:
    image.load()
    return image


def bytes_to_check(path: str | Path) -> int:
    """Of a run's files, and of its logits once more.

    Raises
    ------
    RunError : as `load_run`
    """
    run = load_run(path)
    stub = read_stub(run.path)
    manifest = read_manifest(run.path, None if stub is None else stub.sizes)
    files = sum(int(entry["bytes"]) for entry in manifest.files.values())
    return files + math.prod(run.logits.shape) * run.logits.dtype.itemsize


def validate_run(path: str | Path, progress: Callable[[int], None] | None = None) -> Run:
    """Check everything about a run folder: structure, sha256 of every file, finite logits, images and their labels.

    On object storage every byte is fetched, of the logits twice: once in the order of their files, once by samples.

    Parameters
    ----------
    path : the run folder, or its address
    progress : told how many more bytes of `bytes_to_check` are checked

    Returns
    -------
    The run, opened.

    Raises
    ------
    RunError : the first thing that is wrong
    """
    run = load_run(path)
    stub, tell = read_stub(run.path), progress or (lambda _: None)
    manifest = read_manifest(run.path, None if stub is None else stub.sizes)
    for name, entry in manifest.files.items():
        if stub is None:
            found = hash_of(run.path / name)
            tell(int(entry["bytes"]))
        else:
            found = hash_at(f"{stub.address}/{name}", stub.stamps[name], tell)
        if found != entry["sha256"]:
            raise RunError(f"{run.place}/{name} is not the file that was written (sha256 differs): copy the run again")
    step = samples_per_chunk(run.n_exits, run.n_classes, run.logits.dtype.itemsize)
    for start in range(0, run.n_samples, step):
        chunk = run.logits.read(start, min(start + step, run.n_samples))
        if fault := first_fault(chunk, start):
            raise RunError(describe(fault, run.n_samples, f"{run.id}: logits"))
        tell(chunk.nbytes)
    check_images(run)
    return run
