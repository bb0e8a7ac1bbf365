"""`validate`: check everything about a run folder. Imports storage only, and traces to compute these again."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.run import Run


def add_parser(subparsers) -> None:
    """Put `validate` and its options on the command line."""
    parser = subparsers.add_parser(
        "validate",
        help="check a run folder",
        description="Check a run folder: structure, the sha256 of every file, logits (no NaN, no +inf), images.",
    )
    parser.add_argument("run", metavar="RUN", help="a run folder's path, its address or its id")
    parser.add_argument("--deep", action="store_true", help="also compute the traces that the folder holds again")


def check_bundled_traces(run: Run) -> None:
    """Compute the traces that lie in a run folder again, and say which are as they were.

    Raises
    ------
    RunError : naming what differs, column by column
    """
    from analysis.commands.progress import progress_bar
    from analysis.storage import RunError
    from analysis.traces.compare import bundled_predictors, difference_of_bundled
    from analysis.traces.parquet import AnotherVersion

    for predictor in bundled_predictors(run):
        try:
            with progress_bar(run.n_samples, f"Tracing {predictor}") as advance:
                path, texts = difference_of_bundled(run, predictor, advance)
        except AnotherVersion as error:
            print(f"{error}; they are passed over whenever they are asked for")
            continue
        if texts:
            raise RunError(f"{path} is not what the logits give: {'; '.join(texts)}: write the run again")
        print(f"{path.name} is what the logits give, in every column")


def run(args: argparse.Namespace) -> None:
    """Check a run folder and print that it is sound.

    Raises
    ------
    RunError : it is not; the message says what is wrong, where, and what to do
    """
    from analysis.commands.progress import progress_bar
    from analysis.storage import find_run
    from analysis.storage.validation import bytes_to_check, validate_run

    path = find_run(args.run)
    with progress_bar(bytes_to_check(path), "Checking", "B") as advance:
        checked = validate_run(path, progress=advance)
    if args.deep:
        check_bundled_traces(checked)
    exits, samples, classes = checked.logits.shape
    size = f"{exits} exits x {samples} samples x {classes} classes"
    print(f"{checked.id} is sound: {size}, {checked.logits.dtype} {checked.kind}")
