"""Traces <-> parquet in long form: one row per sample and exit, samples in the run's order, exits from 1.

Unknown is null: what mentions the true class of a sample without label, and the exits of a fall of size 0.
Needs pyarrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.metrics.decrease import Fall
from analysis.run import SPLITS, Run
from analysis.runtime.whole_files import whole_file
from analysis.traces.table import DTYPES, FALLS, PER_EXIT, Traces, joined

VERSION = b"2"
"""Changes when the same logits give other traces, or other columns: files of another version are computed anew."""
TRUE_CLASS = ("true_class_prob", "log_true_class_prob", "correct", "rank")
"""Columns that are null where the label is unknown."""
FLOATS = (
    "true_class_prob",
    "log_true_class_prob",
    "max_prob",
    "final_prediction_prob",
    "sum_squared",
    "entropy",
    "margin",
)


def fall_name(of: str, kind: str) -> str:
    """The column that holds the size of a fall; its exits are in `<name>_from` and `<name>_to`."""
    return f"relative_fall_{of}" if kind == "relative" else f"fall_{of}"


FALL_COLUMNS = tuple(f"{fall_name(*key)}{end}" for key in FALLS for end in ("", "_from", "_to"))
ROWS = 1 << 20
"""Of a group of rows in a file: what is held while it is written."""
COLUMNS = ("sample", "id", "split", "exit", *PER_EXIT, *FALL_COLUMNS)
_STORED = {
    "compression": "zstd",
    "compression_level": 9,
    "use_dictionary": [name for name in COLUMNS if name not in FLOATS],
    "column_encoding": {name: "BYTE_STREAM_SPLIT" for name in FLOATS},
}
MAY_BE_NULL = (*TRUE_CLASS, *FALL_COLUMNS)
TYPES = {
    "sample": pa.int64(),
    **{name: pa.from_numpy_dtype(DTYPES.get(name, np.float32)) for name in PER_EXIT},
    **{name: pa.int16() if name.endswith(("_from", "_to")) else pa.float32() for name in FALL_COLUMNS},
}
"""Of the columns that are read; the others are for people."""


def long(values: np.ndarray, unknown: np.ndarray | None = None) -> pa.Array:
    """(exits, samples) -> one value per sample and exit; null for the samples marked unknown."""
    mask = None if unknown is None else np.repeat(unknown, len(values))
    return pa.array(values.T.reshape(-1), mask=mask)


def repeated(values: np.ndarray, n_exits: int, null: np.ndarray | None = None) -> pa.Array:
    """One value per sample -> the same in each row of the sample."""
    return pa.array(np.repeat(values, n_exits), mask=None if null is None else np.repeat(null, n_exits))


def fall_arrays(fall: Fall, n_exits: int) -> list[pa.Array]:
    """The three columns of a fall, its size and its exits from and to (from 1), with a row per sample and exit."""
    still = fall.from_exit < 0
    exits = [repeated(exit_index + np.int16(1), n_exits, still) for exit_index in fall[1:]]
    return [repeated(fall.size, n_exits, np.isnan(fall.size)), *exits]


def to_table(traces: Traces, run: Run, positions: np.ndarray) -> pa.Table:
    """Traces of the samples at `positions` of the run as a table with `COLUMNS`."""
    n_exits, n_samples = traces.n_exits, traces.n_samples
    unknown = traces.labels < 0 if (traces.labels < 0).any() else None
    rows = np.repeat(positions, n_exits)
    arrays = [
        pa.array(rows),
        pa.array(run.samples["id"]).take(pa.array(rows)),
        pa.array(run.samples["split"]).take(pa.array(rows)),
        pa.array(np.tile(np.arange(1, n_exits + 1, dtype=np.int16), n_samples)),
    ]
    arrays += [long(getattr(traces, name), unknown if name in TRUE_CLASS else None) for name in PER_EXIT]
    for key in FALLS:
        arrays += fall_arrays(traces.falls[key], n_exits)
    return pa.Table.from_arrays(arrays, names=list(COLUMNS))


def _in_groups(parts: Iterable[Traces], size: int) -> Iterator[Traces]:
    """The same samples, `size` at a time; the last may be fewer."""
    held: list[Traces] = []
    for part in parts:
        for start in range(0, max(part.n_samples, 1), size):
            held.append(part if part.n_samples <= size else part.select(slice(start, start + size)))
            while (count := sum(one.n_samples for one in held)) >= size:
                last = held.pop()
                kept = last.n_samples - (count - size)
                yield joined([*held, last.select(slice(kept))])
                held = [last.select(slice(kept, None))] if count > size else []
    if held:
        yield joined(held)


def write_traces_parquet(traces: Traces | Iterable[Traces], run: Run, path: Path | str, *, split: str = "all") -> None:
    """Write the traces of a split of a run, whole or not at all.

    Real numbers are stored by significance of their bytes and everything that repeats by dictionary.

    Parameters
    ----------
    traces
        Of the split's samples, in the run's order; or parts of them, which are written as they come, so that no more
        than a group of `ROWS` rows is held.
    run
        Gives sample ids and splits.
    path
        Replaced if it exists.
    split
        `test`, `calibration` or `all`.

    Raises
    ------
    ValueError
        Traces of another number of samples than the split has.
    """
    positions, path, done, writer = run.positions(split), Path(path), 0, None
    if isinstance(traces, Traces):
        _check_count(traces.n_samples, run, split)
        traces = [traces]
    with whole_file(path) as temporary, ExitStack() as closing:
        for group in _in_groups(traces, max(ROWS // run.n_exits, 1)):
            here = positions[done : done + group.n_samples]
            done += group.n_samples
            if len(here) != group.n_samples:
                break
            table = to_table(group, run, here).replace_schema_metadata(
                {b"exitlens_traces": VERSION, b"split": split.encode(), b"n_classes": str(group.n_classes).encode()}
            )
            if writer is None:
                writer = closing.enter_context(pq.ParquetWriter(temporary, table.schema, **_STORED))
            writer.write_table(table, row_group_size=max(len(table), 1))
        _check_count(done, run, split)


def _check_count(n_samples: int, run: Run, split: str) -> None:
    expected = len(run.positions(split))
    if n_samples != expected:
        raise ValueError(
            f"the traces hold {n_samples} samples, split {split!r} of run {run.id} {expected}: "
            "give the split that they are of"
        )


class AnotherVersion(ValueError):
    """A file of traces whose columns, or whose rules, were others: it is passed over, and its traces computed."""


def per_exit(table: pa.Table, name: str, n_exits: int) -> np.ndarray:
    """A column of the table as (exits, samples) in the dtype of `Traces`."""
    column = table.column(name)
    if name in ("correct", "rank"):
        column = column.fill_null(False if name == "correct" else 0)
    return np.ascontiguousarray(column.to_numpy().reshape(-1, n_exits).T)


def per_sample(table: pa.Table, name: str, n_exits: int) -> np.ndarray:
    """A column of the table that repeats a value per sample, as (samples,); exits count from 0 again, -1 for none."""
    column = table.column(name)
    if name.endswith(("_from", "_to")):
        return column.fill_null(0).to_numpy()[::n_exits] - np.int16(1)
    return column.to_numpy()[::n_exits].copy()


def check_header(file: pq.ParquetFile, run: Run, path: Path | str, of: str | None) -> np.ndarray:
    """The positions of the samples whose traces a file says it holds, after checking what it says of itself.

    Raises
    ------
    ValueError
        No traces, of another version, of another number of samples or classes, or a column that is missing or of
        another type.
    """
    metadata = file.schema_arrow.metadata or {}
    if b"exitlens_traces" not in metadata:
        raise ValueError(f"{path} does not say that it holds traces: compute them again")
    if metadata[b"exitlens_traces"] != VERSION:
        raise AnotherVersion(f"{path} was written by another version: compute the traces again")
    split, n_classes = (metadata.get(name, b"").decode("utf-8", "replace") for name in (b"split", b"n_classes"))
    if split not in ((*SPLITS, "all") if of is None else (of,)) or n_classes != str(run.n_classes):
        raise ValueError(
            f"{path} holds traces of split {split!r} and {n_classes or 'no'} classes, not of "
            f"{f'split {of!r} and ' if of else ''}the {run.n_classes} of run {run.id}: compute the traces again"
        )
    positions = run.positions(split)
    if file.metadata.num_rows != len(positions) * run.n_exits:
        raise ValueError(
            f"{path} holds other samples than run {run.id}: {file.metadata.num_rows} rows, not {run.n_exits} exits of "
            f"{len(positions)} samples; compute the traces again"
        )
    for name, expected in TYPES.items():
        index = file.schema_arrow.get_all_field_indices(name)
        if len(index) != 1 or file.schema_arrow.field(index[0]).type != expected:
            found = ", ".join(str(file.schema_arrow.field(i).type) for i in index) or "missing"
            raise ValueError(f"{path}: column {name} is {found}, not {expected}: compute the traces again")
    return positions


def check_values(traces: Traces, path: Path | str) -> None:
    """Refuse classes, ranks and exits that do not exist, which others index by, and a fall without its exits.

    Raises
    ------
    ValueError
        Naming the column.
    """
    ranges = {
        "predicted": (traces.predicted, -1, traces.n_classes - 1),
        "rank": (traces.rank, 0, traces.n_classes + 1),
        "support": (traces.support, 0, traces.n_classes),
    }
    for key, fall in traces.falls.items():
        if not all(np.array_equal(fall.size > 0, exits >= 0) for exits in fall[1:]):
            raise ValueError(f"{path}: column {fall_name(*key)} or its exits are missing: compute the traces again")
        ranges |= {f"{fall_name(*key)}_{end}": (fall[i], -1, traces.n_exits - 1) for i, end in ((1, "from"), (2, "to"))}
    for name, (values, low, high) in ranges.items():
        if values.size and not (low <= values.min() and values.max() <= high):
            raise ValueError(f"{path}: column {name} holds what no run has: compute the traces again")


def read_traces_parquet(path: Path | str, run: Run, *, split: str | None = None) -> Traces:
    """The traces in a file that `write_traces_parquet` wrote for this run.

    Parameters
    ----------
    path
        The file.
    run
        What it is of.
    split
        The split that it has to be of; None for any.

    Raises
    ------
    AnotherVersion
        A file of another version.
    ValueError
        A file of other samples than the run's split, or that is no traces file.
    """
    try:
        with pq.ParquetFile(path) as file:
            positions = check_header(file, run, path, split)
            table = file.read(list(TYPES))
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path} cannot be read as traces ({error}): compute them again") from error
    if not np.array_equal(table.column("sample").to_numpy(), np.repeat(positions, run.n_exits)):
        raise ValueError(f"{path} holds other samples than run {run.id}: compute the traces again")
    unknown = np.repeat(run.labels[positions] < 0, run.n_exits)
    for name in TYPES:
        column = table.column(name)
        if name in TRUE_CLASS and not np.array_equal(column.is_null().to_numpy(), unknown):
            raise ValueError(f"{path}: {name} is not missing exactly where the label is: compute the traces again")
        if column.null_count and name not in MAY_BE_NULL:
            raise ValueError(f"{path}: column {name} has missing values: compute the traces again")
    columns = {name: per_exit(table, name, run.n_exits) for name in PER_EXIT}
    falls = {
        key: Fall(*(per_sample(table, f"{fall_name(*key)}{end}", run.n_exits) for end in ("", "_from", "_to")))
        for key in FALLS
    }
    traces = Traces(**columns, labels=run.labels[positions], falls=falls, n_classes=run.n_classes)
    check_values(traces, path)
    return traces
