"""Labelled images for training and evaluation, as arrays in memory.

Reads Hugging Face image parquet (shards `<split>-*.parquet` with columns `image: {bytes, path}` and `label`) and the
folders of torchvision's CIFAR-10 and CIFAR-100. Imports numpy, pyarrow and Pillow, and torchvision for its folders.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.images.decoding import UndecodableImage, decode, encode
from analysis.images.image_tables import class_names_of
from analysis.reference.datasets import CLASSES
from analysis.runtime.contents import check_regular
from analysis.runtime.whole_files import name_first, name_whole, unfinished

TORCHVISION_FOLDERS = {"cifar10": "cifar-10-batches-py", "cifar100": "cifar-100-python"}


@dataclass(frozen=True)
class Images:
    """Labelled images of one split, in the order of their files.

    pixels : uint8 (images, height, width, 3), RGB
    labels : int64 (images,)
    class_names : one per class; empty when the files name none
    encoded : the images as their files hold them, so that they are stored again without another encoding; or None
    """

    pixels: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    encoded: tuple[bytes, ...] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def image_size(self) -> int:
        """Height in pixels, which is the width of square images."""
        return self.pixels.shape[1]

    def take(self, index: np.ndarray) -> Images:
        """The images at `index`, in that order."""
        encoded = None if self.encoded is None else tuple(self.encoded[i] for i in index)
        return Images(self.pixels[index], self.labels[index], self.class_names, encoded)

    def read(self, start: int, stop: int) -> Images:
        """Images start..stop-1."""
        return self.take(np.arange(start, stop))


def read_shard(shard: Path) -> tuple[list[bytes], np.ndarray]:
    """The encoded images of one shard and their labels, -1 where unknown."""
    check_regular(shard)
    try:
        table = pq.read_table(shard, columns=["image", "label"])
        encoded = table["image"].combine_chunks().field("bytes").to_pylist()
        return encoded, table["label"].cast(pa.int64()).fill_null(-1).to_numpy()
    except (pa.ArrowException, OSError, KeyError, AttributeError):
        raise ValueError(
            f"{shard} is no image parquet with the columns image (bytes and path) and label (whole numbers): "
            "copy it again, or give other --data"
        ) from None


def load_parquet(shards: list[Path]) -> Images:
    """All images of shards of image parquet, decoded, in the order of the shards.

    Raises
    ------
    ValueError : a file of another form, an image that cannot be decoded, images of several sizes, or none
    """
    encoded, labels, pixels = [], [], []
    for shard in shards:
        images, own_labels = read_shard(shard)
        encoded += images
        labels.append(own_labels)
        for number, data in enumerate(images, start=1):
            try:
                pixels.append(decode(data))
            except UndecodableImage as error:
                raise ValueError(f"{shard}: image {number} {error}: copy the images again") from None
    if not pixels:
        raise ValueError(f"{shards[0].parent} holds no image: give other --data")
    sizes = {image.shape for image in pixels}
    if len(sizes) > 1:
        raise ValueError(f"{shards[0].parent} holds images of {len(sizes)} sizes: resize them to one size first")
    class_names = class_names_of(pq.read_schema(shards[0]))
    return Images(np.stack(pixels), np.concatenate(labels), class_names, tuple(encoded))


def write_parquet(images: Images, path: str | Path, *, replace: bool = True) -> bool:
    """Write images as one shard of Hugging Face image parquet, losslessly, with their labels and class names.

    Images that came encoded are stored as they came. The shard is there whole or not at all.

    Parameters
    ----------
    replace : whether a shard of that name is replaced; otherwise it stays

    Returns
    -------
    Whether the shard is the one written here.
    """
    path = Path(path)
    label = {"_type": "ClassLabel", "names": list(images.class_names)} if images.class_names else {"dtype": "int64"}
    info = {"info": {"features": {"image": {"_type": "Image"}, "label": label}}}
    encoded = images.encoded or [encode(pixels) for pixels in images.pixels]
    rows = [{"bytes": data, "path": None} for data in encoded]
    table = pa.table(
        {
            "image": pa.array(rows, type=pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
            "label": pa.array(images.labels, type=pa.int64()),
        }
    ).replace_schema_metadata({"huggingface": json.dumps(info)})
    with unfinished(path) as temporary:
        pq.write_table(table, temporary, row_group_size=100, compression="none")  # WebP is compressed already
        if not replace:
            return name_first(temporary, path)
        name_whole(temporary, path)
    return True


def load_images(path: str | Path, split: str, dataset: str) -> Images:
    """All images of a dataset's split.

    Parameters
    ----------
    path : a folder of image parquet shards, or the root of torchvision's copy of the dataset
    split : `train` or `test`
    dataset : `cifar10` or `cifar100`; names torchvision's folder

    Raises
    ------
    ValueError : when the folder holds neither form, or files that cannot be read, or labels of another dataset
    """
    images = read_images(Path(path), split, dataset)
    wrong = np.flatnonzero((images.labels < 0) | (images.labels >= CLASSES[dataset]))
    if len(wrong):
        label = images.labels[wrong[0]]
        raise ValueError(
            f"{path}: {split} image {wrong[0] + 1} has label {label if label >= 0 else 'unknown or below 0'}, and "
            f"{dataset} has classes 0..{CLASSES[dataset] - 1} ({len(wrong)} labels are none): give other --data"
        )
    return images


def read_images(path: Path, split: str, dataset: str) -> Images:
    """All images of a split, in shards `<split>-*.parquet` or in torchvision's folder: see `load_images`.

    Raises
    ------
    ValueError : neither is there, or it cannot be read
    """
    shards = sorted(path.glob(f"{split}-*.parquet"))
    if shards:
        return load_parquet(shards)
    folder = TORCHVISION_FOLDERS.get(dataset)
    if folder and (path / folder).is_dir():
        from torchvision import datasets

        loader = {"cifar10": datasets.CIFAR10, "cifar100": datasets.CIFAR100}[dataset]
        try:
            loaded = loader(root=str(path), train=split == "train", download=False)  # verifies the files' checksums
        except (RuntimeError, OSError):
            raise ValueError(
                f"{path / folder} lacks files of {dataset} or holds damaged ones: download it again"
            ) from None
        return Images(loaded.data, np.asarray(loaded.targets, dtype=np.int64), tuple(loaded.classes))
    raise ValueError(
        f"{path}: no {split}-*.parquet"
        + (f" and no folder {folder}" if folder else "")
        + f": give --data a folder of image parquet or torchvision's copy of {dataset}"
    )
