"""`probs`: the probabilities of a predictor as .npz, written chunk by chunk. Imports predictors (torch) when called."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.commands.options import add_predictor, add_run, chosen_predictor
from analysis.commands.output import check_new_file
from analysis.commands.progress import progress_bar
from analysis.settings import parse_slice

if TYPE_CHECKING:
    from analysis.run import Run


def add_parser(subparsers) -> None:
    """Put `probs` and its options on the command line."""
    parser = subparsers.add_parser(
        "probs",
        help="write the probabilities that a predictor gives",
        description="Write `probs` (exits, samples, classes), float32, and `collapsed` (exits, samples) as .npz.",
    )
    add_run(parser)
    add_predictor(parser, required=True)
    parser.add_argument(
        "--samples", metavar="A:B", help="a Python slice of the samples in the run's order (default: all)"
    )
    parser.add_argument(
        "--out", metavar="FILE.npz", required=True, type=Path, help="the file to write; refused if it exists"
    )


def write_probs(
    run: Run,
    predictor_id: str,
    settings: Mapping[str, object],
    samples: slice,
    path: Path,
    progress: Callable[[int], None],
) -> None:
    """Write an .npz without ever holding more than a chunk, which goes to its place in the file.

    Parameters
    ----------
    samples
        Start and stop, non-negative.
    path
        Written aside and renamed, so that nothing half-written is left.
    progress
        Told how many more samples are done.
    """
    import numpy as np

    from analysis.predictors import find_predictor
    from analysis.predictors.apply import apply_predictor
    from analysis.runtime.whole_files import whole_file
    from analysis.storage.npz_writing import NpzWriter
    from analysis.traces.compute import chunk_samples

    predictor = find_predictor(predictor_id)
    step = chunk_samples(run.n_exits, run.n_classes)
    shape = (run.n_exits, samples.stop - samples.start, run.n_classes)
    with whole_file(path) as temporary, temporary.open("r+b") as file:
        arrays = NpzWriter(file, {"probs": (np.float32, shape), "collapsed": (bool, shape[:2])})
        for start in range(samples.start, samples.stop, step):
            stop = min(start + step, samples.stop)
            logits = run.logits.read(start, stop)
            prediction = apply_predictor(predictor, logits, dict(settings), start, run.n_samples)
            arrays.write("probs", prediction.probs.float().numpy())
            arrays.write("collapsed", prediction.collapsed.numpy())
            progress(stop - start)
        arrays.finish()


def run(args: argparse.Namespace) -> None:
    """Write the probabilities of a predictor and print their shape.

    Raises
    ------
    ValueError : an `--out` that exists, or a run, predictor, setting or slice that cannot be used
    """
    from analysis.storage import find_run, load_run

    check_new_file(args.out)
    opened = load_run(find_run(args.run))
    chosen, settings = chosen_predictor(args, opened)
    samples = parse_slice(args.samples, opened.n_samples) if args.samples is not None else slice(0, opened.n_samples)
    with progress_bar(samples.stop - samples.start, f"Predicting with {chosen}") as advance:
        write_probs(opened, chosen, settings, samples, args.out, advance)
    exits, count, classes = opened.n_exits, samples.stop - samples.start, opened.n_classes
    print(f"{args.out}: {exits} exits x {count} samples x {classes} classes under {chosen}")
