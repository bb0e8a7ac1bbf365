"""`tune`: the settings of a correction that are most accurate while few samples get worse. Imports results when
called."""

from __future__ import annotations

import argparse
import json

from analysis.commands.options import (
    add_cost_unit,
    add_fitting,
    add_run,
    add_split,
    chosen_seed,
    parse_settings,
)
from analysis.commands.progress import progress_bar


def add_parser(subparsers) -> None:
    """Put `tune` and its options on the command line."""
    from analysis.policies.table import LAWS
    from analysis.results.from_logits.likeliest import FITTED
    from analysis.results.from_logits.tuning import GRIDS, MAX_FALLING, THRESHOLD
    from analysis.settings import join_or

    parser = subparsers.add_parser(
        "tune",
        help="settings of a correction that are most accurate while few samples get worse",
        description="Try a grid of settings on calibration samples: the most accurate under an interruption law among "
        "those under which few samples' true class falls too far; then measure it on the samples left out.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_run(parser)
    parser.add_argument(
        "--predictor", metavar="ID", default="pa", help=f"one of {' '.join({**GRIDS, **FITTED})} (default: pa)"
    )
    parser.add_argument(
        "--by",
        choices=("accuracy", "likelihood"),
        default="accuracy",
        help="accuracy: a grid, under a law and a limit on falls. likelihood: the temperature of "
        f"{join_or([key for key, name in FITTED.items() if name == 'temperature'])}, or the weights of exit-ensemble "
        "(default: accuracy)",
    )
    parser.add_argument("--law", choices=LAWS, default="uniform", help="when computation ends (default: uniform)")
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        dest="settings",
        action="append",
        default=[],
        help="a setting of the law: mean, budgets or prior, as of the policy interruption; by likelihood, of the "
        "predictor; may be repeated",
    )
    parser.add_argument(
        "--max-falling",
        metavar="PERCENT",
        type=float,
        default=MAX_FALLING,
        help=f"at most so many samples may fall (default: {MAX_FALLING:g})",
    )
    parser.add_argument(
        "--threshold",
        metavar="TAU",
        type=float,
        default=THRESHOLD,
        help=f"by more than this, of the true class's probability (default: {THRESHOLD:g})",
    )
    add_split(parser)
    add_fitting(parser)
    add_cost_unit(parser)
    parser.add_argument("--format", choices=("table", "json"), default="table", help="how to print it (default: table)")
    tried = [
        line
        for key, grid in GRIDS.items()
        for line in (f"what is tried of {key}:", *(f"  {name}: {', '.join(map(str, of))}" for name, of in grid.items()))
    ]
    parser.epilog = "\n".join(tried)


def run(args: argparse.Namespace) -> None:
    """Print what was chosen, from what, and what it is worth on the samples left out.

    Raises
    ------
    ValueError : a run, predictor, law, split or cost unit that cannot be used; nothing to fit on or to measure
    """
    from analysis.report.tuning_tables import as_text, likelihood_text
    from analysis.results.from_logits.likeliest import fit_likeliest
    from analysis.results.from_logits.tuning import samples_to_tune, tune
    from analysis.results.from_logits.tuning_numbers import likelihood_numbers, tuning_numbers
    from analysis.storage import find_run, load_run

    given = parse_settings(args.settings)
    if args.by == "accuracy" and "law" in given:
        raise ValueError(f"--set law={given['law']}: give it as --law {given['law']}")
    opened = load_run(find_run(args.run))
    choice = samples_to_tune(
        opened,
        args.split,
        calibration=args.calibration,
        seed=chosen_seed(args),
        allow_test_fitting=args.allow_test_fitting,
    )
    with progress_bar(len(choice.fitted), f"Tuning {args.predictor}") as advance:
        if args.by == "likelihood":
            likeliest = likelihood_numbers(fit_likeliest(choice, args.predictor, given, progress=advance))
            text = json.dumps(likeliest, indent=2, allow_nan=False) if args.format == "json" else None
            print(text or likelihood_text(likeliest))
            return
        found = tune(
            choice,
            args.predictor,
            {"law": args.law, **given},
            max_falling=args.max_falling,
            threshold=args.threshold,
            cost_unit=args.cost_unit,
            progress=advance,
        )
    numbers = tuning_numbers(found)
    print(json.dumps(numbers, indent=2, allow_nan=False) if args.format == "json" else as_text(numbers))
