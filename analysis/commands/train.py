"""`train`: a network by a recipe, then its run."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from analysis.commands.options import check_latency, splits
from analysis.models.training.recipes import NAMES, RECIPES, Recipe, official_id
from analysis.reference.names import DATASETS

CALIBRATION_NOTE = "training images held out for calibration, the same for every seed"


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    parser = subparsers.add_parser(
        "train",
        help="train a network by a recipe and write its run",
        description="Train a network by a recipe. DIR keeps checkpoint.pt and log.csv; at the end the run is written "
        "to DIR/<recipe>-seed<seed> and its images to DIR/datasets, so that EXITLENS_RUNS=DIR shows it. A recipe of "
        "IMTA's stage 2 begins from stage 1's weights (--init). On several CPU processes or GPUs: torchrun "
        "--nproc-per-node N -m analysis train ...; each process takes its share of every batch.",
    )
    parser.add_argument(
        "--recipe",
        required=True,
        choices=list(RECIPES),
        metavar="ID",
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
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of initialisation and data order (default 0)")
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
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    from analysis.models.evaluation.inference import choose_device
    from analysis.runtime.processes import joined_processes

    recipe = RECIPES[args.recipe]
    epochs = recipe.epochs if args.epochs is None else args.epochs
    check(args, recipe, epochs)
    recipe = recipe if args.batch is None else recipe.with_batch(args.batch)
    with joined_processes(choose_device(args.device)) as (processes, device):
        check_recording(args, processes, device)
        trainer, test = prepare(args, recipe, epochs, processes, device)
        fit_with_progress(trainer, Path(args.out))
        if processes.leads:
            finish(trainer, test, args)


def run_folder(args: argparse.Namespace) -> Path:
    """Where the run goes."""
    return Path(args.out) / f"{args.recipe}-seed{args.seed}"


def holds_training(out: Path) -> bool:
    """Whether something is there; what a training leaves that ends before its first checkpoint does not count."""
    if not out.is_dir():
        return out.exists()
    return any(path.name != "settings.json" and path.suffix != ".partial" for path in out.iterdir())


def check(args: argparse.Namespace, recipe: Recipe, epochs: int) -> None:
    """Refuse what cannot be trained before anything is loaded."""
    from analysis.models.training.trainer import CHECKPOINT

    out, folder = Path(args.out), run_folder(args)
    checkpoint = out / CHECKPOINT
    if epochs < 1:
        raise ValueError(f"--epochs {epochs}: train for at least 1 epoch")
    if args.batch is not None and args.batch < 2:
        raise ValueError(f"--batch {args.batch}: batch normalisation needs at least 2 images")
    if args.minutes is not None and not 0 < args.minutes < float("inf"):
        raise ValueError(f"--minutes {args.minutes:g}: give a number of minutes above 0")
    if not 0 <= args.seed < 2**63:
        raise ValueError(f"--seed {args.seed}: give a whole number from 0 to {2**63 - 1}")
    if args.resume and not checkpoint.is_file():
        raise ValueError(f"--resume: {checkpoint} does not exist: leave --resume out to begin")
    if holds_training(out) and not args.resume:
        raise ValueError(f"--out {out} exists: choose another, or go on in it with --resume")
    if folder.exists():
        raise ValueError(f"{folder} is finished: choose another --out, or another --seed")
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


def check_recording(args: argparse.Namespace, processes, device) -> None:
    """Refuse what one process, or a CUDA device, alone can do."""
    if args.record and (device.type != "cuda" or processes.count > 1):
        raise ValueError("--record: only one process on one CUDA device records its steps: leave --record out")
    if args.minutes is not None and processes.count > 1:
        raise ValueError("--minutes: several processes may not agree how many epochs fit: give --epochs instead")


def prepare(args: argparse.Namespace, recipe: Recipe, epochs: int, processes, device):
    """The trainer, and the test images, loaded first so that their absence shows before hours of training."""
    import numpy as np

    from analysis.images.datasets import load_images
    from analysis.images.hold_out import holdout_index
    from analysis.models.training.first_stage import load_first_stage
    from analysis.models.training.trainer import CHECKPOINT, Trainer

    first_stage = load_first_stage(args.init, f"msdnet-{recipe.dataset}") if args.init else None
    test = load_images(args.data, "test", recipe.dataset)
    images = load_images(args.data, "train", recipe.dataset)
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
        trainer.restore(Path(args.out) / CHECKPOINT)
    return trainer, test


def fit_with_progress(trainer, out: Path) -> None:
    from tqdm import tqdm

    from analysis.models.training.trainer import fit

    total = trainer.pace.planned * trainer.steps_per_epoch
    hidden = None if trainer.processes.leads else True
    with tqdm(total=total, initial=trainer.step, unit="step", disable=hidden, smoothing=0.05) as bar:

        def on_step(trainer) -> None:
            bar.update()
            bar.total = trainer.pace.planned * trainer.steps_per_epoch
            if trainer.processes.leads and trainer.step % trainer.steps_per_epoch == 0:
                last = trainer.log[-1]
                bar.write(
                    f"epoch {last['epoch']} of {trainer.pace.planned}: training loss {last['train_loss']:.4f}, "
                    f"{last['images_per_s']} images/s, calibration accuracy at the last exit "
                    f"{100 * list(last.values())[-1]:.2f}%"
                )

        fit(trainer, out, on_step=on_step)


def hardware(trainer) -> str:
    one, count = trainer.made_on["hardware"], trainer.processes.count
    return one if count == 1 else f"{count} processes, each on {one}"


def summary(trainer, args: argparse.Namespace, hours: float) -> str:
    """The sentences that the app shows: what was trained, where, and how far from the paper."""
    from analysis.words.formats import plural

    paper = RECIPES[official_id(args.recipe)]
    epochs = trainer.epochs_trained
    trained = f"for {epochs} {plural(epochs, 'epoch')} (the paper: {paper.epochs})"
    trained += f", as many as {trainer.minutes:g} minutes allow," if trainer.minutes is not None else ""
    if trainer.recipe.batch != paper.batch:
        trained += f" in batches of {trainer.recipe.batch} (the paper: {paper.batch}), the rate scaled to them,"
    took = f"{hours:.1f} hours" if hours >= 1 else f"{60 * hours:.0f} minutes"
    trained += f" on {hardware(trainer)}, {took}, seed {args.seed}."
    if trainer.recipe.model == "imta-stage1":
        return f"Stage 1 of IMTA (an MSDNet whose gradient is rescaled), trained {trained}"
    if trainer.recipe.model == "imta":
        first = trainer.first_stage
        known = [f"{first['epochs']} epochs"] if "epochs" in first else []
        known += [f"seed {first['seed']}"] if "seed" in first else []
        frozen = ", ".join(["new heads on the frozen stage 1", *known])
        return f"Stage 2 of IMTA ({frozen}), trained {trained}"
    return f"Trained {trained}"


def title(trainer, official: str) -> str:
    """What people see in the list of runs: network, data set, epochs (of both stages where known), limits and seed."""
    from analysis.words.formats import plural

    recipe, first = trainer.recipe, (trainer.first_stage or {}).get("epochs")
    epochs = f"{trainer.epochs_trained} {plural(trainer.epochs_trained, 'epoch')}"
    epochs = epochs if first is None else f"{first} + {epochs}"
    epochs += f" in {trainer.minutes:g} minutes" if trainer.minutes is not None else ""
    if recipe.batch != RECIPES[official].batch:
        epochs += f", batch {recipe.batch}"
    return f"{NAMES[recipe.model]} on {DATASETS[recipe.dataset]}, {epochs}, seed {trainer.seed}"


def command(trainer, args: argparse.Namespace) -> str:
    """The command that trains the network again, without the paths of this machine."""
    count = trainer.processes.count
    start = "python" if count == 1 else f"torchrun --nproc-per-node {count}"
    words = [f"{start} -m analysis train --recipe {args.recipe}"]
    words += ["--init STAGE1"] if trainer.recipe.needs_first_stage else []
    words += [f"--data PATH --out DIR --epochs {trainer.epochs} --seed {args.seed}"]
    words += [f"--device {trainer.made_on['device']} --precision {trainer.precision}"]
    words += [f"--batch {args.batch}"] if args.batch is not None else []
    words += [f"--minutes {args.minutes:g}"] if args.minutes is not None else []
    words += ["--compile" if trainer.compiled else "--no-compile"]
    words += [] if args.record is None else ["--record" if trainer.recorded else "--no-record"]
    words += [f"--split {args.split}"] if "calibration" not in splits(args.split) else []
    words += ["--no-weights"] if args.no_weights else []
    words += [f"--latency {args.latency}"] if args.latency else []
    return " ".join(words)


def paper_command(trainer, official: str, seed: int) -> str:
    """The command of the paper's schedule; of both stages for IMTA's second."""
    if not trainer.recipe.needs_first_stage:
        return f"python -m analysis train --recipe {official} --data PATH --out DIR --seed {seed}"
    first = f"python -m analysis train --recipe {official.replace('stage2', 'stage1')} --data PATH --out STAGE1"
    first += f" --seed {trainer.first_stage['seed']}" if "seed" in trainer.first_stage else ""
    return f"{first} && python -m analysis train --recipe {official} --init STAGE1 --data PATH --out DIR --seed {seed}"


def speed(log: list[dict[str, float]]) -> str:
    """How fast the steps were, and where their time went, over the epochs.

    Examples
    --------
    >>> speed([{"images_per_s": 120, "share_data": 0.004, "share_forward": 0.37, "share_backward": 0.626}])
    '120 images/s; of a step: data 0.4%, forward 37%, backward 63%'
    """
    from statistics import median

    words = f"{median(row['images_per_s'] for row in log):.0f} images/s"
    phases = dict.fromkeys(name for row in log for name in row if name.startswith("share_"))
    shares = {name: median(row[name] for row in log if name in row) for name in phases}
    said = [f"{name.removeprefix('share_')} {100 * share:.2g}%" for name, share in shares.items() if share >= 0.001]
    return f"{words}; of a step: {', '.join(said)}" if said else words


def provenance(trainer, args: argparse.Namespace) -> dict[str, object]:
    """How the network was made, in words and numbers; `summary` is what the app shows."""
    official = official_id(args.recipe)
    hours = trainer.elapsed_s / 3600
    first_stage = {"first_stage": trainer.first_stage} if trainer.first_stage else {}
    return {
        "summary": summary(trainer, args, hours),
        "command": command(trainer, args),
        "paper_command": paper_command(trainer, official, args.seed),
        "recipe": args.recipe,
        "epochs": trainer.epochs_trained,
        "paper_epochs": RECIPES[official].epochs,
        "seed": args.seed,
        "hardware": hardware(trainer),
        "hours": round(hours, 2),
        "torch": trainer.made_on["torch"],
        "precision": trainer.precision,
        "compiled": trainer.compiled,
        **({"minutes": trainer.minutes} if trainer.minutes is not None else {}),
        "processes": trainer.processes.count,
        "speed": speed(trainer.log),
        **first_stage,
        "training_images": len(trainer.train),
        **({"calibration": CALIBRATION_NOTE} if "calibration" in splits(args.split) else {}),
        "settings": trainer.settings(),
        "log": trainer.log,
        "made": time.strftime("%Y-%m-%d"),
    }


def finish(trainer, test, args: argparse.Namespace) -> None:
    from tqdm import tqdm

    from analysis.commands.import_ import describe
    from analysis.models.evaluation.run_parts import accuracy_per_exit, write_network_run
    from analysis.storage.importers import Imported

    images = {"test": test, "calibration": trainer.calibration}
    parts = {split: images[split] for split in splits(args.split)}
    recipe = trainer.recipe
    with tqdm(total=sum(map(len, parts.values())), unit="image", desc="evaluating", disable=None) as bar:
        run = write_network_run(
            run_folder(args),
            trainer.network,
            parts,
            arch=recipe.arch,
            model=recipe.model,
            dataset=recipe.dataset,
            title=title(trainer, official_id(args.recipe)),
            provenance=provenance(trainer, args),
            device=trainer.device,
            latency_batch=args.latency,
            keeps_weights=not args.no_weights,
            on_batch=bar.update,
        )
    print(describe(Imported(run=run, accuracy=accuracy_per_exit(run), notes=[])))
