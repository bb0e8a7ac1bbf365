"""A comparison of runs and predictors as text for a terminal, CSV, Markdown and LaTeX. Takes `as_object`'s return."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence

import pandas as pd

from analysis.predictors import setting_texts, settings_text
from analysis.reference.outside_text import csv_cell, distinct
from analysis.report.number_tables import Rows, aligned, cost_row, latex_table, markdown_rows, shown
from analysis.report.table_formats import BOOKTABS
from analysis.statistics.paired import SURE
from analysis.words.formats import signed


def names(entries: Sequence[dict]) -> list[str]:
    """What each entry is called: its run and predictor, or one of the two where that is the same for all.

    A predictor with other settings than where it first stands is named with those that differ; no two names are alike.
    """
    first: dict[str, dict] = {}
    predictors = []
    for entry in entries:
        texts = setting_texts(entry["predictor"], entry["settings"])
        usual = first.setdefault(entry["predictor"], texts)
        changed = [f"{key}={text or 'none'}" for key, text in texts.items() if usual.get(key) != text]
        lacking = [f"without {key}" for key in usual if key not in texts]
        predictors.append(" ".join([entry["predictor"], *changed, *lacking]))
    one_run, one_predictor = len({entry["run"] for entry in entries}) == 1, len(set(predictors)) == 1
    called = [
        key if one_run else entry["run"] if one_predictor else f"{entry['run']} {key}"
        for entry, key in zip(entries, predictors)
    ]
    return list(distinct(called, lambda place: str(place + 1)))


def _exits(found: dict) -> list[str]:
    return [str(m + 1) for m in range(max(len(entry["accuracy"]) for entry in found["entries"]))]


def _filled(found: dict, cells: Sequence[str]) -> list[str]:
    """A cell for every exit that any entry has: nothing where this one has none."""
    return [*cells, *[""] * (len(_exits(found)) - len(cells))]


def _ends(estimates: Sequence[dict], factor: float) -> Rows:
    """The two ends of intervals, a row for each."""
    return [
        (said, "", [signed(factor * one[end]) for one in estimates])
        for said, end in (("95% interval from", "low"), ("to", "high"))
    ]


def accuracy_table(found: dict) -> Rows:
    """Percent, one row per entry, one cell per exit."""
    cells = [[shown(value, 100) for value in entry["accuracy"]] for entry in found["entries"]]
    return [("accuracy %", name, _filled(found, row)) for name, row in zip(names(found["entries"]), cells)]


def cost_table(found: dict) -> Rows:
    """Cumulative costs, one row per entry; none where no unit was asked for."""
    rows = []
    for name, entry in zip(names(found["entries"]), found["entries"]):
        summary = {"exits": [{"cost": cost} for cost in entry["cost"] or ()], "cost_unit": found["cost_unit"]}
        what, cells = cost_row(summary)
        rows += [(what, name, _filled(found, cells))] if cells else []
    return rows


def fall_table(found: dict) -> Rows:
    """Percent of samples, one row per entry, one cell per threshold."""
    return [
        ("true class falls %", name, [shown(value) for value in entry["decrease_percent"].values()])
        for name, entry in zip(names(found["entries"]), found["entries"])
    ]


def _of_both(found: dict, pair: dict, what: str, rows: Sequence[dict], factor: float) -> Rows:
    """What each of a pair has on the samples that both have, where these are not all of each."""
    entries = [found["entries"][pair[side]] for side in "ab"]
    if {entry["samples"] for entry in entries} == {pair["samples"]}:
        return []
    named = names(found["entries"])
    return [(what, named[pair[side]], [shown(one[side], factor) for one in rows]) for side in "ab"]


def pair_table(found: dict, pair: dict) -> Rows:
    """The differences of one pair per exit, in points, with their intervals and adjusted p-values."""
    rows = pair["exits"]
    differences = [signed(100 * one["difference"]) + ("*" if one["p_holm"] < SURE else "") for one in rows]
    return [
        *_of_both(found, pair, "accuracy of these %", rows, 100),
        ("accuracy, points", "", differences),
        *_ends(rows, 100),
        ("p, McNemar, Holm", "", [f"{one['p_holm']:.2g}" for one in rows]),
        ("right under the second alone", "", [f"{one['b_only']:,}" for one in rows]),
        ("right under the first alone", "", [f"{one['a_only']:,}" for one in rows]),
    ]


def pair_falls(found: dict, pair: dict) -> Rows:
    """The differences of one pair in percent of samples that fall, per threshold, with their intervals."""
    rows = list(pair["decrease"].values())
    return [
        *_of_both(found, pair, "falls of these %", rows, 1),
        ("falls, points", "", [signed(one["difference"]) for one in rows]),
        *_ends(rows, 1),
    ]


def _pair_name(found: dict, pair: dict) -> str:
    named = names(found["entries"])
    return f"{named[pair['a']]} against {named[pair['b']]}, the second less the first, {pair['samples']:,} samples"


def as_text(found: dict) -> str:
    """Tables for a terminal: the entries, then every two of them."""
    thresholds = list(found["entries"][0]["decrease_percent"])
    lines = aligned(("exit", "", _exits(found)), accuracy_table(found) + cost_table(found))
    lines += ["", *aligned(("threshold", "", thresholds), fall_table(found))]
    for pair in found["pairs"]:
        lines += ["", f"{_pair_name(found, pair)}:"]
        lines += aligned(("exit", "", [str(one["exit"]) for one in pair["exits"]]), pair_table(found, pair))
        lines += aligned(("threshold", "", thresholds), pair_falls(found, pair))
    lines += ["", f"*: adjusted p below {SURE:g}; adjusted over the exits of a pair (Holm), not over pairs."]
    return "\n".join(lines)


FIELDS = (
    "split", "a_run", "a_predictor", "a_settings", "b_run", "b_predictor", "b_settings",
    "samples", "quantity", "at", "a", "b", "difference",
    "low", "high", "a_only", "b_only", "p", "p_holm",
)  # fmt: skip


def csv_rows(found: dict) -> list[dict[str, object]]:
    """One row per pair and exit, and per pair and threshold: what CSV holds, by `FIELDS`."""
    rows = []
    for pair in found["pairs"]:
        both = {"split": found["split"]}
        for side in "ab":
            one = found["entries"][pair[side]]
            both |= {f"{side}_{what}": one[what] for what in ("run", "predictor")}
            both[f"{side}_settings"] = settings_text(one["predictor"], one["settings"])
        both["samples"] = pair["samples"]
        for one in pair["exits"]:
            row = {key: value for key, value in one.items() if key != "exit"}
            rows.append(both | {"quantity": "accuracy", "at": one["exit"]} | row)
        for tau, one in pair["decrease"].items():
            rows.append(both | {"quantity": "decrease_percent", "at": tau} | one)
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
    rows = [one for one in pair["exits"] if not only_differing or one["p_holm"] < SURE]
    return pd.DataFrame(
        [
            [
                str(one["exit"]), shown(one["a"], 100), shown(one["b"], 100),
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
    return pd.DataFrame(
        [
            [tau, shown(one["a"]), shown(one["b"]), signed(one["difference"]), _interval(one, 1)]
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


def _tables(found: dict, written: Callable[[str, str, Sequence[str], Rows], list[str]]) -> list[str]:
    """Tables for a paper: the entries per exit and threshold, then every two."""
    thresholds = list(found["entries"][0]["decrease_percent"])
    caption, rows = f"Accuracy per exit, split {found['split']}.", accuracy_table(found) + cost_table(found)
    lines = written(caption, "exit", _exits(found), rows)
    caption = "Percent of samples whose true class's probability falls by more than a threshold."
    lines += ["", *written(caption, "threshold", thresholds, fall_table(found))]
    for pair in found["pairs"]:
        caption = (
            f"{_pair_name(found, pair)}: differences with 95% intervals from paired resamples; "
            f"*: p < {SURE:g} (McNemar, adjusted over the exits by Holm)."
        )
        exits = [str(one["exit"]) for one in pair["exits"]]
        lines += ["", *written(caption, "exit", exits, pair_table(found, pair))]
        lines += ["", *written("The same, of samples that fall.", "threshold", thresholds, pair_falls(found, pair))]
    return lines


def as_latex(found: dict) -> str:
    """Tables for a paper, which need the package booktabs: the entries per exit and threshold, then every two."""
    return "\n".join([BOOKTABS, *_tables(found, latex_table)])


def as_markdown(found: dict) -> str:
    """The same tables as Markdown."""
    return "\n".join(_tables(found, markdown_rows))
