"""`sets`: sets of classes that hold the true one, conformal or nested, exit by exit. Imports results when called."""

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
    own_settings,
    predictors_help,
    table_help,
)
from analysis.commands.progress import progress_bar


def add_parser(subparsers) -> None:
    """Put `sets` and its options on the command line."""
    from analysis.sets import SETS

    parser = subparsers.add_parser(
        "sets",
        help="sets of classes that hold the true one, exit by exit: their size and coverage",
        description="Conformal sets of a predictor's probabilities, calibrated on the run's calibration split, else on "
        "a seeded 20 % of the split, which are then not measured; or nested sets of the logits, anytime-valid over the "
        "exits.",
    )
    add_run(parser)
    parser.add_argument("--method", metavar="ID", required=True, help=f"one of {' '.join(SETS)}")
    add_predictor(parser, owner="method")
    add_split(parser)
    add_fitting(parser)
    add_cost_unit(parser)
    parser.add_argument("--format", choices=("table", "json"), default="table", help="how to print it (default: table)")
    parser.epilog = f"{table_help('methods', SETS.values())}\n\n{predictors_help()}"


def run(args: argparse.Namespace) -> None:
    """Print the sets of a method on a run.

    Raises
    ------
    ValueError : a run, method, predictor, setting, split or cost unit that cannot be used; nothing to calibrate on or
        to measure
    """
    from analysis.report.set_tables import as_text
    from analysis.results.from_logits.set_numbers import set_numbers
    from analysis.results.from_logits.uncertainty_sets import make_sets, samples_for_sets
    from analysis.sets import find_sets, resolve_sets
    from analysis.storage import find_run, load_run

    row = find_sets(args.method)
    opened = load_run(find_run(args.run))
    own, rest = own_settings(args, row.settings, f"sets {row.id}", opened.kind)
    settings = resolve_sets(row.id, own, n_exits=opened.n_exits)
    predictor, predictor_settings = chosen_predictor(args, opened, rest)
    opened.cost(args.cost_unit)  # refuses an unknown unit before anything is computed
    choice = samples_for_sets(
        opened,
        row.fits(settings),
        args.split,
        calibration=args.calibration,
        seed=chosen_seed(args),
        allow_test_fitting=args.allow_test_fitting,
    )
    passes = len(choice.measured) + len(choice.fitted) * (1 if row.function else 2)
    with progress_bar(passes, f"Making sets by {row.id}") as advance:
        found = make_sets(row.id, settings, choice, predictor, predictor_settings, seed=args.seed, progress=advance)
    numbers = set_numbers(found, args.cost_unit)
    print(json.dumps(numbers, indent=2, allow_nan=False) if args.format == "json" else as_text(numbers))
