"""What comes beside the logits: labels, further columns, costs and class names. Imports numpy and pandas."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.runtime.contents import check_regular
from analysis.storage.importers.formats import open_file
from analysis.storage.importers.parts import as_vector, labels_from, labels_name
from analysis.storage.importers.text_tables import read_text_table
from analysis.storage.manifest import clean_text

TABLES = (".csv", ".tsv", ".parquet")


def read_table(path: Path, what: str) -> pd.DataFrame:
    """A CSV, TSV or parquet table; CSV as `analysis.storage.importers.text_tables` reads it.

    Raises
    ------
    ValueError : no such file, or one that is no table
    """
    check_regular(path)
    if not path.is_file():
        raise ValueError(f"{what} {path}: there is no such file: check the path")
    try:
        return _read_parquet(path) if path.suffix == ".parquet" else read_text_table(path)
    except (ValueError, OSError) as error:
        raise ValueError(f"{what} {path} is no readable table ({error}): give CSV or parquet with a header") from None


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        pq.read_table(path).validate(full=True)  # text that is no UTF-8 shows only when it is used
        return pd.read_parquet(path)
    except (
        pa.ArrowException,
        OSError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        IndexError,
        NotImplementedError,
    ):
        # pyarrow's words are about bytes, and pandas trusts the metadata
        raise ValueError("it is cut off or damaged") from None


def read_text_lines(path: Path, what: str) -> list[str]:
    """The lines of a UTF-8 file without their line ends; a last empty line does not count."""
    check_regular(path)
    if not path.is_file():
        raise ValueError(f"{what} {path}: there is no such file: check the path")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{what} {path} is not UTF-8 text (byte {error.start}): save it as UTF-8") from None
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return lines[:-1] if lines[-1] == "" else lines


def _numbers(path: Path, what: str) -> np.ndarray:
    """Numbers from a text file, one a line or separated by commas, or from a JSON list."""
    lines = read_text_lines(path, what)
    try:
        if path.suffix == ".json":
            return as_vector(json.loads("\n".join(lines)), f"{what} {path.name}")
        words = [word for line in lines for word in line.replace(",", " ").split()]
        return np.array([float(word) for word in words])
    except (ValueError, RecursionError):
        raise ValueError(f"{what} {path} does not hold numbers: give one a line, or .npy") from None


def read_labels(path: Path) -> tuple[np.ndarray, str]:
    """Labels from .npy, .npz, torch files, pickles, JSON, text with one a line, or a table with a column `label`.

    Returns
    -------
    (samples,), integers or floats, NaN where a table leaves a label empty; and where they were found, for people
    """
    what = f"--labels {path.name}"
    if path.suffix == ".csv":
        with suppress(ValueError):  # no table but numbers, one a line or a row
            if len(numbers := _numbers(path, "--labels")):
                return numbers, what
    if path.suffix in TABLES:
        table = read_table(path, "--labels")
        name = labels_name({name: table[name].to_numpy(dtype=object) for name in table}, what)
        if name is not None:
            try:
                return table[name].to_numpy(dtype=np.float64, na_value=np.nan), f"{what}: {name}"
            except (TypeError, ValueError) as error:
                raise ValueError(f"--labels {path}: {error}: the labels must be numbers") from None
        if path.suffix != ".csv":
            raise ValueError(f"--labels {path} has no column label: name it so")
    if path.suffix in (".csv", ".txt", ".json"):
        return _numbers(path, "--labels"), what
    return labels_from(open_file(path), what)


def read_costs(text: str) -> tuple[float, ...]:
    """Cumulative costs from `15.1e6,25.5e6`, or from a file: a list in a torch file or pickle, .npy, JSON or text.

    Raises
    ------
    ValueError : neither numbers nor a file of numbers
    """
    path = Path(text)
    check_regular(text)
    if not os.path.isfile(text):  # Path.is_file raises where the numbers are longer than a name may be
        try:
            return tuple(float(number) for number in text.split(","))
        except ValueError:
            raise ValueError(f"--costs {text}: give numbers separated by commas, or an existing file") from None
    if path.suffix in (".txt", ".csv", ".json"):
        values = _numbers(path, "--costs")
    else:
        content = open_file(path)
        if isinstance(content, Mapping):
            raise ValueError(f"--costs {path.name} holds {', '.join(map(str, content))}: give a list of numbers")
        values = as_vector(content, f"--costs {path.name}")
    return tuple(float(value) for value in values)


def read_classes(path: Path) -> tuple[str, ...]:
    """Class names from a JSON list or from text with one name a line; an empty line is an empty name.

    Raises
    ------
    ValueError : JSON that is no list, or a file that is not UTF-8
    """
    lines = read_text_lines(path, "--classes")
    text = "\n".join(lines)
    if path.suffix == ".json" or text.lstrip().startswith("["):
        try:
            names = json.loads(text)
        except (ValueError, RecursionError):
            names = None
        if not isinstance(names, list):
            if path.suffix == ".json":
                raise ValueError(f"--classes {path} is no JSON list: give a list of names, or one name a line")
            return tuple(lines)
        return tuple("" if name is None else clean_text(name) for name in names)
    return tuple(clean_text(line) for line in lines)
