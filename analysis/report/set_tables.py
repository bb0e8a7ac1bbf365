"""The sets of one method, as tables for a terminal. Takes what `set_numbers` returns."""

from __future__ import annotations

from analysis.report.number_tables import Rows, aligned, cost_row, shown
from analysis.report.policy_tables import fitting_lines, settings_text
from analysis.settings import number_text
from analysis.words.deciding.sets import ABOVE_CHANCE, NESTED_PROMISE

SIZES = (("mean_size", "mean size", 1, 2), ("median_size", "median size", 1, 1))
NESTED = (
    ("sequence_coverage", "every set so far covers %", 100, 2),
    ("sequence_mean_size", "their intersection, mean size", 1, 2),
    ("consistency", "consistency", 1, 3),
)
"""Field of an exit, its name for people, the factor and the decimals it is shown with."""


def _rows(numbers: dict, quantities: tuple) -> Rows:
    return [
        (name, "", [shown(row[field], factor, places, factor) for row in numbers["exits"]])
        for field, name, factor, places in quantities
    ]


def _by_size(numbers: dict) -> Rows:
    rows = []
    for size in numbers["exits"][0]["by_size"]:
        bins = [row["by_size"][size] for row in numbers["exits"]]
        rows.append((f"size {size}", "samples", [f"{cell['samples']:,}" for cell in bins]))
        rows.append((f"size {size}", "coverage %", [shown(cell["coverage"], 100) for cell in bins]))
    return rows


def as_text(numbers: dict) -> str:
    """The sets of a method on a run, for a terminal."""
    unlabelled = numbers["samples"] - numbers["labelled"]
    note = f", {unlabelled:,} of them without label" if unlabelled else ""
    nested = "consistency" in numbers["exits"][0]
    of, settings = numbers["predictor"], numbers["settings"]
    if nested:
        of, settings = "the logits", {name: settings[name] for name in ("alpha", "b")}
    header = ("exit", "", [str(row["exit"]) for row in numbers["exits"]])
    cost_name, costs = cost_row(numbers)
    rows = [(cost_name, "", costs)] if costs else []
    promised = f"coverage % ({100 * (1 - numbers['settings']['alpha']):g} asked)"
    rows += _rows(numbers, ((("coverage", promised, 100, 2)), *SIZES, *(NESTED if nested else ())))
    lines = [
        f"{numbers['run']}: {numbers['samples']:,} samples of split {numbers['split']}{note}, sets "
        f"{numbers['method']} of {of} ({settings_text(settings)})",
        *fitting_lines(numbers),
    ]
    if nested:
        lines.append(NESTED_PROMISE)
    elif (chance := numbers.get("coverage_by_chance")) and None not in chance and chance != [1, 1]:
        low, high = (shown(end, 100) for end in chance)
        more = "" if numbers["settings"]["allow_empty"] else f"; {ABOVE_CHANCE}"
        lines.append(f"By chance alone, of samples like those fitted on, {low}% to {high}% (95%) are covered{more}.")
    if not numbers.get("tuned_covers", True):
        lines.append("No threshold b covers as many calibration samples as asked; this one covers most.")
    if nested and numbers["settings"]["b"] == "tuned":
        lines.append(f"Tuned: b = {number_text(numbers['exits'][0]['b'])}.")
    if any(row.get("quantile", 0) is None for row in numbers["exits"]):
        lines.append("Too few calibration samples for this alpha: sets hold every class.")
    grows = [shown(percent) for percent in numbers["grows_percent"].values()]
    return "\n".join(
        [
            *lines,
            "",
            *aligned(header, rows),
            "",
            *aligned(header, _by_size(numbers)),
            "",
            "Percent of samples whose set at a later exit is larger by more than k classes than at an earlier one:",
            *aligned(("k", "", list(numbers["grows_percent"])), [("grows %", "", grows)]),
        ]
    )
