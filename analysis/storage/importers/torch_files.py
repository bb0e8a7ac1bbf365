"""Files of torch.save, read without torch: a zip archive with a pickle and the storages as uncompressed members.

The tensors are memory-mapped, whatever device they were saved from. Imports numpy.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import numpy as np

from analysis.storage.importers.numpy_files import member_offset
from analysis.storage.importers.unpickling import _FAILURES, RestrictedUnpickler, Storage, storage_dtype

PICKLE = "/data.pkl"


def load_torch(path: Path) -> object:
    """What torch.save wrote: arrays in place of tensors, containers, and stubs for anything else.

    Raises
    ------
    ValueError : a damaged file, or tensors of a type that NumPy cannot hold
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = {member.filename: member for member in archive.infolist()}
            prefix = next(name for name in names if name.endswith(PICKLE)).removesuffix(PICKLE)
            order = archive.read(f"{prefix}/byteorder") if f"{prefix}/byteorder" in names else b"little"
            if order.strip() != b"little":
                raise ValueError("it was saved on a big-endian machine")
            content = archive.read(prefix + PICKLE)

        def storage(pid: tuple) -> Storage:
            return Storage(_map_member(path, names[f"{prefix}/data/{pid[2]}"]), storage_dtype(pid))

        return RestrictedUnpickler(io.BytesIO(content), storage).load()
    except (*_FAILURES, zipfile.BadZipFile, zlib.error, RuntimeError, StopIteration) as error:
        reason = str(error).split("\n")[0] or type(error).__name__
    raise ValueError(f"{path.name} cannot be read as a torch file ({reason}): save it again with torch.save")


def _map_member(path: Path, member: zipfile.ZipInfo) -> np.ndarray:
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError("its tensors are compressed")
    if not member.file_size:
        return np.zeros(0, np.uint8)
    return np.memmap(path, np.uint8, "r", member_offset(path, member), member.file_size)
