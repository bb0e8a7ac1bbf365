"""The files of one import, and the parts of logits that they hold, each with its split and its labels.

Imports numpy, and pandas for its types alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.run import SPLITS
from analysis.storage.importers.axes import orient
from analysis.storage.importers.layouts.places import SIGN, Place, place_of
from analysis.storage.importers.parts import Around, Part, as_labels, means_labels
from analysis.storage.importers.recognition import read_parts
from analysis.storage.importers.side_files import read_labels

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Sources:
    """What one import reads, and how.

    files : .npz, .npy, .safetensors, files of torch.save, pickles, JSON, tables; several become one run; `FILE::NAME`
        is a dictionary or array in one
    labels : a file of labels for each source, or one for all of them; `FILE::NAME` is an array or column in one
    splits : `test` or `calibration` for each source; for one that holds both, those to take
    samples : one row per sample, in the order of the sources: `id`, `split`, `label`, `image` and any further column
    images : image parquet (a file, or a folder with `<split>-*.parquet`) in the order of the samples
    axes : the order of the sources' axes; None to find out
    kind : `logits` or `probs`; None to recognise probabilities, which are kept as log p
    drop_nan : leave out samples with a fault (`FAULTS`) at some exit; ids keep counting the others where they stood
    """

    files: Sequence[str | Path]
    labels: Sequence[str | Path] = ()
    splits: Sequence[str] | None = None
    samples: pd.DataFrame | None = None
    images: str | Path | None = None
    axes: tuple[str, ...] | None = None
    kind: str | None = None
    drop_nan: bool = False


def _choose_splits(per_file: list[list[Part]], splits: Sequence[str] | None) -> list[Part]:
    """The parts to keep, each with its split."""
    for split in splits or ():
        if split not in SPLITS:
            raise ValueError(f"--splits names {split!r}: use test or calibration")
    named = [part for parts in per_file for part in parts if part.split]
    if len(per_file) == 1 and named:
        found = {part.split: part for part in named}
        if splits and len(set(splits)) < len(splits):
            raise ValueError(
                f"--splits {','.join(splits)} names a split of {named[0].where.split(':')[0]} twice: name it once"
            )
        missing = [split for split in splits or () if split not in found]
        if missing:
            raise ValueError(f"--splits {missing[0]}: {named[0].where.split(':')[0]} holds {' and '.join(found)} only")
        return [found[split] for split in splits] if splits else named
    if named:
        raise ValueError(f"{named[0].where} names its own splits: import that file alone, or save its splits as files")
    parts = [part for parts in per_file for part in parts]
    if splits is None and len(parts) > 1:
        raise ValueError(f"{len(parts)} sources: say what each is with --splits, such as --splits calibration,test")
    splits = splits or ["test"]
    if len(splits) != len(parts):
        raise ValueError(f"--splits names {len(splits)} splits for {len(parts)} sources: name one for each")
    for part, split in zip(parts, splits):
        part.split = split
    return parts


def _read_files(files: Sequence[Place]) -> list[list[Part]]:
    """The parts of each file; a file of labels only belongs to the file before it (logits.npy labels.npy)."""
    per_file: list[list[Part]] = []
    for file in files:
        try:
            per_file.append(read_parts(file))
        except ValueError:
            labels, before = None, per_file[-1] if per_file else []
            if len(before) != 1 or before[0].labels is not None:
                raise
            with suppress(ValueError):
                labels, where = read_labels(file)
                where = where.removeprefix("--labels ")
            if labels is None:
                raise
            if not means_labels(file.file.stem) and not means_labels(where.partition(": ")[2]):
                raise ValueError(
                    f"{file.shown} holds a vector whose name does not mean labels: say --labels {file.file} if it "
                    "holds them"
                ) from None
            before[0].labels, before[0].labels_where = labels, where
    return per_file


def _attach_labels(parts: list[Part], files: Sequence[Place]) -> np.ndarray | None:
    """Give each part its labels; one file for several parts is returned, to be cut when their lengths are known."""
    if not files:
        return None
    if any(part.labels is not None for part in parts):
        raise ValueError(f"--labels {files[0].file}: the source holds labels already: leave --labels out")
    if len(files) not in (1, len(parts)):
        raise ValueError(f"--labels is given {len(files)} times for {len(parts)} sources: give one for each, in order")
    read = [read_labels(file) for file in files]
    for part, (_, where) in zip(parts, read * (len(parts) // len(read))):
        part.labels_where = where.removeprefix("--labels ")
    if len(files) < len(parts):
        return read[0][0]
    for part, (labels, _) in zip(parts, read):
        part.labels = labels
    return None


def _count(values: object) -> int | None:
    try:
        return len(as_labels(values, ""))
    except ValueError:
        return None


def _may_have(part: Part, sources: Sources) -> set[int]:
    """How many samples a part may have: the length of their axis, or of each where only labels tell which it is."""
    try:
        return {orient(part, sources.axes).shape[1]}
    except ValueError:
        return {n for reading in part.readings for n in reading.values.shape}


def _take_from_around(parts: list[Part], sources: Sources) -> None:
    """Give each part without labels those that lie nearest in its file under a name that means labels.

    Raises
    ------
    ValueError : several that lie equally near, and differ
    """
    chosen: dict[int, Around] = {}
    for number, part in enumerate(parts):
        counts = _may_have(part, sources) if part.around else set()
        fitting = [one for one in part.around if _count(one.values) in counts]
        sure = [one for one in fitting if one.distance is not None and one.split in (None, part.split)]
        nearest = min((one.distance for one in sure), default=None)
        near = [one for one in sure if one.distance == nearest]
        near = [one for one in near if one.split] or near
        file = part.where.partition(": ")[0]
        vectors = [as_labels(one.values, f"{file}: {one.name}") for one in near]
        if any(not np.array_equal(vector, vectors[0]) for vector in vectors[1:]):
            named = " or ".join(f"--labels '{file}{SIGN}{one.name}'" for one in near[:6])
            raise ValueError(f"{part.where}: {len(near)} arrays that lie equally near may be its labels: say {named}")
        part.missed = tuple(f"{file}{SIGN}{one.name}" for one in fitting)
        if near:
            chosen[number] = near[0]
    for number, one in chosen.items():
        part, others = parts[number], [other for n, other in chosen.items() if n != number]
        if not any(other.values is one.values for other in others):  # of one split, and not known of which
            where = f"{part.where.partition(': ')[0]}: {one.name}"
            part.labels, part.labels_where, part.missed = as_labels(one.values, where), where, ()


def parts_of(sources: Sources) -> tuple[list[Part], np.ndarray | None]:
    """The parts that the files hold, each with its split, and the labels that are for all of them together, or None.

    Raises
    ------
    ValueError : a file that is not recognised; splits or labels that do not fit the files
    """
    parts = _choose_splits(_read_files([place_of(file) for file in sources.files]), sources.splits)
    if not sources.labels and (sources.samples is None or "label" not in sources.samples):
        _take_from_around(parts, sources)
    return parts, _attach_labels(parts, [place_of(file) for file in sources.labels])
