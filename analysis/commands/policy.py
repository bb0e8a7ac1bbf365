"""`policy`: let samples stop by themselves, and say what that saves and loses. Imports results when called."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

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
from analysis.commands.output import check_new_file
from analysis.commands.progress import progress_bar

if TYPE_CHECKING:
    from analysis.results import PolicyResults


def add_parser(subparsers) -> None:
    """Put `policy` and its options on the command line."""
    from analysis.policies import POLICIES

    parser = subparsers.add_parser(
        "policy",
        help="let samples stop by themselves: what is saved, and what is lost by whom",
        description="Accuracy and cost when each sample stops by a policy, the risk by the exit where samples stop, "
        "and who stops too early and too late. Thresholds are fitted on the run's calibration split, never on what is "
        "measured unless that is allowed.",
    )
    add_run(parser)
    parser.add_argument("--policy", metavar="ID", required=True, help=f"one of {' '.join(POLICIES)}")
    add_predictor(parser, default="baseline", owner="policy")
    add_split(parser)
    add_fitting(parser)
    parser.add_argument(
        "--fitted-on", metavar="RUN", help="another run of the same network to fit on: what is promised, and what holds"
    )
    add_cost_unit(parser)
    parser.add_argument("--format", choices=("table", "json"), default="table", help="how to print it (default: table)")
    parser.add_argument("--out", metavar="FILE.json", type=Path, help="write the rule to a file; refused if it exists")
    parser.epilog = f"{table_help('policies', POLICIES.values())}\n\n{predictors_help()}"


def _found(args: argparse.Namespace) -> PolicyResults:
    """The results that the options ask for."""
    from analysis.policies import find_policy, resolve_policy
    from analysis.results import policy_of
    from analysis.storage import find_run, load_run

    row = find_policy(args.policy)
    opened = load_run(find_run(args.run))
    other = None if args.fitted_on is None else load_run(find_run(args.fitted_on))
    own, rest = own_settings(args, row.settings, f"policy {row.id}", opened.kind)
    settings = resolve_policy(row.id, own)
    predictor, predictor_settings = chosen_predictor(args, opened, rest)
    with progress_bar(opened.n_samples, f"Tracing {predictor}") as advance:
        return policy_of(
            opened,
            row.id,
            settings,
            predictor,
            predictor_settings,
            args.split,
            calibration=args.calibration,
            seed=chosen_seed(args),
            fitted_on=other,
            allow_test_fitting=args.allow_test_fitting,
            cost_unit=args.cost_unit,
            progress=advance,
        )


def run(args: argparse.Namespace) -> None:
    """Print what a policy does on a run, and write its rule where that is asked for.

    Raises
    ------
    ValueError : a run, policy, predictor, setting, split or cost unit that cannot be used; nothing to fit on or to
        measure; an `--out` that exists, or of a policy that is no rule
    """
    from analysis.policies import find_policy, write_rule
    from analysis.report.policy_tables import as_text
    from analysis.results.policy_numbers import policy_numbers

    if args.out is not None:
        if find_policy(args.policy).function is None:
            raise ValueError(f"policy {args.policy} is no rule that a network could follow: leave out --out")
        check_new_file(args.out)
    results = _found(args)
    numbers = policy_numbers(results)
    if args.out is not None:
        write_rule(results.rule, args.out)
    if args.format == "json":
        print(json.dumps(numbers, indent=2, allow_nan=False))
    else:
        print(as_text(numbers))
        if args.out is not None:
            print(f"\n{args.out}: the rule, which analysis.anytime(network, rule=...) stops by")
