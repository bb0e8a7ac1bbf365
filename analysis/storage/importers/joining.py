"""From files to one run: read the parts, find their axes, check them, and write them as a run folder.

Two passes over the logits, both in chunks: the first recognises probabilities and finds what cannot be kept, the second
writes and counts what is right. Imports numpy, pandas and pyarrow, never torch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.images.image_tables import ImageTable
from analysis.run import SPLITS, Run
from analysis.storage.faults import describe
from analysis.storage.importers.axes import Oriented, orient
from analysis.storage.importers.pairing import pair, stored_images
from analysis.storage.importers.parts import Part, read_parts
from analysis.storage.importers.scanning import LOG_PROBS, LOGITS, PROBS, Scan, chunk_bounds, scan
from analysis.storage.importers.side_files import read_labels
from analysis.storage.manifest import file_entry
from analysis.storage.writing import check_out, stored_dtype, write_run


@dataclass
class Imported:
    """What an import made: the run, what was noticed on the way, and per split the accuracy of each exit in 0..1."""

    run: Run
    notes: list[str]
    accuracy: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass
class _Tally:
    """How many samples of each split each exit gets right, counted while they are written."""

    correct: dict[str, np.ndarray]
    known: dict[str, int]

    def add(self, chunk: np.ndarray, labels: np.ndarray, splits: np.ndarray) -> None:
        right = chunk.argmax(axis=2) == labels
        for split in np.unique(splits[labels >= 0]):
            here = (splits == split) & (labels >= 0)
            self.correct[split] = self.correct.get(split, 0) + right[:, here].sum(axis=1)
            self.known[split] = self.known.get(split, 0) + int(here.sum())


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


def _read_sources(sources: Sequence[Path]) -> list[list[Part]]:
    """The parts of each file; a file of labels only belongs to the file before it (logits.npy labels.npy)."""
    per_file: list[list[Part]] = []
    for source in sources:
        try:
            per_file.append(read_parts(source))
        except ValueError:
            before = per_file[-1] if per_file else []
            if len(before) != 1 or before[0].labels is not None:
                raise
            with suppress(ValueError):
                before[0].labels = read_labels(source)
            if before[0].labels is None:
                raise
    return per_file


def _attach_labels(parts: list[Part], files: Sequence[Path]) -> np.ndarray | None:
    """Give each part its labels; one file for several parts is returned, to be cut when their lengths are known."""
    if not files:
        return None
    if any(part.labels is not None for part in parts):
        raise ValueError(f"--labels {files[0]}: the source holds labels already: leave --labels out")
    if len(files) == len(parts):
        for part, file in zip(parts, files):
            part.labels = read_labels(file)
        return None
    if len(files) > 1:
        raise ValueError(f"--labels is given {len(files)} times for {len(parts)} sources: give one for each, in order")
    return read_labels(files[0])


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
            f"({len(wrong)} labels are none): check the labels; an unknown label is left empty in --samples"
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


def _check_scans(parts: list[Oriented], scans: list[Scan], kind: str | None, drop_nan: bool) -> None:
    for part, found in zip(parts, scans):
        if found.fault and not drop_nan:
            message = describe(found.fault, part.shape[1], part.part.where, "drop the sample with --drop-nan")
            count = int(found.faulty.sum())
            raise ValueError(message if count == 1 else f"{message} ({count} samples are so)")
        if kind == "probs" and found.form == LOGITS:
            where = found.not_probs
            row = f"[{where[0]}, {where[1]}] sums to {where[2]:.6g}" if where else " holds no distributions"
            place = f" (exit {where[0] + 1}, sample {where[1] + 1} of {part.shape[1]})" if where else ""
            raise ValueError(f"{part.part.where}{row}{place}, not to 1: import it with --kind logits")
    if len({found.form for found in scans}) > 1:
        forms = ", ".join(f"{part.part.where}: {found.form}" for part, found in zip(parts, scans))
        raise ValueError(f"the sources hold different things ({forms}): say --kind logits, or export them alike")


def _kept_chunks(
    parts: list[Oriented],
    scans: list[Scan],
    keep: np.ndarray,
    labels: np.ndarray,
    splits: np.ndarray,
    tally: _Tally,
    progress: Callable[[int], None],
) -> Iterator[np.ndarray]:
    """What the run keeps, in chunks: logits in their own precision, probabilities as float32 log p."""
    only_halves = all(stored_dtype(part.part.dtype) == np.float16 for part in parts)
    dtype = np.dtype(np.float16 if only_halves else np.float32)
    first = 0
    for part, found in zip(parts, scans):
        for start, stop in chunk_bounds(part):
            here = slice(first + start, first + stop)
            is_probs = found.form == PROBS  # their logarithm fits float32 where they themselves do not
            chunk = part.chunk(start, stop, np.dtype(np.float64) if is_probs and not only_halves else dtype)
            if not keep[here].all():
                chunk = chunk[:, keep[here]]
            tally.add(chunk, labels[here][keep[here]], splits[here][keep[here]])
            if is_probs:
                with np.errstate(divide="ignore"):
                    chunk = np.log(chunk, dtype=np.float32 if only_halves else None).astype(np.float32, copy=False)
            progress(stop - start)
            if chunk.shape[1]:
                yield chunk.astype(np.float32, copy=False) if found.form == LOG_PROBS else chunk
        first += part.shape[1]


def import_run(
    sources: Sequence[str | Path],
    out: str | Path,
    *,
    labels: Sequence[str | Path] = (),
    splits: Sequence[str] | None = None,
    samples: pd.DataFrame | None = None,
    axes: tuple[str, ...] | None = None,
    kind: str | None = None,
    costs: Mapping[str, Sequence[float]] | None = None,
    class_names: Sequence[str] | None = None,
    images: str | Path | None = None,
    drop_nan: bool = False,
    dataset: str | None = None,
    model: str | None = None,
    title: str | None = None,
    provenance: Mapping[str, object] | None = None,
    weights: str | Path | None = None,
    arch: str | None = None,
    network_shape: tuple[int, int] | None = None,
    bundle: Callable[[Path], None] | None = None,
    on_size: Callable[[int], Callable[[int], None]] | None = None,
) -> Imported:
    """Make a run folder from files of cached logits.

    Parameters
    ----------
    sources : .npz, .npy, .safetensors, files of torch.save, pickles; several become one run
    out : the run folder to make
    labels : a file of labels for each source, or one for all of them
    splits : `test` or `calibration` for each source; for one that holds both, those to take
    samples : one row per sample, in the order of the sources: `id`, `split`, `label`, `image` and any further column
    axes : the order of the sources' axes; None to find out
    kind : `logits` or `probs`; None to recognise probabilities, which are kept as log p
    costs : unit -> cumulative cost of each exit
    class_names : one per class
    images : image parquet (a file, or a folder with `<split>-*.parquet`) in the order of the samples
    drop_nan : leave out samples with NaN, +inf or only -inf at some exit; ids keep counting the others where they stood
    dataset, model, title : what the run is
    provenance : more on how the run was made, beside what the import records
    weights, arch, bundle : as `write_run` takes them
    network_shape : exits and classes of that architecture, which the logits must have
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
    sources = [Path(source) for source in sources]
    parts = _choose_splits(_read_sources(sources), splits)
    shared_labels = _attach_labels(parts, [Path(file) for file in labels])
    known_count = len(samples) if samples is not None else None
    if shared_labels is not None and len(parts) == 1:
        known_count = len(shared_labels)
    oriented = _orient_all(parts, axes, known_count)
    _cut_labels(oriented, shared_labels)
    table = _samples(oriented, samples)
    whole = _whole_labels(oriented, samples)
    n_classes = oriented[0].shape[2]
    if class_names is not None and len(class_names) != n_classes:
        raise ValueError(f"--classes names {len(class_names)} of {n_classes} classes: give one name for each")
    found = (oriented[0].shape[0], n_classes)
    if network_shape is not None and network_shape != found:
        raise ValueError(
            f"--arch {arch} has {network_shape[0]} exits and {network_shape[1]} classes, and the logits have "
            f"{found[0]} and {found[1]}: give the architecture that made them"
        )
    pairings = _paired(images, whole, table)
    progress = on_size(2 * len(whole)) if on_size else lambda done: None
    scans = [scan(part, kind, progress) for part in oriented]
    _check_scans(oriented, scans, kind, drop_nan)
    keep = ~np.concatenate([found.faulty for found in scans])
    if not keep.any():
        raise ValueError(f"every one of the {len(keep)} samples has NaN, +inf or only -inf: re-export the run")
    notes = _notes(scans, keep, table, pairings, images)
    if class_names is None and pairings:
        class_names = _names_of_images(pairings, n_classes)
    tally, splits_of = _Tally({}, {}), table["split"].to_numpy()
    chunks = _kept_chunks(oriented, scans, keep, whole, splits_of, tally, progress)
    with ExitStack() as stack:
        shards = stack.enter_context(stored_images(out.parent, _folder_name(dataset or out.name), pairings))
        run = write_run(
            out,
            logits=chunks,
            labels=pd.array(np.where(whole[keep] >= 0, whole[keep], None), dtype="Int64"),
            title=title,
            dataset=dataset,
            model=model,
            kind=LOGITS if scans[0].form == LOGITS else PROBS,
            costs=costs,
            class_names=class_names,
            samples=table[keep],
            images=shards,
            provenance={**(provenance or {}), **_provenance(sources, parts, scans, keep)},
            weights=weights,
            arch=arch,
            bundle=bundle,
        )
    accuracy = {split: tally.correct[split] / tally.known[split] for split in tally.known}
    return Imported(run, notes, accuracy)


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


def _notes(scans: list[Scan], keep: np.ndarray, table: pd.DataFrame, pairings: dict, images: object) -> list[str]:
    notes = []
    if scans[0].form != LOGITS:
        what = "probabilities" if scans[0].form == PROBS else "log-probabilities"
        notes.append(f"The values are {what}: log p is kept, and pa cannot be computed from it (softmax-poe can).")
    dropped = np.flatnonzero(~keep)
    if len(dropped):
        ids = ", ".join(map(str, table["id"].iloc[dropped[:5]])) + (", ..." if len(dropped) > 5 else "")
        notes.append(f"Dropped {len(dropped)} of {len(keep)} samples with NaN, +inf or only -inf (id {ids}).")
    without = [split for split in table["split"].unique() if split not in pairings]
    if images is not None and without:
        notes.append(f"No images for the {without[0]} samples: {images} holds no {without[0]}-*.parquet.")
    return notes


def _provenance(sources: list[Path], parts: list[Part], scans: list[Scan], keep: np.ndarray) -> dict[str, object]:
    files = [{"name": source.name, **file_entry(source)} for source in sources]
    provenance = {"made_by": "python -m analysis import", "sources": files, "source_dtype": _dtype_name(parts[0].dtype)}
    if scans[0].form != LOGITS:
        provenance["source_values"] = scans[0].form
    if not keep.all():
        provenance["dropped_samples"] = int((~keep).sum())
    return provenance


def _dtype_name(dtype: np.dtype) -> str:
    return dtype.names[0] if dtype.names else dtype.name


def _folder_name(name: str) -> str:
    """A dataset's id as the name of a folder."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-") or "images"
