"""Pair a run's samples with images by their position, and store those images once, beside the runs.

Imports numpy, pandas and pyarrow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.images.image_tables import ImageTable, disagreement
from analysis.runtime.contents import check_regular
from analysis.runtime.folders import DATASETS
from analysis.runtime.whole_files import name_whole, unfinished_folder
from analysis.storage.manifest import file_entry

SHARD_NAMES = {"test": ("test",), "calibration": ("calibration", "validation", "val")}
ROWS_PER_GROUP = 100
"""Images that are read together: a gallery asks for a few dozen from anywhere."""


@dataclass(frozen=True)
class Pairing:
    """The images of one split: shards, and for each sample of the split its position in them."""

    shards: tuple[Path, ...]
    positions: np.ndarray
    is_subset: bool


def _shards(folder: Path, names: tuple[str, ...]) -> tuple[Path, ...]:
    for place in (folder, folder / "data"):
        for name in names:
            if found := sorted(place.glob(f"{name}-*.parquet")):
                return tuple(found)
    return ()


def _check(pairing: Pairing, labels: np.ndarray, first: int, split: str) -> None:
    """Refuse images that are too few, or labelled differently; `labels` are the split's, -1 unknown."""
    table = ImageTable(pairing.shards)
    if len(pairing.positions) and not (pairing.positions.min() >= 0 and pairing.positions.max() < len(table)):
        raise ValueError(
            f"--images: a {split} sample has image {pairing.positions.max()} of {len(table)}: check the index"
        )
    image_labels = table.labels
    if image_labels is None:
        return
    paired = image_labels[pairing.positions]
    if wrong := disagreement(labels, paired):
        count, at = wrong
        raise ValueError(
            f"--images: {count} of {len(labels)} {split} labels differ from the images', first at sample "
            f"{first + at + 1} (label {labels[at]}, image {paired[at]}): give the images in the order of the logits"
        )


def _by_position(shards: tuple[Path, ...], count: int, split: str, index: np.ndarray | None) -> Pairing:
    images = len(ImageTable(shards))
    if index is not None:
        return Pairing(shards, index, is_subset=True)
    if images != count:
        raise ValueError(
            f"--images: {images} images for {count} {split} samples: they pair by position, so give as many"
        )
    return Pairing(shards, np.arange(count), is_subset=False)


def pair(path: Path, labels: np.ndarray, splits: np.ndarray, index: np.ndarray | None) -> dict[str, Pairing]:
    """Find the images of each split and check that they belong to the samples.

    Parameters
    ----------
    path : a parquet file, for a run of one split, or a folder with `<split>-*.parquet` (and `train-*.parquet` for
        calibration samples that carry an index)
    labels : int64 (samples,), -1 unknown
    splits : (samples,), `test` or `calibration`
    index : (samples,), position of each sample's image, -1 where none is given; None: the order of the samples

    Raises
    ------
    ValueError : no images, another number of them, or labels that disagree (how many, and where first)
    """
    present = [split for split in SHARD_NAMES if (splits == split).any()]
    check_regular(path)
    if path.is_file() and len(present) > 1:
        raise ValueError(
            f"--images {path}: the run has two splits: give a folder with test-*.parquet and calibration-*.parquet"
        )
    if not path.exists():
        raise ValueError(f"--images {path}: there is no such file or folder: check the path")
    pairings = {}
    for split in present:
        where = np.flatnonzero(splits == split)
        own = None if index is None or (index[where] < 0).any() else index[where]
        shards = (path,) if path.is_file() else _shards(path, SHARD_NAMES[split])
        if not shards and own is not None and split == "calibration":
            shards = _shards(path, ("train",))
        if not shards and len(present) == 1 and path.is_dir():
            shards = _shards(path, ("",)) or tuple(sorted(path.glob("*.parquet")))
        if shards:
            pairings[split] = _by_position(shards, len(where), split, own)
            _check(pairings[split], labels[where], int(where[0]), split)
    if not pairings:
        raise ValueError(
            f"--images {path} holds no {' or '.join(f'{s}-*.parquet' for s in present)}: give image parquet"
        )
    return pairings


def _rows(pairing: Pairing) -> Iterator[pa.Table]:
    """The image and label columns in groups of 100 rows, in the order of the samples."""
    names = ["image", "label"] if ImageTable(pairing.shards).labels is not None else ["image"]
    files = [pq.ParquetFile(shard, pre_buffer=False) for shard in pairing.shards]
    if not pairing.is_subset:
        for file in files:
            for batch in file.iter_batches(ROWS_PER_GROUP, columns=names):
                yield pa.Table.from_batches([batch])
        return
    table, labels = ImageTable(pairing.shards), ImageTable(pairing.shards).labels
    kind = files[0].schema_arrow.field("image").type
    for start in range(0, len(pairing.positions), ROWS_PER_GROUP):
        wanted = pairing.positions[start : start + ROWS_PER_GROUP]
        columns = {"image": pa.array([{"bytes": data} for data in table.encoded(wanted)], kind)}
        if labels is not None:
            columns["label"] = pa.array(labels[wanted], pa.int64())
        yield pa.table(columns)


def _write(pairing: Pairing, path: Path) -> None:
    metadata = pq.read_schema(pairing.shards[0]).metadata
    writer = None
    try:
        for rows in _rows(pairing):
            rows = rows.replace_schema_metadata(metadata)
            writer = writer or pq.ParquetWriter(path, rows.schema, compression="none")  # images are compressed already
            writer.write_table(rows, row_group_size=ROWS_PER_GROUP)
    finally:
        if writer:
            writer.close()


@contextmanager
def stored_images(runs: Path, dataset: str, pairings: dict[str, Pairing]) -> Iterator[dict[str, list[Path]]]:
    """Store images in `runs`/datasets/`dataset`, unless the same are there, and take them back if the block fails.

    Gives split -> shards. Other images of that name are left alone: these then go to a folder named by their hash.
    """
    inside = (runs / DATASETS).absolute()
    kept = {s: list(p.shards) for s, p in pairings.items() if not p.is_subset and _lie_in(p.shards, inside)}
    new = {split: pairing for split, pairing in pairings.items() if split not in kept}
    if not new:
        yield kept
        return
    made: list[Path] = []
    with unfinished_folder(inside / dataset) as temporary:
        written = {split: temporary / f"{split}-00000-of-00001.parquet" for split in new}
        for split, pairing in new.items():
            _write(pairing, written[split])
        folder = _folder_for(inside, dataset, list(written.values()))
        try:
            for split, file in written.items():
                target = folder / file.name
                if not target.exists():
                    folder.mkdir(exist_ok=True)
                    made.append(target)
                    name_whole(file, target)
                kept[split] = [target]
            yield kept
        except BaseException:
            for target in made:
                target.unlink(missing_ok=True)
            if made and not any(folder.iterdir()):
                folder.rmdir()
            raise


def _lie_in(shards: tuple[Path, ...], folder: Path) -> bool:
    return all(folder in shard.absolute().parents for shard in shards)


def _folder_for(inside: Path, dataset: str, files: list[Path]) -> Path:
    """The dataset's folder, or one with a hash in its name where that holds other images."""
    hashes = {file.name: file_entry(file)["sha256"] for file in files}
    plain = inside / dataset
    if all(not (plain / name).exists() or file_entry(plain / name)["sha256"] == h for name, h in hashes.items()):
        return plain
    return inside / f"{dataset}-{hashlib.sha256(repr(sorted(hashes.items())).encode()).hexdigest()[:8]}"
