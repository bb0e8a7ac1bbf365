"""Labelled images of one split on disk, decoded when they are read, so that no data set need fit in memory.

Reads Hugging Face image parquet, torchvision's CIFAR folders, and folders with one folder of images per class. Imports
numpy, pyarrow and Pillow; the hold-out imports torch.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.images.datasets import TORCHVISION_FOLDERS, Images, read_images
from analysis.images.decoding import UndecodableImage, decode, size_of
from analysis.images.hold_out import holdout_index
from analysis.images.image_tables import ImageTable, media_type
from analysis.images.transforms import CROPPED, centre_crop
from analysis.runtime.contents import check_regular

AS_SEEN = b"exitlens.as-seen-by-the-network"
"""The key in a parquet schema's metadata that says that the images went through the transform already."""

LOOKED_AT = 100
"""Images whose size is looked at, evenly spread; one of another size is refused when it is read."""

DIGESTED_FILES, DIGESTED_BYTES = 64, 1 << 16
"""How many files, evenly spread, and how much of the beginning and the end of each a digest reads."""

HOLDOUT = 5000
"""Training images that the recipes keep out for calibration, the same ones here."""

SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
"""Files that count as images in a folder of classes: torchvision's list."""

FOLDERS = {"test": ("test", "val", "validation"), "calibration": ("calibration",), "train": ("train",)}
"""Split -> the names that its shards or folder may have; the first that is there is taken."""


@dataclass(frozen=True)
class ImageFiles:
    """Encoded images with their labels.

    where : what messages call them
    labels : int64 (images,), -1 where unknown
    class_names : one per class; empty when the files name none
    encoded : positions to the files' bytes, None where a file holds none
    image_size : height and width that the network takes
    crop : whether the standard transform makes that size; otherwise another size is refused
    files : where they lie: the shards, or one file per image
    """

    where: str
    labels: np.ndarray
    class_names: tuple[str, ...]
    encoded: Callable[[Sequence[int]], list[bytes | None]]
    image_size: int
    crop: bool = False
    files: tuple[Path, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: np.ndarray) -> ImageFiles:
        """The images at `index`, in that order; none is read."""
        return replace(
            self,
            labels=self.labels[index],
            encoded=lambda positions: self.encoded(index[np.asarray(positions)]),
        )

    def common_size(self) -> int | None:
        """Height and width where images are squares of one size; None where not. Looks at a hundred, evenly spread.

        Raises
        ------
        ValueError : an image that cannot be decoded
        """
        places = np.unique(np.linspace(0, len(self) - 1, LOOKED_AT, dtype=int)) if len(self) else []
        sizes = set()
        for place, data in zip(places, self.encoded(places)):
            try:
                sizes.add(size_of(data))
            except UndecodableImage as error:
                raise ValueError(f"{self.where}: image {place + 1} {error}: copy the images again") from None
        sides = {side for size in sizes for side in size}
        return sides.pop() if len(sides) == 1 else None

    def read(self, start: int, stop: int) -> Images:
        """Images start..stop-1, decoded to the size that the network takes.

        Raises
        ------
        ValueError : an image that cannot be decoded, or is of another size
        """
        files = self.encoded(range(start, stop))
        pixels = [self._pixels(data, number) for number, data in enumerate(files, start=start + 1)]
        kept = tuple(files) if not self.crop and all(media_type(data) for data in files) else None
        return Images(np.stack(pixels), self.labels[start:stop], self.class_names, kept)

    def _pixels(self, data: bytes | None, number: int) -> np.ndarray:
        try:
            pixels = decode(data)
        except UndecodableImage as error:
            raise ValueError(f"{self.where}: image {number} {error}: copy the images again") from None
        if self.crop:
            return centre_crop(pixels)
        if pixels.shape[:2] != (self.image_size, self.image_size):
            height, width = pixels.shape[:2]
            raise ValueError(
                f"{self.where}: image {number} has {width} x {height} pixels, and the network takes "
                f"{self.image_size} x {self.image_size}: choose another --arch, or resize the images first"
            )
        return pixels


def shard_labels(shards: Sequence[Path]) -> np.ndarray:
    """int64 (images,), -1 where a shard leaves the label empty.

    Raises
    ------
    ValueError : no whole numbers, or negative ones
    """
    parts = []
    for shard in shards:
        check_regular(shard)
        try:
            column = pq.read_table(shard, columns=["label"])["label"].cast(pa.int64())
        except (pa.ArrowException, OSError, KeyError):
            raise ValueError(f"{shard} has no column label of whole numbers: give other --data") from None
        parts.append(column.fill_null(-1).to_numpy())
        if (negative := (column.drop_null().to_numpy() < 0).sum()) > 0:
            raise ValueError(f"{shard}: {negative} labels are negative: leave an unknown label empty")
    return np.concatenate(parts)


def sized(images: ImageFiles, image_size: int | None, as_seen: bool = False) -> ImageFiles:
    """Images for a network that takes a size; None: their own where they have one, otherwise ImageNet's."""
    size = image_size or images.common_size() or CROPPED
    return replace(images, image_size=size, crop=size == CROPPED and not as_seen)


def parquet_files(shards: list[Path], image_size: int | None) -> ImageFiles:
    """The images of parquet shards; those of the size of ImageNet's networks are cropped unless they were before."""
    table = ImageTable(shards)
    labels = shard_labels(shards)
    as_seen = AS_SEEN in (pq.read_schema(shards[0]).metadata or {})
    where = str(shards[0] if len(shards) == 1 else shards[0].parent)
    images = ImageFiles(where, labels, table.class_names, table.encoded, CROPPED, files=tuple(shards))
    return sized(images, image_size, as_seen)


def class_folders(folder: Path) -> list[Path]:
    """The folders in a folder, sorted: one per class."""
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def folder_files(folder: Path, image_size: int | None) -> ImageFiles:
    """The images of a folder with one folder per class, in torchvision's order.

    Raises
    ------
    ValueError : no image in any of them
    """
    classes = class_folders(folder)
    files, labels = [], []
    for label, name in enumerate(classes):
        for root, _, names in sorted(os.walk(name, followlinks=True)):
            own = [Path(root, file) for file in sorted(names) if file.lower().endswith(SUFFIXES)]
            for file in own:
                check_regular(file)
            files += own
            labels += [label] * len(own)
    if not files:
        raise ValueError(f"{folder} has no folder of images for each class: give other --data")
    images = ImageFiles(
        str(folder),
        np.array(labels, dtype=np.int64),
        tuple(path.name for path in classes),
        lambda positions: [files[position].read_bytes() for position in positions],
        CROPPED,
        files=tuple(files),
    )
    return sized(images, image_size)


def _found(path: Path, split: str, image_size: int | None, dataset: str) -> ImageFiles | Images | None:
    """The images of a split by the first form that is there."""
    if split == "test" and path.is_file():
        return parquet_files([path], image_size)
    for name in FOLDERS[split]:
        if shards := sorted(path.glob(f"{name}-*.parquet")):
            return parquet_files(shards, image_size)
    folders = {name: folder for name, folder in TORCHVISION_FOLDERS.items() if (path / folder).is_dir()}
    if folders and split != "calibration":
        if image_size not in (None, 32):
            raise ValueError(f"{path} holds images of 32 x 32 pixels, and the network takes {image_size}: give others")
        if dataset not in folders and len(folders) > 1:
            raise ValueError(f"{path} holds {' and '.join(folders)}: add --dataset {'|'.join(folders)}")
        return read_images(path, split, dataset if dataset in folders else next(iter(folders)))
    for name in FOLDERS[split]:
        if class_folders(path / name):
            return folder_files(path / name, image_size)
    is_root = any((path / name).is_dir() for names in FOLDERS.values() for name in names)
    if split == "test" and not is_root and not folders and class_folders(path):
        return folder_files(path, image_size)
    return None


def open_images(path: str | Path, split: str, *, image_size: int | None, dataset: str) -> ImageFiles | Images:
    """The images of a split, found by the form of the files.

    `calibration` is what the data call so, or the 5,000 training images that the recipes hold out (of fewer than
    50,000: a tenth).

    Parameters
    ----------
    path : a folder of image parquet, the root of torchvision's copy of a CIFAR data set, a folder with `test` (or
        `val`) and `train`, a folder with one folder per class, or one parquet file
    split : `test` or `calibration`
    image_size : height and width that the network takes; images for 224 go through ImageNet's standard transform. None:
        the size that all images have, and 224 where they are no squares of one size
    dataset : chooses among several copies of torchvision

    Raises
    ------
    ValueError : nothing of the kind is there, or it cannot be read
    """
    path = Path(path)
    if not path.exists():
        raise ValueError(f"--data {path} does not exist: give a folder of images")
    if images := _found(path, split, image_size, dataset):
        return images
    if split == "calibration" and path.is_dir() and (train := _found(path, "train", image_size, dataset)):
        return train.take(holdout_index(len(train), HOLDOUT))
    wanted = "test-*.parquet, test/ or val/" if split == "test" else "calibration-*.parquet, train-*.parquet or train/"
    raise ValueError(
        f"{path} has no {split} images ({wanted}): give --data image parquet, torchvision's CIFAR folders, or one "
        "folder of images per class"
    )


def check_classes(images: ImageFiles | Images, where: str | Path, split: str, network: str, classes: int) -> None:
    """Refuse images whose classes are not those of a network.

    Raises
    ------
    ValueError : another number of class names, or a label that is none of the network's classes
    """
    if images.class_names and len(images.class_names) != classes:
        raise ValueError(
            f"{where} names {len(images.class_names)} classes, and {network} gives logits for {classes}: "
            "choose the matching --arch or --data"
        )
    wrong = np.flatnonzero(images.labels >= classes)
    if len(wrong):
        raise ValueError(
            f"{where}: {split} image {wrong[0] + 1} has label {images.labels[wrong[0]]}, and {network} has classes "
            f"0..{classes - 1} ({len(wrong)} labels are none): choose the matching --arch or --data"
        )


def digest_of(parts: Mapping[str, ImageFiles | Images], *, labels: bool = False) -> str:
    """16 hexadecimal digits that tell images from others: of all pixels in memory; of files, without reading them all.

    Of files: every name and size, and the beginning and the end of at most 64 of them. With `labels`, of these too.
    """
    digest = hashlib.sha256()
    for split, images in parts.items():
        digest.update(f"{split} {len(images)}".encode())
        if labels:
            digest.update(np.ascontiguousarray(images.labels))
        if isinstance(images, Images):
            digest.update(np.ascontiguousarray(images.pixels))
            continue
        root = Path(os.path.commonpath([file.parent for file in images.files]))
        for file in images.files:
            digest.update(f"{file.relative_to(root).as_posix()} {file.stat().st_size}\n".encode())
        for place in np.unique(np.linspace(0, len(images.files) - 1, DIGESTED_FILES, dtype=int)):
            with images.files[place].open("rb") as file:
                digest.update(file.read(DIGESTED_BYTES))
                file.seek(max(0, file.seek(0, os.SEEK_END) - DIGESTED_BYTES))
                digest.update(file.read(DIGESTED_BYTES))
    return digest.hexdigest()[:16]
