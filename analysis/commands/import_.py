"""`import`: make a run folder from the files researchers already have. Imports torch only for weights and traces."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import urllib.parse
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.storage.importers import Imported

EPILOG = """examples:
  python -m analysis import logits.npz --out cached_runs/my-run --dataset cifar100 --model msdnet --costs flops.pth
  python -m analysis import val.p test.p --splits calibration,test --out cached_runs/my-run
  python -m analysis import logits.npy --labels labels.npy --out cached_runs/my-run"""


def add_parser(subparsers) -> None:
    parser = subparsers.add_parser(
        "import",
        help="make a run folder from cached logits",
        description="Make a run folder from .npz, .npy, .safetensors, torch files or pickles, whose code is never run.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("sources", metavar="SRC", nargs="+", help="logits, with or without labels; several become one run")
    add("--out", metavar="RUN", required=True, help="the run folder to make; its name is the run's id")
    add("--labels", metavar="FILE", action="append", default=[], help="the labels: for all sources, or once for each")
    add(
        "--splits", metavar="test,...", help="test or calibration for each source; default: test, or what the file says"
    )
    add("--samples", metavar="FILE", help="CSV or parquet, one row per sample: id, split, label, any further column")
    add("--axes", metavar="A,B,C", help="the order of the axes exits, samples, classes; default: told by the labels")
    add("--kind", choices=("logits", "probs"), help="what the values are; default: probabilities are recognised")
    add("--costs", metavar="NUMBERS|FILE", help="the cumulative cost of each exit, such as 15.1e6,25.5e6 or flops.pth")
    add("--cost-unit", metavar="UNIT", default="MACs", help="the unit of --costs (default: MACs)")
    add("--classes", metavar="FILE", help="class names: a JSON list, or one name a line")
    add("--images", metavar="PATH", help="image parquet, or a folder with test-*.parquet, in the order of the samples")
    add("--drop-nan", action="store_true", help="leave out samples with NaN or +inf instead of refusing")
    add("--dataset", metavar="ID", help="such as cifar100: finds published numbers and superclasses")
    add("--model", metavar="ID", help="such as msdnet")
    add("--title", metavar="TEXT", help="what people see (default: the run's id)")
    about = (
        "JSON object on how the run was made: `summary` is shown; runs of one `recipe` and several `seed` side by side"
    )
    add("--about", metavar="FILE", help=about)
    add("--weights", metavar="FILE", help="the network's checkpoint, kept with the run; its costs are counted")
    add("--arch", metavar="ID", help="the architecture of --weights, such as msdnet-cifar100")
    add("--bundle-traces", action="store_true", help="keep the traces of baseline and pa with the run: it opens faster")


def run(args: argparse.Namespace) -> None:
    from analysis.commands.progress import progress_bar
    from analysis.storage.importers import import_run
    from analysis.storage.importers.axes import parse_axes
    from analysis.storage.importers.side_files import read_classes, read_costs, read_table

    if (args.weights is None) != (args.arch is None):
        raise ValueError("--weights and --arch belong together: give both or neither")
    with ExitStack() as stack:
        kept = stack.enter_context(kept_weights(args.weights, args.arch)) if args.weights is not None else None
        costs = {args.cost_unit: read_costs(args.costs)} if args.costs is not None else (kept.costs if kept else None)
        imported = import_run(
            args.sources,
            args.out,
            labels=args.labels,
            splits=[split.strip() for split in args.splits.split(",")] if args.splits is not None else None,
            samples=read_table(Path(args.samples), "--samples") if args.samples is not None else None,
            axes=parse_axes(args.axes),
            kind=args.kind,
            costs=costs,
            class_names=read_classes(Path(args.classes)) if args.classes is not None else None,
            images=args.images,
            drop_nan=args.drop_nan,
            dataset=args.dataset,
            model=args.model,
            title=args.title,
            provenance={
                **(read_about(Path(args.about)) if args.about is not None else {}),
                **(kept.provenance if kept and args.costs is None else {}),  # it says how the costs were counted
            },
            weights=kept.path if kept else None,
            arch=args.arch,
            network_shape=shape_of(args.arch) if args.arch is not None else None,
            bundle=bundled_traces if args.bundle_traces else None,
            on_size=lambda total: stack.enter_context(progress_bar(total, "Importing")),
        )
    print(describe(imported))


@contextmanager
def kept_weights(path: str, arch: str):
    """The checkpoint as runs keep it, with the costs of its architecture; only this imports torch."""
    from analysis.models.evaluation.run_parts import stored_weights

    with stored_weights(path, arch) as stored:
        yield stored


def shape_of(arch: str) -> tuple[int, int]:
    """Exits and classes of an architecture."""
    from analysis.models.networks.architectures import architecture

    return architecture(arch).logits_shape


def bundled_traces(folder: Path) -> None:
    from analysis.traces.bundle import bundle_traces

    bundle_traces(folder)


def read_about(path: Path) -> dict[str, object]:
    """The object in the file of `--about`."""
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"--about {path} cannot be read as JSON ({error}): give a file with one JSON object") from None
    if not isinstance(about, dict):
        raise ValueError(f'--about {path} holds no JSON object: give one, such as {{"summary": "Trained for ..."}}')
    return about


def describe(imported: Imported) -> str:
    """What was imported, the accuracy per exit, and the line that opens the run."""
    from analysis.predictors import first_correction

    run = imported.run
    exits, samples, classes = run.logits.shape
    lines = [f"{run.id}: {exits} exits x {samples} samples x {classes} classes, {run.logits.dtype} {run.kind}"]
    lines += imported.notes
    if imported.accuracy:
        width = max(len(split) for split in imported.accuracy) + len(" accuracy, %")
        lines.append("exit".ljust(width) + "".join(f"{number:8d}" for number in range(1, exits + 1)))
        for split, accuracy in imported.accuracy.items():
            lines.append(f"{split} accuracy, %".ljust(width) + "".join(f"{100 * value:8.2f}" for value in accuracy))
    else:
        lines.append("No labels, so no accuracy per exit.")
    return "\n".join([*lines, f"Open it: {opening_line(run.path, first_correction(run.kind))}"])


def opening_line(path: Path, predictor: str = "pa") -> str:
    """The command that starts the app where the run is found, and the address that shows it."""
    from analysis.runtime.folders import PROJECT, runs_folders

    is_listed = path.parent.resolve() in [folder.resolve() for folder in runs_folders()]
    runs = "" if is_listed and not os.environ.get("EXITLENS_RUNS") else f"EXITLENS_RUNS={shlex.quote(_runs(path))} "
    main = PROJECT / "app" / "main.py"
    script = "app/main.py" if Path.cwd() == PROJECT else shlex.quote(str(main))
    address = f"http://localhost:8501/?run={urllib.parse.quote(path.name, safe='')}&predictor={predictor}&poe=0"
    return f"{runs}python -m streamlit run {script}   then {address}"


def _runs(path: Path) -> str:
    """The runs folders as they are, with the one that holds the run."""
    named = [folder for folder in os.environ.get("EXITLENS_RUNS", "").split(os.pathsep) if folder]
    inside = [os.path.abspath(folder) for folder in named]
    return os.pathsep.join(inside if str(path.parent) in inside else [*inside, str(path.parent)])
