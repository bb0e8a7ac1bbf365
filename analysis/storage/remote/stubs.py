"""A run on object storage as a folder in the cache: copies of its small files, and where the large ones lie.

The folder is renewed when the storage lists other objects; what is in it can be fetched again.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from analysis.runtime.contents import Stamp
from analysis.runtime.folders import DATASETS, cache_folder
from analysis.runtime.objects import StorageError, checked_address, listed, whole_range
from analysis.runtime.whole_files import whole_file
from analysis.storage.manifest import MANIFEST, RunError

_STUB = ".exitlens-remote.json"
LISTED_S = 30.0
"""Seconds for which a list of runs is not asked for again."""
LARGEST_COPY = 1 << 30
"""Bytes: tables of samples and traces of some ten million samples take as much."""
_lists: dict[str, tuple[float, list[tuple[Path, str | None]]]] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Stub:
    """Where a run lies, and what its storage says of each of its files.

    address : of the run's folder
    stamps : name -> stamp of the object now
    copied : name -> stamp of the object that was copied
    """

    address: str
    stamps: dict[str, Stamp]
    copied: dict[str, Stamp] = field(default_factory=dict)

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of each file."""
        return {name: stamp.size for name, stamp in self.stamps.items()}

    @property
    def time_ns(self) -> int:
        """When one of its objects last changed."""
        return max((stamp.time_ns for stamp in self.stamps.values()), default=0)


def _folder() -> Path:
    return cache_folder() / "remote"


def is_stub(folder: Path) -> bool:
    """Whether a folder is such a copy: one in the cache, since a run folder from elsewhere may say anything."""
    return read_stub(folder) is not None


def read_stub(folder: Path) -> Stub | None:
    """What a folder in the cache stands for; None for every other folder."""
    inside = os.path.commonpath([os.path.abspath(folder), os.path.abspath(_folder())]) == os.path.abspath(_folder())
    if not inside or not (folder / _STUB).is_file():
        return None
    try:
        said = json.loads((folder / _STUB).read_bytes())
        found = {name: Stamp(*stamp) for name, stamp in said["stamps"].items()}
        return Stub(said["address"], found, {name: Stamp(*stamp) for name, stamp in said["copied"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write_stub(folder: Path, stub: Stub) -> None:
    said = {"address": stub.address, "stamps": stub.stamps, "copied": stub.copied}
    with whole_file(folder / _STUB) as file:
        file.write_text(json.dumps(said, sort_keys=True), encoding="utf-8")


def stub_of(address: str) -> Path:
    """The folder in the cache that stands for a run at an address; its `run.json` is copied where it changed.

    Raises
    ------
    RunError : no run there, or it cannot be read in time
    """
    try:
        address = checked_address(address)
        stamps = {name: stamp for name, stamp in listed(address).items() if stamp is not None}
        if MANIFEST not in stamps:
            raise RunError(f"{address} holds no {MANIFEST}, so it is not a run: check the address")
        parent, _, name = address.rpartition("/")
        folder = _folder() / hashlib.sha256(parent.encode()).hexdigest()[:16] / name
        folder.mkdir(parents=True, exist_ok=True)
        before = read_stub(folder)
        if before is None or before.stamps != stamps:
            kept = {} if before is None else {n: s for n, s in before.copied.items() if stamps.get(n) == s}
            _write_stub(folder, Stub(address, stamps, kept))
        fetch(folder, read_stub(folder), [MANIFEST])
        return folder
    except StorageError as error:
        raise RunError(str(error)) from None


def fetch(folder: Path, stub: Stub, names: Iterable[str]) -> None:
    """Copy files of a run into its folder, unless they are there as the storage has them.

    Raises
    ------
    RunError : one is missing, too large for a copy, or cannot be read in time
    """
    with _lock:
        copied = dict(stub.copied)
        for name in names:
            stamp = stub.stamps.get(name)
            if stamp is None:
                raise RunError(f"{stub.address}/{name} is missing: copy the run again, or import it again")
            if copied.get(name) == stamp and (folder / name).is_file():
                continue
            if stamp.size > LARGEST_COPY:
                raise RunError(
                    f"{stub.address}/{name} has {stamp.size:,} bytes, more than is copied: copy the run here"
                )
            try:
                data = whole_range(f"{stub.address}/{name}", 0, stamp.size)
            except StorageError as error:
                raise RunError(str(error)) from None
            with whole_file(folder / name) as file:
                file.write_bytes(data)
            copied[name] = stamp
        if copied != stub.copied:
            _write_stub(folder, Stub(stub.address, stub.stamps, copied))


def remote_runs(address: str) -> list[tuple[Path, str | None]]:
    """The runs below an address, each as its folder in the cache, and what is wrong with it; asked anew after 30 s.

    An address that cannot be read stands as one run, with what is wrong.
    """
    found = _lists.get(address)
    if found is not None and time.monotonic() - found[0] < LISTED_S:
        return found[1]
    try:
        root = checked_address(address)
        names = sorted(name for name, stamp in listed(root).items() if stamp is None)
    except StorageError as error:
        runs = [(_folder() / "unread" / hashlib.sha256(address.encode()).hexdigest()[:16], str(error))]
    else:
        names = [name for name in names if not name.startswith(".") and name != DATASETS]
        with ThreadPoolExecutor(8) as pool:
            runs = list(pool.map(lambda name: _one(root, name), names))
    _lists[address] = time.monotonic(), runs
    return runs


def _one(root: str, name: str) -> tuple[Path, str | None]:
    try:
        return stub_of(f"{root}/{name}"), None
    except RunError as error:
        return _folder() / hashlib.sha256(root.encode()).hexdigest()[:16] / name, str(error)
