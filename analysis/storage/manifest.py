"""`run.json`: what a run folder says about itself, checked field by field so that a damaged one is refused in words.

Imports the standard library only.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from analysis.run import KINDS, SPLITS
from analysis.runtime.contents import check_regular, hash_of

MANIFEST = "run.json"
SAMPLES = "samples.parquet"
WEIGHTS = "model.safetensors"
SCHEMA = 1
_LONGEST_NAME = 255
"""Bytes, what file systems take."""
KEPT_BYTES = 1 << 20
"""Of the longest `run.json` whose content is kept in memory."""


class RunError(ValueError):
    """A run folder that is missing or damaged; the message says what is wrong, where, and what to do."""


@dataclass(frozen=True)
class Manifest:
    """The content of `run.json`.

    `files` maps each file's name to its size in bytes and its sha256; `featured` says that a list of runs should open
    with this one.
    """

    title: str
    dataset: str | None
    model: str | None
    kind: str
    shape: tuple[int, int, int]
    dtype: str
    exit_names: tuple[str, ...]
    costs: dict[str, tuple[float, ...]]
    class_names: tuple[str, ...]
    logits_files: tuple[str, ...]
    images: dict[str, tuple[str, ...]]
    arch: str | None
    provenance: dict[str, object]
    files: dict[str, dict[str, object]]
    featured: bool = False

    def fingerprint(self, contents: Mapping[str, str]) -> str:
        """Hash of what numbers and figures depend on: everything but the title, the provenance and `featured`.

        Parameters
        ----------
        contents : the sha256 of what each file really holds, by name
        """
        depends = [SCHEMA, self.dataset, self.model, self.kind, self.exit_names, list(self.costs.items())]
        depends += [self.class_names, self.logits_files, sorted(self.images.items()), self.arch]
        depends += [sorted(contents.items())]
        return hashlib.sha256(json.dumps(depends).encode()).hexdigest()


def clean_text(text: object) -> str:
    """Any text as text that can be written and shown: unpaired surrogates become question marks."""
    return str(text).encode("utf-8", "replace").decode()


def _clean(content: object) -> object:
    """JSON with its texts, keys too, as they may be shown."""
    if isinstance(content, dict):
        return {clean_text(key): _clean(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_clean(value) for value in content]
    return clean_text(content) if isinstance(content, str) else content


def as_json(manifest: Manifest, run_id: str) -> str:
    """The text of `run.json`."""
    exits = [
        {"name": name, "cost": {unit: values[number] for unit, values in manifest.costs.items()}}
        for number, name in enumerate(manifest.exit_names)
    ]
    content = {
        "schema": SCHEMA,
        "id": run_id,
        "title": manifest.title,
        "dataset": manifest.dataset,
        "model": manifest.model,
        "kind": manifest.kind,
        "samples": manifest.shape[1],
        "dtype": manifest.dtype,
        "exits": exits,
        "classes": list(manifest.class_names),
        "logits": list(manifest.logits_files),
        "images": {split: list(files) for split, files in manifest.images.items()},
        "arch": manifest.arch,
        "provenance": manifest.provenance,
        "files": manifest.files,
    }
    if manifest.featured:
        content["featured"] = True
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def file_entry(path: Path) -> dict[str, object]:
    """Size in bytes and sha256 of a file."""
    return {"bytes": path.stat().st_size, "sha256": hash_of(path)}


def checked_costs(costs: dict[str, tuple[float, ...]], n_exits: int) -> dict[str, tuple[float, ...]]:
    """Cumulative costs as floats.

    Raises
    ------
    ValueError : a number of costs other than the exits', or costs that are not positive and cumulative
    """
    checked = {}
    for unit, given in costs.items():
        if not unit.strip():
            raise ValueError("a cost unit has no name: name it, such as MACs")
        values = tuple(float(value) for value in given)
        if len(values) != n_exits:
            raise ValueError(f"{len(values)} costs in {unit} for {n_exits} exits: give each exit's cumulative cost")
        for number, (value, before) in enumerate(zip(values, (0.0, *values)), start=1):
            if not math.isfinite(value) or value <= 0 or value < before:
                raise ValueError(
                    f"the cost of exit {number} in {unit} is {value:g} after {before:g}: "
                    "costs are cumulative, positive and never fall"
                )
        checked[clean_text(unit)] = values
    return checked


def _text_or_none(content: dict, key: str) -> str | None:
    value = content.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{key} is not text")
    return value


def _name(value: object, whose: str) -> str:
    if not isinstance(value, (str, int, float)):
        raise ValueError(f"{whose} has no name, but {_JSON_KINDS.get(type(value), 'nothing')}")
    return str(value)


_JSON_KINDS = {list: "a list", dict: "an object"}


def _names(content: dict, key: str) -> tuple[str, ...]:
    """A list of names of files that lie in the run folder itself, at least one."""
    names = content[key]
    named = isinstance(names, list) and names and all(isinstance(name, str) and name for name in names)
    if not named or any(name != os.path.basename(name) for name in names):
        raise ValueError(f"{key} must list names of files in the folder")
    return tuple(names)


def _exits(content: dict) -> tuple[tuple[str, ...], dict[str, tuple[float, ...]]]:
    exits = content["exits"]
    if not isinstance(exits, list) or not exits:
        raise ValueError("exits must list at least one exit")
    names = tuple(_name(entry["name"], "an exit") for entry in exits)
    costs = [entry.get("cost", {}) for entry in exits]
    units = list(costs[0])
    if any(not isinstance(cost, dict) or list(cost) != units for cost in costs):
        raise ValueError("the exits have costs in different units")
    if any(isinstance(value, (str, bool)) for cost in costs for value in cost.values()):
        raise ValueError("a cost is not a number")
    return names, checked_costs({unit: tuple(cost[unit] for cost in costs) for unit in units}, len(exits))


def _images(content: dict) -> dict[str, tuple[str, ...]]:
    images = content.get("images", {})
    for split, files in images.items():
        if split not in SPLITS or not isinstance(files, list) or not all(isinstance(name, str) for name in files):
            raise ValueError("images must map test or calibration to a list of files")
    return {split: tuple(files) for split, files in images.items()}


def _files(content: dict) -> dict[str, dict[str, object]]:
    files = content["files"]
    for name, entry in files.items():
        possible = name == os.path.basename(name) and len(os.fsencode(name)) <= _LONGEST_NAME
        if not possible or not isinstance(entry["bytes"], int) or len(entry["sha256"]) != 64:
            raise ValueError(f"files has a damaged entry {name[:100]!r}")
    return files


def _parse(content: dict) -> Manifest:
    if content.get("schema") != SCHEMA:
        raise ValueError(f"schema version {content.get('schema')!r}, and this version of Exitlens reads {SCHEMA}")
    exit_names, costs = _exits(content)
    classes, samples = content["classes"], content["samples"]
    if content["kind"] not in KINDS:
        raise ValueError(f"kind is {content['kind']!r}, not logits or probs")
    if content["dtype"] not in ("float16", "float32"):
        raise ValueError(f"dtype is {content['dtype']!r}, not float16 or float32")
    if type(samples) is not int or samples < 1 or not isinstance(classes, list) or not classes:
        raise ValueError("samples and classes must not be empty")
    provenance = content.get("provenance", {})
    if not isinstance(provenance, dict):
        raise ValueError("provenance is not an object")
    if not isinstance(content.get("featured", False), bool):
        raise ValueError("featured is neither true nor false")
    return Manifest(
        title=_text_or_none(content, "title") or "",
        dataset=_text_or_none(content, "dataset"),
        model=_text_or_none(content, "model"),
        kind=content["kind"],
        shape=(len(exit_names), samples, len(classes)),
        dtype=content["dtype"],
        exit_names=exit_names,
        costs=costs,
        class_names=tuple(_name(name, "a class") for name in classes),
        logits_files=_names(content, "logits"),
        images=_images(content),
        arch=_text_or_none(content, "arch"),
        provenance=provenance,
        files=_files(content),
        featured=content.get("featured", False),
    )


@lru_cache(maxsize=64)
def _content(text: bytes) -> object:
    """What a `run.json` holds: lists of runs are read again and again. Nobody writes into it."""
    return _clean(json.loads(text))


def read_manifest(folder: Path, sizes: Mapping[str, int] | None = None) -> Manifest:
    """The checked content of a run folder's `run.json`, after checking that its files are there in their full size.

    Parameters
    ----------
    sizes : name -> bytes of what lies elsewhere, of a folder that is a copy of a run's small files; None: all lie here

    Raises
    ------
    RunError : no such folder, no `run.json`, a damaged one, or a file that is missing or of another size
    """
    if not folder.is_dir():
        raise RunError(f"{folder}: there is no such run folder: check the name, or import the run again")
    _check_regular(folder / MANIFEST)
    try:
        if not stat.S_ISREG((folder / MANIFEST).stat().st_mode):
            raise RunError(f"{folder / MANIFEST} is no regular file: copy the run again, or import it again")
        text = (folder / MANIFEST).read_bytes()
        content = (_content if len(text) <= KEPT_BYTES else _content.__wrapped__)(text)
    except RunError:
        raise
    except FileNotFoundError:
        raise RunError(f"{folder} holds no {MANIFEST}, so it is not a run: import it again") from None
    except OSError as error:
        raise RunError(f"{folder / MANIFEST} cannot be read ({error.strerror}): check its permissions") from None
    except (ValueError, RecursionError):
        raise RunError(f"{folder / MANIFEST} is not valid JSON: copy the run again, or import it again") from None
    try:
        manifest = _parse(content)
    except KeyError as error:
        raise RunError(f"{folder / MANIFEST} is damaged: {error} is missing: copy the run again") from None
    except (TypeError, AttributeError):
        raise RunError(
            f"{folder / MANIFEST} is damaged: it holds a value of the wrong kind: copy the run again"
        ) from None
    except (ValueError, OverflowError) as error:
        raise RunError(f"{folder / MANIFEST} is damaged: {str(error)[:300]}: copy the run again") from None
    for name in (*manifest.logits_files, SAMPLES, *manifest.files):
        _check_file(folder, name, manifest.files, sizes)
    return manifest


def _check_regular(path: Path) -> None:
    try:
        check_regular(path)
    except ValueError as error:
        raise RunError(str(error)) from None


def _check_file(folder: Path, name: str, files: dict[str, dict[str, object]], sizes: Mapping[str, int] | None) -> None:
    if name not in files:
        raise RunError(f"{folder / MANIFEST} is damaged: it does not list {name}: copy the run again")
    size = _size_of(folder / name) if sizes is None else sizes.get(name)
    if size is None:
        raise RunError(f"{folder / name} is missing: copy the run again, or import it again")
    if size != files[name]["bytes"]:
        raise RunError(
            f"{folder / name} has {size} bytes, not the {files[name]['bytes']} that {MANIFEST} says: copy the run again"
        )


def _size_of(path: Path) -> int | None:
    _check_regular(path)
    try:
        found = path.stat()
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return None
    if not stat.S_ISREG(found.st_mode):
        raise RunError(f"{path} is no regular file: copy the run again, or import it again")
    return found.st_size
