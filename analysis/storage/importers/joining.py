"""From files to one run: find the axes of their parts, check them, and write them as a run folder.

Two passes over the logits, both in chunks: the first recognises probabilities and finds what cannot be kept, the second
writes and counts what is right. Imports numpy, pandas and pyarrow, never torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.images.image_tables import ImageTable
from analysis.reference.outside_text import file_name
from analysis.run import SPLITS, Run
from analysis.storage.contents import UNDESCRIBED, Description, Exits, KeptNetwork, RunContent, Samples
from analysis.storage.faults import FAULTS
from analysis.storage.importers.axes import Oriented, orient
from analysis.storage.importers.layouts.places import Place, place_of
from analysis.storage.importers.pairing import pair, stored_images
from analysis.storage.importers.parts import Part
from analysis.storage.importers.scanning import (
    IN_WORDS,
    LOGITS,
    NEGLIGIBLE,
    PROBS,
    Scan,
    check_scans,
    chunk_bounds,
    scan,
)
from analysis.storage.importers.sources import Sources, parts_of
from analysis.storage.manifest import file_entry
from analysis.storage.samples import remedy_of_labels
from analysis.storage.writing import check_out, stored_dtype, write_run_folder


@dataclass
class Imported:
    """What an import made: the run, what was noticed on the way, and per split the accuracy of each exit in 0..1."""

    run: Run
    notes: list[str]
    accuracy: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class ImportedNetwork:
    """The network that made the logits.

    kept : what the run keeps of it
    logits_shape : exits and classes of its architecture, which the logits must have
    """

    kept: KeptNetwork
    logits_shape: tuple[int, int]


@dataclass
class Tally:
    """How many samples of each split each exit gets right, counted while they are written."""

    correct: dict[str, np.ndarray]
    known: dict[str, int]

    def add(self, chunk: np.ndarray, labels: np.ndarray, splits: np.ndarray) -> None:
        """Count a chunk (exits, samples, classes); `labels` and `splits` (samples,) are its own, -1 unknown."""
        # as float32, in which NumPy takes several classes at once; an exit at a time bounds the copy
        right = np.stack([values.astype(np.float32, copy=False).argmax(axis=1) for values in chunk]) == labels
        for split in np.unique(splits[labels >= 0]):
            here = (splits == split) & (labels >= 0)
            self.correct[split] = self.correct.get(split, 0) + right[:, here].sum(axis=1)
            self.known[split] = self.known.get(split, 0) + int(here.sum())

    @property
    def accuracy(self) -> dict[str, np.ndarray]:
        """Split -> accuracy of each exit, a fraction of 1."""
        return {split: self.correct[split] / self.known[split] for split in self.known}


def _cut_labels(parts: list[Oriented], labels: np.ndarray | None) -> None:
    if labels is None:
        return
    ends = np.cumsum([part.shape[1] for part in parts])
    if ends[-1] != len(labels):
        raise ValueError(f"--labels holds {len(labels)} labels for {ends[-1]} samples: give one label for each sample")
    for part, own in zip(parts, np.split(labels, ends[:-1])):
        part.part.labels = own


def _orient_all(parts: list[Part], axes: tuple[str, ...] | None, n_samples: int | None) -> list[Oriented]:
    oriented = [orient(part, axes, n_samples if len(parts) == 1 else None) for part in parts]
    first = oriented[0]
    for part in oriented:
        if part.shape[::2] != first.shape[::2]:
            raise ValueError(
                f"{part.part.where} has {part.shape[0]} exits and {part.shape[2]} classes, {first.part.where} "
                f"{first.shape[0]} and {first.shape[2]}: the sources must be of one network"
            )
    return oriented


def _whole_labels(parts: list[Oriented], table: pd.DataFrame | None) -> np.ndarray:
    """int64 (samples of all parts,), -1 unknown; refuses what is no class."""
    n_classes, labels = parts[0].shape[2], []
    for part in parts:
        own = part.part.labels
        labels.append(np.full(part.shape[1], np.nan) if own is None else own.astype(np.float64))
    whole = np.concatenate(labels)
    if table is not None and "label" in table:
        try:
            column = table["label"].to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError):
            raise ValueError("--samples: the column label must hold numbers: check its values") from None
        differ = np.flatnonzero((column != whole) & ~np.isnan(column) & ~np.isnan(whole))
        if len(differ):
            raise ValueError(
                f"--samples: {len(differ)} labels differ from those of the source, first at sample {differ[0] + 1}: "
                "check the order of the rows"
            )
        whole = np.where(np.isnan(whole), column, whole)
    known = ~np.isnan(whole)
    wrong = np.flatnonzero(known & ((whole < 0) | (whole >= n_classes) | (whole != np.floor(whole))))
    if len(wrong):
        at = int(wrong[0])
        raise ValueError(
            f"labels[{at}] is {whole[at]:g} (sample {at + 1} of {len(whole)}), no whole number in 0..{n_classes - 1} "
            f"({len(wrong)} {'label is' if len(wrong) == 1 else 'labels are'} none): "
            f"{remedy_of_labels(whole[known], n_classes)}"
        )
    return np.where(known, whole, -1).astype(np.int64)


def _samples(parts: list[Oriented], table: pd.DataFrame | None) -> pd.DataFrame:
    """Ids, splits and further columns of all samples, in the order of the parts."""
    count = sum(part.shape[1] for part in parts)
    if table is not None and len(table) != count:
        raise ValueError(f"--samples has {len(table)} rows for {count} samples: give one row for each sample")
    samples = pd.DataFrame(index=range(count)) if table is None else table.reset_index(drop=True)
    if "id" not in samples:
        samples["id"] = [str(i) for i in range(count)]
    if samples["id"].isna().any():
        raise ValueError(f"--samples: row {int(samples['id'].isna().argmax()) + 1} has no id: give every sample one")
    if "split" not in samples:
        samples["split"] = np.repeat([part.part.split for part in parts], [part.shape[1] for part in parts])
    if len(nowhere := np.flatnonzero(~samples["split"].isin(SPLITS))):
        first = int(nowhere[0])
        raise ValueError(
            f"the split of sample {first + 1} is {samples['split'].iloc[first]!r}: use test or calibration"
        )
    if "image" not in samples and any(part.part.index is not None for part in parts):
        own = [np.full(p.shape[1], -1) if p.part.index is None else p.part.index for p in parts]
        for part, index in zip(parts, own):
            if len(index) != part.shape[1]:
                raise ValueError(f"{part.part.where}: its index has {len(index)} entries for {part.shape[1]} samples")
        samples["image"] = np.concatenate(own).astype(np.int64)
    return samples.drop(columns="label", errors="ignore")


@dataclass(frozen=True, eq=False)
class ReadSources:
    """What the first pass over the files of an import finds: a run's logits and samples, before they are written.

    parts : the logits, axes known; `scans` belong to them
    keep : bool (samples of all parts,), those that are kept
    labels : int64 (samples of all parts,), -1 unknown
    table : a row for each of them: `id`, `split` and further columns
    pairings : split -> its images
    class_names : one per class, or None
    notes : what was noticed on the way, a line each
    """

    parts: list[Oriented]
    scans: list[Scan]
    keep: np.ndarray
    labels: np.ndarray
    table: pd.DataFrame
    pairings: dict
    class_names: Sequence[str] | None
    notes: list[str]

    @property
    def kind(self) -> str:
        """`logits`, or `probs`, of which log p is kept."""
        return LOGITS if self.scans[0].form == LOGITS else PROBS

    def chunks(self, tally: Tally, progress: Callable[[int], None]) -> Iterator[np.ndarray]:
        """What the run keeps: logits in their own precision, probabilities as float32 log p."""
        only_halves = all(stored_dtype(part.part.dtype) == np.float16 for part in self.parts)
        dtype, splits = np.dtype(np.float16 if only_halves else np.float32), self.table["split"].to_numpy()
        first = 0
        for part, found in zip(self.parts, self.scans):
            for start, stop in chunk_bounds(part):
                here = slice(first + start, first + stop)
                kept = self.keep[here]
                uneven = found.off > NEGLIGIBLE  # rounded to few digits
                is_probs = found.form == PROBS  # their logarithm fits float32 where they themselves do not
                wide = uneven or (is_probs and not only_halves)
                chunk = part.chunk(start, stop, np.dtype(np.float64) if wide else dtype)
                if not kept.all():
                    chunk = chunk[:, kept]
                tally.add(chunk, self.labels[here][kept], splits[here][kept])
                if is_probs:
                    with np.errstate(divide="ignore"):
                        chunk = np.log(chunk, dtype=None if wide else np.float32)
                if uneven:
                    chunk = chunk - np.log(np.exp(chunk).sum(axis=2, keepdims=True))
                if found.form != LOGITS:
                    chunk = chunk.astype(np.float32, copy=False)
                progress(stop - start)
                if chunk.shape[1]:
                    yield chunk
            first += part.shape[1]


def _check_shapes(shape: tuple[int, int], class_names: Sequence[str] | None, network: ImportedNetwork | None) -> None:
    """Refuse class names or an architecture that are not those of logits with `shape` (exits, classes)."""
    if class_names is not None and len(class_names) != shape[1]:
        raise ValueError(f"--classes names {len(class_names)} of {shape[1]} classes: give one name for each")
    if network is not None and network.logits_shape != shape:
        raise ValueError(
            f"--arch {network.kept.arch} has {network.logits_shape[0]} exits and {network.logits_shape[1]} classes, "
            f"and the logits have {shape[0]} and {shape[1]}: give the architecture that made them"
        )


def read_sources(
    sources: Sources,
    *,
    class_names: Sequence[str] | None = None,
    network: ImportedNetwork | None = None,
    on_size: Callable[[int], Callable[[int], None]] | None = None,
) -> tuple[ReadSources, Callable[[int], None]]:
    """The first pass over the files of an import.

    Returns
    -------
    What it finds, and the function that `on_size` gave, to be told of the samples of a second pass too.

    Raises
    ------
    ValueError : anything malformed, in one sentence
    """
    parts, shared_labels = parts_of(sources)
    known_count = len(sources.samples) if sources.samples is not None else None
    if shared_labels is not None and len(parts) == 1:
        known_count = len(shared_labels)
    oriented = _orient_all(parts, sources.axes, known_count)
    _cut_labels(oriented, shared_labels)
    table = _samples(oriented, sources.samples)
    whole = _whole_labels(oriented, sources.samples)
    n_exits, _, n_classes = oriented[0].shape
    _check_shapes((n_exits, n_classes), class_names, network)
    pairings = _paired(sources.images, whole, table)
    progress = on_size(2 * len(whole)) if on_size else lambda done: None
    scans = [scan(part, sources.kind, progress) for part in oriented]
    check_scans(oriented, scans, sources.drop_nan)
    keep = ~np.concatenate([found.faulty for found in scans])
    if not keep.any():
        raise ValueError(f"every one of the {len(keep)} samples has {FAULTS}: re-export the run")
    in_table = sources.samples is not None and "label" in sources.samples
    notes = _notes(oriented, scans, in_table, keep, table, pairings, sources.images)
    if class_names is None and pairings:
        class_names = _names_of_images(pairings, n_classes)
    return ReadSources(oriented, scans, keep, whole, table, pairings, class_names, notes), progress


def import_run(
    sources: Sources,
    out: str | Path,
    *,
    description: Description = UNDESCRIBED,
    costs: Mapping[str, Sequence[float]] | None = None,
    class_names: Sequence[str] | None = None,
    network: ImportedNetwork | None = None,
    bundle: Callable[[Path], None] | None = None,
    on_size: Callable[[int], Callable[[int], None]] | None = None,
) -> Imported:
    """Make a run folder from files of cached logits.

    Parameters
    ----------
    sources : what is read, and how
    out : the run folder to make
    description : what the run is; of its provenance, more than the import records itself
    costs : unit -> cumulative cost of each exit
    class_names : one per class; None: those of the images, if they name as many
    network : the network that made the logits, which the run is to keep
    bundle : as `write_run` takes it
    on_size : told the number of samples to go through in all; gives the function that is told of those done

    Returns
    -------
    The run, notes for a person, and the accuracy of each exit.

    Raises
    ------
    ValueError : anything malformed, in one sentence; nothing is left behind
    """
    out = Path(out).absolute()
    check_out(out)
    read, progress = read_sources(sources, class_names=class_names, network=network, on_size=on_size)
    keep, known = read.keep, read.labels[read.keep]
    tally, labels = Tally({}, {}), pd.array(np.where(known >= 0, known, None), dtype="Int64")
    provenance = {**description.provenance, **_provenance(sources, read)}
    with ExitStack() as stack:
        dataset = file_name(description.dataset or out.name, "images")
        images = stack.enter_context(stored_images(out.parent, dataset, read.pairings))
        content = RunContent(
            read.chunks(tally, progress),
            Samples(labels, read.table[keep], images),
            Exits(costs=costs or {}),
            replace(description, provenance=provenance),
            network.kept if network else KeptNetwork(),
            read.class_names,
            read.kind,
        )
        run = write_run_folder(out, content, bundle=bundle)
    return Imported(run, read.notes, tally.accuracy)


def _paired(images: str | Path | None, labels: np.ndarray, table: pd.DataFrame) -> dict:
    """The images of each split; afterwards the column `image` counts in what will be stored."""
    if images is None:
        return {}
    splits = table["split"].to_numpy()
    index = None
    if "image" in table:
        index = pd.array(table["image"], dtype="Int64").fillna(-1).to_numpy(dtype=np.int64)
    pairings = pair(Path(images), labels, splits, index)
    stored = np.full(len(table), -1)
    for split in pairings:
        where = np.flatnonzero(splits == split)
        stored[where] = np.arange(len(where))
    table["image"] = stored
    return pairings


def _names_of_images(pairings: dict, n_classes: int) -> tuple[str, ...] | None:
    names = ImageTable(next(iter(pairings.values())).shards).class_names
    return names if len(names) == n_classes else None


def _taken(part: Part, form: str, found: Scan, in_table: bool) -> str:
    """Which array became the logits of a part, and which its labels."""
    labels = " and ".join([*([part.labels_where] if part.labels_where else []), *(["--samples: label"] * in_table)])
    if not labels:
        labels = "none"
        if part.missed:
            named = " or ".join(f"--labels '{name}'" for name in part.missed[:4])
            labels += f"; none are sure to belong to it: say {named} if they do"
        elif part.vectors:
            labels += (
                f"; not taken for labels: {', '.join(part.vectors[:8])} (call labels so, or test_labels beside test)"
            )
    pieces = f" ({form})" if form else ""
    line = f"{IN_WORDS[found.form].capitalize()}: {part.where}{pieces}; labels: {labels}"
    return "".join(c if c.isprintable() else " " for c in line)  # names are the file's own


def _notes(
    parts: list[Oriented],
    scans: list[Scan],
    in_table: bool,
    keep: np.ndarray,
    table: pd.DataFrame,
    pairings: dict,
    images: object,
) -> list[str]:
    notes = []
    if scans[0].form != LOGITS:
        what = IN_WORDS[scans[0].form]
        notes.append(f"The values are {what}: log p is kept, and PA cannot be computed from it (softmax-poe can).")
    off = max(found.off for found in scans)
    if off > NEGLIGIBLE:
        notes.append(f"Rows sum to 1 only within {off:.2g}, as rounding leaves them: each is divided by its sum.")
    notes += [found.warning for found in scans if found.warning]
    dropped = np.flatnonzero(~keep)
    if len(dropped):
        ids = ", ".join(map(str, table["id"].iloc[dropped[:5]])) + (", ..." if len(dropped) > 5 else "")
        notes.append(f"Dropped {len(dropped)} of {len(keep)} samples with {FAULTS} (id {ids}).")
    without = [split for split in table["split"].unique() if split not in pairings]
    if images is not None and without:
        notes.append(f"No images for the {without[0]} samples: {images} holds no {without[0]}-*.parquet.")
    notes += [_taken(part.part, part.reading.form, found, in_table) for part, found in zip(parts, scans)]
    return notes


def _provenance(sources: Sources, read: ReadSources) -> dict[str, object]:
    files = [_source(place_of(file)) for file in sources.files]
    dtype = dtype_name(read.parts[0].part.dtype)
    provenance = {"made_by": "python -m analysis import", "sources": files, "source_dtype": dtype}
    if read.scans[0].form != LOGITS:
        provenance["source_values"] = read.scans[0].form
    if not read.keep.all():
        provenance["dropped_samples"] = int((~read.keep).sum())
    return provenance


def _source(place: Place) -> dict[str, object]:
    return {"name": place.file.name, **({"place": place.name} if place.name else {}), **file_entry(place.file)}


def dtype_name(dtype: np.dtype) -> str:
    """What an array's type is called, also one that NumPy has no type for."""
    return dtype.names[0] if dtype.names else dtype.name
