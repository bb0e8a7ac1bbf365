"""Every number of the sets exit by exit, and its export."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from analysis.report.number_tables import shown
from analysis.report.set_tables import NESTED, SIZES
from analysis.results.from_logits.set_numbers import set_numbers
from analysis.results.from_logits.uncertainty_sets import SetResults
from analysis.sets import find_sets
from app import cache
from app.components.figure_table import figure_table
from app.components.fitting.sets import Asked, key_of
from app.components.predictor_names import label_of
from app.components.table_export import offer_table
from app.components.text import plain_table
from app.view import View

COVERAGE = (("coverage", "coverage %", 100, 2),)


def sets_table(view: View, asked: Asked, found: Mapping[str, SetResults]) -> None:
    """The table."""
    numbers = {
        key: cache.numbers(set_numbers, *key_of(view, asked, key), view.unit, found=one, cost_unit=view.unit)
        for key, one in found.items()
    }
    nested = find_sets(asked.method).function is None
    table = _read(numbers, nested)
    of = "" if nested else f" of {' and '.join(map(label_of, numbers))}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Every number, exit by exit**", width="stretch")
        offer_table(
            "sets",
            f"{find_sets(asked.method).label}{of} on {view.run.title}, by exit",
            lambda: figure_table(view, _full(numbers, asked)),
            runs=(view.run.id,),
            shown=table,
        )
    plain_table(table)


def _read(numbers: Mapping[str, dict], nested: bool) -> pd.DataFrame:
    """As people read it: a row per quantity and predictor."""
    rows = []
    for field, name, factor, places in (*COVERAGE, *SIZES, *(NESTED if nested else ())):
        for key, of in numbers.items():
            cells = [shown(row[field], factor, places, factor) for row in of["exits"]]
            exits = {f"exit {m + 1}": cell for m, cell in enumerate(cells)}
            rows.append({"": name} | ({} if nested else {"predictor": label_of(key)}) | exits)
    for size in next(iter(numbers.values()))["exits"][0]["by_size"]:
        for key, of in numbers.items():
            cells = [row["by_size"][size] for row in of["exits"]]
            texts = [
                f"{cell['samples']:,}: {shown(cell['coverage'], 100)}" if cell["samples"] else "-" for cell in cells
            ]
            exits = {f"exit {m + 1}": text for m, text in enumerate(texts)}
            name = {"": f"size {size}, sets: coverage %"}
            rows.append(name | ({} if nested else {"predictor": label_of(key)}) | exits)
    return pd.DataFrame(rows)


def _full(numbers: Mapping[str, dict], asked: Asked) -> pd.DataFrame:
    """Every number in full: a row per predictor and exit."""
    rows = []
    for key, of in numbers.items():
        for row in of["exits"]:
            plain = {name: np.nan if value is None else value for name, value in row.items() if name != "by_size"}
            sizes = {
                f"{what}_size_{size}": np.nan if cell[what] is None else cell[what]
                for size, cell in row["by_size"].items()
                for what in ("samples", "coverage")
            }
            rows.append({"predictor": key} | plain | sizes)
    settings = " ".join(f"{name}={value}" for name, value in asked.settings.items())
    return pd.DataFrame(rows).assign(sets=asked.method, sets_settings=settings)
