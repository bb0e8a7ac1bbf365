"""Open a file of arrays, whatever its form, told by its first bytes rather than by its name. Imports numpy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from analysis.runtime.contents import check_regular
from analysis.storage.importers.floats import NAMED
from analysis.storage.importers.numpy_files import NpzArrays, map_npy
from analysis.storage.importers.torch_files import PICKLE, load_torch
from analysis.storage.importers.unpickling import load_pickle
from analysis.storage.importers.zip_files import members_of
from analysis.storage.safetensors import read_header, tensor_in

_NAMES = {
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2": "float8_e5m2",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "F8_E8M0": "float8_e8m0fnu",
}
"""What safetensors calls the types that NumPy does not know -> their names."""


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
        held = NAMED.get(_NAMES.get(dtype))
        return array if held is None or not array.size else array.view(held)


_COMPRESSED = {
    b"\x1f\x8b": ("gzip", "gunzip"),
    b"BZh": ("bzip2", "bunzip2"),
    b"\xfd7zXZ\0": ("xz", "unxz"),
    b"]\0\0": ("lzma", "unlzma"),
    b"\x28\xb5\x2f\xfd": ("zstd", "unzstd"),
    b"\x04\x22\x4d\x18": ("lz4", "unlz4"),
    b"x\x01": ("zlib", "zlib.decompress in Python"),
    b"x\x5e": ("zlib", "zlib.decompress in Python"),
    b"x\x9c": ("zlib", "zlib.decompress in Python"),
    b"x\xda": ("zlib", "zlib.decompress in Python"),
}
"""First bytes -> what compressed the file, and what undoes it. No pickle begins with x, nor with ] and two zeros."""


def check_there(path: Path) -> None:
    """Refuse what is no file, before anything is read.

    Raises
    ------
    ValueError : no such file, or a folder
    """
    check_regular(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder: give the files in it")
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file: check the path")


def open_file(path: Path) -> object:
    """What a file holds: an array, a mapping of names to arrays, or lists of them; large arrays stay on disk.

    Reads .npy, .npz, .safetensors, files of torch.save and pickles.

    Raises
    ------
    ValueError : no such file, or one that is damaged or of another form
    """
    check_there(path)
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
    for mark, (method, command) in _COMPRESSED.items():
        if start.startswith(mark):
            raise ValueError(
                f"{path.name} is compressed by {method}: unpack it ({command}); where joblib made it, joblib.load it "
                "and numpy.savez what it holds"
            )
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
    if any("/code/" in name and name.endswith(".py") for name in names) or any("/models/" in name for name in names):
        raise ValueError(
            f"{path.name} is a program, not arrays: torch.export's is run by evaluate --arch exported; "
            "of TorchScript's network save network.state_dict()"
        )
    if any(name.endswith(PICKLE) for name in names):
        return load_torch(path)
    if any(name.endswith(".npy") for name in names):
        return NpzArrays(path)
    raise ValueError(f"{path.name} is a zip file without arrays: give .npz or a file of torch.save")
