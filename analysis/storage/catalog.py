"""Which runs there are: a quick list of the runs folders, in which a damaged run stands with what is wrong with it.

Imports the standard library only.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from analysis.runtime.folders import DATASETS, runs_addresses, runs_folders
from analysis.runtime.objects import is_address, shown_address
from analysis.storage.display_titles import display_titles
from analysis.storage.manifest import MANIFEST, WEIGHTS, RunError, read_manifest
from analysis.storage.remote.stubs import read_stub, remote_runs, stub_of


@dataclass(frozen=True)
class RunEntry:
    """One folder among the runs; `error` says what is wrong with it, None for a sound one.

    `title` is the one that people gave it, else its own. `mtime_ns` is when anything in the folder last changed,
    `bytes` what its files take; `shape` is (exits, samples, classes), zeros where `run.json` cannot be read;
    `provenance` says how the run was made, and `featured` that a list should open with it, as its `run.json` does;
    `weights` is the sha256 of the network's weights in the folder, None where it holds none.
    """

    id: str
    path: Path
    title: str
    dataset: str | None
    model: str | None
    error: str | None
    mtime_ns: int
    provenance: Mapping[str, object] = field(default_factory=dict)
    featured: bool = False
    shape: tuple[int, int, int] = (0, 0, 0)
    bytes: int = 0
    weights: str | None = None

    @property
    def made(self) -> str:
        """When it was made, as its provenance says: ISO 8601; empty where it does not."""
        made = self.provenance.get("made")
        return made if isinstance(made, str) else ""


def _candidates(folder: Path) -> list[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []
    named = [entry for entry in entries if not entry.name.startswith(".") and entry.name != DATASETS]
    return [entry for entry in named if os.path.isdir(entry)]


def _entry(path: Path, error: str | None, titles: Mapping[str, str]) -> RunEntry:
    manifest, stub = None, read_stub(path)
    sizes = None if stub is None else stub.sizes
    if error is None:
        try:
            manifest = read_manifest(path, sizes)
        except RunError as damage:
            error = str(damage)
    changed_ns, size = _stamp(path) if sizes is None else (stub.time_ns, sum(sizes.values()))
    given = titles.get(os.path.abspath(path))
    if manifest is None:
        return RunEntry(path.name, path, given or path.name, None, None, error, changed_ns, bytes=size)
    return RunEntry(
        path.name,
        path,
        given or manifest.title or path.name,
        manifest.dataset,
        manifest.model,
        error,
        changed_ns,
        manifest.provenance,
        manifest.featured,
        manifest.shape,
        size,
        manifest.files.get(WEIGHTS, {}).get("sha256"),
    )


def _stamp(folder: Path) -> tuple[int, int]:
    """When a folder or a file in it last changed, as far as the system tells, and the bytes of its files."""
    try:
        found = [path.stat() for path in (folder, *folder.iterdir())]
    except OSError:
        return 0, 0
    return max(max(one.st_mtime_ns, one.st_ctime_ns) for one in found), sum(one.st_size for one in found[1:])


def list_runs(patience_s: float | None = None) -> list[RunEntry]:
    """Every folder in the runs folders, in their order and by name; sound ones have no error. Reads no logits.

    Parameters
    ----------
    patience_s : how long object storage is waited for that was not asked before; None for as long as it may take
    """
    entries, seen, titles = [], {}, {}
    with suppress(ValueError):  # runs are listed all the same
        titles = display_titles()
    for folder in runs_folders():
        for path in _candidates(folder):
            hidden = seen.get(path.name)
            error = f"{path} is hidden by {hidden}, a run of the same name: rename one of them" if hidden else None
            seen.setdefault(path.name, path)
            entries.append(_entry(path, error, titles))
    for address in runs_addresses():
        for path, error in remote_runs(address, patience_s):
            hidden = seen.get(path.name)
            where = f"{shown_address(address)}/{path.name}"
            error = f"{where} is hidden by {hidden}, a run of the same name" if hidden else error
            seen.setdefault(path.name, path)
            entries.append(_entry(path, error, titles))
    return entries


def best_first(entries: Sequence[RunEntry]) -> list[RunEntry]:
    """The order in which a run is picked to open with: sound ones first, of them the featured, then the newest."""
    return sorted(entries, key=lambda one: (one.error is not None, not one.featured, -one.mtime_ns))


def find_run(run: str | Path, *, paths: bool = True) -> Path:
    """The folder of a run.

    Parameters
    ----------
    run : a run folder's path, or the name of one in the runs folders
    paths : False takes names only (for addresses, which strangers may write)

    Raises
    ------
    RunError : no such run
    """
    text = os.fspath(run)
    if paths and is_address(text):
        return stub_of(text)
    if paths and (Path(text) / MANIFEST).is_file():
        return Path(text)
    is_name = text == os.path.basename(text) and text not in ("", os.curdir, os.pardir) and "\0" not in text
    if is_name:
        for folder in runs_folders():
            if (folder / text).is_dir():
                return folder / text
        for address in runs_addresses():
            for path, error in remote_runs(address):
                if path.name == text and error is None:
                    return path
    if paths and Path(text).is_dir():
        return Path(text)
    known = [entry.id for entry in list_runs() if entry.error is None]
    there = ", ".join(known[:5]) + (f" and {len(known) - 5} more" if len(known) > 5 else "") or "none"
    places = os.pathsep.join([*map(str, runs_folders()), *map(shown_address, runs_addresses())])
    raise RunError(f"there is no run {text!r} in {places}: give a run folder's path or one of its runs ({there})")
