"""`validate`: check everything about a run folder. Imports storage only."""

from __future__ import annotations

import argparse


def add_parser(subparsers) -> None:
    """Put `validate` and its options on the command line."""
    parser = subparsers.add_parser(
        "validate",
        help="check a run folder",
        description="Check a run folder: structure, the sha256 of every file, logits (no NaN, no +inf), images.",
    )
    parser.add_argument("run", metavar="RUN", help="a run folder's path or id")


def run(args: argparse.Namespace) -> None:
    """Check a run folder and print that it is sound.

    Raises
    ------
    RunError : it is not; the message says what is wrong, where, and what to do
    """
    from analysis.commands.progress import progress_bar
    from analysis.storage import find_run, load_run, validate_run

    path = find_run(args.run)
    with progress_bar(load_run(path).n_samples, "Checking") as advance:
        checked = validate_run(path, progress=advance)
    exits, samples, classes = checked.logits.shape
    size = f"{exits} exits x {samples} samples x {classes} classes"
    print(f"{checked.id} is sound: {size}, {checked.logits.dtype} {checked.kind}")
