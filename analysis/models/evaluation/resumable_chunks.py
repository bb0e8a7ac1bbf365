"""Evaluate a network chunk by chunk, so that an evaluation survives a kill and several processes can share it.

Finished chunks lie in `.<run>.partial` beside the run to be, which no list of runs shows: the logits of each, and its
images where the runs folder does not hold them yet. Only the leading process puts them together. Imports torch through
the evaluation.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from analysis.images.datasets import Images, load_parquet, write_parquet
from analysis.images.decoding import decode
from analysis.images.image_files import AS_SEEN, ImageFiles
from analysis.images.image_tables import ImageTable
from analysis.models.evaluation.inference import predict
from analysis.models.evaluation.plan import CHUNK, Plan
from analysis.models.evaluation.subjects import Subject
from analysis.runtime.folders import DATASETS
from analysis.runtime.memory import said_when_out_of_memory
from analysis.runtime.processes import Processes
from analysis.runtime.whole_files import locked, name_first, unfinished, whole_file

SETTINGS = "settings.json"
ROW_GROUP = 100
WAIT_S = 0.2


@dataclass(frozen=True)
class Chunk:
    """Images start..stop-1 of a split; `number` counts the chunks of all splits."""

    number: int
    split: str
    start: int
    stop: int

    @property
    def size(self) -> int:
        """How many images it holds."""
        return self.stop - self.start


def chunks_of(parts: Mapping[str, Images | ImageFiles], size: int) -> list[Chunk]:
    """The splits cut into chunks of `size` images, in the order of the run."""
    bounds = [(split, start, len(images)) for split, images in parts.items() for start in range(0, len(images), size)]
    return [Chunk(i, split, start, min(start + size, end)) for i, (split, start, end) in enumerate(bounds)]


def shard_path(runs: Path, dataset: str, split: str) -> Path:
    """Where a runs folder keeps the images of a split."""
    return runs / DATASETS / dataset / f"{split}-00000-of-00001.parquet"


class Partial:
    """The folder of finished chunks of one evaluation, which no other leads until it is closed.

    Parameters
    ----------
    out : the run to be
    settings : all that the logits depend on; a folder begun with other settings is refused, but for `chunk`, the images
        in a chunk, where those of the folder go on

    Raises
    ------
    ValueError : the folder is there, begun with other settings; another evaluation is writing it
    """

    def __init__(self, out: Path, settings: Mapping[str, object], processes: Processes) -> None:
        self.folder = out.with_name(f".{out.name}.partial")
        self.settings = json.loads(json.dumps(dict(settings)))
        self._made: list[Path] = []
        self._lock: int | None = None
        try:
            if processes.leads:
                self._begin()
            while not (self.folder / SETTINGS).is_file() and not out.exists():
                time.sleep(WAIT_S)  # torchrun ends this process if the leading one fails
            if not out.exists():
                self._check()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        self._made = [parent for parent in self.folder.parents if not parent.exists()]
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock = locked(self.folder)
        except BlockingIOError:
            raise ValueError(
                f"{self.folder} is being written by another evaluation: wait for it, or choose another --out"
            ) from None
        if not (self.folder / SETTINGS).is_file():
            with whole_file(self.folder / SETTINGS) as temporary:
                temporary.write_text(json.dumps(self.settings, indent=1) + "\n", encoding="utf-8")

    def _check(self) -> None:
        try:
            begun = json.loads((self.folder / SETTINGS).read_text(encoding="utf-8"))
        except ValueError:
            raise ValueError(f"{self.folder / SETTINGS} is damaged: remove {self.folder} and begin again") from None
        self.settings["chunk"] = begun.get("chunk")
        for name in {**begun, **self.settings}:
            if begun.get(name) != self.settings.get(name):
                raise ValueError(
                    f"{self.folder} was begun with another {name} ({begun.get(name)}, not {self.settings.get(name)}): "
                    "give the same to go on, or remove that folder"
                )

    def logits_file(self, chunk: Chunk) -> Path:
        """Where the logits of a chunk are kept."""
        return self.folder / f"logits-{chunk.number:06d}.npy"

    def images_file(self, chunk: Chunk) -> Path:
        """Where the images of a chunk are kept."""
        return self.folder / f"images-{chunk.number:06d}.parquet"

    def is_done(self, chunk: Chunk) -> bool:
        """Whether a chunk is finished, by whichever process."""
        return self.logits_file(chunk).is_file()

    def keep(self, chunk: Chunk, logits: np.ndarray, images: Images | None) -> None:
        """Keep a finished chunk; the logits come last, so that they are the sign that all of it is there."""
        if images is not None:
            write_parquet(images, self.images_file(chunk))
        with whole_file(self.logits_file(chunk)) as temporary, temporary.open("wb") as file:
            np.save(file, logits)

    def logits(self, chunks: list[Chunk]) -> Iterator[np.ndarray]:
        """(exits, images, classes) of each chunk."""
        for chunk in chunks:
            yield np.load(self.logits_file(chunk))

    def discard_if_empty(self) -> None:
        """Remove the folder where no chunk is finished, and those made for it: there is nothing to go on from."""
        if self.folder.is_dir() and not list(self.folder.glob("logits-*.npy")):
            self.discard()
            for parent in self._made:
                with suppress(OSError):  # others may use it by now
                    parent.rmdir()

    def close(self) -> None:
        """Let another evaluation go on in the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def discard(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def check_stored(stored: ImageTable, shard: Path, images: Images, chunk: Chunk, elsewhere: str) -> None:
    """Refuse images other than those that the runs folder holds for the split; `elsewhere` is what to choose then.

    Raises
    ------
    ValueError : naming the first image that differs
    """
    for place, data in enumerate(stored.encoded(range(chunk.start, chunk.stop))):
        same = images.encoded is not None and data == images.encoded[place]
        if not same and not np.array_equal(decode(data), images.pixels[place]):
            raise ValueError(
                f"{shard} holds another image {chunk.start + place + 1} than this {chunk.split} split: choose "
                f"{elsewhere}"
            )


def open_stored(shard: Path, images: Images | ImageFiles, split: str, elsewhere: str) -> ImageTable | None:
    """The images that a runs folder holds of a split already; None: none. `elsewhere` is what to choose for others.

    Raises
    ------
    ValueError : they are others, by their number or labels
    """
    if not shard.exists():
        return None
    stored = ImageTable([shard])
    if len(stored) != len(images) or not np.array_equal(stored.labels, images.labels):
        raise ValueError(
            f"{shard} holds {len(stored)} images that are not this {split} split's {len(images)}: choose {elsewhere}"
        )
    return stored


def evaluate_chunks(
    partial: Partial,
    chunks: list[Chunk],
    subject: Subject,
    parts: Mapping[str, Images | ImageFiles],
    plan: Plan,
    *,
    shards: Mapping[str, Path],
    on_batch: Callable[[int], None],
) -> None:
    """Evaluate the chunks given and keep each in the partial folder.

    Parameters
    ----------
    shards : split -> where the runs folder keeps, or will keep, its images; those there are compared; empty: none kept
    on_batch : told the number of images of each batch that is done
    """
    stored = {split: open_stored(shard, parts[split], split, plan.elsewhere) for split, shard in shards.items()}
    for chunk in chunks:
        begun = f"remove {partial.folder} and " if any(map(partial.is_done, chunks)) else ""
        smaller = plan.batch is not None and chunk.size > CHUNK
        remedy = f"{begun}give --batch {CHUNK}" if smaller else "free some of it"
        with said_when_out_of_memory(f"{chunk.size} images do not fit into the host's memory: {remedy}"):
            images = plan.seen(parts[chunk.split].read(chunk.start, chunk.stop), chunk.start)
        known = stored.get(chunk.split)
        if known is not None:
            check_stored(known, shards[chunk.split], images, chunk, plan.elsewhere)
        logits = predict(
            subject.network,
            images,
            subject.normalisation,
            plan.device,
            batch=plan.batch,
            dtype=plan.torch_dtype,
            on_batch=on_batch,
        )
        partial.keep(chunk, logits, images if chunk.split in shards and known is None else None)


def store_chunk_images(
    partial: Partial,
    chunks: list[Chunk],
    parts: Mapping[str, Images | ImageFiles],
    plan: Plan,
    *,
    shards: Mapping[str, Path],
    as_seen: bool,
) -> None:
    """Put the images of the chunks into the shards of the runs folder that are not there yet.

    A shard that another evaluation put there meanwhile stays.

    Raises
    ------
    ValueError : such a shard holds other images; one that was there when the evaluation began is gone
    """
    for split, shard in shards.items():
        own = [chunk for chunk in chunks if chunk.split == split]
        kept = [chunk for chunk in own if partial.images_file(chunk).is_file()]
        if not shard.exists() and len(kept) < len(own):
            raise ValueError(
                f"{shard} was removed while this evaluation was under way: put it back, or remove {partial.folder} and "
                "begin again"
            )
        if not shard.exists() and write_shard(shard, [partial.images_file(chunk) for chunk in kept], as_seen):
            continue
        stored = open_stored(shard, parts[split], split, plan.elsewhere)
        for chunk in kept:  # none where the shard was there before, and was compared then
            check_stored(stored, shard, load_parquet([partial.images_file(chunk)]), chunk, plan.elsewhere)


def write_shard(shard: Path, files: list[Path], as_seen: bool) -> bool:
    """Join files of images into a shard, unless it is there meanwhile; whether it is the one written here."""
    schema = pq.read_schema(files[0])
    if as_seen:
        schema = schema.with_metadata({**(schema.metadata or {}), AS_SEEN: b"1"})
    with unfinished(shard) as temporary:
        with pq.ParquetWriter(temporary, schema, compression="none") as writer:
            for file in files:
                writer.write_table(pq.read_table(file).replace_schema_metadata(schema.metadata), ROW_GROUP)
        return name_first(temporary, shard)


def wait_for(partial: Partial, chunks: list[Chunk]) -> None:
    """Return once the other processes have finished their chunks; torchrun ends this one if another fails."""
    while not all(partial.is_done(chunk) for chunk in chunks):
        time.sleep(WAIT_S)
