"""Open a run folder, cheaply; `validation` checks every byte of it. Imports numpy, pandas and pyarrow."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from functools import partial
from pathlib import Path

from analysis.reference.outside_text import distinct, isolated
from analysis.run import Logits, Run
from analysis.runtime.contents import Stamp, content_of, hash_of, stamp_of
from analysis.runtime.objects import is_address
from analysis.runtime.threads import n_workers
from analysis.storage.display_titles import display_title
from analysis.storage.logits import JoinedLogits, changed, file_logits, gone
from analysis.storage.manifest import MANIFEST, SAMPLES, WEIGHTS, Manifest, RunError, read_manifest
from analysis.storage.remote.logits import RemoteLogits
from analysis.storage.remote.stubs import Stub, fetch, read_stub, stub_of
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


def _remote_image_tables(stub: Stub, manifest: Manifest) -> dict[str, tuple[str, ...]]:
    """As `_image_tables`, below the address that holds the run."""
    runs, _, _ = stub.address.rpartition("/")
    tables = {}
    for split, files in manifest.images.items():
        found = [posixpath.normpath(posixpath.join(stub.address.partition("://")[2], file)) for file in files]
        below = runs.partition("://")[2]
        if any("\0" in path or not path.startswith(f"{below}/") for path in found):
            raise RunError(f"{stub.address}: its images lie outside {runs}: copy them into {runs}/datasets")
        tables[split] = tuple(f"{stub.address.partition('://')[0]}://{path}" for path in found)
    return tables


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
        names = (*opened, *traces)
        with ThreadPoolExecutor(n_workers()) as pool:  # a run of many shards is hashed on all cores
            contents = dict(zip(names, pool.map(lambda name: content_of(folder / name), names)))
    except OSError as error:
        raise gone(error.filename, error) from None
    for name, stamp in _stamps(folder, manifest).items():
        if stamp != opened[name]:
            raise changed(folder / name)
    return manifest.fingerprint(contents)


def open_logits(path: str | Path) -> tuple[Logits, str]:
    """The logits of a run alone, without its table of samples, and the sha256 of its `run.json`.

    Parameters
    ----------
    path : the run folder, or its address

    Raises
    ------
    RunError : as `load_run`
    """
    folder = stub_of(os.fspath(path)) if is_address(os.fspath(path)) else Path(os.path.abspath(path))
    stub = read_stub(folder)
    manifest = read_manifest(folder, None if stub is None else stub.sizes)
    logits = _open_logits(folder, manifest) if stub is None else _remote_logits(stub, manifest)
    return logits, hash_of(folder / MANIFEST)


def load_run(path: str | Path) -> Run:
    """Open a run folder: structure, sizes and the table of samples are checked, not the hashes.

    Parameters
    ----------
    path : the run folder, or its address (`s3://...`); its name is the run's id, whatever a copied run.json says

    Raises
    ------
    RunError : a folder that is missing or damaged; an address that cannot be read
    """
    if is_address(os.fspath(path)):
        path = stub_of(os.fspath(path))
    folder = Path(os.path.abspath(path))
    stub = read_stub(folder)
    if stub is not None:
        return _remote_run(folder, stub)
    manifest = read_manifest(folder)
    stamps = _stamps(folder, manifest)
    return _run(
        folder,
        manifest,
        _open_logits(folder, manifest),
        partial(_fingerprint, folder, manifest, stamps),
        _image_tables(folder, manifest),
    )


def _remote_run(folder: Path, stub: Stub) -> Run:
    """A run on object storage: its table of samples and its traces are copied, its logits left where they are."""
    manifest = read_manifest(folder, stub.sizes)
    fetch(folder, stub, [SAMPLES, *(name for name in stub.stamps if _is_traces(name))])
    contents = {
        name: f"{entry['sha256']} {stub.stamps[name]}" for name, entry in manifest.files.items() if not _is_traces(name)
    }
    contents |= {name: str(stamp) for name, stamp in stub.stamps.items() if _is_traces(name)}
    images = _remote_image_tables(stub, manifest)
    identify = partial(manifest.fingerprint, contents)
    return _run(folder, manifest, _remote_logits(stub, manifest), identify, images, stub.address)


def _remote_logits(stub: Stub, manifest: Manifest) -> Logits:
    names = manifest.logits_files
    return RemoteLogits(
        [f"{stub.address}/{name}" for name in names],
        [stub.stamps[name] for name in names],
        manifest.shape,
        manifest.dtype,
    )


def _is_traces(name: str) -> bool:
    return name.startswith("traces-") and name.endswith(".parquet")


def _run(
    folder: Path,
    manifest: Manifest,
    logits: Logits,
    identify: Callable[[], str],
    images: dict[str, tuple[Path | str, ...]],
    address: str | None = None,
) -> Run:
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
            cut=True,
        ),
        samples=read_samples(folder / SAMPLES, manifest.shape[1], manifest.shape[2]),
        provenance=deepcopy(manifest.provenance),  # whoever holds the run may write into it
        logits=logits,
        identify=identify,
        image_tables=images,
        arch=manifest.arch,
        weights=weights if WEIGHTS in manifest.files and weights.is_file() else None,
        address=address,
    )
