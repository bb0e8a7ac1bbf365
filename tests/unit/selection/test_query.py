"""Queries worked by hand, and what is said about those that are none."""

import numpy as np
import pandas as pd
import pytest

from analysis.selection.grammar import DEEPEST
from analysis.selection.selection import LONGEST, Selection

TABLE = pd.DataFrame(
    {
        "fall": np.array([0.1, 0.3, np.nan, 0.0], np.float32),
        "baseline_fall": np.array([0.2, 0.2, 0.2, 0.0], np.float32),
        "label_name": pd.Categorical(["fox", "red fox", None, "Wolf"]),
        "fixed": [True, False, False, True],
        "n": [1, 2, 3, 4],
        "n_2": [1, 2, 3, 0],
        "odd name": ["x", "y", "it's", "and"],
        "maybe": pd.array([True, None, False, True], dtype="boolean"),
        "count": pd.array([1, None, 3, 4], dtype="Int64"),
        "when": pd.to_datetime(["2024-01-01", "2024-06-01", None, "2025-01-01"]),
    }
)


def kept(text: str) -> str:
    return "".join("1" if row else "0" for row in Selection.parse(text).mask(TABLE))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", "1111"),
        ("  ", "1111"),
        ("fall > 0.1", "0100"),  # a float32 0.1 is not above 0.1
        ("fall >= .1", "1100"),
        ("fall != 0.1", "0101"),
        ("not (fall = 0.1)", "0111"),
        ("fall > baseline_fall", "0100"),
        ("0.05 < fall <= 0.3", "1100"),
        ("0.1 = fall", "1000"),
        ("-1e-3 < fall < +1", "1101"),
        ("label_name = fox", "1000"),
        ("label_name == 'red fox'", "0100"),
        ("label_name != fox", "0101"),
        ("label_name ~ FOX", "1100"),
        ("label_name in (fox, Wolf)", "1001"),
        ("label_name not in (fox, Wolf)", "0100"),
        ("n in (1, 3)", "1010"),
        ("fixed", "1001"),
        ("not fixed and n > 2", "0010"),
        ("fixed = false", "0110"),
        ("fixed or n = 2 and n = 3", "1001"),
        ("(fixed or n = 2) and n < 3", "1100"),
        ("NOT NOT fixed", "1001"),
        ('`odd name` = x or `odd name` = "it\'s"', "1010"),
        ("`odd name` = 'and'", "0001"),
        ("label_name is missing", "0010"),
        ("label_name is not missing and count is missing", "0100"),
        ("maybe", "1001"),
        ("not maybe", "0110"),
        ("maybe = false", "0010"),
        ("count >= 3", "0011"),
        ("when > '2024-03'", "0101"),
        ("label_name < g", "1001"),
        ("fall - baseline_fall > 0.05", "0100"),
        ("fall -0.25 > 0", "0100"),
        ("2 * (n + 1) = 8", "0010"),
        ("2 * n + 1 > n * 2 + 0.5 and n - 2 - 1 = 0", "0010"),
        ("((n + 1) * 2) > 7", "0011"),
        ("(n - 1) > 1 and (fixed)", "0001"),
        ("1 < n / 2 <= 2", "0011"),
        ("8 / n in (4, 2)", "0101"),
        ("1 / fall is missing", "0011"),  # what is divided by 0, and what is missing
        ("1 / fall > 5", "1000"),
        ("count + n = 2 * n", "1011"),
        ("n[2] > 2", "0010"),
        ("`odd name`[last] = x", "1000"),
        ("n[LAST] = 3", "0010"),
    ],
)
def test_by_hand(text, rows):
    assert kept(text) == rows


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("fal > 0.1", 1, "there is no column 'fal': did you mean fall"),
        ("n > 1 and lable_name = fox", 11, "there is no column 'lable_name': did you mean label_name"),
        ("fall > ", 8, "expected a column, a number or a text, found 'the end'"),
        ("fall > 0.1 fixed", 12, "expected `and`, `or` or the end, found 'fixed'"),
        ("fall > 90%", 10, "90% is written 0.9"),
        ("fall > 0.1 & fixed", 12, "'&' is written `and`"),
        ("label_name = fox|wolf", 17, r"'\|' is written `or`, or for one of several `label_name in"),
        ("!fixed", 1, "'!' is written `not`"),
        ("n => 3", 3, "=> is written >="),
        ("fall-baseline_fall > 0", 1, "for a difference write fall - baseline_fall, with spaces"),
        ("fixed + 1 > 1", 1, r"'fixed' is yes or no: \+ joins numbers"),
        ("label_name * 2 > 1", 1, r"'label_name' is text: \* joins numbers"),
        ("1 + nothing > 1", 5, "there is no column 'nothing'"),
        ("1 + 1 = 2", 3, "there is no column '1 [+] 1'"),
        ("n + 1", 3, "'n [+] 1' is not a yes-or-no column"),
        ("n + > 1", 5, "expected a column, a number or a text, found '>'"),
        ("n[0] > 1", 3, "expected an exit, from 1, or `last`, found '0'"),
        ("n[7] > 1", 1, "there is no column 'n_7'"),
        ("n[2 > 1", 5, "expected ']' after the exit"),
        ("(" * 60 + "n + 1" + ")" * 60 + " > 1", 41, "levels of parentheses"),
        ("(fall > 0.1", 12, r"expected '\)' to close the parenthesis"),
        ("fall > 3x", 8, "'3x' is not a number"),
        ("label_name = 'fox", 14, "is not closed"),
        ("label_name ~ true", 14, "looks for a word"),
        ("n ~ fox", 1, "is not text"),
        ("n = 'x'", 5, "'x' is text, but 'n' is a number"),
        ("n = other", 5, "there is no column 'other'"),
        ("n", 1, "not a yes-or-no column"),
        ("fixed > true", 1, "no order"),
        ("1 < 2", 1, "there is no column '1'"),
        ("label_name in fox", 15, r"expected '\(' to open the list"),
        ("label_name is fox", 15, "expected `missing`"),
        ("label_name not fox", 16, "expected `in`"),
        ("fall > 1e999", 8, "too large"),
        ("fall; import os", 14, "expected '=' after the region's name, found 'os'"),
        ("fall: import os", 5, "':' is not part of the query language"),
        ("__import__('os')", 11, "expected `and`, `or` or the end"),
        ("`missing one` = 1", 1, "there is no column 'missing one'"),
    ],
)
def test_errors_name_the_position(text, position, reason):
    with pytest.raises(ValueError, match=f"query, character {position}: .*{reason}"):
        Selection.parse(text).mask(TABLE)


def test_limits():
    assert kept("not " * (DEEPEST - 2) + "fixed") == "1001"
    with pytest.raises(ValueError, match="levels of parentheses"):
        Selection.parse("(" * 500 + "fixed")
    with pytest.raises(ValueError, match=f"longer than {LONGEST}"):
        Selection.parse("x" * (LONGEST + 1))


def test_columns_are_words_that_may_be_read():
    assert Selection.parse("fall > 0.1 and label_name = fox or `odd name` = 'fox'").columns == (
        "fall",
        "label_name",
        "fox",
        "odd name",
    )


def test_a_table_without_rows():
    assert Selection.parse("fall > 0.1 and label_name ~ fox and not fixed").mask(TABLE.iloc[:0]).shape == (0,)


@pytest.mark.parametrize(
    ("query", "kept"),
    [("id = 007", ["007"]), ("id in (7, 5004)", ["7", "5004"]), ("id ~ 00", ["007", "5004"]), ("5004 = id", ["5004"])],
)
def test_digits_are_text_beside_text_as_they_were_written(query, kept):
    table = pd.DataFrame({"id": ["7", "007", "5004"]})
    assert table["id"][Selection.parse(query).mask(table)].tolist() == kept
