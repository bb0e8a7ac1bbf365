"""The members of a zip file, .npz or torch.save's, before any of it is believed. Imports numpy."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from analysis.storage.importers.opcodes import Refused

_LONGEST_DIRECTORY = 1 << 25
"""Bytes of the list of members, some 400,000 of them: Python keeps ten times as many in memory."""

_DENSEST = 1100
"""Bytes that one byte can stand for: deflate reaches 1032, and overlapping members any number."""

_DAMAGE = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, struct.error, ValueError, EOFError)
_DAMAGE += (NotImplementedError, RuntimeError, OverflowError, IndexError, OSError)


def _damaged(path: Path) -> ValueError:
    return ValueError(f"{path.name} is cut off or damaged: copy it again")


def _directory_size(path: Path) -> int:
    """Bytes of the list of members, as the end of the file says."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - (1 << 16) - 22 - 20))
        end = file.read()
        at = end.rfind(b"PK\5\6")
        if at < 0 or at + 22 > len(end):
            raise _damaged(path)
        stated = int.from_bytes(end[at + 12 : at + 16], "little")
        if at >= 20 and end[at - 20 : at - 16] == b"PK\6\7":  # a larger record says it
            if (place := int.from_bytes(end[at - 12 : at - 4], "little")) >= size:
                raise _damaged(path)
            file.seek(place)
            stated = max(stated % 0xFFFFFFFF, int.from_bytes(file.read(56)[40:48], "little"))
    return stated


def members_of(path: Path) -> dict[str, zipfile.ZipInfo]:
    """The members of a zip file that have a name, by it.

    Raises
    ------
    ValueError : a damaged file, or one whose members claim more than it can hold
    """
    if _directory_size(path) > _LONGEST_DIRECTORY:
        raise ValueError(f"{path.name} holds too many files, or is damaged: save fewer arrays")
    try:
        with zipfile.ZipFile(path) as archive:
            members = {m.filename: m for m in archive.infolist() if m.filename and not m.filename.endswith("/")}
    except _DAMAGE:
        raise _damaged(path) from None
    claimed = sum(member.file_size for member in members.values())
    if claimed > _DENSEST * path.stat().st_size:
        raise ValueError(
            f"{path.name} has {path.stat().st_size} bytes, and its members claim {claimed}: "
            "it is damaged, or made to fill the disk: save it again"
        )
    return members


def stored_bytes(data: np.ndarray, member: zipfile.ZipInfo) -> np.ndarray:
    """The bytes of a member that is not compressed, where they stand.

    Parameters
    ----------
    data : uint8 (bytes,), the zip file
    member : one of its members

    Raises
    ------
    Refused : a compressed member, or one that reaches beyond the file
    """
    if member.compress_type != zipfile.ZIP_STORED:
        raise Refused("its members are compressed")
    header = data[member.header_offset : member.header_offset + 30].tobytes() if member.header_offset >= 0 else b""
    if len(header) < 30 or not header.startswith(b"PK\3\4"):
        raise Refused("it is cut off or damaged")
    start = member.header_offset + 30 + sum(struct.unpack("<HH", header[26:30]))
    if start + member.file_size > len(data):
        raise Refused("it is cut off or damaged")
    return data[start : start + member.file_size]


def unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of a member in blocks, never more than it claims.

    Raises
    ------
    Refused : a damaged member, or an encrypted one
    """
    is_bounded = member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    block = 1 << 22 if is_bounded else 1 << 12  # other methods give whatever a block stands for, however much that is
    try:
        with archive.open(member) as packed:
            while part := packed.read(block):
                yield part
    except _DAMAGE:
        raise Refused("it is damaged or encrypted") from None
