"""What comes beside the logits: labels, further columns and class names. Imports numpy and pandas."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.runtime.contents import check_regular
from analysis.storage.importers.formats import open_file
from analysis.storage.importers.layouts.lists import plain
from analysis.storage.importers.layouts.numbered import listed
from analysis.storage.importers.layouts.places import Place, asked, inside, place_of
from analysis.storage.importers.opcodes import DEEPEST
from analysis.storage.importers.parts import labels_from, labels_name
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


INDEX = re.compile(r"Unnamed: \d+")
"""What a column without a name is called, such as the index that pandas writes."""


def numbers_in(path: Path, what: str) -> np.ndarray:
    """Numbers from a text file, one a line or separated by commas.

    Raises
    ------
    ValueError : anything else, a table with an unnamed first column too
    """
    lines = read_text_lines(path, what)
    try:
        if lines and lines[0].startswith(","):
            raise ValueError
        return np.array([float(word) for line in lines for word in line.replace(",", " ").split()])
    except ValueError:
        raise ValueError(f"{what} {path} does not hold numbers: give one a line, or .npy") from None


def read_labels(place: str | Path | Place) -> tuple[np.ndarray, str]:
    """Labels from .npy, .npz, torch files, pickles, JSON, text with one a line, or a table with a column `label`.

    Parameters
    ----------
    place : the file, or `FILE::NAME`, which names an array or column in it

    Returns
    -------
    (samples,), integers or floats, NaN where a label is left empty; and where they were found, for people

    Raises
    ------
    ValueError : no such file, one that holds no labels, or several arrays or columns that may be
    """
    place = place if isinstance(place, Place) else place_of(place)
    path, what = place.file, f"--labels {place.file.name}"
    if path.suffix == ".csv" and not place.name:
        with suppress(ValueError):  # no table but numbers, one a line or a row
            if len(numbers := numbers_in(path, "--labels")):
                return numbers, what
    if path.suffix in TABLES:
        return _labels_of_table(place, what)
    if path.suffix == ".txt":
        return numbers_in(path, "--labels"), what
    content = read_json(path, "--labels") if path.suffix == ".json" else open_file(path)
    content, _, key = inside(plain(content), place, what)
    labels, where = labels_from(content, f"--labels {place.shown}", place)
    return labels, where if key is None else f"--labels {place.shown}"


def _labels_of_table(place: Place, what: str) -> tuple[np.ndarray, str]:
    table = read_table(place.file, "--labels")
    columns = {name: table[name].to_numpy(dtype=object) for name in table if not INDEX.fullmatch(str(name))}
    name = labels_name(columns, what)
    if place.name:
        _, _, name = inside(columns, place, what)
    if name is None:
        names = [str(name) for name in columns]
        if len(names) != 1:
            few = listed(names) or "no name"
            raise ValueError(f"{what} has the columns {few}, and none means labels: {asked(place.file.name, names)}")
        name = next(iter(columns))
    try:
        return table[name].to_numpy(dtype=np.float64, na_value=np.nan), f"{what}: {name}"
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what}: {name}: {error}: the labels must be numbers") from None


def json_in(path: Path) -> object:
    """What a JSON file holds, nested no deeper than a pickle may be.

    Raises
    ------
    ValueError : no JSON, or one that nests more deeply
    """
    try:
        content = json.loads(path.read_bytes())
    except RecursionError:
        raise ValueError("it nests too deeply") from None
    level = [content]
    for _ in range(DEEPEST + 1):
        level = [v for v in level if isinstance(v, (list, dict))]
        level = [inner for value in level for inner in (value.values() if isinstance(value, dict) else value)]
    if level:
        raise ValueError("it nests too deeply")
    return content


def read_json(path: Path, what: str) -> object:
    """What a JSON file of numbers holds.

    Raises
    ------
    ValueError : no such file, or no JSON
    """
    check_regular(path)
    if not path.is_file():
        raise ValueError(f"{what} {path}: there is no such file: check the path")
    try:
        return json_in(path)
    except ValueError:
        raise ValueError(f"{what} {path} does not hold numbers: give a JSON list of them") from None


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
