"""`report`: runs under a correction as one HTML file for reviewers. Imports reports when called."""

from __future__ import annotations

import argparse
from pathlib import Path

from analysis.commands.options import (
    add_cost_unit,
    add_fitting,
    add_predictor,
    add_split,
    chosen_seed,
    parse_settings,
    say_first_correction,
)
from analysis.commands.output import check_new_file
from analysis.commands.progress import progress_bar


def add_parser(subparsers) -> None:
    """Put `report` and its options on the command line."""
    parser = subparsers.add_parser(
        "report",
        help="one HTML file for reviewers, which opens offline",
        description="Claims with intervals, figures to point at, a switch between the baseline and the correction, the "
        "samples behind them, settings, hashes and the command: one HTML file that takes nothing from the network. "
        "Several runs have a section each, and stand beside each other. The same runs, versions and options give the "
        "same bytes.",
    )
    parser.add_argument("runs", metavar="RUN", nargs="+", help="a run folder's path or id")
    add_predictor(parser)
    add_split(parser)
    add_cost_unit(parser)
    parser.add_argument(
        "--samples", metavar="N", type=int, default=10, help="samples to draw at random and show (default: 10)"
    )
    add_fitting(parser)
    parser.add_argument("--out", metavar="FILE.html", type=Path, required=True, help="the file to write, a new one")


def run(args: argparse.Namespace) -> None:
    """Write a report and print what it is of.

    Raises
    ------
    ValueError : a run, predictor, setting, split, cost unit or number that cannot be used; a file that exists
    """
    from analysis.report.reviewer.bundle import check, report_html
    from analysis.report.reviewer.subject import Options
    from analysis.runtime.whole_files import whole_file
    from analysis.storage import find_run, load_run

    check_new_file(args.out)
    options = Options(
        predictor=args.predictor,
        settings=parse_settings(args.settings),
        split=args.split,
        cost_unit=args.cost_unit,
        samples=args.samples,
        seed=chosen_seed(args),
        calibration=args.calibration,
        allow_test_fitting=args.allow_test_fitting,
    )
    runs = [load_run(find_run(one)) for one in args.runs]
    check(runs, options)
    if args.predictor is None:
        say_first_correction(runs)
    with progress_bar(2 * sum(one.n_samples for one in runs), "Tracing") as advance:
        text = report_html(runs, options, progress=advance)
    with whole_file(args.out) as file:
        file.write_text(text, encoding="utf-8", newline="\n")
    print(f"{args.out}: {', '.join(one.id for one in runs)}, {args.out.stat().st_size / 1e6:.1f} MB, opens offline")
