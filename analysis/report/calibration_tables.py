"""A predictor's calibration, as tables for a terminal. Takes what `calibration_numbers` returns."""

from __future__ import annotations

from analysis.report.number_tables import Rows, aligned, cost_row, shown
from analysis.report.policy_tables import fitting_lines

CALIBRATION = (
    ("ece", "ECE, 15 bins", 1, 4),
    ("ece_equal_mass", "ECE, equal mass", 1, 4),
    ("ece_classwise", "ECE, class-wise", 1, 5),
    ("brier", "Brier", 1, 4),
    ("reliability", "  reliability of confidence", 1, 4),
    ("resolution", "  resolution of confidence", 1, 4),
    ("uncertainty", "  uncertainty of right", 1, 4),
    ("remainder", "  within bins", 1, 4),
    ("nll", "NLL, nats", 1, 3),
    ("nll_on_support", "NLL on the support", 1, 3),
    ("off_support", "off support %", 100, 2),
)
FAILURES = (
    ("accuracy", "accuracy %", 100, 2),
    ("deferred_accuracy", "and 0.5% deferred", 100, 2),
    ("failure_auroc", "AUROC, right or wrong", 1, 4),
    ("improvable_auroc", "AUROC, mended later", 1, 4),
    ("aurc", "AURC", 1, 4),
)
TEMPERATURES = (("temperature", "temperature", 1, 3), ("ece_at_temperature", "ECE at it", 1, 4))
"""Field of an exit, its name for people, the factor and the decimals it is shown with."""


def _rows(numbers: dict, quantities: tuple) -> Rows:
    rows = []
    for field, name, factor, places in quantities:
        values = [row[field] if field in row else row["brier_parts"][field] for row in numbers["exits"]]
        cells = [shown(value, factor, places, factor) for value in values]
        rows.append((name, "", ["inf" if field == "nll" and value is None else c for value, c in zip(values, cells)]))
    return rows


def bound_line(numbers: dict) -> list[str]:
    """Where the search for a temperature ended at its bounds."""
    exits = [str(row["exit"]) for row in numbers["exits"] if row["temperature_at_bound"]]
    if not exits:
        return []
    return [f"At exit {', '.join(exits)} the search ended at its bound: a better temperature lies beyond it."]


def as_text(numbers: dict) -> str:
    """A predictor's calibration on a run, for a terminal."""
    unlabelled = numbers["samples"] - numbers["labelled"]
    note = f", {unlabelled:,} of them without label" if unlabelled else ""
    header = ("exit", "", [str(row["exit"]) for row in numbers["exits"]])
    cost_name, costs = cost_row(numbers)
    calibration, failures = _rows(numbers, CALIBRATION), _rows(numbers, FAILURES)
    lines = [
        f"{numbers['run']}: {numbers['samples']:,} samples of split {numbers['split']}{note}, {numbers['predictor']}",
        "",
        *aligned(header, ([(cost_name, "", costs)] if costs else []) + calibration),
        "",
        "Does the confidence tell right answers from wrong ones, and from those that computing on would mend?",
        *aligned(header, failures),
        "",
    ]
    if numbers["fitted_on"] is None:
        return "\n".join([*lines, "No temperature: the run has no calibration samples with a label to fit it on."])

    return "\n".join(
        [*lines, *fitting_lines(numbers), *aligned(header, _rows(numbers, TEMPERATURES)), *bound_line(numbers)]
    )
