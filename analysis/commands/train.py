"""`train`: a network by a recipe, then its run."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from analysis.models.recipes import RECIPES

CALIBRATION_NOTE = "training images held out for calibration, the same for every seed"


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    parser = subparsers.add_parser(
        "train",
        help="train a network by a recipe and write its run",
        description="Train a network by a recipe. DIR keeps checkpoint.pt and log.csv; at the end the run is written "
        "to DIR/<recipe>-seed<seed> and its images to DIR/datasets, so that EXITLENS_RUNS=DIR shows it.",
    )
    parser.add_argument(
        "--recipe", required=True, choices=sorted(RECIPES), metavar="ID", help=", ".join(sorted(RECIPES))
    )
    parser.add_argument(
        "--data", required=True, metavar="PATH", help="image parquet, or torchvision's copy of the dataset"
    )
    parser.add_argument(
        "--out", required=True, metavar="DIR", help="a new folder, or with --resume the one to go on in"
    )
    parser.add_argument("--epochs", type=int, metavar="N", help="instead of the recipe's")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of initialisation and data order (default 0)")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    parser.add_argument("--resume", action="store_true", help="go on from DIR's checkpoint")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    from analysis.models import training

    out = Path(args.out)
    recipe = RECIPES[args.recipe]
    epochs = recipe.epochs if args.epochs is None else args.epochs
    if epochs < 1:
        raise ValueError(f"--epochs {epochs}: train for at least 1 epoch")
    if not 0 <= args.seed < 2**63:
        raise ValueError(f"--seed {args.seed}: give a whole number from 0 to {2**63 - 1}")
    checkpoint = out / training.CHECKPOINT
    run_folder = out / f"{args.recipe}-seed{args.seed}"
    if args.resume and not checkpoint.is_file():
        raise ValueError(f"--resume: {checkpoint} does not exist: leave --resume out to begin")
    if out.exists() and not args.resume:
        raise ValueError(f"--out {out} exists: choose another, or go on in it with --resume")
    if run_folder.exists():
        raise ValueError(f"{run_folder} is finished: choose another --out, or another --seed")
    trainer, test = prepare(args, recipe, epochs)
    if args.resume:
        trainer.restore(checkpoint)
    fit_with_progress(trainer, out)
    finish(trainer, test, args, run_folder)


def prepare(args: argparse.Namespace, recipe, epochs: int):
    """The trainer, and the test images, loaded first so that their absence shows before hours of training."""
    import numpy as np

    from analysis.models.datasets import load_images
    from analysis.models.inference import choose_device
    from analysis.models.training import Trainer, holdout_index

    device = choose_device(args.device)
    test = load_images(args.data, "test", recipe.dataset)
    images = load_images(args.data, "train", recipe.dataset)
    held_out = holdout_index(len(images), recipe.holdout)
    train = images.take(np.setdiff1d(np.arange(len(images)), held_out))
    trainer = Trainer(recipe, train, images.take(held_out), epochs=epochs, seed=args.seed, device=str(device))
    return trainer, test


def fit_with_progress(trainer, out: Path) -> None:
    from tqdm import tqdm

    from analysis.models.training import fit

    total = trainer.epochs * trainer.steps_per_epoch
    with tqdm(total=total, initial=trainer.step, unit="step", disable=None, smoothing=0.05) as bar:

        def on_step(trainer) -> None:
            bar.update()
            if trainer.step % trainer.steps_per_epoch == 0:
                last = trainer.log[-1]
                bar.write(
                    f"epoch {last['epoch']} of {trainer.epochs}: training loss {last['train_loss']:.4f}, "
                    f"{last['images_per_s']} images/s, calibration accuracy at the last exit "
                    f"{100 * list(last.values())[-1]:.2f}%"
                )

        fit(trainer, out, on_step=on_step)


def provenance(trainer, args: argparse.Namespace) -> dict[str, object]:
    """How the network was made, in words and numbers; `summary` is the sentence that the app shows."""
    import torch

    from analysis.models.hardware import describe_device

    official = next(r for r in RECIPES.values() if r.arch == trainer.recipe.arch and r.schedule == "step")
    hardware = describe_device(trainer.device)
    hours = sum(row["seconds"] for row in trainer.log) / 3600
    data_and_out = f"--data PATH --out DIR --seed {args.seed}"
    return {
        "summary": f"Trained here for {trainer.epochs} epochs (the paper: {official.epochs}) on {hardware}, "
        f"{hours:.1f} hours, seed {args.seed}.",
        "command": f"python -m analysis train --recipe {args.recipe} --epochs {trainer.epochs} {data_and_out}",
        "paper_command": f"python -m analysis train --recipe {trainer.recipe.arch} {data_and_out}",
        "recipe": args.recipe,
        "epochs": trainer.epochs,
        "paper_epochs": official.epochs,
        "seed": args.seed,
        "hardware": hardware,
        "hours": round(hours, 2),
        "torch": torch.__version__,
        "training_images": len(trainer.train),
        "calibration": CALIBRATION_NOTE,
        "settings": trainer.settings(),
        "log": trainer.log,
        "made": time.strftime("%Y-%m-%d"),
    }


def finish(trainer, test, args: argparse.Namespace, run_folder: Path) -> None:
    from tqdm import tqdm

    from analysis.commands.import_ import describe
    from analysis.models.evaluation import accuracy_per_exit, write_network_run
    from analysis.storage.importers import Imported

    parts = {"test": test, "calibration": trainer.calibration}
    names = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100"}
    with tqdm(total=sum(map(len, parts.values())), unit="image", desc="evaluating", disable=None) as bar:
        run = write_network_run(
            run_folder,
            trainer.network,
            parts,
            arch=trainer.recipe.arch,
            dataset=trainer.recipe.dataset,
            title=f"MSDNet on {names[trainer.recipe.dataset]}, {trainer.epochs} epochs, seed {args.seed}",
            provenance=provenance(trainer, args),
            device=trainer.device,
            on_batch=bar.update,
        )
    print(describe(Imported(run=run, accuracy=accuracy_per_exit(run), notes=[])))
