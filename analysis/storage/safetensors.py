"""Read and write safetensors files without torch and without holding them in memory.

A file is 8 bytes with the little-endian length of a JSON header, the header (name -> dtype, shape, data_offsets), then
the tensors' bytes (https://github.com/huggingface/safetensors#format). Imports numpy.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from analysis.runtime.whole_files import reserve

DTYPES = {
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
    "I8": "|i1",
    "I16": "<i2",
    "I32": "<i4",
    "I64": "<i8",
    "U8": "|u1",
    "U16": "<u2",
    "U32": "<u4",
    "U64": "<u8",
    "BOOL": "|b1",
    "BF16": "<u2",  # NumPy has none of these: their bits
    "F8_E4M3": "|u1",
    "F8_E4M3FNUZ": "|u1",
    "F8_E5M2": "|u1",
    "F8_E5M2FNUZ": "|u1",
    "F8_E8M0": "|u1",
}
_NAMES = {np.dtype(code): name for name, code in DTYPES.items() if not name.startswith(("BF", "F8"))}
_LONGEST_HEADER = 1 << 24
"""Bytes, enough for 150,000 tensors: JSON takes sixty times as many in memory."""
_MOST_AXES = 64
_ALIGNMENT = 64


def header_in(begin: bytes, size: int, name: str) -> tuple[dict[str, dict], int]:
    """The header's tensors, by name, and the position of the first data byte, from the first bytes of a file.

    Parameters
    ----------
    begin : at least up to the end of the header
    size : of the whole file
    name : of the file, for messages

    Raises
    ------
    ValueError : a file that is not safetensors, whose header does not fit its size, or whose tensors overlap
    """
    length = int.from_bytes(begin[:8], "little")
    if size < 8 or not 2 <= length <= min(size - 8, _LONGEST_HEADER):
        raise ValueError(f"{name} is not a safetensors file or is cut off: copy it again")
    try:
        header = json.loads(begin[8 : 8 + length])
        tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
        for entry in tensors.values():
            _check_entry(entry, size - 8 - length)
        _check_apart(entry["data_offsets"] for entry in tensors.values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError(f"{name} has a damaged safetensors header: copy it again") from None
    return tensors, 8 + length


def read_header(path: Path) -> tuple[dict[str, dict], int]:
    """The header's tensors of a file, by name, and the position of the first data byte.

    Raises
    ------
    ValueError : as `header_in`
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        begin = file.read(8)
        begin += file.read(min(int.from_bytes(begin, "little"), _LONGEST_HEADER))
    return header_in(begin, size, path.name)


def _check_entry(entry: dict, data_bytes: int) -> None:
    start, stop = entry["data_offsets"]
    shape = tuple(entry["shape"])
    if not all(type(n) is int and 0 <= n < 1 << 62 for n in (start, stop, *shape)) or not start <= stop <= data_bytes:
        raise ValueError  # a bool is an int to Python, and none to NumPy
    if len(shape) > _MOST_AXES or not isinstance(entry["dtype"], str):
        raise ValueError
    if entry["dtype"] in DTYPES and math.prod(shape) * np.dtype(DTYPES[entry["dtype"]]).itemsize != stop - start:
        raise ValueError


def _check_apart(places: Iterable[list[int]]) -> None:
    """No byte belongs to two tensors, as the format asks."""
    taken = sorted((start, stop) for start, stop in places if start < stop)
    if any(stop > start for (_, stop), (start, _) in pairwise(taken)):
        raise ValueError


def dtype_of(entry: dict, what: str) -> np.dtype:
    """What NumPy holds a tensor of the header as.

    Raises
    ------
    ValueError : nothing; `what` names the tensor
    """
    if entry["dtype"] not in DTYPES:
        raise ValueError(f"{what} is {entry['dtype'][:20]}: save it as F16 or F32")
    return np.dtype(DTYPES[entry["dtype"]])


def tensor_in(data: np.ndarray, entry: dict, what: str) -> tuple[np.ndarray, str]:
    """One tensor as a view, and its safetensors dtype (BF16 and F8 come as their bits).

    Parameters
    ----------
    data : uint8 (bytes,), what follows the header
    entry : of the header
    what : the tensor, for the message

    Raises
    ------
    ValueError : a dtype that NumPy cannot hold
    """
    shape, dtype = tuple(entry["shape"]), dtype_of(entry, what)
    if 0 in shape:
        return np.zeros(shape, dtype), entry["dtype"]
    return data[slice(*entry["data_offsets"])].view(dtype).reshape(shape), entry["dtype"]


class Tensor(NamedTuple):
    """Where a tensor lies in its file: the position of its first byte, its shape and types."""

    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype
    stored: str
    """What safetensors calls the type; the NumPy type of BF16 and F8 is that of their bits."""


def tensor_of(tensors: dict[str, dict], start: int, name: str, file: str) -> Tensor:
    """Where one of a header's tensors lies.

    Parameters
    ----------
    tensors, start : as `header_in` gives them
    name : of the tensor
    file : its file, for messages

    Raises
    ------
    ValueError : no such tensor, or a dtype that NumPy cannot hold
    """
    if name not in tensors:
        some = ", ".join(found[:100] for found in list(tensors)[:8]) or "nothing"
        raise ValueError(f"{file} holds no tensor {name!r}, only {some}{', ...' if len(tensors) > 8 else ''}")
    entry = tensors[name]
    dtype = dtype_of(entry, f"{file}: {name}")
    return Tensor(start + entry["data_offsets"][0], tuple(entry["shape"]), dtype, entry["dtype"])


def find_tensor(path: Path, name: str) -> Tensor:
    """One tensor of a file, not read.

    Raises
    ------
    ValueError : no such tensor, or a dtype that NumPy cannot hold
    """
    return tensor_of(*read_header(path), name, path.name)


def write_header(file: BinaryIO, name: str, dtype: np.dtype, shape: tuple[int, ...]) -> int:
    """Write the header of a file with one tensor, and reserve its place; gives the position of its first byte.

    That is a multiple of 64.

    Raises
    ------
    OSError : the disk has not so much room
    """
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    entry = {name: {"dtype": _NAMES[np.dtype(dtype)], "shape": list(shape), "data_offsets": [0, size]}}
    header = json.dumps(entry, separators=(",", ":")).encode()
    header += b" " * (-(len(header) + 8) % _ALIGNMENT)
    file.write(len(header).to_bytes(8, "little") + header)
    reserve(file.fileno(), 8 + len(header) + size)
    return 8 + len(header)
