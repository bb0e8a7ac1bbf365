"""The table of a run's samples: ids, labels, splits, image positions, extra columns, all checked before writing.

Imports numpy, pandas and pyarrow.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.run import SPLITS
from analysis.storage.manifest import RunError, clean_text

COLUMNS = ("id", "label", "split", "image")
LONGEST_ID = 2000
"""Characters of a sample's id: what an address takes."""


def _integers(values: object, what: str) -> pd.array:
    """Integers with nulls, from integers, whole floats, or anything with None, NA or NaN where unknown."""
    try:
        return pd.array(values, dtype="Int64")
    except (TypeError, ValueError):
        raise ValueError(f"{what} must be whole numbers: check the values of {what}") from None


def remedy_of_labels(known: np.ndarray, n_classes: int) -> str:
    """What to do about labels (samples,), without the unknown, of which some are none of 0..C-1.

    Examples
    --------
    >>> remedy_of_labels(np.array([6.0, 1.0, 3.0]), 6)
    'they seem to run from 1 to 6, and classes count from 0: save each label less 1'
    >>> remedy_of_labels(np.array([0, 6]), 6)
    'check the labels; an unknown one is left empty, or NaN'
    """
    if np.array_equal(known, np.floor(known)) and known.min() >= 1 and known.max() == n_classes:
        return f"they seem to run from 1 to {n_classes}, and classes count from 0: save each label less 1"
    return "check the labels; an unknown one is left empty, or NaN"


def _check_labels(labels: pd.array, n_classes: int) -> None:
    wrong = np.flatnonzero(((labels < 0) | (labels >= n_classes)).fillna(False))
    if len(wrong):
        first = int(wrong[0])
        raise ValueError(
            f"labels[{first}] is {labels[first]}, outside 0..{n_classes - 1} ({len(wrong)} of {len(labels)} are): "
            f"{remedy_of_labels(labels.dropna().to_numpy(np.int64), n_classes)}"
        )


def _too_long(ids: pd.Series) -> str | None:
    """Which id is longer than an address takes."""
    lengths = ids.map(len).to_numpy()
    wrong = np.flatnonzero(lengths > LONGEST_ID)
    return f"the id of sample {wrong[0] + 1} has {lengths[wrong[0]]} characters" if len(wrong) else None


def _check_ids(ids: pd.Series) -> None:
    if too_long := _too_long(ids):
        raise ValueError(f"{too_long}: give every sample an id of at most {LONGEST_ID}")
    repeated = np.flatnonzero(ids.duplicated().to_numpy())
    if len(repeated):
        second = int(repeated[0])
        first = int(np.flatnonzero((ids == ids.iloc[second]).to_numpy())[0])
        raise ValueError(
            f"id {ids.iloc[second]!r} is used twice, by samples {first + 1} and {second + 1} of {len(ids)}: "
            "give every sample its own id"
        )


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _is_plain(kind: pa.DataType) -> bool:
    """Whether a column of this type can be a filter: numbers, truth values, texts, dates, or nothing at all."""
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_temporal, pa.types.is_null)
    return _is_text(kind) or any(test(kind) for test in tests)


def _extra_column(values: pd.Series, name: str) -> pd.Series:
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    try:
        kind = pa.array(values, from_pandas=True).type
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError):
        kind = None
    if kind is None or not _is_plain(kind):
        raise ValueError(f"column {name!r} of the samples mixes or nests values: keep numbers, texts or dates")
    return values


def samples_table(n_samples: int, n_classes: int, labels: object | None, samples: pd.DataFrame | None) -> pd.DataFrame:
    """The checked table of samples that a run folder keeps.

    Parameters
    ----------
    n_samples, n_classes : of the logits
    labels : (samples,) whole numbers, None or NaN where unknown; None: the `label` column, else unknown
    samples : one row per sample: `id` (default: the position), `split` (default: `test`), `image`, `label`, any others

    Returns
    -------
    DataFrame with `id`, `label` (Int64 with nulls), `split`, `image` (Int64 with nulls) and the extra columns

    Raises
    ------
    ValueError : wrong lengths, labels outside 0..C-1, repeated ids, unknown splits, or columns that cannot be filters
    """
    given = pd.DataFrame(index=range(n_samples)) if samples is None else samples.reset_index(drop=True)
    if len(given) != n_samples:
        raise ValueError(f"the samples table has {len(given)} rows for {n_samples} samples: give one row for each")
    if not given.columns.is_unique:
        raise ValueError(f"the samples table has {given.columns[given.columns.duplicated()][0]!r} twice: rename one")
    if labels is None:
        labels = given["label"] if "label" in given else [pd.NA] * n_samples
    if np.ndim(labels) != 1 or len(labels) != n_samples:
        raise ValueError(
            f"labels has shape {np.shape(labels)} for {n_samples} samples, the second axis of the logits: give one "
            "label for each sample, and logits as (exits, samples, classes)"
        )
    labels = _integers(labels, "labels")
    _check_labels(labels, n_classes)
    ids = given["id"].map(clean_text) if "id" in given else pd.Series([str(i) for i in range(n_samples)])
    _check_ids(ids)
    splits = given["split"] if "split" in given else pd.Series(["test"] * n_samples)
    unknown = ~splits.isin(SPLITS).to_numpy()
    if unknown.any():
        first = int(np.flatnonzero(unknown)[0])
        raise ValueError(f"the split of sample {first + 1} is {splits.iloc[first]!r}: use test or calibration")
    images = given["image"] if "image" in given else [pd.NA] * n_samples
    images = _integers(images, "image")
    table = {
        "id": ids.astype("str"),
        "label": labels,
        "split": splits.astype("str"),
        "image": pd.array(np.where((images >= 0).fillna(False), images, pd.NA), dtype="Int64"),
    }
    extra = {clean_text(name): _extra_column(given[name], name) for name in given if name not in COLUMNS}
    return pd.DataFrame({**table, **extra})


def write_samples(table: pd.DataFrame, path: Path) -> None:
    """Write the table of samples as parquet."""
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), path, compression="zstd")


def read_samples(path: Path, n_samples: int, n_classes: int) -> pd.DataFrame:
    """The table of samples as a run holds it in memory: unknown labels and missing images are -1.

    Raises
    ------
    RunError : a file that is not the table of this run
    """
    try:
        stored = pq.read_table(path)
        table = stored.to_pandas()
        table = pd.DataFrame({name: table[name] for name in (*COLUMNS, *(c for c in table if c not in COLUMNS))})
        for name in ("label", "image"):
            table[name] = table[name].astype("Int64").fillna(-1).astype("int64")
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        reason = f"no column {error}" if isinstance(error, KeyError) else "it is not a readable parquet table"
        raise RunError(f"{path} is damaged ({reason}): copy the run again") from None
    columns = {field.name: field.type for field in stored.schema}
    strange = [name for name, kind in columns.items() if not (_is_text if name == "id" else _is_plain)(kind)]
    if strange or table["id"].isna().any():
        what = f"column {strange[0]!r} holds {columns[strange[0]]}" if strange else "a sample has no id"
        raise RunError(f"{path} is damaged ({what}): import the run again")
    if too_long := _too_long(table["id"]):
        raise RunError(f"{path} cannot be shown ({too_long}): import it again with ids of at most {LONGEST_ID}")
    labels, splits = table["label"].to_numpy(), table["split"]
    if len(table) != n_samples:
        raise RunError(f"{path} has {len(table)} rows, not the run's {n_samples} samples: copy the run again")
    if labels.min() < -1 or labels.max() >= n_classes or not splits.isin(SPLITS).all() or not table["id"].is_unique:
        raise RunError(f"{path} is damaged (labels, splits or ids out of range): import the run again")
    return table
