"""Traces that ship in a run folder beside those that its logits give, column by column. Needs pyarrow."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.predictors import PREDICTORS, usable_predictors
from analysis.run import Run
from analysis.runtime.contents import check_regular
from analysis.traces.compute import compute_traces
from analysis.traces.load import bundled_name
from analysis.traces.parquet import AnotherVersion, read_traces_parquet, to_table

RELATIVE, ABSOLUTE = 1e-6, 1e-7
"""What real numbers may differ by: processors give the last bit of float32 otherwise."""


def differing_rows(found: pa.ChunkedArray, expected: pa.ChunkedArray) -> np.ndarray:
    """The rows in which two columns of equal length differ; null equals null."""
    apart = found.is_null().to_numpy() != expected.is_null().to_numpy()
    if pa.types.is_floating(expected.type):
        pair = found.to_numpy(), expected.to_numpy()
        apart |= ~np.isclose(*pair, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
    else:
        here, there = (column.to_numpy() for column in (found, expected))
        apart |= (here != there) & ~found.is_null().to_numpy()
    return np.flatnonzero(apart)


def difference_of_tables(found: pa.Table, expected: pa.Table) -> list[str]:
    """What two tables of traces of the same samples differ in, a text for each column that does."""
    if found.column_names != expected.column_names or found.num_rows != expected.num_rows:
        return [f"the columns are {', '.join(found.column_names)}, {found.num_rows} rows"]
    texts = []
    for name in expected.column_names:
        if found.schema.field(name).type != expected.schema.field(name).type:
            texts.append(f"{name} is {found.schema.field(name).type}")
            continue
        if len(rows := differing_rows(found.column(name), expected.column(name))):
            samples = len(np.unique(expected.column("sample").to_numpy()[rows]))
            row = int(rows[0])
            texts.append(
                f"{name} of {samples} samples, first of sample {expected.column('id')[row]} at exit "
                f"{expected.column('exit')[row]}: {found.column(name)[row]} instead of {expected.column(name)[row]}"
            )
    return texts


def bundled_predictors(run: Run) -> list[str]:
    """The predictors of the table whose traces lie in the run folder.

    Raises
    ------
    ValueError : a pipe, a device or a broken link has the name of such a file
    """
    found = [name for name in PREDICTORS if os.path.lexists(run.path / bundled_name(name))]
    for name in found:
        check_regular(path := run.path / bundled_name(name))
        if not path.is_file():
            raise ValueError(f"{path} is no file: remove it")
    return found


def difference_of_bundled(
    run: Run, predictor_id: str, progress: Callable[[int], None] | None = None
) -> tuple[Path, list[str]]:
    """A bundled file, and how it differs from what the run's logits give: a text for each column that does.

    Raises
    ------
    AnotherVersion
        The file is of another version, and passed over whenever it is asked for.
    """
    path = run.path / bundled_name(predictor_id)
    if predictor_id not in usable_predictors(run.kind):
        return path, [f"{predictor_id} takes no run of kind {run.kind}"]
    try:
        read_traces_parquet(path, run, split="test")
        with pq.ParquetFile(path) as file:
            found = file.read()
    except AnotherVersion:
        raise
    except (ValueError, OSError, pa.ArrowException) as error:
        return path, [str(error)]
    positions = run.positions("test")
    expected = to_table(compute_traces(run, predictor_id, progress=progress).select(positions), run, positions)
    return path, difference_of_tables(found, expected)
