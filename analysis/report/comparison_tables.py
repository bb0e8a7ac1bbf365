"""A comparison of runs and predictors as text for a terminal, CSV, Markdown and LaTeX. Takes `as_object`'s return."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence

import pandas as pd

from analysis.reference.outside_text import csv_cell
from analysis.report.number_tables import Rows, aligned, cost_row, latex_table, markdown_rows, shown
from analysis.report.table_formats import BOOKTABS
from analysis.words.formats import signed

SURE = 0.05
"""A difference whose adjusted p-value is below this is marked."""


def names(entries: Sequence[dict]) -> list[str]:
    """What each entry is called: its run and predictor, or the predictor alone where all are of one run."""
    one_run = len({entry["run"] for entry in entries}) == 1
    one_predictor = len({entry["predictor"] for entry in entries}) == 1
    if one_run:
        return [entry["predictor"] for entry in entries]
    return [entry["run"] if one_predictor else f"{entry['run']} {entry['predictor']}" for entry in entries]


def _exits(found: dict) -> list[str]:
    return [str(m + 1) for m in range(max(len(entry["accuracy"]) for entry in found["entries"]))]


def _ends(estimates: Sequence[dict], factor: float) -> Rows:
    """The two ends of intervals, a row for each."""
    return [
        (said, "", [signed(factor * one[end]) for one in estimates])
        for said, end in (("95% interval from", "low"), ("to", "high"))
    ]


def accuracy_table(found: dict) -> Rows:
    """Percent, one row per entry, one cell per exit."""
    cells = [[shown(value, 100) for value in entry["accuracy"]] for entry in found["entries"]]
    return [("accuracy %", name, row) for name, row in zip(names(found["entries"]), cells)]


def fall_table(found: dict) -> Rows:
    """Percent of samples, one row per entry, one cell per threshold."""
    return [
        ("true class falls %", name, [shown(value) for value in entry["decrease_percent"].values()])
        for name, entry in zip(names(found["entries"]), found["entries"])
    ]


def pair_table(found: dict, pair: dict) -> Rows:
    """The differences of one pair per exit, in points, with their intervals and adjusted p-values."""
    rows = pair["exits"]
    differences = [signed(100 * one["difference"]) + ("*" if one["p_holm"] < SURE else "") for one in rows]
    return [
        ("accuracy, points", "", differences),
        *_ends(rows, 100),
        ("p, McNemar, Holm", "", [f"{one['p_holm']:.2g}" for one in rows]),
        ("right under the second alone", "", [f"{one['b_only']:,}" for one in rows]),
        ("right under the first alone", "", [f"{one['a_only']:,}" for one in rows]),
    ]


def pair_falls(pair: dict) -> Rows:
    """The differences of one pair in percent of samples that fall, per threshold, with their intervals."""
    rows = list(pair["decrease"].values())
    return [("falls, points", "", [signed(one["difference"]) for one in rows]), *_ends(rows, 1)]


def _pair_name(found: dict, pair: dict) -> str:
    named = names(found["entries"])
    return f"{named[pair['a']]} against {named[pair['b']]}, the second less the first, {pair['samples']:,} samples"


def as_text(found: dict) -> str:
    """Tables for a terminal: the entries, then every two of them."""
    thresholds = list(found["entries"][0]["decrease_percent"])
    lines = aligned(("exit", "", _exits(found)), accuracy_table(found))
    if found["cost_unit"] is not None:
        for name, entry in zip(names(found["entries"]), found["entries"]):
            summary = {"exits": [{"cost": cost} for cost in entry["cost"]], "cost_unit": found["cost_unit"]}
            what, cells = cost_row(summary)
            lines += aligned((what, name, cells), [])
    lines += ["", *aligned(("threshold", "", thresholds), fall_table(found))]
    for pair in found["pairs"]:
        lines += ["", f"{_pair_name(found, pair)}:"]
        lines += aligned(("exit", "", [str(one["exit"]) for one in pair["exits"]]), pair_table(found, pair))
        lines += aligned(("threshold", "", thresholds), pair_falls(pair))
    lines += ["", f"*: adjusted p below {SURE:g}; adjusted over the exits of a pair (Holm), not over pairs."]
    return "\n".join(lines)


FIELDS = (
    "a_run", "a_predictor", "b_run", "b_predictor", "samples", "quantity", "at", "a", "b", "difference",
    "low", "high", "a_only", "b_only", "p", "p_holm",
)  # fmt: skip


def csv_rows(found: dict) -> list[dict[str, object]]:
    """One row per pair and exit, and per pair and threshold: what CSV holds, by `FIELDS`."""
    rows = []
    for pair in found["pairs"]:
        a, b = (found["entries"][pair[side]] for side in "ab")
        both = {"a_run": a["run"], "a_predictor": a["predictor"], "b_run": b["run"], "b_predictor": b["predictor"]}
        both["samples"] = pair["samples"]
        for one in pair["exits"]:
            at = one["exit"]
            row = {key: value for key, value in one.items() if key != "exit"}
            ours = {"quantity": "accuracy", "at": at, "a": a["accuracy"][at - 1], "b": b["accuracy"][at - 1]}
            rows.append(both | ours | row)
        for tau, one in pair["decrease"].items():
            percents = {"a": a["decrease_percent"][tau], "b": b["decrease_percent"][tau]}
            rows.append(both | {"quantity": "decrease_percent", "at": tau} | percents | one)
    return rows


def as_csv(found: dict) -> str:
    """One row per pair and exit, and per pair and threshold."""
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: csv_cell(value) for name, value in row.items()} for row in csv_rows(found))
    return text.getvalue().rstrip("\n")


def _interval(one: dict, factor: float) -> str:
    """On one line of a page, however narrow."""
    return f"{signed(factor * one['low'])}\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}{signed(factor * one['high'])}"


def exits_shown(found: dict, pair: dict, named: Sequence[str], *, only_differing: bool = False) -> pd.DataFrame:
    """The differences of one pair as people read them, a row per exit that both have.

    Parameters
    ----------
    named : what the entries are called
    only_differing : whether exits whose adjusted p is `SURE` or more are left out
    """
    a, b = (found["entries"][pair[side]]["accuracy"] for side in "ab")
    rows = [one for one in pair["exits"] if not only_differing or one["p_holm"] < SURE]
    return pd.DataFrame(
        [
            [
                str(one["exit"]), shown(a[one["exit"] - 1], 100), shown(b[one["exit"] - 1], 100),
                signed(100 * one["difference"]) + ("*" if one["p_holm"] < SURE else ""),
                _interval(one, 100),
                f"{one['a_only']:,}", f"{one['b_only']:,}", f"{one['p']:.2g}", f"{one['p_holm']:.2g}",
            ]
            for one in rows
        ],
        columns=[
            "exit", f"{named[pair['a']]}, %", f"{named[pair['b']]}, %", "difference, points", "95% interval",
            "first alone right", "second alone right", "p, McNemar", "p, Holm",
        ],
    )  # fmt: skip


def falls_shown(found: dict, pair: dict, named: Sequence[str]) -> pd.DataFrame:
    """The same of the percent of samples whose true class falls, a row per threshold."""
    a, b = (found["entries"][pair[side]]["decrease_percent"] for side in "ab")
    return pd.DataFrame(
        [
            [tau, shown(a[tau]), shown(b[tau]), signed(one["difference"]),
             _interval(one, 1)]
            for tau, one in pair["decrease"].items()
        ],
        columns=[
            "true class falls by more than", f"{named[pair['a']]}, %", f"{named[pair['b']]}, %", "difference, points",
            "95% interval",
        ],
    )  # fmt: skip


def pairs_shown(found: dict, named: Sequence[str]) -> pd.DataFrame:
    """Every two entries at the last exit that both have, a row per pair."""
    rows = []
    for pair in found["pairs"]:
        one = pair["exits"][-1]
        rows.append([
            named[pair["a"]], named[pair["b"]], f"{pair['samples']:,}", str(one["exit"]),
            signed(100 * one["difference"]) + ("*" if one["p_holm"] < SURE else ""),
            _interval(one, 100), f"{one['p_holm']:.2g}",
        ])  # fmt: skip
    heads = ["first", "second", "samples", "exit", "second less first, points", "95% interval", "p, Holm"]
    return pd.DataFrame(rows, columns=heads)


def _tables(found: dict, written: Callable[[str, Sequence[str], Rows], list[str]]) -> list[str]:
    """Tables for a paper: the entries per exit and threshold, then every two."""
    thresholds = list(found["entries"][0]["decrease_percent"])
    lines = written(f"Accuracy per exit, split {found['split']}.", _exits(found), accuracy_table(found))
    caption = "Percent of samples whose true class's probability falls by more than a threshold."
    lines += ["", *written(caption, thresholds, fall_table(found))]
    for pair in found["pairs"]:
        caption = (
            f"{_pair_name(found, pair)}: differences with 95% intervals from paired resamples; "
            f"*: p < {SURE:g} (McNemar, adjusted over the exits by Holm)."
        )
        exits = [str(one["exit"]) for one in pair["exits"]]
        lines += ["", *written(caption, exits, pair_table(found, pair))]
        lines += ["", *written("The same, of samples that fall.", thresholds, pair_falls(pair))]
    return lines


def as_latex(found: dict) -> str:
    """Tables for a paper, which need the package booktabs: the entries per exit and threshold, then every two."""
    return "\n".join([BOOKTABS, *_tables(found, latex_table)])


def as_markdown(found: dict) -> str:
    """The same tables as Markdown."""
    return "\n".join(_tables(found, markdown_rows))
