"""Write a run folder into a temporary one beside it, renamed when complete: a run is there whole or not at all.

Logits come as one array or as chunks along samples and are written as they come: memory is bounded by a chunk.
Imports numpy, pandas and pyarrow.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.run import KINDS, SPLITS, Run
from analysis.runtime.folders import DATASETS
from analysis.runtime.whole_files import discard_abandoned, name_whole, unfinished_folder
from analysis.storage.chunking import release_pages, samples_per_chunk
from analysis.storage.contents import Description, Exits, KeptNetwork, RunContent, Samples
from analysis.storage.faults import describe, first_fault, narrowed
from analysis.storage.manifest import (
    MANIFEST,
    SAMPLES,
    WEIGHTS,
    Manifest,
    as_json,
    checked_costs,
    clean_text,
    file_entry,
)
from analysis.storage.reading import load_run
from analysis.storage.safetensors import write_header
from analysis.storage.samples import samples_table, write_samples

SHARD_BYTES = 1 << 32


def stored_dtype(dtype: np.dtype) -> np.dtype:
    """float16, in either byte order, stays float16; everything else is kept as float32."""
    return np.dtype(np.float16 if dtype.newbyteorder("=") == np.float16 else np.float32)


def check_out(out: Path) -> None:
    """Refuse a folder that exists, or whose name cannot be a run's."""
    if not out.name or out.name.startswith(".") or out.name == DATASETS:
        raise ValueError(f"{out}: a run cannot be called {out.name!r}: choose another name")
    if os.path.lexists(out):
        raise ValueError(f"{out} exists: choose another folder, or remove it first")


@contextlib.contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A temporary folder that becomes `out` when the block ends well, and is removed when it does not.

    Raises
    ------
    ValueError : `out` exists, or its name cannot be a run's
    """
    check_out(out)
    images = out.parent / DATASETS
    for place in (images, *images.glob("*/")):
        discard_abandoned(place)
    with unfinished_folder(out) as folder:
        yield folder
        check_out(out)
        try:
            name_whole(folder, out)
        except OSError:
            check_out(out)  # another process was faster
            raise


def _chunks_of(logits: np.ndarray) -> Iterator[np.ndarray]:
    if logits.ndim != 3:
        raise ValueError(f"logits has shape {logits.shape}: three axes are needed, (exits, samples, classes)")
    step = samples_per_chunk(logits.shape[0], logits.shape[2], logits.dtype.itemsize)
    for start in range(0, logits.shape[1], step):
        yield logits[:, start : start + step]
        release_pages(logits)


def _cast(chunk: np.ndarray, dtype: np.dtype, first_sample: int, n_samples: int) -> np.ndarray:
    kept = narrowed(chunk, dtype)
    if fault := first_fault(kept, first_sample, chunk):
        raise ValueError(describe(fault, n_samples))
    return kept


class _LogitsWriter:
    """Writes chunks into the shards of a run, whose files are given their full size when they are opened.

    `entries` holds size and sha256 of those that are whole.
    """

    def __init__(self, folder: Path, shape: tuple[int, int, int], dtype: np.dtype, shard_bytes: int) -> None:
        self.folder, self.shape, self.dtype = folder, shape, dtype
        n_exits, n_samples, n_classes = shape
        self.per_shard = max(1, shard_bytes // (n_exits * n_classes * dtype.itemsize))
        shards = math.ceil(n_samples / self.per_shard)
        self.names = [f"logits-{i:05d}-of-{shards:05d}.safetensors" for i in range(shards)]
        if shards == 1:
            self.names = ["logits.safetensors"]
        self.done = 0
        self.entries: dict[str, dict[str, object]] = {}

    def write(self, chunk: np.ndarray) -> None:
        """Append samples: (exits, samples of the chunk, classes)."""
        while chunk.shape[1]:
            shard, first = divmod(self.done, self.per_shard)
            samples = min(self.per_shard, self.shape[1] - shard * self.per_shard)
            here = chunk[:, : samples - first]
            with (self.folder / self.names[shard]).open("r+b" if first else "w+b") as file:
                shape = (self.shape[0], samples, self.shape[2])
                data = self._data_start(file) if first else write_header(file, "logits", self.dtype, shape)
                row = self.shape[2] * self.dtype.itemsize
                for number, values in enumerate(here):
                    file.seek(data + (number * samples + first) * row)
                    file.write(np.ascontiguousarray(values, dtype=self.dtype.newbyteorder("<")).data)
            if first + here.shape[1] == samples:  # hashed while the system still has it in memory
                self.entries[self.names[shard]] = file_entry(self.folder / self.names[shard])
            self.done += here.shape[1]
            chunk = chunk[:, here.shape[1] :]

    @staticmethod
    def _data_start(file) -> int:
        return 8 + int.from_bytes(file.read(8), "little")


def _write_logits(
    folder: Path,
    chunks: Iterable[np.ndarray],
    n_samples: int | None,
    shard_bytes: int,
    progress: Callable[[int], None] | None,
) -> _LogitsWriter:
    """Write all chunks; `n_samples` is what the labels or the table of samples say, and must come out."""
    writer = None
    for chunk in chunks:
        chunk = np.asarray(chunk)
        if writer is None:
            if chunk.ndim != 3 or 0 in chunk.shape:
                raise ValueError(f"logits has shape {chunk.shape}: three axes are needed, (exits, samples, classes)")
            shape = (chunk.shape[0], n_samples, chunk.shape[2])
            writer = _LogitsWriter(folder, shape, stored_dtype(chunk.dtype), shard_bytes)
        if chunk.ndim != 3 or chunk.shape[::2] != writer.shape[::2]:
            raise ValueError(
                f"a chunk of logits has shape {chunk.shape}, the first had {writer.shape}: make them equal"
            )
        if writer.done + chunk.shape[1] > n_samples:
            raise ValueError(f"logits has more samples than the {n_samples} labels: give one label for each sample")
        writer.write(_cast(chunk, writer.dtype, writer.done, n_samples))
        if progress:
            progress(chunk.shape[1])
    if writer is None or writer.done != n_samples:
        found = writer.done if writer else 0
        raise ValueError(f"logits has {found} samples for {n_samples} labels: give one label for each sample")
    return writer


def _count_samples(logits: object, samples: Samples) -> int:
    if isinstance(logits, np.ndarray):
        if logits.ndim != 3 or 0 in logits.shape:
            raise ValueError(f"logits has shape {logits.shape}: three axes are needed, (exits, samples, classes)")
        return logits.shape[1]
    if samples.labels is None and samples.table is None:
        raise ValueError("logits come in chunks: give labels or samples, so that their number is known")
    return len(samples.labels if samples.labels is not None else samples.table)


def _check_names(names: Sequence[str] | None, count: int, what: str) -> tuple[str, ...] | None:
    if names is None:
        return None
    if len(names) != count:
        raise ValueError(f"{len(names)} names for {count} {what}: give one name for each")
    return tuple(clean_text(name) for name in names)


def _image_references(images: Mapping[str, Sequence[str | Path]], runs: Path) -> dict[str, tuple[str, ...]]:
    """Image shards as paths relative to the run folder, all below the folder that holds the run."""
    references = {}
    for split, files in images.items():
        if split not in SPLITS:
            raise ValueError(f"images name the split {split!r}: use test or calibration")
        inside = [os.path.relpath(os.path.abspath(file), runs) for file in files]
        for file, relative in zip(files, inside):
            if relative.startswith(os.pardir) or os.path.isabs(relative):
                raise ValueError(f"images {file} lie outside {runs}: keep them in {runs / DATASETS}")
        references[split] = tuple("../" + Path(relative).as_posix() for relative in inside)
    return references


def _checked_provenance(provenance: Mapping[str, object]) -> dict[str, object]:
    try:
        return json.loads(json.dumps(dict(provenance), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ValueError(f"provenance cannot be written as JSON ({error}): keep texts, numbers and lists") from None


def _finish(folder: Path, manifest: Manifest, run_id: str, bundle: Callable[[Path], None] | None) -> None:
    """Write `run.json`, let `bundle` add files, and list those too."""
    manifest.files.update(_entries(folder, manifest))
    (folder / MANIFEST).write_text(as_json(manifest, run_id), encoding="utf-8")
    if bundle:
        bundle(folder)
        manifest.files.update(_entries(folder, manifest))
        (folder / MANIFEST).write_text(as_json(manifest, run_id), encoding="utf-8")


def _entries(folder: Path, manifest: Manifest) -> dict[str, dict[str, object]]:
    names = sorted(path.name for path in folder.iterdir() if path.name != MANIFEST)
    return {name: file_entry(folder / name) for name in names if name not in manifest.files}


def write_run_folder(
    out: str | Path,
    content: RunContent,
    *,
    bundle: Callable[[Path], None] | None = None,
    shard_bytes: int = SHARD_BYTES,
    progress: Callable[[int], None] | None = None,
) -> Run:
    """Write a run folder and open it.

    Parameters
    ----------
    out : the folder to make; its name becomes the run's id
    content : what it is to hold
    bundle : called with the unfinished folder, which `load_run` can open, to add files to it (precomputed traces)
    shard_bytes : logits larger than this are split along samples
    progress : told the number of samples of each chunk that is written

    Returns
    -------
    The run, opened from its folder.

    Raises
    ------
    ValueError : anything given that is malformed, or `out` exists; nothing is left behind
    """
    out = Path(out).absolute()
    if content.kind not in KINDS:
        raise ValueError(f"kind is {content.kind!r}: choose logits or probs")
    logits, samples, about = content.logits, content.samples, content.description
    with new_folder(out) as folder:
        n_samples = _count_samples(logits, samples)
        chunks = _chunks_of(logits) if isinstance(logits, np.ndarray) else logits
        writer = _write_logits(folder, chunks, n_samples, shard_bytes, progress)
        n_exits, _, n_classes = writer.shape
        write_samples(samples_table(n_samples, n_classes, samples.labels, samples.table), folder / SAMPLES)
        if content.network.weights is not None:
            shutil.copyfile(content.network.weights, folder / WEIGHTS)
        exit_names = _check_names(content.exits.names, n_exits, "exits")
        class_names = _check_names(content.class_names, n_classes, "classes")
        manifest = Manifest(
            title=clean_text(about.title or out.name),
            dataset=clean_text(about.dataset) if about.dataset else None,
            model=clean_text(about.model) if about.model else None,
            kind=content.kind,
            shape=writer.shape,
            dtype=writer.dtype.name,
            exit_names=exit_names or tuple(f"exit {i + 1}" for i in range(n_exits)),
            costs=checked_costs(dict(content.exits.costs), n_exits),
            class_names=class_names or tuple(str(i) for i in range(n_classes)),
            logits_files=tuple(writer.names),
            images=_image_references(samples.images, out.parent),
            arch=content.network.arch,
            provenance=_checked_provenance(about.provenance),
            files=writer.entries,
        )
        _finish(folder, manifest, out.name, bundle)
    return load_run(out)


def write_run(
    out: str | Path,
    *,
    logits: np.ndarray | Iterable[np.ndarray],
    labels: object | None = None,
    title: str | None = None,
    dataset: str | None = None,
    model: str | None = None,
    kind: str = "logits",
    exit_names: Sequence[str] | None = None,
    costs: Mapping[str, Sequence[float]] | None = None,
    class_names: Sequence[str] | None = None,
    samples: pd.DataFrame | None = None,
    images: Mapping[str, Sequence[str | Path]] | None = None,
    provenance: Mapping[str, object] | None = None,
    weights: str | Path | None = None,
    arch: str | None = None,
    bundle: Callable[[Path], None] | None = None,
    shard_bytes: int = SHARD_BYTES,
    progress: Callable[[int], None] | None = None,
) -> Run:
    """Write a run folder and open it: `write_run_folder` with everything by its own name, for notebooks and scripts.

    Parameters
    ----------
    out : the folder to make; its name becomes the run's id
    logits : (exits, samples, classes), or chunks of that along samples; float16 is kept, the rest becomes float32.
        Of kind `probs`: log p
    labels : (samples,) whole numbers in 0..classes-1, None or NaN where unknown; default: `label` of `samples`
    title : shown to people; default: the folder's name
    dataset, model : what the run is, such as `cifar100` and `msdnet`
    kind : `logits` or `probs`
    exit_names, class_names : one per exit and class; an empty class name is shown as its index
    costs : unit -> cumulative cost of each exit; the first unit is the default
    samples : one row per sample: `id`, `split`, `image` and any further column
    images : split -> image parquet shards, which must lie in the same runs folder as `out`
    provenance : how the run was made, as JSON
    weights, arch : a safetensors file to copy into the run and its architecture id, for live inference
    bundle, shard_bytes, progress : as `write_run_folder` takes them

    Returns
    -------
    The run, opened from its folder.

    Raises
    ------
    ValueError : anything given that is malformed, or `out` exists; nothing is left behind
    """
    content = RunContent(
        logits,
        Samples(labels, samples, images or {}),
        Exits(exit_names, costs or {}),
        Description(title, dataset, model, provenance or {}),
        KeptNetwork(weights, arch),
        class_names,
        kind,
    )
    return write_run_folder(out, content, bundle=bundle, shard_bytes=shard_bytes, progress=progress)
