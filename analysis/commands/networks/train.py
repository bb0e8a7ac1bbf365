"""`train`: a network by a recipe, then its run."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from analysis.commands.options import check_latency, splits
from analysis.models.training.recipes import RECIPES, Recipe


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Put `train` and its options on the command line."""
    parser = subparsers.add_parser(
        "train",
        help="train a network by a recipe and write its run",
        description="Train a network by a recipe. DIR keeps checkpoint.pt and log.csv; at the end the run is written "
        "to DIR/<recipe>-seed<seed> and its images to DIR/datasets, so that EXITLENS_RUNS=DIR shows it. A recipe of "
        "IMTA's stage 2 begins from stage 1's weights (--init). Several recipes or seeds are trained side by side on "
        "one device, each in DIR/<recipe>-seed<seed>. On several CPU processes or GPUs: torchrun "
        "--nproc-per-node N -m analysis train ...; each process takes its share of every batch.",
    )
    parser.add_argument(
        "--recipe",
        required=True,
        type=recipe_ids,
        metavar="ID[,ID...]",
        help=f"{', '.join(RECIPES)}; -short ones are for two CPU cores, -fast ones for a GPU, the others the papers'",
    )
    parser.add_argument(
        "--data", required=True, metavar="PATH", help="image parquet, or torchvision's copy of the dataset"
    )
    parser.add_argument(
        "--out", required=True, metavar="DIR", help="a new folder, or with --resume the one to go on in"
    )
    parser.add_argument(
        "--init",
        metavar="CHECKPOINT",
        help="stage 1, for a recipe of stage 2: its --out DIR, its run folder, checkpoint.pt or model.safetensors",
    )
    parser.add_argument("--epochs", type=int, metavar="N", help="instead of the recipe's")
    parser.add_argument(
        "--batch",
        type=int,
        metavar="N",
        help="images a step instead of the recipe's; its learning rate is scaled in proportion, with a warm-up epoch",
    )
    parser.add_argument(
        "--minutes",
        type=float,
        metavar="M",
        help="end within M minutes of training: as many epochs, at most the recipe's or --epochs, as fit by the speed "
        "measured at the first steps and after every epoch, with the whole schedule of learning rates in them",
    )
    parser.add_argument(
        "--seed", type=seeds, default="0", metavar="S[,S...]", help="of initialisation and data order (default 0)"
    )
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    parser.add_argument(
        "--precision", choices=["fp32", "bf16"], help="of the network's layers (default: bf16 on CUDA, fp32 on CPU)"
    )
    parser.add_argument(
        "--compile",
        action=argparse.BooleanOptionalAction,
        help="fuse the network by torch.compile first, which takes minutes (default: on CUDA)",
    )
    parser.add_argument(
        "--record",
        action=argparse.BooleanOptionalAction,
        help="record a step as a CUDA graph and replay it (default: on one CUDA device)",
    )
    parser.add_argument(
        "--split",
        default="test,calibration",
        metavar="test[,calibration]",
        help="whose logits the run keeps (default test,calibration)",
    )
    parser.add_argument(
        "--no-weights",
        action="store_true",
        help="leave the weights out of the run, which then cannot be watched live; DIR's checkpoint.pt has them",
    )
    parser.add_argument(
        "--latency",
        type=int,
        nargs="?",
        const=1,
        metavar="N",
        help="at the end measure each exit's latency on N images (1)",
    )
    parser.add_argument("--resume", action="store_true", help="go on from DIR's checkpoint")
    parser.add_argument(
        "--stop",
        action="store_true",
        help="with --resume: train no further, on whatever device it was, and write the run of the checkpoint as it is",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Train a network by a recipe, going on where a killed training was, and write its run.

    Raises
    ------
    ValueError : options that do not fit, data or a checkpoint that cannot be read, memory or time that does not suffice
    """
    from analysis.models.evaluation.inference import choose_device
    from analysis.runtime.processes import joined_processes

    each = trainings(args)
    for one in each:
        check(one, RECIPES[one.recipe])
    with joined_processes(choose_device(args.device)) as (processes, device):
        check_recording(args, processes, device, len(each))
        loaded: dict = {}
        prepared = [prepare(one, loaded, processes, device) for one in each]
        fit_with_progress(each, [trainer for trainer, _ in prepared])
        if processes.leads:
            for one, (trainer, test) in zip(each, prepared):
                finish(trainer, test, one)


def recipe_ids(text: str) -> list[str]:
    """The recipes of a comma-separated list.

    Raises
    ------
    argparse.ArgumentTypeError : one that there is not
    """
    ids = text.split(",")
    if unknown := [one for one in ids if one not in RECIPES]:
        raise argparse.ArgumentTypeError(f"invalid choice: {unknown[0]!r} (choose from {', '.join(RECIPES)})")
    return list(dict.fromkeys(ids))


def seeds(text: str) -> list[int]:
    """The seeds of a comma-separated list.

    Raises
    ------
    argparse.ArgumentTypeError : what is no whole number
    """
    try:
        return list(dict.fromkeys(int(one) for one in text.split(",")))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} holds what is no whole number") from None


def trainings(args: argparse.Namespace) -> list[argparse.Namespace]:
    """The options of each training: of one recipe and seed, in `--out` or, of several, in a folder of its own there."""
    pairs = [(recipe, seed) for recipe in args.recipe for seed in args.seed]
    outs = [args.out] if len(pairs) == 1 else [str(Path(args.out) / f"{recipe}-seed{seed}") for recipe, seed in pairs]
    return [
        argparse.Namespace(**{**vars(args), "recipe": recipe, "seed": seed, "out": out})
        for (recipe, seed), out in zip(pairs, outs)
    ]


def run_folder(args: argparse.Namespace) -> Path:
    """Where the run goes."""
    return Path(args.out) / f"{args.recipe}-seed{args.seed}"


def holds_training(out: Path) -> bool:
    """Whether something is there; what a training leaves that ends before its first checkpoint does not count."""
    if not out.is_dir():
        return out.exists()
    return any(path.name != "settings.json" and path.suffix != ".partial" for path in out.iterdir())


def check(args: argparse.Namespace, recipe: Recipe) -> None:
    """Refuse what cannot be trained before anything is loaded."""
    from analysis.models.training.first_stage import CHECKPOINT

    out, folder = Path(args.out), run_folder(args)
    checkpoint = out / CHECKPOINT
    if args.epochs is not None and args.epochs < 1:
        raise ValueError(f"--epochs {args.epochs}: train for at least 1 epoch")
    if args.batch is not None and args.batch < 2:
        raise ValueError(f"--batch {args.batch}: batch normalisation needs at least 2 images")
    if args.minutes is not None and not 0 < args.minutes < float("inf"):
        raise ValueError(f"--minutes {args.minutes:g}: give a number of minutes above 0")
    if not 0 <= args.seed < 2**63:
        raise ValueError(f"--seed {args.seed}: give a whole number from 0 to {2**63 - 1}")
    if args.stop and not args.resume:
        raise ValueError("--stop: only a training that was begun can be stopped: add --resume")
    if args.resume and not checkpoint.is_file():
        raise ValueError(f"--resume: {checkpoint} does not exist: leave --resume out to begin")
    if holds_training(out) and not args.resume:
        raise ValueError(f"--out {out} exists: choose another, or go on in it with --resume")
    if folder.exists():
        raise ValueError(f"{folder} is there already: choose another --out, or another --seed")
    check_latency(args.latency)
    if "test" not in splits(args.split):
        raise ValueError(f"--split {args.split}: name test, or test,calibration")
    if args.init and not recipe.needs_first_stage:
        raise ValueError(f"--init: {args.recipe} begins from random weights: leave --init out")
    if args.init and args.resume:
        raise ValueError(f"--init: {checkpoint} has stage 1's weights already: leave --init out of --resume")
    if recipe.needs_first_stage and not (args.init or args.resume):
        first = args.recipe.replace("stage2", "stage1")
        raise ValueError(f"{args.recipe} begins from stage 1: train {first}, then give its --out DIR as --init")


def check_recording(args: argparse.Namespace, processes, device, count: int) -> None:
    """Refuse what one process, or a CUDA device, alone can do; `count` trainings are asked for."""
    if count > 1 and processes.count > 1:
        raise ValueError(
            f"{count} trainings: torchrun shares one training among its processes: give one --recipe and --seed"
        )
    if args.record and (device.type != "cuda" or processes.count > 1):
        raise ValueError("--record: only one process on one CUDA device records its steps: leave --record out")
    if args.minutes is not None and processes.count > 1:
        raise ValueError("--minutes: several processes may not agree how many epochs fit: give --epochs instead")


def prepare(args: argparse.Namespace, loaded: dict, processes, device):
    """The trainer, and the test images, loaded first so that their absence shows before hours of training.

    Parameters
    ----------
    loaded : the images that were loaded for a training before, by split and data set
    """
    import numpy as np

    from analysis.images.datasets import load_images
    from analysis.images.hold_out import holdout_index
    from analysis.models.training.first_stage import CHECKPOINT, load_first_stage
    from analysis.models.training.fitting import LOG, write_log
    from analysis.models.training.trainer import Trainer

    recipe = RECIPES[args.recipe]
    epochs = recipe.epochs if args.epochs is None else args.epochs
    recipe = recipe if args.batch is None else recipe.with_batch(args.batch)
    first_stage = load_first_stage(args.init, f"msdnet-{recipe.dataset}") if args.init else None
    for split in ("test", "train"):
        if (split, recipe.dataset) not in loaded:
            loaded[split, recipe.dataset] = load_images(args.data, split, recipe.dataset)
    test, images = loaded["test", recipe.dataset], loaded["train", recipe.dataset]
    held_out = holdout_index(len(images), recipe.holdout)
    train = images.take(np.setdiff1d(np.arange(len(images)), held_out))
    trainer = Trainer(
        recipe,
        train,
        images.take(held_out),
        epochs=epochs,
        seed=args.seed,
        device=str(device),
        precision=args.precision or ("bf16" if device.type == "cuda" else "fp32"),
        compiled=device.type == "cuda" if args.compile is None else args.compile,
        recorded=device.type == "cuda" and processes.count == 1 if args.record is None else args.record,
        minutes=args.minutes,
        processes=processes,
    )
    if first_stage:
        trainer.begin_from(first_stage)
    if args.resume:
        checkpoint, folder = Path(args.out) / CHECKPOINT, run_folder(args)
        trainer.stopped = args.stop
        trainer.restore(checkpoint)
        if trainer.stopped and not trainer.log:
            raise ValueError(f"--stop: {checkpoint} lies within the first epoch: leave --stop out")
        if trainer.stopped and processes.leads:
            write_log(trainer.log, Path(args.out) / LOG)  # it may have rows of epochs after the checkpoint
        unfinished = folder.with_name(f".{folder.name}.partial")
        if not trainer.finished and unfinished.exists():
            raise ValueError(
                f"{unfinished} holds a part of the run of this training as it was stopped: add --stop, or remove it to "
                "train on"
            )
    return trainer, test


def fit_with_progress(each: Sequence[argparse.Namespace], trainers: Sequence) -> None:
    """Train to the last epochs; the leading process draws a bar and says how each epoch ended."""
    from tqdm import tqdm

    from analysis.models.training.fitting import fit, fit_side_by_side

    def total() -> int:
        return sum(trainer.pace.planned * trainer.steps_per_epoch for trainer in trainers)

    names = {
        trainer: f"{one.recipe}, seed {one.seed}: " if len(each) > 1 else "" for one, trainer in zip(each, trainers)
    }
    hidden = None if trainers[0].processes.leads else True
    begun = sum(trainer.step for trainer in trainers)
    with tqdm(total=total(), initial=begun, unit="step", disable=hidden, smoothing=0.05) as bar:

        def on_step(trainer) -> None:
            bar.update()
            bar.total = total()
            if trainer.processes.leads and trainer.step % trainer.steps_per_epoch == 0:
                last = trainer.log[-1]
                bar.write(
                    f"{names[trainer]}epoch {last['epoch']} of {trainer.pace.planned}: training loss "
                    f"{last['train_loss']:.4f}, {last['images_per_s']} images/s, calibration accuracy at the last exit "
                    f"{100 * list(last.values())[-1]:.2f}%"
                )

        if len(each) == 1:
            fit(trainers[0], Path(each[0].out), on_step=on_step)
        else:
            fit_side_by_side([(trainer, Path(one.out)) for one, trainer in zip(each, trainers)], on_step)


def provenance(facts: Mapping[str, object], args: argparse.Namespace) -> dict[str, object]:
    """How the network was made, in words and numbers, as its run keeps it; `summary` is what the app shows."""
    from analysis.words import training

    with_calibration = "calibration" in splits(args.split)
    command = training.training_command(
        facts,
        batch=args.batch,
        record=args.record,
        split=None if with_calibration else args.split,
        no_weights=args.no_weights,
        latency=args.latency,
    )
    return {
        "summary": training.training_summary(facts),
        "command": command,
        "paper_command": training.paper_command(facts),
        **{name: facts[name] for name in ("recipe", "epochs", "paper_epochs", "seed")},
        "hardware": training.hardware_words(facts),
        "hours": round(facts["hours"], 2),
        **{name: facts[name] for name in ("torch", "precision", "compiled")},
        **({"minutes": facts["minutes"]} if facts["minutes"] is not None else {}),
        "processes": facts["processes"],
        "speed": training.speed_words(facts),
        **({"first_stage": facts["first_stage"]} if facts["first_stage"] else {}),
        "training_images": facts["training_images"],
        **({"calibration": training.CALIBRATION_NOTE} if with_calibration else {}),
        "settings": facts["settings"],
        "log": facts["log"],
        "made": time.strftime("%Y-%m-%d"),
    }


def finish(trainer, test, args: argparse.Namespace) -> None:
    """Evaluate the network as its run keeps it, write the run and print what it holds."""
    from analysis.commands.import_ import describe
    from analysis.commands.progress import progress_bar
    from analysis.models.evaluation.network_to_run import accuracy_per_exit, evaluate
    from analysis.models.evaluation.plan import Plan
    from analysis.models.evaluation.subjects import opened_network
    from analysis.models.training.first_stage import CHECKPOINT
    from analysis.models.training.provenance import training_facts
    from analysis.storage.contents import Description, KeptNetwork
    from analysis.traces.bundle import bundle_traces
    from analysis.words.training import training_title

    images = {"test": test, "calibration": trainer.calibration}
    parts = {split: images[split] for split in splits(args.split)}
    recipe, facts = trainer.recipe, training_facts(trainer, args.recipe)
    plan = Plan(trainer.device, batch=None, half=True, latency_batch=args.latency, elsewhere="another --out")
    about = Description(training_title(facts), recipe.dataset, recipe.model, provenance(facts, args))
    with (
        opened_network(recipe.arch, Path(args.out) / CHECKPOINT, trainer.device, half=True) as subject,
        ExitStack() as stack,
    ):
        run = evaluate(
            run_folder(args),
            replace(subject, kept=KeptNetwork()) if args.no_weights else subject,
            parts,
            plan,
            about,
            bundle=bundle_traces,
            on_start=lambda total: stack.enter_context(progress_bar(total, "Evaluating", " images", at_once=True)),
            on_write=lambda total: stack.enter_context(progress_bar(total, "Writing the run", " images")),
        )
    print(describe(run, accuracy_per_exit(run)))
