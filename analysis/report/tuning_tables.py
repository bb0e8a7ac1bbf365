"""A tuning, as tables for a terminal. Takes what `tuning_numbers` or `likelihood_numbers` returns."""

from __future__ import annotations

from analysis.report.number_tables import aligned, shown
from analysis.report.policy_tables import fitting_lines, settings_text
from analysis.settings import number_text
from analysis.words.deciding.tuning import cost_sentences


def _changed(numbers: dict, settings: dict) -> str:
    """The settings that differ from the grid's defaults."""
    changed = {name: value for name, value in settings.items() if value != numbers["grid"][name][0]}
    return settings_text(changed) or "defaults"


def frontier_lines(numbers: dict) -> list[str]:
    """The candidates that no other beats, by how many samples fall, and the chosen one; one line of those alike."""
    rows = [row for row in numbers["candidates"] if row["frontier"] or row["chosen"]]
    cells, seen = [], set()
    for row in sorted(rows, key=lambda row: (row["falling_percent"], not row["chosen"])):
        values = row["falling_percent"], row["expected_accuracy"]
        if values not in seen:
            mark = ("chosen: " if numbers["feasible"] else "fewest fall: ") if row["chosen"] else ""
            texts = [
                shown(row["falling_percent"]),
                *(shown(row[name], 100) for name in ("expected_accuracy", "confidence")),
            ]
            cells.append((mark + _changed(numbers, row["settings"]), "", texts))
        seen.add(values)
    return aligned(("settings", "", ["falling %", "accuracy %", "confidence %"]), cells)


def as_text(numbers: dict) -> str:
    """A tuning on a run, for a terminal."""
    law = settings_text(numbers["law"])
    exits = [f"exit {m + 1}" for m in range(len(numbers["measured"]["accuracy"]))]
    rows = [
        (
            name,
            "",
            [shown(side["falling_percent"]), shown(side["expected_accuracy"], 100)]
            + [shown(value, 100) for value in side["accuracy"]],
        )
        for name, side in (("default settings", numbers["default"]), ("chosen settings", numbers["measured"]))
    ]
    lines = [
        f"{numbers['run']}: {numbers['samples']:,} samples of split {numbers['split']}, {numbers['predictor']} tuned "
        f"for the accuracy expected under interruption ({law}, budgets in {numbers['cost_unit']}),",
        f"of {len(numbers['candidates'])} settings those under which the true class of at most "
        f"{number_text(numbers['max_falling'])}% of the samples falls by more than "
        f"{number_text(numbers['threshold'])}.",
        *fitting_lines(numbers),
    ]
    told = [_changed(numbers, row["settings"]) for row in numbers["candidates"]]
    return "\n".join(
        [
            *lines,
            "",
            "On the samples fitted on, what no other setting beats in both; confidence is the mean at the last exit:",
            *frontier_lines(numbers),
            "",
            *aligned(("measured", "", ["falling %", "accuracy %", *exits]), rows),
            "",
            *cost_sentences(numbers, told),
        ]
    )


def likelihood_text(numbers: dict) -> str:
    """A fit by likelihood, for a terminal."""
    exits = [f"exit {m + 1}" for m in range(len(numbers["measured"]["accuracy"]))]
    rows = [
        (f"{what} {which}", "", [shown(value, 100 if name == "accuracy" else 1) for value in side[name]])
        for name, what in (("nll_on_support", "NLL on the support,"), ("ece", "ECE,"), ("accuracy", "accuracy %,"))
        for which, side in (("before", numbers["default"]), ("fitted", numbers["measured"]))
    ]
    lines = [
        f"{numbers['run']}: {numbers['samples']:,} samples of split {numbers['split']}, {numbers['predictor']} with "
        f"the {numbers['fitted']} under which the labels fitted on are likeliest.",
        *fitting_lines(numbers),
        f"--set {settings_text({numbers['fitted']: numbers['settings'][numbers['fitted']]})}",
    ]
    if numbers["at_bound"]:
        lines.append("The search ended at its bound: the best value lies beyond it.")
    return "\n".join([*lines, "", *aligned(("measured", "", exits), rows)])
