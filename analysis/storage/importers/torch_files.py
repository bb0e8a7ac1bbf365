"""Files of torch.save, read without torch: a zip archive with a pickle and the storages as uncompressed members.

The tensors are memory-mapped, whatever device they were saved from. Imports numpy.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from analysis.storage.importers.opcodes import Refused
from analysis.storage.importers.unpickling import RestrictedUnpickler, Storage, storage_dtype
from analysis.storage.importers.zip_files import members_of, stored_bytes

PICKLE = "/data.pkl"


def load_torch(path: Path) -> object:
    """What torch.save wrote: arrays in place of tensors, containers, and stubs for anything else.

    Raises
    ------
    ValueError : a damaged file, or tensors of a type that NumPy cannot hold
    """
    data, members = np.memmap(path, np.uint8, "r"), members_of(path)
    prefix = next(name for name in members if name.endswith(PICKLE)).removesuffix(PICKLE)

    def member(name: str) -> np.ndarray:
        if name not in members:
            raise Refused(f"it has no {name[:100]!r}")
        return stored_bytes(data, members[name])

    def storage(pid: tuple) -> Storage:
        return Storage(member(f"{prefix}/data/{pid[2]}"), storage_dtype(pid))

    try:
        if f"{prefix}/byteorder" in members and member(f"{prefix}/byteorder")[:16].tobytes().strip() != b"little":
            raise Refused("it was saved on a big-endian machine")
        return RestrictedUnpickler(member(prefix + PICKLE), storage).load()
    except Refused as error:
        raise ValueError(
            f"{path.name} cannot be read as a torch file ({error}): save it again with torch.save"
        ) from None
