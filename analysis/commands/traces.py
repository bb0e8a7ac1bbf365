"""`traces`: one row per sample and exit as parquet. Imports traces when called."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.commands.options import add_predictor, add_run, chosen_predictor
from analysis.commands.output import check_new_file
from analysis.commands.progress import progress_bar

if TYPE_CHECKING:
    from analysis.run import Run

KEPT = 10_000_000
"""Predictions whose traces are kept in the cache: 0.4 GB."""


def add_parser(subparsers) -> None:
    """Put `traces` and its options on the command line."""
    parser = subparsers.add_parser(
        "traces",
        help="write one row per sample and exit",
        description="Write probability, rank, entropy and falls of every sample at every exit as parquet: all samples "
        "in the run's order, exits from 1, what is unknown as null.",
    )
    add_run(parser)
    add_predictor(parser, required=True)
    parser.add_argument(
        "--out", metavar="FILE.parquet", required=True, type=Path, help="the file to write; refused if it exists"
    )
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS|local:N",
        help="compute on a Dask cluster (tcp://host:8786) whose workers see the run too, or in N local processes",
    )


def write_by_cluster(
    run: Run, predictor_id: str, settings: Mapping[str, object], cluster: str, out: Path, tell
) -> None:
    """Write traces that a cluster computes, as they come; what is small is kept in the cache for whoever asks next."""
    from analysis.predictors import settings_key
    from analysis.traces import read_traces_parquet, write_traces_parquet
    from analysis.traces.cache import cache_path, write_cached
    from analysis.traces.cluster import cluster_traces

    with closing(cluster_traces(run, predictor_id, settings, cluster=cluster, progress=tell)) as parts:
        write_traces_parquet(parts, run, out)
    if run.n_exits * run.n_samples <= KEPT:
        write_cached(cache_path(run, settings_key(predictor_id, settings)), read_traces_parquet(out, run, split="all"))


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
        if args.cluster is None:
            traces = load_traces(opened, chosen, settings, split="all", progress=advance)
        else:
            write_by_cluster(opened, chosen, settings, args.cluster, args.out, advance)
    if args.cluster is None:
        write_traces_parquet(traces, opened, args.out)
    print(f"{args.out}: {opened.n_samples} samples x {opened.n_exits} exits under {chosen}")
