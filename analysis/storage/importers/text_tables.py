"""CSV and TSV as tables whose values keep what was written: text stays text, whole numbers keep their digits.

Imports numpy and pandas.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_TEXTS = ("id", "split")
"""Columns that are text whatever they hold."""
_WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]*)")
_NUMBER = re.compile(
    r"[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?(nan|inf|infinity)", re.IGNORECASE
)
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_SAMPLE, _START = 200, 1 << 20
"""Rows, and characters, that tell the separator."""


def _rows(text: str, separator: str) -> list[list[str]]:
    """The rows of a table, each a list of texts, without empty lines."""
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True) if row]
    except csv.Error as error:
        raise ValueError(f"a quoted text has no end, or something stands behind it ({error})") from None


def _first_rows(text: str, separator: str) -> list[list[str]]:
    """The first rows, as far as they can be read; the last may be cut off."""
    rows = []
    with suppress(csv.Error):
        for row in csv.reader(io.StringIO(text[:_START], newline=""), delimiter=separator):
            rows += [row] if row else []
            if len(rows) > _SAMPLE:
                break
    return rows[:-1] if len(text) > _START and len(rows) > 1 else rows


def _separator(text: str) -> str:
    """What stands between the columns: what divides the header and every row alike; a comma where nothing does."""
    tables = {separator: _first_rows(text, separator) for separator in SEPARATORS}
    divides = [separator for separator, rows in tables.items() if rows and len(rows[0]) > 1]
    alike = [separator for separator in divides if len({len(row) for row in tables[separator]}) == 1]
    if len(alike) > 1 or (len(divides) > 1 and not alike):
        names = " or ".join(SEPARATORS[separator] for separator in alike or divides)
        raise ValueError(f"the columns are separated by {names}: put texts that hold one into quotes")
    if not divides:
        lines = [line for line in text[:_START].split("\n")[:_SAMPLE] if line.strip()]
        counts = {len(line.split()) for line in lines}
        if len(lines) > 1 and len(counts) == 1 and counts != {1} and '"' not in text:
            raise ValueError("the columns are separated by spaces: use commas, or put texts that hold one into quotes")
    return next(iter(alike or divides), ",")


def _column(values: Sequence[str], name: str) -> pd.Series:
    """The values of one column: whole numbers, numbers or truth values where all are, else text; empty is missing."""
    missing = np.array([value == "" for value in values])
    filled = [value for value in values if value != ""]
    if filled and name not in _TEXTS:
        words = [value.strip(" ") for value in filled]
        if all(map(_is_int64, words)):
            return _whole(words, missing)
        if all(map(_NUMBER.fullmatch, words)) and all(map(_keeps_digits, words)):
            numbers = np.full(len(values), np.nan)
            numbers[~missing] = [float(word) for word in words]
            return pd.Series(numbers)
        if all(word in _TRUTHS for word in words):
            truths = [_TRUTHS.get(value.strip(" ")) for value in values]
            return pd.Series(truths, dtype=object if missing.any() else bool)
    return pd.Series([None if value == "" else value for value in values], dtype="str")


def _whole(words: Sequence[str], missing: np.ndarray) -> pd.Series:
    numbers = np.zeros(len(missing), np.int64)
    numbers[~missing] = [int(word) for word in words]
    return pd.Series(pd.arrays.IntegerArray(numbers, missing) if missing.any() else numbers)


def _is_int64(word: str) -> bool:
    return bool(_WHOLE.fullmatch(word)) and len(word) <= 20 and -(2**63) <= int(word) < 2**63


def _keeps_digits(word: str) -> bool:
    """Whether a float holds a number: whole numbers digit by digit, and nothing finite beyond its range."""
    if _WHOLE.fullmatch(word):
        return len(word) < 300 and int(float(word)) == int(word)
    return math.isfinite(float(word)) or word.lstrip("+-")[0] in "nNiI"


def read_text_table(path: Path) -> pd.DataFrame:
    """A table from UTF-8 text with a header, separated by comma, semicolon, tab or bar.

    An empty cell is missing, and nothing else is: `NA`, `None` and `null` are text. A column is of whole numbers (Int64
    beside a gap), numbers or truth values where all its values are; numbers with leading zeros ('007') are text, and so
    are the columns `id` and `split`. A column without a name is called by its place.

    Raises
    ------
    ValueError : no UTF-8, no header, a column twice, rows of different lengths, or columns that two signs separate
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is no UTF-8 text: byte {error.start}") from None
    rows = _rows(text, separator := _separator(text))
    if not rows:
        raise ValueError("it is empty")
    names = [name or f"Unnamed: {place}" for place, name in enumerate(rows[0])]
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise ValueError(f"the column {twice!r} stands twice")
    for number, row in enumerate(rows[1:], 1):
        if len(row) != len(names):
            what = f"row {number} has {len(row)} values for {len(names)} columns separated by {SEPARATORS[separator]}"
            raise ValueError(what)
    columns = zip(*rows[1:]) if len(rows) > 1 else [()] * len(names)
    return pd.DataFrame({name: _column(values, name) for name, values in zip(names, columns)})
