"""Images of a run's samples, read a few at a time from Hugging Face image parquet (`image: {bytes, path}`, `label`).

A dataset's images are stored once, beside the runs; a run names the shards of each split and each sample's position in
them. Only the row groups that hold the images asked for are read. Imports numpy and pyarrow.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.run import Run
from analysis.runtime.contents import check_regular
from analysis.runtime.objects import Interrupted, ObjectFile, is_address

CACHE_BYTES = 1 << 25
_SIGNATURES = ((b"\x89PNG", "image/png"), (b"\xff\xd8", "image/jpeg"), (b"GIF8", "image/gif"))


def media_type(data: bytes) -> str | None:
    """The media type of an encoded image that browsers show (PNG, JPEG, WebP, GIF); None for anything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for signature, kind in _SIGNATURES if data.startswith(signature)), None)


def class_names_of(schema: pa.Schema) -> tuple[str, ...]:
    """The class names that Hugging Face keeps in a parquet schema's metadata; empty when there are none."""
    try:
        info = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        return tuple(str(name) for name in info["info"]["features"]["label"]["names"])
    except (ValueError, KeyError, TypeError):
        return ()


class ImageTable:
    """Shards of image parquet as one list of encoded images.

    Raises
    ------
    ValueError : a file that is missing or is not image parquet
    """

    def __init__(self, shards: Sequence[Path | str]) -> None:
        self._shards = shards
        self._files = [_open(shard) for shard in shards]
        groups = [(file, g) for file in self._files for g in range(file.metadata.num_row_groups)]
        self._groups = groups
        self._starts = np.cumsum([0, *(file.metadata.row_group(g).num_rows for file, g in groups)])
        self._cache: OrderedDict[int, pa.ChunkedArray] = OrderedDict()
        self._lock = threading.Lock()  # one table serves every session of the app

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def labels(self) -> np.ndarray | None:
        """int64 (images,), -1 where unknown; None when the shards have no labels.

        Raises
        ------
        ValueError : a damaged shard
        """
        if any("label" not in file.schema_arrow.names for file in self._files):
            return None
        with self._lock, _readable(self._shards):
            columns = [file.read(columns=["label"])["label"] for file in self._files]
            return np.concatenate([column.cast(pa.int64()).fill_null(-1).to_numpy() for column in columns])

    @property
    def class_names(self) -> tuple[str, ...]:
        """As `class_names_of` finds them."""
        return class_names_of(self._files[0].schema_arrow)

    def encoded(self, positions: Sequence[int]) -> list[bytes | None]:
        """The files (PNG, WebP, ...) at `positions`; None where a position is outside the table or holds no bytes.

        Raises
        ------
        ValueError : a damaged shard
        """
        wanted = np.asarray(positions, dtype=np.int64).reshape(-1)
        inside = (wanted >= 0) & (wanted < len(self))
        groups = np.searchsorted(self._starts, wanted, side="right") - 1
        found: list[bytes | None] = [None] * len(wanted)
        with self._lock:
            for group in np.unique(groups[inside]):
                column = self._group(int(group))
                for place in np.flatnonzero(inside & (groups == group)):
                    found[place] = column[int(wanted[place] - self._starts[group])].as_py()
        return found

    def _group(self, group: int) -> pa.ChunkedArray:
        """The encoded images of one row group, kept for the next call while 32 MiB suffice."""
        if group not in self._cache:
            file, number = self._groups[group]
            with _readable(self._shards):
                column = file.read_row_group(number, columns=["image.bytes"])["image"]
                files = [chunk.field("bytes").cast(pa.binary()) for chunk in column.chunks]
                self._cache[group] = pa.chunked_array(files, pa.binary())
            while len(self._cache) > 1 and sum(kept.nbytes for kept in self._cache.values()) > CACHE_BYTES:
                self._cache.popitem(last=False)
        self._cache.move_to_end(group)
        return self._cache[group]


@contextmanager
def _readable(shards: Sequence[Path | str]) -> Iterator[None]:
    """What Arrow raises for damaged pages, or a column of another type, as ValueError."""
    try:
        yield
    except (pa.ArrowException, OSError):
        named = str(shards[0]) if len(shards) == 1 else f"one of the {len(shards)} shards beside {shards[0]}"
        raise ValueError(f"{named} is damaged: copy the images again") from None


def _open(shard: Path | str) -> pq.ParquetFile:
    is_remote = is_address(shard)
    if not is_remote:
        check_regular(shard)
    try:
        file = pq.ParquetFile(
            pa.PythonFile(ObjectFile(shard), "r") if is_remote else shard, pre_buffer=False
        )  # not mapped: a map dies with a file that is cut off
    except FileNotFoundError:
        raise ValueError(f"{shard} is missing: copy the images again") from None
    except (pa.ArrowException, OSError):
        raise ValueError(f"{shard} is not a readable parquet file: copy the images again") from None
    schema = file.schema_arrow
    kind = schema.field("image").type if "image" in schema.names else None
    if kind is None or not pa.types.is_struct(kind) or kind.get_field_index("bytes") < 0:
        raise ValueError(f"{shard} has no column image with bytes: give Hugging Face image parquet")
    return file


class ImageSource:
    """The images of a run, by the positions of its samples."""

    def __init__(self, run: Run, tables: dict[str, ImageTable]) -> None:
        self._tables = tables
        self._split = run.samples["split"].to_numpy()
        self._image = run.samples["image"].to_numpy()

    def encoded(self, positions: Sequence[int]) -> list[bytes | None]:
        """The encoded image of each sample at `positions`, in that order; None where it has none."""
        positions = np.asarray(positions, dtype=np.int64).reshape(-1)
        found: list[bytes | None] = [None] * len(positions)
        for split, table in self._tables.items():
            places = np.flatnonzero(self._split[positions] == split)
            for place, data in zip(places, table.encoded(self._image[positions[places]])):
                found[place] = data
        return found


def image_source(run: Run) -> ImageSource | None:
    """The images of a run; None when it has none, or when they were not copied along.

    Raises
    ------
    ValueError : object storage that cannot be read now
    """
    tables = {}
    for split, shards in run.image_tables.items():
        try:
            tables[split] = ImageTable(shards)
        except Interrupted:
            raise
        except ValueError:
            continue
    has_image = run.samples["split"].isin(list(tables)) & (run.samples["image"] >= 0)
    return ImageSource(run, tables) if has_image.any() else None


def disagreement(labels: np.ndarray, image_labels: np.ndarray) -> tuple[int, int] | None:
    """How many known labels differ from those of the images they are paired with, and where first; None: none do."""
    different = np.flatnonzero((labels != image_labels) & (labels >= 0) & (image_labels >= 0))
    return (len(different), int(different[0])) if len(different) else None
