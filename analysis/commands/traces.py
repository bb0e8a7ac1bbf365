"""`traces`: one row per sample and exit as parquet. Imports traces when called."""

from __future__ import annotations

import argparse
from pathlib import Path

from analysis.commands.options import add_predictor, add_run, chosen_predictor
from analysis.commands.output import check_new_file
from analysis.commands.progress import progress_bar


def add_parser(subparsers) -> None:
    """Put `traces` and its options on the command line."""
    parser = subparsers.add_parser(
        "traces",
        help="write one row per sample and exit",
        description="Write probability, rank, entropy and falls of every sample at every exit as parquet: all samples "
        "in the run's order, exits from 1, what is unknown as null.",
    )
    add_run(parser)
    add_predictor(parser, default=None)
    parser.add_argument(
        "--out", metavar="FILE.parquet", required=True, type=Path, help="the file to write; refused if it exists"
    )


def run(args: argparse.Namespace) -> None:
    """Write a row per sample and exit and print their number.

    Raises
    ------
    ValueError : an `--out` that exists, or a run, predictor or setting that cannot be used
    """
    from analysis.storage import find_run, load_run
    from analysis.traces import load_traces, write_traces_parquet

    check_new_file(args.out)
    opened = load_run(find_run(args.run))
    chosen, settings = chosen_predictor(args, opened)
    with progress_bar(opened.n_samples, f"Tracing {chosen}") as advance:
        traces = load_traces(opened, chosen, settings, split="all", progress=advance)
    write_traces_parquet(traces, opened, args.out)
    print(f"{args.out}: {traces.n_samples} samples x {traces.n_exits} exits under {chosen}")
