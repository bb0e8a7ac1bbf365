"""Every number of the calibration page exit by exit, for both predictors, and its export."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from analysis.report.calibration_tables import CALIBRATION, FAILURES, TEMPERATURES
from analysis.report.number_tables import shown
from analysis.results.from_logits.calibration import Calibration
from analysis.results.from_logits.calibration_numbers import calibration_numbers
from app.components.figure_table import figure_table
from app.components.predictor_names import label_of
from app.components.table_export import offer_table
from app.components.text import plain_table
from app.views.calibration.calibrated import Calibrated


def calibration_table(about: Calibrated, found: dict[str, Calibration | None]) -> None:
    """The table; without those numbers that are still to be computed there is none."""
    there = {key: one for key, one in found.items() if one is not None}
    if not there:
        return
    numbers = {
        key: about.number(key, calibration_numbers, about.view.unit, found=one, cost_unit=about.view.unit)
        for key, one in there.items()
    }
    table, names = _read(numbers), about.view.run.exit_names
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Every number, exit by exit**", width="stretch")
        offer_table(
            "calibration",
            f"Calibration of {' and '.join(map(label_of, numbers))} on {about.view.run.title}, by exit",
            lambda: figure_table(about.view, _full(numbers, about)),
            runs=(about.view.run.id,),
            shown=table,
        )
    plain_table(table.rename(columns=dict(zip((f"exit {m + 1}" for m in range(len(names))), names))))


def _value(row: dict, field: str) -> float | None:
    return row[field] if field in row else row["brier_parts"][field]


def _read(numbers: dict[str, dict]) -> pd.DataFrame:
    """As people read it: a row per quantity and predictor."""
    rows = []
    for field, name, factor, places in (*CALIBRATION, *FAILURES, *TEMPERATURES):
        for key, of in numbers.items():
            values = [_value(row, field) for row in of["exits"]]
            cells = [shown(value, factor, places, factor) for value in values]
            if field == "nll":
                cells = ["inf" if value is None else cell for value, cell in zip(values, cells)]
            exits = {f"exit {m + 1}": cell for m, cell in enumerate(cells)}
            rows.append({"": name.strip(), "predictor": label_of(key)} | exits)
    return pd.DataFrame(rows)


def _full(numbers: dict[str, dict], about: Calibrated) -> pd.DataFrame:
    """Every number in full: a row per predictor and exit."""
    number: Callable[[float | None], float] = lambda value: np.nan if value is None else value  # noqa: E731
    fields = [field for field, *_ in (*CALIBRATION, *FAILURES, *TEMPERATURES)]
    rows = [
        {"predictor": key, "exit": row["exit"]} | {field: number(_value(row, field)) for field in fields}
        for key, of in numbers.items()
        for row in of["exits"]
    ]
    return pd.DataFrame(rows).assign(fitted_on=about.choice.named, fitted_on_test=about.choice.on_test)
