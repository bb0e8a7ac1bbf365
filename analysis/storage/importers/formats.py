"""Open a file of arrays, whatever its form, told by its first bytes rather than by its name. Imports numpy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from analysis.storage.importers.floats import BFLOAT16
from analysis.storage.importers.numpy_files import NpzArrays, map_npy
from analysis.storage.importers.torch_files import PICKLE, load_torch
from analysis.storage.importers.unpickling import load_pickle
from analysis.storage.importers.zip_files import members_of
from analysis.storage.safetensors import read_header, tensor_in


class SafetensorsArrays(Mapping):
    """The tensors of a safetensors file, by name, each mapped when it is asked for."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._tensors, start = read_header(path)
        self._data = np.memmap(path, np.uint8, "r")[start:].view(np.ndarray)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def __contains__(self, name: object) -> bool:
        return name in self._tensors

    def __getitem__(self, name: str) -> np.ndarray:
        array, dtype = tensor_in(self._data, self._tensors[name], f"{self._name}: {name[:100]}")
        return array.view(BFLOAT16) if dtype == "BF16" and array.size else array


def open_file(path: Path) -> object:
    """What a file holds: an array, a mapping of names to arrays, or lists of them; large arrays stay on disk.

    Reads .npy, .npz, .safetensors, files of torch.save and pickles.

    Raises
    ------
    ValueError : no such file, or one that is damaged or of another form
    """
    if not path.is_file():
        if path.is_dir():
            raise ValueError(f"{path} is a folder: give the files in it")
        raise ValueError(f"{path}: there is no such file: check the path")
    with path.open("rb") as file:
        start = file.read(16)
    if start.startswith(b"\x93NUMPY"):
        return map_npy(path)
    if path.suffix == ".safetensors" or start[8:10] == b'{"':
        return SafetensorsArrays(path)
    if start.startswith(b"PK"):
        return _open_zip(path)
    if start.startswith(b"\x89HDF"):
        raise ValueError(f"{path.name} is an HDF5 file: save its arrays as .npz with logits and labels")
    if not start:
        raise ValueError(f"{path.name} is empty: copy it again")
    try:
        return load_pickle(path)
    except ValueError:
        if _is_text(path):
            raise ValueError(
                f"{path.name} is text, and logits cannot be read from text: give .npz with logits and labels"
            ) from None
        raise


def _is_text(path: Path) -> bool:
    """Whether a file is text, and no pickle in text, which ends in a full stop."""
    with path.open("rb") as file:
        start = file.read(4096)
        file.seek(-1, 2)
        end = file.read(1)
    return end != b"." and all(byte >= 32 or byte in b"\t\r\n\f" for byte in start)


def _open_zip(path: Path) -> object:
    names = members_of(path)
    if any(name.endswith(PICKLE) for name in names):
        return load_torch(path)
    if any(name.endswith(".npy") for name in names):
        return NpzArrays(path)
    raise ValueError(f"{path.name} is a zip file without arrays: give .npz or a file of torch.save")
