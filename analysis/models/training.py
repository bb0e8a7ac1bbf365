"""Train an early-exit network by a recipe, resumable to the step.

Imports torch, recipes, architectures and datasets; `analysis.models.evaluation` writes the finished network as a run.
"""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from analysis.models.architectures import architecture
from analysis.models.checkpoints import UNREADABLE
from analysis.models.datasets import Images
from analysis.models.inference import normalise, predict
from analysis.models.recipes import Recipe

CHECKPOINT = "checkpoint.pt"
LOG = "log.csv"
PADDING = 4


def holdout_index(images: int, holdout: int) -> np.ndarray:
    """Sorted positions of the training images kept out for calibration: the same for every training seed.

    Of fewer than ten times `holdout` images a tenth is kept out, so that small data sets train too.
    """
    holdout = min(holdout, images // 10)
    order = torch.randperm(images, generator=torch.Generator().manual_seed(0))
    return np.sort(order[:holdout].numpy())


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """Random crop after zero padding of 4 and random horizontal flip, for each image (images, 3, height, width)."""
    count, _, height, width = images.shape
    top, left = torch.randint(0, 2 * PADDING + 1, (2, count, 1), generator=generator).to(images.device)
    flip = (torch.rand(count, 1, generator=generator) < 0.5).to(images.device)
    rows = top + torch.arange(height, device=images.device)
    columns = torch.arange(width, device=images.device).expand(count, -1)
    columns = left + torch.where(flip, width - 1 - columns, columns)
    padded = F.pad(images, (PADDING,) * 4).permute(0, 2, 3, 1)  # (images, height + 8, width + 8, 3)
    index = torch.arange(count, device=images.device).view(-1, 1, 1)
    return padded[index, rows.unsqueeze(2), columns.unsqueeze(1)].permute(0, 3, 1, 2).contiguous()


def sum_of_cross_entropies(logits: list[Tensor], labels: Tensor) -> Tensor:
    """The unweighted sum over the exits of the mean cross-entropy."""
    return torch.stack([F.cross_entropy(exit_logits, labels) for exit_logits in logits]).sum()


def save_atomically(state: dict, path: Path) -> None:
    temporary = path.with_suffix(".partial")
    torch.save(state, temporary)
    os.replace(temporary, path)


class Trainer:
    """The state of one training run: network, optimiser, random generator and position in the data.

    All randomness of a run after its initialisation comes from one generator, whose state is saved with every
    checkpoint: a run that is killed and resumed takes the very steps that an undisturbed one takes.
    """

    def __init__(
        self, recipe: Recipe, train: Images, calibration: Images, *, epochs: int, seed: int, device: str = "cpu"
    ) -> None:
        if len(train) < recipe.batch:
            raise ValueError(f"{len(train)} training images do not fill one batch of {recipe.batch}: give more images")
        self.recipe, self.train, self.calibration = recipe, train, calibration
        self.epochs, self.seed, self.device = epochs, seed, torch.device(device)
        self.steps_per_epoch = len(train) // recipe.batch  # the incomplete last batch is dropped
        torch.manual_seed(seed)
        self.network = architecture(recipe.arch).build().to(self.device, memory_format=torch.channels_last)
        self.optimiser = torch.optim.SGD(
            self.network.parameters(),
            lr=recipe.lr,
            momentum=recipe.momentum,
            nesterov=recipe.nesterov,
            weight_decay=recipe.weight_decay,
        )
        self.generator = torch.Generator().manual_seed(seed)
        self.pixels = torch.from_numpy(train.pixels).to(self.device)
        self.labels = torch.from_numpy(train.labels).to(self.device)
        self.step = 0
        self.order = torch.empty(0, dtype=torch.int64)
        self.loss_sum = 0.0
        self.seconds = 0.0
        self.log: list[dict[str, float]] = []

    def settings(self) -> dict[str, object]:
        """What must agree for a checkpoint to be resumed."""
        return {**asdict(self.recipe), "epochs": self.epochs, "seed": self.seed, "images": len(self.train)}

    def state(self) -> dict[str, object]:
        names = ("step", "order", "loss_sum", "seconds", "log")
        return {
            "settings": self.settings(),
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
            **{name: getattr(self, name) for name in names},
        }

    def restore(self, path: Path) -> None:
        try:
            state = torch.load(path, map_location=self.device, weights_only=True)
            mine, theirs = self.settings(), dict(state["settings"])
        except UNREADABLE as error:
            raise ValueError(
                f"{path} is no checkpoint of train, or is damaged ({type(error).__name__}): give another --out"
            ) from None
        different = [key for key in mine if theirs.get(key) != mine[key]]
        if different:
            key = different[0]
            raise ValueError(
                f"{path} was trained with {key} = {theirs.get(key)}, not {mine[key]}: "
                "resume with the same settings, or give another --out"
            )
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.generator.set_state(state["generator"].cpu())
        for name in ("step", "order", "loss_sum", "seconds", "log"):
            setattr(self, name, state[name])
        self.order = self.order.cpu()

    def train_step(self) -> None:
        position = self.step % self.steps_per_epoch
        if position == 0:
            self.order = torch.randperm(len(self.train), generator=self.generator)
            self.loss_sum, self.seconds = 0.0, 0.0
        started = time.perf_counter()
        index = self.order[position * self.recipe.batch :][: self.recipe.batch].to(self.device)
        images = augment(normalise(self.pixels[index], self.recipe.dataset), self.generator)
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.learning_rate(self.step, self.steps_per_epoch, self.epochs)
        self.network.train()
        logits = self.network(images.contiguous(memory_format=torch.channels_last))
        loss = sum_of_cross_entropies(logits, self.labels[index])
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.loss_sum += loss.item()
        self.seconds += time.perf_counter() - started
        self.step += 1
        if not np.isfinite(self.loss_sum):
            raise ValueError(f"the loss is {loss.item()} at step {self.step}: lower the recipe's learning rate")

    def finish_epoch(self) -> dict[str, float]:
        logits = predict(self.network, self.calibration, self.recipe.dataset, self.device)
        accuracy = (logits.argmax(axis=2) == self.calibration.labels).mean(axis=1)
        row = {
            "epoch": self.step // self.steps_per_epoch,
            "train_loss": round(self.loss_sum / self.steps_per_epoch, 4),
            "seconds": round(self.seconds),
            "images_per_s": round(self.steps_per_epoch * self.recipe.batch / self.seconds),
        }
        row |= {f"calibration_accuracy_exit_{i}": round(float(a), 4) for i, a in enumerate(accuracy, start=1)}
        self.log.append(row)
        return row


def write_log(rows: list[dict[str, float]], path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def fit(
    trainer: Trainer, out: Path, *, checkpoint_steps: int = 200, on_step: Callable[[Trainer], None] | None = None
) -> None:
    """Run a trainer to its last epoch, checkpointing into `out` every `checkpoint_steps` steps and after each epoch."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "settings.json").write_text(json.dumps(trainer.settings(), indent=1) + "\n")
    total = trainer.epochs * trainer.steps_per_epoch
    while trainer.step < total:
        trainer.train_step()
        epoch_done = trainer.step % trainer.steps_per_epoch == 0
        if epoch_done:
            trainer.finish_epoch()
            write_log(trainer.log, out / LOG)
        if epoch_done or trainer.step % checkpoint_steps == 0:
            save_atomically(trainer.state(), out / CHECKPOINT)
        if on_step:
            on_step(trainer)
