"""Open a run folder, cheaply; `validation` checks every byte of it. Imports numpy, pandas and pyarrow."""

from __future__ import annotations

import os
from pathlib import Path

from analysis.run import Logits, Run
from analysis.storage.manifest import SAMPLES, WEIGHTS, Manifest, RunError, read_manifest
from analysis.storage.safetensors import map_tensor
from analysis.storage.samples import read_samples


def _open_logits(folder: Path, manifest: Manifest) -> Logits:
    try:
        mapped = [map_tensor(folder / name, "logits") for name in manifest.logits_files]
        logits = Logits([array for array, _ in mapped])
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
        if any(os.path.commonpath([runs, path]) != runs for path in paths):
            raise RunError(f"{folder}: its images lie outside {runs}: copy them into {runs}/datasets")
        tables[split] = tuple(Path(path) for path in paths)
    return tables


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
    logits = _open_logits(folder, manifest)
    weights = folder / WEIGHTS
    return Run(
        id=folder.name,
        path=folder,
        title=manifest.title or folder.name,
        dataset=manifest.dataset,
        model=manifest.model,
        kind=manifest.kind,
        exit_names=manifest.exit_names,
        costs=manifest.costs,
        class_names=tuple(name.strip() or str(number) for number, name in enumerate(manifest.class_names)),
        samples=read_samples(folder / SAMPLES, manifest.shape[1], manifest.shape[2]),
        provenance=manifest.provenance,
        logits=logits,
        fingerprint=manifest.fingerprint(),
        image_tables=_image_tables(folder, manifest),
        arch=manifest.arch,
        weights=weights if WEIGHTS in manifest.files else None,
    )
