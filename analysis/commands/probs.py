"""`probs`: the probabilities of a predictor as .npz, written chunk by chunk. Imports predictors (torch) when called."""

from __future__ import annotations

import argparse
import shutil
import zipfile
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
    add_predictor(parser, default=None)
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
    """Write an .npz without ever holding more than a chunk: arrays grow on disk, then go into the archive as they are.

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
    from analysis.runtime.whole_files import unfinished_folder, whole_file
    from analysis.traces.compute import chunk_samples

    predictor = find_predictor(predictor_id)
    n_samples, step = samples.stop - samples.start, chunk_samples(run.n_exits, run.n_classes)
    with whole_file(path) as archive, unfinished_folder(path) as folder:
        parts = {name: folder / f"{name}.npy" for name in ("probs", "collapsed")}
        shape = (run.n_exits, n_samples, run.n_classes)
        probs = np.lib.format.open_memmap(parts["probs"], mode="w+", dtype=np.float32, shape=shape)
        collapsed = np.lib.format.open_memmap(parts["collapsed"], mode="w+", dtype=bool, shape=shape[:2])
        for start in range(samples.start, samples.stop, step):
            stop = min(start + step, samples.stop)
            logits = run.logits.read(start, stop)
            prediction = apply_predictor(predictor, logits, dict(settings), start, run.n_samples)
            here = slice(start - samples.start, stop - samples.start)
            probs[:, here] = prediction.probs.float().numpy()
            collapsed[:, here] = prediction.collapsed.numpy()
            progress(stop - start)
        probs.flush()
        collapsed.flush()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED, allowZip64=True) as file:
            for part in parts.values():
                with part.open("rb") as source, file.open(part.name, "w", force_zip64=True) as target:
                    shutil.copyfileobj(source, target, 1 << 20)


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
