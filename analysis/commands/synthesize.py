"""`synthesize`: a run folder of seeded logits of no network, for timings and trials."""

from __future__ import annotations

import argparse
from pathlib import Path

from analysis.commands.options import add_size, chosen_seed, chosen_size
from analysis.commands.progress import progress_bar


def add_parser(subparsers) -> None:
    """Put `synthesize` and its options on the command line."""
    parser = subparsers.add_parser(
        "synthesize",
        help="write a run of made-up logits",
        description="Write a run folder of seeded float16 logits of no network, whose accuracies and falls resemble an "
        "MSDNet's: what timings are taken on. The same seed gives the same run, and a longer run begins with a "
        "shorter one.",
    )
    add_size(parser)
    parser.add_argument("--shards", metavar="K", type=int, default=1, help="files of logits to write (default: 1)")
    parser.add_argument("--seed", metavar="S", type=int, default=0, help="of the random numbers (default: 0)")
    parser.add_argument("--out", metavar="RUN", required=True, type=Path, help="the run folder to make")


def run(args: argparse.Namespace) -> None:
    """Write the run and say what it is.

    Raises
    ------
    ValueError : a size or number of shards that is not possible; `--out` exists
    """
    from analysis.storage.synthetic import synthetic_labels, synthetic_logits
    from analysis.storage.writing import write_run

    n_exits, n_samples, n_classes = shape = chosen_size(args)
    if not 1 <= args.shards <= n_samples:
        raise ValueError(f"--shards {args.shards}: give a number from 1 to the {n_samples} samples")
    seed = chosen_seed(args)
    bytes_per_sample = 2 * n_exits * n_classes
    with progress_bar(n_samples, "Writing") as advance:
        written = write_run(
            args.out,
            logits=synthetic_logits(*shape, seed),
            labels=synthetic_labels(n_samples, n_classes, seed),
            title=f"Synthetic, {n_exits} exits, {n_classes:,} classes, seed {seed}",
            costs={"exits": range(1, n_exits + 1)},
            provenance={"made_by": "synthesize", "seed": seed, "note": "no network: random numbers"},
            shard_bytes=-(-n_samples // args.shards) * bytes_per_sample,
            progress=advance,
        )
    files = len(list(written.path.glob("logits*.safetensors")))
    print(f"{args.out}: {n_samples} samples x {n_exits} exits x {n_classes} classes, {files} file(s) of logits")
