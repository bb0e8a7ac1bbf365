"""What an import would make of its files, before anything is written: what is taken for what, and the accuracies.

Imports numpy and pandas.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from analysis.storage.importers.joining import ImportedNetwork, ReadSources, Tally, dtype_name, read_sources
from analysis.storage.importers.layouts.lists import Layout
from analysis.storage.importers.layouts.numbered import text_of
from analysis.storage.importers.layouts.places import Place, below, place_of
from analysis.storage.importers.opcodes import Stub
from analysis.storage.importers.recognition import content_of
from analysis.storage.importers.scanning import IN_WORDS, LOG_PROBS, LOGITS, PROBS
from analysis.storage.importers.sources import Sources
from analysis.storage.manifest import checked_costs

MOST_ARRAYS = 200
"""Of one file that are listed."""
_DEEPEST = 4
WHY = {
    LOGITS: "as their rows do not sum to 1, nor the exponentials of these",
    PROBS: "as their rows lie in [0, 1] and sum to 1",
    LOG_PROBS: "as the exponentials of their rows sum to 1",
}
"""What the values of a source are -> by what they were told."""


@dataclass(frozen=True)
class FoundArray:
    """An array in a file, or a list of them.

    where : the file, and its name there
    shape, dtype : for people
    taken_for : such as `logits, test` or `labels`; empty: it is not used
    axes : the order of the axes of logits; empty for others
    """

    where: str
    shape: str
    dtype: str
    taken_for: str = ""
    axes: str = ""


@dataclass(frozen=True, eq=False)
class Preview:
    """What an import would make.

    exits, classes : how many
    samples, labelled : split -> how many, and of how many the label is known
    dropped : how many samples are left out
    kind, why : `logits` or `probs`, and by what that was told
    dtype : of the source
    accuracy : split -> of each exit, fractions of 1, in the splits with labels
    class_names : None: the classes' indices
    notes : what was noticed on the way, a line each
    """

    exits: int
    classes: int
    samples: Mapping[str, int]
    labelled: Mapping[str, int]
    dropped: int
    kind: str
    why: str
    dtype: str
    accuracy: Mapping[str, np.ndarray]
    class_names: Sequence[str] | None
    notes: Sequence[str]


def found_arrays(sources: Sources, read: ReadSources | None = None) -> list[FoundArray]:
    """Every array in the files of an import, and what it was taken for.

    Parameters
    ----------
    read : what the import reads; None where that failed: nothing is taken for anything then
    """
    taken = {} if read is None else _taken(read)
    found, covered = [], {name for part in (read.parts if read else ()) for name in part.part.taken}
    for file in dict.fromkeys(place_of(one).file for one in [*sources.files, *sources.labels]):
        own = {where: one for where, one in taken.items() if where.partition(": ")[0] == file.name}
        found += own.values()
        held: list[FoundArray] = []
        with suppress(ValueError):  # the import says what is wrong with it
            content = content_of(Place(file, ""))
            if not own or isinstance(content, Mapping):
                held = _held(content, file.name)
        found += [one for one in held if _key(one.where) not in map(_key, (*covered, *own))]
    return found


def preview_import(
    sources: Sources,
    *,
    costs: Mapping[str, Sequence[float]] | None = None,
    class_names: Sequence[str] | None = None,
    network: ImportedNetwork | None = None,
    on_size: Callable[[int], Callable[[int], None]] | None = None,
) -> tuple[Preview, ReadSources]:
    """Go through the files as `import_run` does, and write nothing.

    Parameters
    ----------
    As `import_run` takes them.

    Raises
    ------
    ValueError : what the import would refuse, in the same words
    """
    read, progress = read_sources(sources, class_names=class_names, network=network, on_size=on_size)
    n_exits, _, n_classes = read.parts[0].shape
    checked_costs(dict(costs or {}), n_exits)
    tally = Tally({}, {})
    for _ in read.chunks(tally, progress):
        pass
    splits, known = read.table["split"].to_numpy()[read.keep], read.labels[read.keep] >= 0
    form = read.scans[0].form
    preview = Preview(
        exits=n_exits,
        classes=n_classes,
        samples={split: int((splits == split).sum()) for split in dict.fromkeys(splits)},
        labelled={split: int((known & (splits == split)).sum()) for split in dict.fromkeys(splits)},
        dropped=int((~read.keep).sum()),
        kind=read.kind,
        why=f"{IN_WORDS[form]}, {'as --kind says' if sources.kind else WHY[form]}",
        dtype=dtype_name(read.parts[0].part.dtype),
        accuracy=tally.accuracy,
        class_names=read.class_names,
        notes=read.notes,
    )
    return preview, read


def _key(where: str) -> str:
    return where.replace(": ", "/")


def _taken(read: ReadSources) -> dict[str, FoundArray]:
    """Where -> the logits and labels of each part."""
    found = {}
    for part, scan in zip(read.parts, read.scans):
        own = part.part
        pieces = f" ({part.reading.form})" if part.reading.form else ""
        role = f"{IN_WORDS[scan.form]}, {own.split}"
        shape = " x ".join(f"{n:,}" for n in part.values.shape)
        found[own.where] = FoundArray(own.where + pieces, shape, dtype_name(own.dtype), role, " x ".join(part.axes))
        if own.labels is not None and own.labels_where:
            where = own.labels_where
            role = "labels" if where in found else f"labels, {own.split}"  # one file for all parts
            found[where] = FoundArray(where, f"{len(own.labels):,}", own.labels.dtype.name, role)
    return found


def _held(content: object, where: str, depth: int = 0) -> list[FoundArray]:
    """The arrays in what a file holds."""
    if isinstance(content, Layout):
        content = content.readings[0].values
    if isinstance(content, np.ndarray):
        shape = " x ".join(f"{n:,}" for n in content.shape) or "one number"
        return [FoundArray(where, shape, dtype_name(content.dtype))]
    if isinstance(content, Stub):
        return [FoundArray(where, "", content.what)]
    if isinstance(content, (list, tuple)):
        first = next(iter(content), None)
        inner = _held(first, "", _DEEPEST) if isinstance(first, (np.ndarray, list, tuple)) else []
        what = f"of {inner[0].shape}" if inner else ""
        return [FoundArray(where, f"list of {len(content):,} {what}".strip(), inner[0].dtype if inner else "")]
    found = []
    for name in list(content)[:MOST_ARRAYS] if isinstance(content, Mapping) and depth < _DEEPEST else ():
        with suppress(ValueError):  # damaged
            found += _held(content[name], below(where, text_of(name)[:100]), depth + 1)
    return found[:MOST_ARRAYS]
