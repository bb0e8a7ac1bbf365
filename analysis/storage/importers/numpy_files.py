""".npy and .npz files as memory-mapped arrays; compressed ones unpacked into a temporary file. Imports numpy."""

from __future__ import annotations

import lzma
import math
import os
import shutil
import struct
import tempfile
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np


def _map_npy(file, what: str) -> np.ndarray:
    """The array of an open .npy file from its current position on, memory-mapped."""
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(file)
    except (ValueError, SyntaxError, tokenize.TokenError, RecursionError, MemoryError):  # the header is a literal
        raise ValueError(f"{what} is not a NumPy array or is damaged: save it again with numpy.save") from None
    if dtype.hasobject:
        raise ValueError(f"{what} holds Python objects, which could run code: save it as a plain numeric array")
    start, size = file.tell(), math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or start + size > os.fstat(file.fileno()).st_size:
        raise ValueError(f"{what} is shorter than its header says: copy it again")
    if size == 0 or shape == ():
        return np.zeros(shape, dtype)
    return np.memmap(file, dtype, "r", start, shape, "F" if fortran else "C")


def map_npy(path: Path) -> np.ndarray:
    """The array of a .npy file, memory-mapped.

    Raises
    ------
    ValueError : a damaged file, or one that holds Python objects
    """
    with path.open("rb") as file:
        return _map_npy(file, path.name)


def member_offset(path: Path, member: zipfile.ZipInfo) -> int:
    """Where the bytes of an uncompressed member of a zip file begin."""
    with path.open("rb") as file:
        if not 0 <= member.header_offset <= path.stat().st_size - 30:
            raise ValueError(f"{path.name} is cut off or damaged: copy it again")
        file.seek(member.header_offset)
        header = file.read(30)
    name_length, extra_length = struct.unpack("<HH", header[26:30])
    return member.header_offset + 30 + name_length + extra_length


class NpzArrays(Mapping):
    """The arrays of a .npz file, by name, each mapped when it is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with zipfile.ZipFile(path) as archive:
            self._members = {m.filename.removesuffix(".npy"): m for m in archive.infolist() if not m.is_dir()}

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, name: object) -> bool:
        return name in self._members  # a Mapping's own would unpack the array

    def __getitem__(self, name: str) -> np.ndarray:
        member, what = self._members[name], f"{self._path.name}: {name}"
        if member.compress_type == zipfile.ZIP_STORED:
            with self._path.open("rb") as file:
                file.seek(member_offset(self._path, member))
                return _map_npy(file, what)
        # In a file and not in memory, so that arrays larger than memory can be imported.
        with tempfile.TemporaryFile(dir=_roomy_folder(self._path, member.file_size)) as unpacked:
            try:
                with zipfile.ZipFile(self._path) as archive, archive.open(member) as packed:
                    shutil.copyfileobj(packed, unpacked, 1 << 22)
            except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError):
                raise ValueError(f"{what} is damaged or encrypted: save it again with numpy.savez") from None
            unpacked.flush()
            unpacked.seek(0)
            return _map_npy(unpacked, what)  # the mapping keeps the unlinked file alive


def _roomy_folder(path: Path, size: int) -> str | None:
    """The temporary folder, unless it is too small: then the folder of the file itself."""
    return None if shutil.disk_usage(tempfile.gettempdir()).free > 2 * size else str(path.parent)
