"""`import`: make a run folder from the files researchers already have. Imports torch only for weights and traces."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from analysis.models.evaluation.stored_weights import StoredWeights
    from analysis.run import Run
    from analysis.storage.importers import ImportedNetwork, Sources

EPILOG = """examples:
  python -m analysis import logits.npz --out cached_runs/my-run --dataset cifar100 --model msdnet --costs flops.pth
  python -m analysis import val.p test.p --splits calibration,test --out cached_runs/my-run
  python -m analysis import logits.npy --labels labels.npy --out cached_runs/my-run
  python -m analysis import logits.npz --preview"""


def add_parser(subparsers) -> None:
    """Put `import` and its options on the command line."""
    parser = subparsers.add_parser(
        "import",
        help="make a run folder from cached logits",
        description="Make a run folder from .npz, .npy, .safetensors, torch files, pickles (whose code is never run), "
        "JSON or tables.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    sources = "logits, with or without labels; several become one run; FILE::NAME is a dictionary or array in a file"
    add("sources", metavar="SRC", nargs="+", help=sources)
    out = parser.add_mutually_exclusive_group(required=True)
    out.add_argument("--out", metavar="RUN", help="the run folder to make; its name is the run's id")
    preview = "write nothing: print what the files hold and what would be made of it, as JSON"
    out.add_argument("--preview", action="store_true", help=preview)
    labels = "the labels: for all sources, or once for each; FILE::NAME is an array or column in a file"
    add("--labels", metavar="FILE", action="append", default=[], help=labels)
    add(
        "--splits", metavar="test,...", help="test or calibration for each source; default: test, or what the file says"
    )
    add("--samples", metavar="FILE", help="CSV or parquet, one row per sample: id, split, label, any further column")
    add("--axes", metavar="A,B,C", help="the order of the axes exits, samples, classes; default: told by the labels")
    add("--kind", choices=("logits", "probs"), help="what the values are; default: probabilities are recognised")
    costs = "the cumulative cost of each exit, such as 15.1e6,25.5e6 or flops.pth; FILE::NAME is a column or row"
    add("--costs", metavar="NUMBERS|FILE", help=costs)
    unit = "the unit of --costs (default: what a table's names say, else MACs)"
    add("--cost-unit", metavar="UNIT", help=unit)
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
    """Make a run from files of cached logits and print what it holds.

    Raises
    ------
    ValueError : anything malformed, in one sentence; nothing is left behind
    """
    from analysis.commands.progress import progress_bar
    from analysis.storage.contents import Description
    from analysis.storage.importers import Sources, import_run
    from analysis.storage.importers.axes import parse_axes
    from analysis.storage.importers.costs import read_costs
    from analysis.storage.importers.formats import check_there
    from analysis.storage.importers.layouts.places import place_of
    from analysis.storage.importers.side_files import read_classes, read_table
    from analysis.storage.writing import check_out

    if args.out is not None:
        check_out(Path(args.out).absolute())
    for source in args.sources:
        check_there(place_of(source).file)
    if (args.weights is None) != (args.arch is None):
        raise ValueError("--weights and --arch belong together: give both or neither")
    with ExitStack() as stack:
        stored = stack.enter_context(kept_weights(args.weights, args.arch)) if args.weights is not None else None
        provenance = read_about(Path(args.about)) if args.about is not None else {}
        costs = None
        if args.costs is not None:
            read = read_costs(args.costs)
            costs = {args.cost_unit or read.unit or "MACs": read.values}
        elif stored:
            costs, provenance = stored.costs, {**provenance, **stored.provenance}  # it says how they were counted
        sources = Sources(
            files=args.sources,
            labels=args.labels,
            splits=[split.strip() for split in args.splits.split(",")] if args.splits is not None else None,
            samples=read_table(Path(args.samples), "--samples") if args.samples is not None else None,
            images=args.images,
            axes=parse_axes(args.axes),
            kind=args.kind,
            drop_nan=args.drop_nan,
        )
        given = {
            "costs": costs,
            "class_names": read_classes(Path(args.classes)) if args.classes is not None else None,
            "network": network_of(stored.path, args.arch) if stored else None,
            "on_size": lambda total: stack.enter_context(
                progress_bar(total, "Looking" if args.preview else "Importing")
            ),
        }
        if args.preview:
            print_preview(sources, given)
            return
        imported = import_run(
            sources,
            args.out,
            description=Description(args.title, args.dataset, args.model, provenance),
            bundle=bundled_traces if args.bundle_traces else None,
            **given,
        )
    print(describe(imported.run, imported.accuracy, imported.notes))


def print_preview(sources: Sources, given: Mapping[str, object]) -> None:
    """What the files hold and what would be made of it, as JSON; of files that are refused what they hold.

    Parameters
    ----------
    given : what `preview_import` takes beside the sources

    Raises
    ------
    ValueError : what the import would refuse
    """
    from analysis.storage.importers.preview import found_arrays, preview_import

    try:
        preview, read = preview_import(sources, **given)
    except ValueError:
        print(json.dumps({"arrays": [asdict(one) for one in found_arrays(sources)]}))
        raise
    unit, costs = next(iter((given["costs"] or {}).items()), (None, None))
    found = {
        **vars(preview),
        "accuracy": {split: values.tolist() for split, values in preview.accuracy.items()},
        "costs": costs,
        "cost_unit": unit,
        "arrays": [asdict(one) for one in found_arrays(sources, read)],
    }
    print(json.dumps(found))


@contextmanager
def kept_weights(path: str, arch: str) -> Iterator[StoredWeights]:
    """The checkpoint as runs keep it, with the costs of its architecture; only this imports torch."""
    from analysis.models.evaluation.stored_weights import stored_weights

    with stored_weights(path, arch) as stored:
        yield stored


def network_of(weights: Path, arch: str) -> ImportedNetwork:
    """The network of the logits, which the run keeps, with the shape that its architecture gives them."""
    from analysis.models.networks.architectures import architecture
    from analysis.storage.contents import KeptNetwork
    from analysis.storage.importers import ImportedNetwork

    return ImportedNetwork(KeptNetwork(weights, arch), architecture(arch).logits_shape)


def bundled_traces(folder: Path) -> None:
    """Add the traces that ship with a run to its folder; only this and weights import torch."""
    from analysis.traces.bundle import bundle_traces

    bundle_traces(folder)


def read_about(path: Path) -> dict[str, object]:
    """The object in the file of `--about`."""
    from analysis.runtime.contents import check_regular

    check_regular(path)
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"--about {path} cannot be read as JSON ({error}): give a file with one JSON object") from None
    if not isinstance(about, dict):
        raise ValueError(f'--about {path} holds no JSON object: give one, such as {{"summary": "Trained for ..."}}')
    return about


def describe(run: Run, accuracies: Mapping[str, np.ndarray], notes: Sequence[str] = ()) -> str:
    """What a new run holds, the accuracy of each exit, and the line that opens the run.

    Parameters
    ----------
    accuracies : split -> accuracy (exits,), a fraction of 1; empty where no label is known
    notes : what was noticed on the way, a line each
    """
    from analysis.predictors import first_correction

    exits, samples, classes = run.logits.shape
    lines = [f"{run.id}: {exits} exits x {samples} samples x {classes} classes, {run.logits.dtype} {run.kind}"]
    lines += notes
    if accuracies:
        width = max(len(split) for split in accuracies) + len(" accuracy, %")
        lines.append("exit".ljust(width) + "".join(f"{number:8d}" for number in range(1, exits + 1)))
        for split, accuracy in accuracies.items():
            lines.append(f"{split} accuracy, %".ljust(width) + "".join(f"{100 * value:8.2f}" for value in accuracy))
    else:
        lines.append("No labels, so no accuracy per exit.")
    return "\n".join([*lines, f"Open it: {opening_line(run.path, first_correction(run.kind))}"])


def opening_line(path: Path, predictor: str = "pa") -> str:
    """The command that starts the app where the run is found, and the address that shows it."""
    from analysis.runtime.folders import runs_folders

    is_listed = path.parent.resolve() in [folder.resolve() for folder in runs_folders()]
    runs = [] if is_listed and not os.environ.get("EXITLENS_RUNS") else _runs(path)
    command = shlex.join(["python", "-m", "analysis", "app", *runs])
    address = f"http://localhost:8501/?run={urllib.parse.quote(path.name, safe='')}&predictor={predictor}&poe=0"
    return f"{command}   then {address}"


def _runs(path: Path) -> list[str]:
    """The runs folders as they are, with the one that holds the run."""
    from analysis.runtime.folders import named_places
    from analysis.runtime.objects import is_address, shown_address

    inside = [shown_address(place) if is_address(place) else os.path.abspath(place) for place in named_places()]
    return inside if str(path.parent) in inside else [*inside, str(path.parent)]
