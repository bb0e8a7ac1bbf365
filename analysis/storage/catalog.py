"""Which runs there are: a quick list of the runs folders, in which a damaged run stands with what is wrong with it.

Imports the standard library only.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from analysis.runtime.folders import DATASETS, runs_folders
from analysis.storage.manifest import MANIFEST, RunError, read_manifest


@dataclass(frozen=True)
class RunEntry:
    """One folder among the runs; `error` says what is wrong with it, None for a sound one.

    `mtime_ns` is when anything in the folder last changed; `provenance` says how the run was made, as its `run.json`
    does; `exits` and `classes` are how many its network has.
    """

    id: str
    path: Path
    title: str
    dataset: str | None
    model: str | None
    error: str | None
    mtime_ns: int
    provenance: Mapping[str, object] = field(default_factory=dict)
    exits: int = 0
    classes: int = 0


def _candidates(folder: Path) -> list[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []
    named = [entry for entry in entries if not entry.name.startswith(".") and entry.name != DATASETS]
    return [entry for entry in named if os.path.isdir(entry)]


def _entry(path: Path, error: str | None) -> RunEntry:
    title, dataset, model, provenance, exits, classes = path.name, None, None, {}, 0, 0
    if error is None:
        try:
            manifest = read_manifest(path)
            title, dataset, model = manifest.title or path.name, manifest.dataset, manifest.model
            provenance = manifest.provenance
            exits, classes = len(manifest.exit_names), len(manifest.class_names)
        except RunError as damage:
            error = str(damage)
    return RunEntry(path.name, path, title, dataset, model, error, _changed_ns(path), provenance, exits, classes)


def _changed_ns(folder: Path) -> int:
    """When a folder or a file in it was last written, renamed or replaced, as far as the system tells."""
    try:
        found = [path.stat() for path in (folder, *folder.iterdir())]
    except OSError:
        return 0
    return max(max(one.st_mtime_ns, one.st_ctime_ns) for one in found)


def list_runs() -> list[RunEntry]:
    """Every folder in the runs folders, in their order and by name; sound ones have no error. Reads no logits."""
    entries, seen = [], {}
    for folder in runs_folders():
        for path in _candidates(folder):
            hidden = seen.get(path.name)
            error = f"{path} is hidden by {hidden}, a run of the same name: rename one of them" if hidden else None
            seen.setdefault(path.name, path)
            entries.append(_entry(path, error))
    return entries


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
    if paths and (Path(text) / MANIFEST).is_file():
        return Path(text)
    is_name = text == os.path.basename(text) and text not in ("", os.curdir, os.pardir) and "\0" not in text
    if is_name:
        for folder in runs_folders():
            if (folder / text).is_dir():
                return folder / text
    if paths and Path(text).is_dir():
        return Path(text)
    known = [entry.id for entry in list_runs() if entry.error is None]
    there = ", ".join(known[:5]) + (f" and {len(known) - 5} more" if len(known) > 5 else "") or "none"
    places = os.pathsep.join(str(folder) for folder in runs_folders())
    raise RunError(f"there is no run {text!r} in {places}: give a run folder's path or one of its runs ({there})")
