"""`summarize`: a run under a predictor in numbers, the baseline beside it. Imports results when called."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from analysis.commands.options import add_cost_unit, add_predictor, add_run, add_split, chosen_predictor
from analysis.commands.progress import progress_bar

if TYPE_CHECKING:
    from analysis.results import Results
    from analysis.run import Run


def add_parser(subparsers) -> None:
    """Put `summarize` and its options on the command line."""
    parser = subparsers.add_parser(
        "summarize",
        help="numbers per exit, and how many samples get worse",
        description="Accuracy, calibration and uncertainty of every exit, and how many samples get worse on the way. "
        "JSON holds the predictor alone, the other formats the baseline beside it.",
    )
    add_run(parser)
    add_predictor(parser)
    add_split(parser)
    add_cost_unit(parser)
    parser.add_argument(
        "--format",
        choices=("table", "json", "csv", "latex", "markdown"),
        default="table",
        help="how to print it (default: table)",
    )


def measured(run: Run, predictor_id: str, settings: Mapping[str, object], split: str) -> Results:
    """The results of a split, with a progress bar while its traces are computed.

    Raises
    ------
    ValueError
        A split without samples.
    """
    from analysis.results import results_of

    if len(run.positions(split)) == 0:
        raise ValueError(f"run {run.id} has no samples of split {split}: choose another --split")
    with progress_bar(run.n_samples, f"Tracing {predictor_id}") as advance:
        return results_of(run, predictor_id, settings, split, progress=advance)


def closing_lines(baseline: Results, corrected: Results, full_name: str, label: str) -> list[str]:
    """What the correction did, in the words of the overview, with its full name and its short one."""
    from analysis.results import difference_of
    from analysis.words import correction

    difference = difference_of(baseline, corrected)
    return [
        correction.correction_sentence(difference, full_name),
        correction.price_sentence(difference, label),
    ]


def run(args: argparse.Namespace) -> None:
    """Print the numbers of a predictor on a run.

    Raises
    ------
    ValueError : a run, predictor, setting, split or cost unit that cannot be used
    """
    from analysis.predictors import find_predictor, resolve
    from analysis.report.number_tables import as_csv, as_latex, as_markdown, as_text
    from analysis.results.run_numbers import summarize
    from analysis.storage import find_run, load_run

    opened = load_run(find_run(args.run))
    chosen, settings = chosen_predictor(args, opened)
    opened.cost(args.cost_unit)  # refuses an unknown unit before anything is computed
    results = measured(opened, chosen, settings, args.split)
    summary = summarize(results, args.cost_unit)
    if args.format == "json":
        print(json.dumps(summary, indent=2, allow_nan=False))
        return
    defaults = resolve("baseline", {}, kind=opened.kind, n_exits=opened.n_exits)
    summaries, closing = [summary], []
    if (chosen, settings) != ("baseline", defaults):
        baseline = measured(opened, "baseline", defaults, args.split)
        summaries.insert(0, summarize(baseline, args.cost_unit))
        row = find_predictor(chosen)
        full_name, label = row.full_name, row.label
        if chosen == "baseline":  # both sides are: its settings tell them apart
            changed = (f"{key}={value}" for key, value in settings.items() if value != defaults[key])
            full_name = label = f"the baseline with {', '.join(changed)}"
        closing = closing_lines(baseline, results, full_name, label)
    if args.format == "table":
        print(as_text(summaries, closing))
    else:
        print({"csv": as_csv, "latex": as_latex, "markdown": as_markdown}[args.format](summaries))
