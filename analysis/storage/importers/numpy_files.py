""".npy and .npz files as memory-mapped arrays; compressed ones unpacked into a temporary file. Imports numpy."""

from __future__ import annotations

import io
import math
import tempfile
import tokenize
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from analysis.runtime.folders import scratch_folder
from analysis.runtime.whole_files import named_errors
from analysis.storage.importers.layouts.lists import plain
from analysis.storage.importers.opcodes import Refused
from analysis.storage.importers.unpickling import RestrictedUnpickler
from analysis.storage.importers.zip_files import members_of, stored_bytes, unpacked

_HEADER_DAMAGE = (ValueError, TypeError, SyntaxError, tokenize.TokenError, RecursionError, MemoryError, KeyError)
_HEADER_DAMAGE += (OverflowError, AttributeError, IndexError)

_LONGEST_HEADER = 1 << 14


class _Header(NamedTuple):
    """What a .npy file says of its array, and the position of the first byte after that."""

    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype
    start: int


def _read_header(begin: bytes, size: int, what: str) -> _Header:
    """What a .npy file of `size` bytes says, from its first ones.

    Raises
    ------
    ValueError : a damaged header, an array that NumPy cannot hold, or more of it than the file can hold
    """
    file = io.BytesIO(begin[: _LONGEST_HEADER + 12])
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python and NumPy think of the header's style
            shape, fortran, dtype = read(file)
        if not all(type(length) is int for length in shape) or dtype.itemsize == 0:
            raise ValueError
    except _HEADER_DAMAGE as error:  # the header is a literal
        if "'<f1'" in str(error):  # as ml_dtypes calls a float8
            raise ValueError(f"{what} holds a type that NumPy does not know: save it as float32") from None
        raise ValueError(f"{what} is not a NumPy array or is damaged: save it again with numpy.save") from None
    header = _Header(shape, fortran, dtype, file.tell())
    if dtype == np.dtype(object):
        return header
    if dtype.hasobject:
        raise ValueError(f"{what} holds Python objects among its fields: save plain numeric arrays")
    if dtype.kind == "V" and dtype.names is None:
        raise ValueError(f"{what} holds a type that NumPy does not know, such as bfloat16: save it as float32")
    if min(shape, default=0) < 0 or header.start + math.prod(shape) * dtype.itemsize > size:
        raise ValueError(f"{what} is shorter than its header says: copy it again")
    if max(shape, default=0) >= 1 << 62:
        raise ValueError(f"{what} has the shape {shape}: there is no such array")
    return header


def _view_npy(data: np.ndarray, what: str) -> object:
    """The array whose .npy file the bytes (uint8) are, as a view of them; lists and the like in place of objects."""
    header = _read_header(data[: _LONGEST_HEADER + 12].tobytes(), len(data), what)
    if header.dtype == np.dtype(object):
        return _objects(data[header.start :], header.shape, what)
    stop = header.start + math.prod(header.shape) * header.dtype.itemsize
    if stop == header.start:
        return np.zeros(header.shape, header.dtype)
    order = "F" if header.is_fortran else "C"
    return np.ndarray(header.shape, header.dtype, data[header.start : stop], order=order)


def _objects(data: np.ndarray, shape: tuple[int, ...], what: str) -> object:
    """What an array of objects holds whose pickle the bytes (uint8) are, as lists: arrays, containers and stubs."""
    try:
        held = RestrictedUnpickler(data).load()
    except Refused as error:
        raise ValueError(f"{what} holds Python objects that cannot be read ({error}): save plain numbers") from None
    if not isinstance(held, np.ndarray) or held.dtype != object or held.shape != shape:
        raise ValueError(f"{what} holds Python objects that are no array of shape {shape}: save plain numbers")
    return plain(held)


def map_npy(path: Path) -> object:
    """The array of a .npy file, memory-mapped; of an array of objects, lists of what it holds.

    Raises
    ------
    ValueError : a damaged file, or one whose objects cannot be read
    """
    return _view_npy(np.memmap(path, np.uint8, "r"), path.name)


class NpzArrays(Mapping):
    """The arrays of a .npz file, by name, each mapped when it is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._members = {name.removesuffix(".npy"): member for name, member in members_of(path).items()}
        self._archive = zipfile.ZipFile(path)
        self._data = np.memmap(path, np.uint8, "r")

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, name: object) -> bool:
        return name in self._members  # a Mapping's own would unpack the array

    def __getitem__(self, name: str) -> object:
        member, what = self._members[name], f"{self._path.name}: {name[:100]}"
        if member.compress_type == zipfile.ZIP_STORED:
            try:
                return _view_npy(stored_bytes(self._data, member), what)
            except Refused as error:
                raise ValueError(f"{what}: {error}: copy it again") from None
        # In a file and not in memory, so that arrays larger than memory can be imported.
        folder = scratch_folder(member.file_size, self._path.parent)
        with named_errors(folder), tempfile.TemporaryFile(dir=folder) as file:
            try:
                begin, most = b"", min(_LONGEST_HEADER + 12, member.file_size)
                for block in unpacked(self._archive, member):
                    if len(begin) < most and len(begin := begin + block) >= most:
                        _read_header(begin, member.file_size, what)  # before all of it is unpacked
                    file.write(block)
            except Refused:
                raise ValueError(f"{what} is damaged or encrypted: save it again with numpy.savez") from None
            file.flush()
            is_empty = file.tell() == 0
            return _view_npy(np.zeros(0, np.uint8) if is_empty else np.memmap(file, np.uint8, "r"), what)
