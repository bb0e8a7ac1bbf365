"""Any text: a query or a ValueError. Any query: what an independent evaluation, row by row in plain Python, keeps."""

import math

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.selection import Selection

NUMBERS = [-1.5, 0.0, 0.25, 2.0, 7.0]
TEXTS = ["fox", "red fox", "Wolf", "and", ""]
NAMES = {"number": ["a", "b c"], "text": ["t"], "flag": ["f", "g"]}

rows = st.lists(
    st.fixed_dictionaries(
        {
            "a": st.sampled_from([*NUMBERS, math.nan]),
            "b c": st.sampled_from(NUMBERS),
            "t": st.sampled_from([*TEXTS, None]),
            "f": st.booleans(),
            "g": st.booleans(),
        }
    ),
    min_size=1,
    max_size=6,
)


def column(name: str) -> str:
    return f"`{name}`" if " " in name else name


# An expression is (text, function of a row): the oracle is built beside the text and never reads it.
def number_operands():
    named = st.sampled_from(NAMES["number"]).map(lambda n: (column(n), lambda row: row[n]))
    return named | st.sampled_from(NUMBERS).map(lambda v: (f"{v:g}", lambda row: v))


ARITHMETIC = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b if b else math.nan,
}


def sums():
    """Sums of sums, with their parentheses; what is divided by 0 has no value."""
    return st.recursive(
        number_operands(),
        lambda inner: st.tuples(inner, st.sampled_from(list(ARITHMETIC)), inner).map(
            lambda p: (f"({p[0][0]} {p[1]} {p[2][0]})", lambda row: ARITHMETIC[p[1]](p[0][1](row), p[2][1](row)))
        ),
        max_leaves=5,
    )


SIGNS = {
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def known(*values) -> bool:
    return not any(v is None or (isinstance(v, float) and math.isnan(v)) for v in values)


def compare_numbers():
    left = st.sampled_from(NAMES["number"]).map(lambda n: (column(n), lambda row: row[n]))
    return st.tuples(left, st.sampled_from(list(SIGNS)), number_operands()).map(
        lambda p: (
            f"{p[0][0]} {p[1]} {p[2][0]}",
            lambda row: known(p[0][1](row), p[2][1](row)) and SIGNS[p[1]](p[0][1](row), p[2][1](row)),
        )
    )


def chained():
    return st.tuples(number_operands(), number_operands()).map(
        lambda p: (
            f"{p[0][0]} <= a < {p[1][0]}",
            lambda row: known(p[0][1](row), row["a"], p[1][1](row)) and p[0][1](row) <= row["a"] < p[1][1](row),
        )
    )


def compare_texts():
    return st.tuples(st.sampled_from(list(SIGNS)), st.sampled_from([t for t in TEXTS if t])).map(
        lambda p: (f't {p[0]} "{p[1]}"', lambda row: known(row["t"]) and SIGNS[p[0]](row["t"], p[1]))
    )


def contains():
    return st.sampled_from(["fox", "O", "x"]).map(
        lambda part: (f't ~ "{part}"', lambda row: known(row["t"]) and part.lower() in row["t"].lower())
    )


def listed():
    return st.tuples(st.booleans(), st.lists(st.sampled_from([t for t in TEXTS if t]), min_size=1, max_size=3)).map(
        lambda p: (
            f"t {'not ' if p[0] else ''}in ({', '.join(repr(t) for t in p[1])})",
            lambda row: known(row["t"]) and (row["t"] in p[1]) != p[0],
        )
    )


def missing():
    return st.tuples(st.sampled_from(["a", "t"]), st.booleans()).map(
        lambda p: (f"{p[0]} is {'not ' if p[1] else ''}missing", lambda row: known(row[p[0]]) == p[1])
    )


def flags():
    return st.sampled_from(NAMES["flag"]).map(lambda n: (n, lambda row: row[n]))


def compare_sums():
    return st.tuples(sums(), st.sampled_from(list(SIGNS)), sums()).map(
        lambda p: (
            f"a * 0 + {p[0][0]} {p[1]} {p[2][0]}",
            lambda row: known(row["a"], p[0][1](row), p[2][1](row)) and SIGNS[p[1]](p[0][1](row), p[2][1](row)),
        )
    )


leaves = compare_sums() | compare_numbers() | chained() | compare_texts() | contains() | listed() | missing() | flags()
queries = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(lambda q: (f"not ({q[0]})", lambda row: not q[1](row))),
        st.tuples(inner, inner).map(
            lambda p: (f"({p[0][0]}) and ({p[1][0]})", lambda row: p[0][1](row) and p[1][1](row))
        ),
        st.tuples(inner, inner).map(
            lambda p: (f"({p[0][0]}) or ({p[1][0]})", lambda row: p[0][1](row) or p[1][1](row))
        ),
    ),
    max_leaves=8,
)


def table_of(data: list[dict]) -> pd.DataFrame:
    table = pd.DataFrame(data)
    table["t"] = pd.Categorical(table["t"], categories=TEXTS)
    return table


@given(queries, rows)
def test_a_query_keeps_what_plain_python_keeps(query, data):
    text, keeps = query
    assert Selection.parse(text).mask(table_of(data)).tolist() == [bool(keeps(row)) for row in data]
    assert Selection.parse(Selection.parse(text).text).mask(table_of(data)).tolist() == [
        bool(keeps(row)) for row in data
    ]


@given(leaves, leaves, leaves, rows)
def test_and_binds_tighter_than_or_and_not_tighter_than_and(p, q, r, data):
    text = f"not {p[0]} and {q[0]} or {r[0]}"
    assert Selection.parse(text).mask(table_of(data)).tolist() == [
        bool((not p[1](row) and q[1](row)) or r[1](row)) for row in data
    ]


PIECES = st.sampled_from(
    ["a", "t", "f", "`b c`", "nothing", "0.5", "-1e3", "1e999", "'x'", '"', "`", "(", ")", ",", "and", "or", "not",
     "in", "is", "missing", "true", "=", "!=", "<", "~", "<=", "é", "\n", ".", "__import__", "3x", ";", "$",
     "in r", "; r = box(a, `b c`, 0,0, 1,1)", "; r = lasso(symlog(a), a, 0,0", "box", "symlog(a)"]
)  # fmt: skip


@settings(max_examples=400)
@given(st.text(max_size=40) | st.lists(PIECES, max_size=12).map(" ".join) | st.lists(PIECES, max_size=12).map("".join))
def test_any_text_is_a_query_or_a_valueerror(text):
    data = [{"a": 0.5, "b c": 1.0, "t": "fox", "f": True, "g": False}]
    refused, mask = "", np.zeros(1, bool)
    try:
        mask = Selection.parse(text).mask(table_of(data))
    except ValueError as error:
        refused = str(error)
    assert not refused or refused.startswith("query")
    assert mask.dtype == np.bool_
    assert mask.shape == (1,)
