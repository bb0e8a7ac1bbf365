"""A run on object storage as a folder in the cache: copies of its small files, and where the large ones lie.

The folder is renewed when the storage lists other objects; what is in it can be fetched again.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from analysis.runtime.contents import Stamp
from analysis.runtime.folders import DATASETS, cache_folder
from analysis.runtime.objects import (
    Interrupted,
    StorageError,
    checked_address,
    listed,
    shown_address,
    unchanged_range,
)
from analysis.runtime.whole_files import whole_file
from analysis.storage.manifest import MANIFEST, RunError

_STUB = ".exitlens-remote.json"
LISTED_S = 30.0
"""Seconds for which a list of runs is not asked for again."""
LARGEST_COPY = 1 << 30
"""Bytes: tables of samples and traces of some ten million samples take as much."""
AGAIN_S = 10.0
"""And one that could not be had."""
_locks: defaultdict[Path, threading.RLock] = defaultdict(threading.RLock)
"""Of each run's folder, held while its files are copied: another's storage may be slow."""


class InterruptedRun(RunError, Interrupted):
    """A run that could not be read, and may be had later."""


def _run_error(error: StorageError) -> RunError:
    return (InterruptedRun if isinstance(error, Interrupted) else RunError)(str(error))


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
        parent, _, name = address.rpartition("/")
        folder = _folder() / hashlib.sha256(parent.encode()).hexdigest()[:16] / name
        with _locks[folder]:
            stamps = {name: stamp for name, stamp in listed(address).items() if stamp is not None}
            if MANIFEST not in stamps:
                raise RunError(f"{address} holds no {MANIFEST}, so it is not a run: check the address")
            folder.mkdir(parents=True, exist_ok=True)
            before = read_stub(folder)
            if before is None or before.stamps != stamps:
                kept = {} if before is None else {n: s for n, s in before.copied.items() if stamps.get(n) == s}
                _write_stub(folder, Stub(address, stamps, kept))
            fetch(folder, read_stub(folder), [MANIFEST])
        return folder
    except StorageError as error:
        raise _run_error(error) from None


def fetch(folder: Path, stub: Stub, names: Iterable[str]) -> None:
    """Copy files of a run into its folder, unless they are there as the storage has them.

    Raises
    ------
    RunError : one is missing, too large for a copy, or cannot be read in time
    """
    with _locks[folder]:
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
                data = unchanged_range(f"{stub.address}/{name}", stamp, 0, stamp.size)
            except StorageError as error:
                raise _run_error(error) from None
            with whole_file(folder / name) as file:
                file.write_bytes(data)
            copied[name] = stamp
        if copied != stub.copied:
            _write_stub(folder, Stub(stub.address, stub.stamps, copied))


class _List:
    """The runs below an address, as they were found last; asked for anew beside whoever looks at them."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._found: list[tuple[Path, str | None]] | None = None
        self._fault: tuple[Path, str] | None = None
        self._until = 0.0
        self._asking: threading.Thread | None = None
        self._lock = threading.Lock()

    def runs(self, patience_s: float | None) -> list[tuple[Path, str | None]]:
        """What is known; where nothing is yet, it is waited for."""
        with self._lock:
            if self._asking is None and time.monotonic() >= self._until:
                self._asking = threading.Thread(target=self._ask, name="runs", daemon=True)
                self._asking.start()
            asking, known = self._asking, self._found is not None or self._fault is not None
        if asking is not None and not known:
            asking.join(patience_s)
        with self._lock:
            found, fault = self._found, self._fault
        if found is None and fault is None:
            fault = self._unread(f"{shown_address(self._address)}: the storage has not answered yet: look again soon")
        return [*(found or []), *([fault] if fault is not None else [])]

    def _unread(self, why: str) -> tuple[Path, str]:
        name = shown_address(self._address).replace("://", " ").replace("/", " ").replace(".", " ").strip()
        return _folder() / "unread" / name, why

    def _ask(self) -> None:
        try:
            found, fault = _below(self._address), None
        except Exception as error:  # whatever it is, the next who looks asks again
            failed = f"{shown_address(self._address)}: its runs cannot be listed ({type(error).__name__}): try again"
            found, fault = self._found, self._unread(str(error) if isinstance(error, ValueError) else failed)
        with self._lock:
            self._found, self._fault, self._asking = found, fault, None
            self._until = time.monotonic() + (LISTED_S if fault is None else AGAIN_S)


_lists: dict[str, _List] = {}


def _below(address: str) -> list[tuple[Path, str | None]]:
    root = checked_address(address)
    names = sorted(name for name, stamp in listed(root).items() if stamp is None)
    names = [name for name in names if not name.startswith(".") and name != DATASETS]
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda name: _one(root, name), names))


def remote_runs(address: str, patience_s: float | None = None) -> list[tuple[Path, str | None]]:
    """The runs below an address, each as its folder in the cache, and what is wrong with it.

    They are asked for anew when they have been known for 30 s, and nobody waits for that but the first who asks. An
    address that cannot be read stands as one run, with what is wrong, beside those that were found there before.

    Parameters
    ----------
    patience_s : how long the first who asks waits; None for as long as the storage may take
    """
    return _lists.setdefault(address, _List(address)).runs(patience_s)


def _one(root: str, name: str) -> tuple[Path, str | None]:
    try:
        return stub_of(f"{root}/{name}"), None
    except RunError as error:
        return _folder() / hashlib.sha256(root.encode()).hexdigest()[:16] / name, str(error)
