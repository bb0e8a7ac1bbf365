"""`compare`: runs and predictors side by side, with intervals and tests. Imports results when called."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence

from analysis.commands.options import add_cost_unit, add_split, parse_settings, say_first_correction


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
        metavar="'ID [KEY=VALUE ...]'",
        dest="predictors",
        action="append",
        help="with settings after it, 'pa weights=uniform'; may be repeated, and each run is taken under each "
        "(default: baseline and pa)",
    )
    add_split(parser)
    add_cost_unit(parser)
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the resamples (default: 0)")
    parser.add_argument(
        "--format",
        choices=("table", "json", "csv", "latex", "markdown"),
        default="table",
        help="how to print it (default: table)",
    )


def _chosen(texts: Sequence[str]) -> list[tuple[str, dict[str, str]]]:
    """The ids of predictors, one's own registered by its file, and the settings that stand after each.

    Raises
    ------
    ValueError : unknown ones, and functions of one name in two files: an id stands for one of them
    """
    from analysis.predictors import find_predictor

    found, files = [], {}
    for text in texts:
        parts = re.split(r" +(?=\w+=)", text.strip())
        row = find_predictor(parts[0])
        if (first := files.setdefault(row.id, row.path)) != row.path:
            raise ValueError(f"--predictor: {first} and {row.path} both define {row.id}: give one another name")
        found.append((row.id, parse_settings(parts[1:])))
    return found


def run(args: argparse.Namespace) -> None:
    """Print a comparison.

    Raises
    ------
    ValueError : runs or predictors that cannot be compared, and why
    """
    from analysis.commands.summarize import measured
    from analysis.predictors import first_correction, resolve
    from analysis.report import comparison_tables
    from analysis.results.comparison import MOST, as_object, check_entries, check_runs, compare
    from analysis.storage import find_run, load_run

    if args.seed < 0:
        raise ValueError(f"--seed {args.seed}: give a whole number from 0")
    runs = [load_run(find_run(one)) for one in args.runs]
    named = _chosen(args.predictors or ())
    pairs = [(one, *key) for one in runs for key in named or (("baseline", {}), (first_correction(one.kind), {}))]
    if not 2 <= len(pairs) <= MOST:
        raise ValueError(f"{len(pairs)} to compare (runs times predictors): name 2 to {MOST}")
    if not named:
        say_first_correction(runs)
    for one in runs:
        if args.cost_unit is not None:
            one.cost(args.cost_unit)  # refuses a unit that it does not know before anything is computed
    check_runs(runs, args.split)
    chosen = [(one, key, resolve(key, own, kind=one.kind, n_exits=one.n_exits)) for one, key, own in pairs]
    check_entries(chosen)
    compared = compare([measured(*each, args.split) for each in chosen], seed=args.seed)
    found = as_object(compared, args.cost_unit)
    if args.format == "json":
        print(json.dumps(found, indent=2, allow_nan=False))
        return
    formats = {"table": "as_text", "csv": "as_csv", "latex": "as_latex", "markdown": "as_markdown"}
    print(getattr(comparison_tables, formats[args.format])(found))
