"""`calibration`: whether probabilities mean what they say, and confidence tells right from wrong. Imports results
when called."""

from __future__ import annotations

import argparse
import json

from analysis.commands.options import (
    add_cost_unit,
    add_fitting,
    add_predictor,
    add_run,
    add_split,
    chosen_predictor,
    chosen_seed,
)
from analysis.commands.progress import progress_bar


def add_parser(subparsers) -> None:
    """Put `calibration` and its options on the command line."""
    parser = subparsers.add_parser(
        "calibration",
        help="whether probabilities mean what they say, and confidence tells right from wrong",
        description="Calibration errors and scores of every exit, how well confidence predicts failures, and the "
        "temperature p^(1/T) of each exit, fitted on the run's calibration split alone; without one, none is fitted.",
    )
    add_run(parser)
    add_predictor(parser)
    add_split(parser)
    add_fitting(parser)
    add_cost_unit(parser)
    parser.add_argument("--format", choices=("table", "json"), default="table", help="how to print it (default: table)")


def run(args: argparse.Namespace) -> None:
    """Print the calibration of a predictor on a run.

    Raises
    ------
    ValueError : a run, predictor, setting, split or cost unit that cannot be used; no labels; nothing left to measure
    """
    from analysis.report.calibration_tables import as_text
    from analysis.results.fitting import results_at
    from analysis.results.from_logits.calibration import calibrate, samples_to_calibrate
    from analysis.results.from_logits.calibration_numbers import calibration_numbers
    from analysis.storage import find_run, load_run

    opened = load_run(find_run(args.run))
    predictor, settings = chosen_predictor(args, opened)
    opened.cost(args.cost_unit)  # refuses an unknown unit before anything is computed
    choice = samples_to_calibrate(
        opened,
        args.split,
        calibration=args.calibration,
        seed=chosen_seed(args),
        allow_test_fitting=args.allow_test_fitting,
    )
    with progress_bar(opened.n_samples, f"Tracing {predictor}") as advance:
        measured = results_at(opened, predictor, settings, choice.measured, progress=advance)
    with progress_bar(2 * len(choice.fitted) + len(choice.measured), f"Calibrating {predictor}") as advance:
        found = calibrate(measured, choice, progress=advance)
    numbers = calibration_numbers(found, args.cost_unit)
    print(json.dumps(numbers, indent=2, allow_nan=False) if args.format == "json" else as_text(numbers))
