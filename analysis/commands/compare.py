"""`compare`: runs and predictors side by side, with intervals and tests. Imports results when called."""

from __future__ import annotations

import argparse
import json

from analysis.commands.options import add_cost_unit, add_split


def add_parser(subparsers) -> None:
    """Put `compare` and its options on the command line."""
    parser = subparsers.add_parser(
        "compare",
        help="runs and predictors side by side, with intervals and tests",
        description="Accuracy per exit and percent of samples that fall, of every run under every predictor, and the "
        "difference of every two: samples joined by id, 95 % intervals from 2,000 paired resamples, exact McNemar "
        "tests, Holm's adjustment over the exits.",
    )
    parser.add_argument("runs", metavar="RUN", nargs="+", help="a run folder's path or id")
    parser.add_argument(
        "--predictor",
        metavar="ID",
        dest="predictors",
        action="append",
        help="may be repeated; each run is taken under each (default: baseline and pa)",
    )
    add_split(parser)
    add_cost_unit(parser)
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the resamples (default: 0)")
    parser.add_argument(
        "--format", choices=("table", "json", "csv", "latex"), default="table", help="how to print it (default: table)"
    )


def run(args: argparse.Namespace) -> None:
    """Print a comparison.

    Raises
    ------
    ValueError : runs or predictors that cannot be compared, and why
    """
    from analysis.commands.summarize import measured
    from analysis.predictors import find_predictor, resolve
    from analysis.report import comparison_tables
    from analysis.results.comparison import MOST, as_object, compare
    from analysis.storage import find_run, load_run

    if args.seed < 0:
        raise ValueError(f"--seed {args.seed}: give a whole number from 0")
    predictors = [find_predictor(one).id for one in dict.fromkeys(args.predictors or ("baseline", "pa"))]
    runs = [load_run(find_run(one)) for one in args.runs]
    if len(runs) * len(predictors) > MOST:
        raise ValueError(
            f"{len(runs)} runs under {len(predictors)} predictors are {len(runs) * len(predictors)} entries: "
            f"compare at most {MOST}, name fewer with --predictor"
        )
    for one in runs:
        if args.cost_unit is not None:
            one.cost(args.cost_unit)  # refuses a unit that it does not know before anything is computed
    chosen = [(one, key, resolve(key, {}, kind=one.kind, n_exits=one.n_exits)) for one in runs for key in predictors]
    compared = compare([measured(*each, args.split) for each in chosen], seed=args.seed)
    found = as_object(compared, args.cost_unit)
    if args.format == "json":
        print(json.dumps(found, indent=2, allow_nan=False))
        return
    print(
        {"table": comparison_tables.as_text, "csv": comparison_tables.as_csv, "latex": comparison_tables.as_latex}[
            args.format
        ](found)
    )
