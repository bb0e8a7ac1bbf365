"""`evaluate`: a run from a network and a data set."""

from __future__ import annotations

import argparse
import os
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.commands.options import check_latency, splits
from analysis.reference.names import network_name
from analysis.reference.superclasses import superclasses_of

if TYPE_CHECKING:
    from analysis.run import Run

NORMALISATIONS = ("cifar10", "cifar100", "imagenet", "none")
EPILOG = """examples:
  python -m analysis evaluate --arch msdnet-cifar100 --checkpoint model.pth.tar --data PATH --out cached_runs/my-run
  python -m analysis evaluate --arch exported --checkpoint model.pt2 --trust-model --data PATH --out cached_runs/mine
  python -m analysis evaluate ... --split test,calibration --device cuda --dtype bf16 --batch 1024
  python -m analysis evaluate ... --corrupt gaussian-noise:3 --out cached_runs/my-run-noise
  torchrun --nproc-per-node 4 -m analysis evaluate ...

A killed evaluation goes on where it was when the same command is given again."""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Put `evaluate` and its options on the command line."""
    from analysis.images.corruptions import CORRUPTIONS

    parser = subparsers.add_parser(
        "evaluate",
        help="make a run from a network and a data set",
        description="Evaluate a network at every exit on a data set, and write the run.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--arch", metavar="ID", required=True, help="such as msdnet-cifar100; or exported: a program with its own code")
    add("--checkpoint", metavar="FILE", required=True, help=".safetensors, .pth.tar or another torch checkpoint")
    add(
        "--data",
        metavar="PATH",
        required=True,
        help="image parquet, torchvision's CIFAR folders, or test (or val) and train with a folder per class",
    )
    add("--out", metavar="RUN", required=True, help="the run folder to make; its name is the run's id")
    add("--split", metavar="test[,calibration]", default="test", help="calibration: 5,000 images held out of train")
    add("--device", default="auto", choices=["auto", "cpu", "cuda"])
    add("--batch", type=int, default=256, metavar="N", help="images at a time (default 256)")
    add("--dtype", default="fp32", choices=["fp32", "bf16"])
    add("--corrupt", metavar="KIND:SEVERITY", help=f"severity 1 to 5 of {', '.join(CORRUPTIONS)}")
    add("--seed", type=int, default=0, metavar="S", help="of the corruption's random numbers (default 0)")
    add("--half", action="store_true", help="keep logits and weights as float16: half the size")
    add("--no-images", action="store_true", help="keep no images beside the run")
    add("--latency", type=int, nargs="?", const=1, metavar="N", help="measure each exit's latency on N images (1)")
    add("--dataset", metavar="ID", help="what the images are (default: the architecture's; exported: by class names)")
    add(
        "--normalisation",
        choices=NORMALISATIONS,
        help="what an exported program's images are normalised with (default: that of --dataset, or by class names)",
    )
    add("--model", metavar="ID", help="such as msdnet (default: the architecture's)")
    add("--title", metavar="TEXT", help="what people see")
    add("--trust-model", action="store_true", help="load an exported program, which can run its author's code")


def run(args: argparse.Namespace) -> None:
    """Evaluate a network on a data set, write its run and print what it holds.

    Raises
    ------
    ValueError : options that do not fit, files that cannot be read, memory that does not suffice
    """
    check(args)
    if os.environ.get("RANK", "0") == "0":  # of torchrun's processes
        print(what_begins(args), flush=True)
    from analysis.commands.progress import progress_bar
    from analysis.images.image_files import check_classes
    from analysis.models.evaluation.inference import choose_device
    from analysis.models.evaluation.network_to_run import evaluate, how_evaluated
    from analysis.models.evaluation.plan import Plan
    from analysis.runtime.processes import joined_processes
    from analysis.storage.contents import Description
    from analysis.storage.writing import check_out
    from analysis.traces.bundle import bundle_traces

    out = Path(args.out)
    with ExitStack() as stack:
        joined = joined_processes(choose_device(args.device), connected=False)
        processes, device = stack.enter_context(joined)
        if processes.leads:
            check_out(out.absolute())
        plan = Plan(
            device=device,
            batch=args.batch,
            dtype=args.dtype,
            corruption=corruption(args.corrupt),
            seed=args.seed,
            half=args.half,
            images=not args.no_images,
            latency_batch=args.latency,
        )

        def on_start(images: int):
            if not processes.leads:
                return lambda done: None
            what = "Evaluating" if processes.count == 1 else f"Process 1 of {processes.count}"
            return stack.enter_context(progress_bar(images, what, " images", at_once=True))

        def on_write(images: int):
            return stack.enter_context(progress_bar(images, "Writing the run", " images"))

        subject, parts, dataset = stack.enter_context(network_and_images(args, plan.device))
        for split, images in parts.items():
            check_classes(images, args.data, split, subject.name, subject.classes)
        model = args.model or (args.arch.split("-")[0] if subject.kept.arch else None)
        named = model or "A network"
        title = args.title or (network_name(dataset, named) if dataset else named)
        made = evaluate(
            out,
            subject,
            parts,
            plan,
            Description(title, dataset, model, {"command": command(args), **calibration_note(args)}),
            how=partial(how_evaluated, subject, plan, sum(map(len, parts.values())), processes),
            bundle=bundle_traces,
            processes=processes,
            on_start=on_start,
            on_write=on_write,
        )
    if made:
        report(made)


@contextmanager
def network_and_images(args: argparse.Namespace, device) -> Iterator[tuple]:
    """The network, the images of each split for it, and what the images are called; None: nobody says."""
    from analysis.models.evaluation.subjects import exported_subject, opened_network
    from analysis.models.networks.exported import load_program

    if args.arch != "exported":
        with opened_network(args.arch, args.checkpoint, device, half=args.half) as subject:
            parts = images_of_splits(args, subject.image_size, subject.normalisation)
            yield subject, parts, args.dataset or subject.normalisation
        return
    program = load_program(args.checkpoint, device=device, trust=args.trust_model)
    parts = images_of_splits(args, program.image_size, args.dataset or "")
    images = next(iter(parts.values()))
    dataset = args.dataset or recognised(images.class_names)
    normalisation = args.normalisation or own_normalisation(args.dataset, images.class_names)
    yield exported_subject(program, args.checkpoint, images.image_size, normalisation), parts, dataset


def images_of_splits(args: argparse.Namespace, image_size: int | None, dataset: str) -> dict:
    """Split -> its images, all of one size: the first split's where none is given."""
    from analysis.images.image_files import open_images

    parts = {}
    for split in splits(args.split):
        parts[split] = open_images(args.data, split, image_size=image_size, dataset=dataset)
        image_size = parts[split].image_size
    return parts


def recognised(class_names: Sequence[str]) -> str | None:
    """The data set whose classes these are, in any order: `cifar10`, `cifar100`, or None.

    Examples
    --------
    >>> recognised(["Truck", "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship"])
    'cifar10'
    """
    from analysis.reference.datasets import CIFAR10

    if sorted(name.strip().lower() for name in class_names) == list(CIFAR10):
        return "cifar10"
    return "cifar100" if superclasses_of(None, class_names) else None


def own_normalisation(dataset: str | None, class_names: Sequence[str]) -> str:
    """The normalisation of a data set, by the name that was given or by its classes.

    Raises
    ------
    ValueError : neither tells
    """
    known = dataset if dataset in NORMALISATIONS and dataset != "none" else recognised(class_names)
    if known is None:
        raise ValueError(
            "--arch exported: neither --dataset nor the class names tell how the program's images are normalised: add "
            f"--normalisation {'|'.join(NORMALISATIONS)}"
        )
    return known


def check(args: argparse.Namespace) -> None:
    """What can be refused before torch is imported."""
    if args.batch < 1:
        raise ValueError(f"--batch {args.batch}: evaluate at least 1 image at a time")
    check_latency(args.latency)
    if args.seed < 0:
        raise ValueError(f"--seed {args.seed}: give a whole number from 0")
    if args.dataset is not None and not re.fullmatch(r"[\w][\w.-]*", args.dataset):
        raise ValueError(f"--dataset {args.dataset}: use letters, digits, '-', '_' and '.', such as cifar100")
    splits(args.split)
    corruption(args.corrupt)
    if args.arch != "exported" and args.normalisation:
        raise ValueError("--normalisation is for --arch exported, and other architectures have their own: leave it out")
    if args.arch == "exported":
        if not args.trust_model:
            raise ValueError(
                f"--arch exported: loading {args.checkpoint} can run its author's code: if you trust it, add "
                "--trust-model"
            )
        if args.latency:
            raise ValueError("--latency needs the network's own exits, which a program does not show: leave it out")


def corruption(text: str | None) -> tuple[str, int] | None:
    """Kind and severity in the text of `--corrupt`; None where it is not given.

    Raises
    ------
    ValueError : not of the form KIND:SEVERITY, an unknown kind, another severity
    """
    from analysis.images.corruptions import parse_corruption

    return parse_corruption(text) if text is not None else None


def what_begins(args: argparse.Namespace) -> str:
    """What the command is about to do: said before torch, the network and the images are read, which takes seconds."""
    kind, severity = corruption(args.corrupt) or ("", 0)
    under = f", each under {kind.replace('-', ' ')} of severity {severity}" if kind else ""
    images = f"the {' and '.join(splits(args.split))} images of {args.data}{under}"
    return f"Evaluating {args.arch} of {args.checkpoint} at every exit on {images}: both are read first ..."


def command(args: argparse.Namespace) -> str:
    """The command that makes the run again, without the paths of this machine."""
    words = ["python -m analysis evaluate", "--arch", shlex.quote(args.arch), "--checkpoint"]
    words += [shlex.quote(Path(args.checkpoint).name), "--data PATH --out RUN --split", args.split]
    words += ["--batch", str(args.batch), "--dtype", args.dtype]
    for name in ("corrupt", "dataset", "normalisation", "model", "title", "latency"):
        option, value = f"--{name}", getattr(args, name)
        words += [option, shlex.quote(str(value))] if value is not None else []
    words += ["--seed", str(args.seed)] if args.corrupt is not None else []
    words += ["--half"] if args.half else []
    words += ["--no-images"] if args.no_images else []
    words += ["--trust-model"] if args.trust_model else []
    return " ".join(words)


def calibration_note(args: argparse.Namespace) -> dict[str, str]:
    """What the provenance says of the calibration samples; empty for a run without."""
    if "calibration" not in splits(args.split):
        return {}
    return {"calibration": "the data's own calibration images, or 5,000 training images held out, the same for all"}


def report(run: Run) -> None:
    """Print what the run holds and how right it is."""
    from analysis.commands.import_ import describe
    from analysis.models.evaluation.network_to_run import accuracy_per_exit

    print(describe(run, accuracy_per_exit(run), [run.provenance["summary"]]))
