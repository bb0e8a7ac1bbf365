"""Write an .npz whose arrays come in parts along their second axis: once, each part where it belongs. Imports numpy.

A zip file states the CRC-32 of each member, whose bytes do not come in order: that of each row along the first axis is
kept up while its parts come, and in the end they are joined.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Mapping
from typing import BinaryIO

import numpy as np

from analysis.runtime.whole_files import reserve

_POLYNOMIAL = 0xEDB88320
_ONE = 1 << 31
"""The polynomial 1: CRC-32 counts its bits from the highest."""


def _product(a: int, b: int) -> int:
    """The product of two polynomials over GF(2), modulo CRC-32's."""
    product = 0
    while a:
        if a & _ONE:
            product ^= b
        a = a << 1 & 0xFFFFFFFF
        b = b >> 1 ^ (_POLYNOMIAL if b & 1 else 0)
    return product


def joined_crc(first: int, second: int, length: int) -> int:
    """The CRC-32 of two pieces of bytes after each other, from theirs and the length of the second (as zlib does it).

    Examples
    --------
    >>> joined_crc(zlib.crc32(b"two "), zlib.crc32(b"pieces"), 6) == zlib.crc32(b"two pieces")
    True
    """
    power, square = _ONE, _ONE >> 8  # 1, and x to the 8: one byte further
    while length:
        if length & 1:
            power = _product(power, square)
        square, length = _product(square, square), length >> 1
    return _product(power, first) ^ second


class _Member:
    """One array: its entry in the archive, and where its rows stand."""

    def __init__(self, name: str, dtype: np.dtype, shape: tuple[int, ...], position: int) -> None:
        head = io.BytesIO()
        description = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(head, description)
        self.head, self.dtype, self.done = head.getvalue(), dtype, 0
        self.per_sample = math.prod(shape[2:]) * dtype.itemsize
        self.row = shape[1] * self.per_sample
        self.crcs = [0] * shape[0]
        self.entry = zipfile.ZipInfo(f"{name}.npy")
        self.entry.external_attr = 0o600 << 16
        self.entry.header_offset, self.entry.CRC = position, 0  # until all has come
        self.entry.file_size = self.entry.compress_size = len(self.head) + shape[0] * self.row
        self.data = position + len(self.local_header()) + len(self.head)
        self.end = position + len(self.local_header()) + self.entry.file_size

    def local_header(self) -> bytes:
        """What stands before the array's file."""
        return self.entry.FileHeader(zip64=True)

    def crc(self) -> int:
        """Of the array's file, whose parts have all come."""
        assert self.done == self.row, "parts are missing"
        crc = zlib.crc32(self.head)
        for row in self.crcs:
            crc = joined_crc(crc, row, self.row)
        return crc


class NpzWriter:
    """The arrays of one .npz file, uncompressed.

    Parameters
    ----------
    file : empty, open for writing; it gets its full size, and its place on the disk, at once
    arrays : name -> dtype and shape, of at least two axes

    Raises
    ------
    OSError : the disk has not so much room
    """

    def __init__(self, file: BinaryIO, arrays: Mapping[str, tuple[np.dtype, tuple[int, ...]]]) -> None:
        self._file, self._members, position = file, {}, 0
        for name, (dtype, shape) in arrays.items():
            self._members[name] = _Member(name, np.dtype(dtype), shape, position)
            position = self._members[name].end
        reserve(file.fileno(), position)

    def write(self, name: str, part: np.ndarray) -> None:
        """Append to an array along its second axis."""
        member = self._members[name]
        for number, row in enumerate(part):
            content = memoryview(np.ascontiguousarray(row, member.dtype)).cast("B")
            self._file.seek(member.data + number * member.row + member.done)
            self._file.write(content)
            member.crcs[number] = zlib.crc32(content, member.crcs[number])
        member.done += part.shape[1] * member.per_sample

    def finish(self) -> None:
        """Write what stands around the arrays, once all parts have come."""
        for member in self._members.values():
            member.entry.CRC = member.crc()
            self._file.seek(member.entry.header_offset)
            self._file.write(member.local_header() + member.head)
        self._file.seek(max(member.end for member in self._members.values()))
        with zipfile.ZipFile(self._file, "w") as archive:  # writes its list of members where the file stands
            archive.filelist += [member.entry for member in self._members.values()]
