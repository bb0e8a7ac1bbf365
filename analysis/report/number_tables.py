"""Summaries of one run side by side as text for a terminal, CSV, Markdown and LaTeX. Takes what `summarize` returns."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence

from analysis.reference.outside_text import csv_cell
from analysis.report.table_formats import BOOKTABS, UNKNOWN, booktabs, markdown_table
from analysis.words.formats import decimals

QUANTITIES = (
    ("accuracy", "accuracy %", 100, 2),
    ("top5", "top-5 %", 100, 2),
    ("true_class_prob", "p(true class)", 1, 3),
    ("entropy", "entropy, nats", 1, 3),
    ("ece", "ECE, 15 bins", 1, 3),
    ("brier", "Brier", 1, 3),
    ("nll", "NLL, nats", 1, 3),
    ("off_support", "off support %", 100, 2),
    ("collapsed", "collapsed %", 100, 2),
)
"""Field of an exit, its name for people, the factor and the decimals it is shown with."""
FALLS = (
    ("decrease_percent", "true_class", "true class"),
    ("decrease_percent", "final_prediction", "final prediction"),
    ("decrease_percent", "any_class", "any class"),
    ("relative_decrease_percent", "true_class", "true class, relative"),
)
OVERTHINKING = (
    ("oracle_accuracy", "some exit right"),
    ("destructive", "then wrong at the last"),
    ("wasteful", "right earlier and at the last"),
)
PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
Rows = list[tuple[str, str, list[str]]]
"""Quantity, predictor, cells."""


def shown(value: float | None, factor: float = 1, places: int = 2, whole: float = 100) -> str:
    """A value times a factor with so many decimals, as `analysis.words.formats.decimals` has it; a dash for None."""
    return UNKNOWN if value is None else decimals(factor * value, places, whole)


def named(summaries: Sequence[dict]) -> list[tuple[str, dict]]:
    """Each summary with its predictor's id; if that is the first one's too, with the settings in which they differ."""
    first = summaries[0]
    pairs = [(first["predictor"], first)]
    for summary in summaries[1:]:
        name = summary["predictor"]
        if name == first["predictor"]:
            changed = [f"{key}={v}" for key, v in summary["settings"].items() if first["settings"].get(key) != v]
            name = " ".join([name, *changed])
        pairs.append((name, summary))
    return pairs


def exit_table(summaries: Sequence[dict]) -> Rows:
    """One row per quantity and predictor, one cell per exit; without labels, what they would tell is left out.

    Where labels are known, an NLL that JSON cannot hold is infinite.
    """
    rows = []
    for field, name, factor, places in QUANTITIES:
        for predictor, summary in named(summaries):
            values = [row[field] for row in summary["exits"]]
            cells = [shown(value, factor, places, factor) for value in values]
            if field == "nll" and summary["labelled"]:
                cells = ["inf" if value is None else cell for value, cell in zip(values, cells)]
            if set(cells) != {UNKNOWN}:
                rows.append((name, predictor, cells))
    return rows


def fall_table(summaries: Sequence[dict]) -> tuple[list[str], Rows]:
    """The thresholds, and one row per kind of fall and predictor; without labels, no fall of the true class."""
    thresholds = list(summaries[0]["decrease_percent"]["true_class"])
    rows = [
        (name, predictor, [shown(summary[key][of][tau]) for tau in thresholds])
        for key, of, name in FALLS
        for predictor, summary in named(summaries)
        if summary["labelled"] or of != "true_class"
    ]
    return thresholds, rows


def overthinking_table(summaries: Sequence[dict]) -> Rows:
    """Percent of samples, one row per kind and predictor."""
    return [
        (f"{name} %", predictor, [shown(summary["overthinking"][field], 100)])
        for field, name in OVERTHINKING
        for predictor, summary in named(summaries)
    ]


def cost_row(summary: dict) -> tuple[str, list[str]]:
    """The cumulative costs with one SI prefix for all."""
    costs, unit = [row["cost"] for row in summary["exits"]], summary["cost_unit"]
    if unit is None:
        return "", []
    factor, prefix = next(((f, p) for f, p in PREFIXES if max(costs) >= f), (1, ""))
    return f"cost, {prefix + ' ' if prefix else ''}{unit}", [f"{cost / factor:.1f}" for cost in costs]


def aligned(header: tuple[str, str, Sequence[str]], rows: Rows) -> list[str]:
    """Lines of a table: two left-aligned columns, then right-aligned cells; a quantity is named in its first row."""
    table = [header, *rows]
    first, second = (max(len(row[i]) for row in table) for i in (0, 1))
    widths = [max(6, *(len(row[2][i]) for row in table if row[2])) for i in range(len(header[2]))]
    lines, before = [], None
    for quantity, predictor, cells in table:
        label = "" if quantity == before else quantity
        before = quantity
        line = f"{label:<{first}}  {predictor:<{second}}" + "".join(f"  {c:>{w}}" for c, w in zip(cells, widths))
        lines.append(line.rstrip())
    return lines


def as_text(summaries: Sequence[dict], closing: Sequence[str] = ()) -> str:
    """The summaries as tables for a terminal, predictors beside each other.

    Parameters
    ----------
    summaries
        Of one run and split, the baseline first.
    closing
        Sentences below the tables.
    """
    head = summaries[0]
    unlabelled = head["samples"] - head["labelled"]
    note = f", {unlabelled:,} of them without label" if unlabelled else ""
    lines = [f"{head['run']}: {head['samples']:,} samples of split {head['split']}{note}", ""]
    cost_name, costs = cost_row(head)
    rows = ([(cost_name, "", costs)] if costs else []) + exit_table(summaries)
    lines += aligned(("exit", "", [str(row["exit"]) for row in head["exits"]]), rows)
    thresholds, falls = fall_table(summaries)
    lines += ["", "Percent of samples whose probability falls by more than a threshold between any two exits:"]
    lines += aligned(("threshold", "", thresholds), falls)
    if head["labelled"]:
        lines += ["", *aligned(("overthinking", "", [""]), overthinking_table(summaries))]
    if closing:
        lines += ["", *closing]
    return "\n".join(lines)


def as_csv(summaries: Sequence[dict]) -> str:
    """One row per predictor and exit; falls and overthinking, which have no exit, are repeated in each of its rows."""
    rows = []
    for summary in summaries:
        shared = {key: summary[key] for key in ("run", "split", "samples", "predictor")}
        shared["settings"] = json.dumps(summary["settings"])
        once = {
            f"{key}_{of}_{tau}": value
            for key in ("decrease_percent", "relative_decrease_percent")
            for of, percents in summary[key].items()
            for tau, value in percents.items()
        } | summary["overthinking"]
        rows += [shared | {"cost_unit": summary["cost_unit"]} | row | once for row in summary["exits"]]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: csv_cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue().rstrip("\n")


def latex_table(caption: str, across: str, header: Sequence[str], rows: Rows) -> list[str]:
    """The lines of a table of LaTeX, with booktabs' rules.

    Parameters
    ----------
    across : what the columns are: "exit"
    header : the columns' names
    """
    return booktabs(caption, *_grid(across, header, rows))


def markdown_rows(caption: str, across: str, header: Sequence[str], rows: Rows) -> list[str]:
    """The lines of a table of Markdown, as `latex_table`."""
    return markdown_table(caption, *_grid(across, header, rows))


def _grid(across: str, header: Sequence[str], rows: Rows) -> tuple[list[str], str, list[list[str]]]:
    """The head, the sides and the rows; no column of predictors where no row names one."""
    names = [""] if any(name for _, name, _ in rows) else []
    cells = [[what, *([name] if names else []), *own] for what, name, own in rows]
    return [across, *names, *header], "l" * (1 + len(names)) + "r" * len(header), cells


def _tables(summaries: Sequence[dict], written: Callable[[str, str, Sequence[str], Rows], list[str]]) -> list[str]:
    """Two tables for a paper, per exit and per threshold."""
    head = summaries[0]
    where = f"{head['run']}, {head['samples']:,} samples of split {head['split']}"
    exits = [str(row["exit"]) for row in head["exits"]]
    thresholds, falls = fall_table(summaries)
    caption = f"Percent of samples whose probability falls by more than a threshold between any two exits: {where}."
    return [
        *written(f"Per exit: {where}.", "exit", exits, exit_table(summaries)), "",
        *written(caption, "threshold", thresholds, falls),
    ]  # fmt: skip


def as_latex(summaries: Sequence[dict]) -> str:
    """Two tables for a paper, per exit and per threshold; they need the package booktabs."""
    return "\n".join([BOOKTABS, *_tables(summaries, latex_table)])


def as_markdown(summaries: Sequence[dict]) -> str:
    """Two tables of Markdown, per exit and per threshold."""
    return "\n".join(_tables(summaries, markdown_rows))
