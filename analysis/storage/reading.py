"""Open a run folder, cheaply; `validation` checks every byte of it. Imports numpy, pandas and pyarrow."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from analysis.reference.outside_text import distinct, isolated
from analysis.run import Logits, Run
from analysis.runtime.contents import Stamp, content_of, stamp_of
from analysis.storage.display_titles import display_title
from analysis.storage.logits import JoinedLogits, changed, file_logits, gone
from analysis.storage.manifest import SAMPLES, WEIGHTS, Manifest, RunError, read_manifest
from analysis.storage.samples import read_samples


def _open_logits(folder: Path, manifest: Manifest) -> Logits:
    try:
        parts = [file_logits(folder / name) for name in manifest.logits_files]
        logits = parts[0] if len(parts) == 1 else JoinedLogits(parts)
    except OSError as error:
        raise RunError(f"{folder}: the logits cannot be read ({error.strerror}): check their permissions") from None
    except (ValueError, IndexError) as error:
        raise RunError(f"{folder}: {error}") from None
    if logits.shape != manifest.shape or logits.dtype.name != manifest.dtype:
        raise RunError(
            f"{folder}: the logits are {logits.dtype.name} {logits.shape}, not the {manifest.dtype} {manifest.shape} "
            "(exits, samples, classes) that run.json says: copy the run again"
        )
    return logits


def _image_tables(folder: Path, manifest: Manifest) -> dict[str, tuple[Path, ...]]:
    """Where a run's images lie: only files below the folder that holds the run, whatever a foreign run.json says."""
    runs = os.path.abspath(folder.parent)
    tables = {}
    for split, files in manifest.images.items():
        paths = [os.path.abspath(folder / file) for file in files]
        if any("\0" in path or os.path.commonpath([runs, path]) != runs for path in paths):
            raise RunError(f"{folder}: its images lie outside {runs}: copy them into {runs}/datasets")
        tables[split] = tuple(Path(path) for path in paths)
    return tables


def _stamps(folder: Path, manifest: Manifest) -> dict[str, Stamp]:
    """The stamps of the files of a run, but for its traces, which may come later."""
    names = (name for name in manifest.files if not name.startswith("traces-"))
    try:
        return {name: stamp_of((folder / name).stat()) for name in names}
    except OSError as error:
        raise gone(error.filename, error) from None


def _fingerprint(folder: Path, manifest: Manifest, opened: dict[str, Stamp]) -> str:
    """The fingerprint of what the files hold: those that were opened, and the traces that lie beside them."""
    try:
        traces = [path.name for path in folder.glob("traces-*") if path.is_file()]
        contents = {name: content_of(folder / name) for name in (*opened, *traces)}
    except OSError as error:
        raise gone(error.filename, error) from None
    for name, stamp in _stamps(folder, manifest).items():
        if stamp != opened[name]:
            raise changed(folder / name)
    return manifest.fingerprint(contents)


def load_run(path: str | Path) -> Run:
    """Open a run folder: structure, sizes and the table of samples are checked, not the hashes.

    Parameters
    ----------
    path : the run folder; its name is the run's id, whatever a copied run.json says

    Raises
    ------
    RunError : a folder that is missing or damaged
    """
    folder = Path(os.path.abspath(path))
    manifest = read_manifest(folder)
    stamps = _stamps(folder, manifest)
    logits = _open_logits(folder, manifest)
    weights = folder / WEIGHTS
    return Run(
        id=folder.name,
        path=folder,
        title=display_title(folder) or manifest.title or folder.name,
        dataset=manifest.dataset,
        model=manifest.model,
        kind=manifest.kind,
        exit_names=distinct([isolated(name) for name in manifest.exit_names], lambda exit_: f"exit {exit_ + 1}"),
        costs=manifest.costs,
        class_names=distinct(
            [isolated(name).strip() or str(number) for number, name in enumerate(manifest.class_names)],
            lambda number: f"class {number}",
        ),
        samples=read_samples(folder / SAMPLES, manifest.shape[1], manifest.shape[2]),
        provenance=manifest.provenance,
        logits=logits,
        identify=partial(_fingerprint, folder, manifest, stamps),
        image_tables=_image_tables(folder, manifest),
        arch=manifest.arch,
        weights=weights if WEIGHTS in manifest.files else None,
    )
