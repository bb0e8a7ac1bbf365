"""A trainer from its first step to its last: checkpoints, the log, the pace, one alone or several side by side.

Imports torch and the trainer.
"""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import torch

from analysis.models.training.first_stage import CHECKPOINT
from analysis.models.training.trainer import Trainer
from analysis.runtime.hardware import describe_device
from analysis.runtime.memory import is_out_of_memory, said_when_out_of_memory
from analysis.runtime.whole_files import whole_file

LOG = "log.csv"
MEASURED_STEPS = 20
"""After how many steps a training with a time limit first says how many epochs fit; the first ones compile."""
CHECKPOINT_S = 10.0
"""Seconds at least between two checkpoints: a card passes through several epochs in them."""


def save_atomically(state: dict, path: Path) -> None:
    """Write a checkpoint beside its place and name it last.

    Raises
    ------
    OSError : the disk is full, or refuses it
    """
    with whole_file(path) as temporary:
        try:
            torch.save(state, temporary)
        except RuntimeError as error:  # so torch's writer says it
            if is_out_of_memory(error):
                raise
            raise OSError(f"{path} cannot be written whole ({str(error).splitlines()[0][:200]})") from None


def write_log(rows: list[dict[str, float]], path: Path) -> None:
    """Write the rows of the log as CSV; a column that a row lacks is empty there."""
    with whole_file(path) as temporary, temporary.open("w", newline="") as file:
        names = dict.fromkeys(name for row in rows for name in row)  # rows of an older trainer have fewer
        writer = csv.DictWriter(file, fieldnames=list(names), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@contextmanager
def said_when_not_compiled(compiles: bool) -> Iterator[None]:
    """Raise a ValueError of one sentence where the compiler fails in the block.

    Raises
    ------
    ValueError : naming the option that trains without it
    """
    try:
        yield
    except Exception as error:
        if not compiles or is_out_of_memory(error) or not isinstance(error, torch._dynamo.exc.TorchDynamoException):
            raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise ValueError(f"torch.compile fails here ({reason}): add --no-compile") from None


def training_steps(trainer: Trainer, out: Path, checkpoint_steps: int = 200, beside: int = 0) -> Iterator[None]:
    """Run a trainer to its last epoch, giving back control after every step: see `fit`.

    Parameters
    ----------
    beside : other trainings that share its device
    """
    assert trainer.first_stage or not trainer.recipe.needs_first_stage, "begin_from or restore comes first"
    trainer.processes.wait()  # none may look for `out` any more
    if trainer.processes.leads:
        out.mkdir(parents=True, exist_ok=True)
        with whole_file(out / "settings.json") as temporary:
            temporary.write_text(json.dumps(trainer.settings(), indent=1) + "\n")
    trainer.begun = time.perf_counter()
    trainer.made_on = trainer.made_on or {
        "device": trainer.device.type,
        "hardware": describe_device(trainer.device),
        "torch": str(torch.__version__),
        "beside": beside,
    }
    remedy = "free some of it and begin again or --resume, or share the batch among processes with torchrun"
    too_large = f"{trainer.recipe.batch} images a step exceed the memory of {describe_device(trainer.device)}: {remedy}"
    first = trainer.step
    while not trainer.finished:
        with said_when_out_of_memory(too_large), said_when_not_compiled(trainer.compiled and trainer.step == first):
            trainer.train_step()
        if trainer.minutes is not None:
            keep_pace(trainer, taken=trainer.step - first)
        if trainer.processes.leads:
            keep(trainer, out, checkpoint_steps)
        yield


def fit(
    trainer: Trainer, out: Path, *, checkpoint_steps: int = 200, on_step: Callable[[Trainer], None] | None = None
) -> None:
    """Run a trainer to its last epoch, checkpointing into `out` every `checkpoint_steps` steps and after each epoch.

    Within ten seconds of a checkpoint none is written, but the last. Of several processes the first writes.

    Raises
    ------
    ValueError : the loss is no longer finite, seen before the next checkpoint, memory ended, or not one epoch ends
        within the trainer's time limit; the last checkpoint stays
    """
    for _ in training_steps(trainer, out, checkpoint_steps):
        if on_step:
            on_step(trainer)


def fit_side_by_side(
    trainings: Sequence[tuple[Trainer, Path]], on_step: Callable[[Trainer], None] = lambda trainer: None
) -> None:
    """Run several trainers to their last epochs, a step of each in turn, each into a folder of its own: see `fit`.

    On CUDA each has a stream, so that the small kernels of one run while another's do not fill the card.

    Raises
    ------
    ValueError : as `fit`, of the first training that ends so; the checkpoints of all stay
    """
    on_cuda = [trainer.device.type == "cuda" for trainer, _ in trainings]
    streams = [torch.cuda.Stream(trainer.device) if cuda else None for cuda, (trainer, _) in zip(on_cuda, trainings)]
    if any(on_cuda):
        torch.cuda.synchronize()  # what was made for the trainers was made on another stream
    going = {
        trainer: (training_steps(trainer, out, beside=len(trainings) - 1), stream)
        for (trainer, out), stream in zip(trainings, streams)
    }
    while going:
        for trainer, (steps, stream) in list(going.items()):
            with torch.cuda.stream(stream) if stream else nullcontext():
                if next(steps, steps) is steps:
                    del going[trainer]
                else:
                    on_step(trainer)
    if any(on_cuda):
        torch.cuda.synchronize()


def keep_pace(trainer: Trainer, taken: int) -> None:
    """Plan when there is something to plan by: after the first steps, and after every epoch but the last.

    Parameters
    ----------
    taken : steps since the beginning or the resumption; the first few of them compile and record
    """
    settling = min(3, (trainer.steps_per_epoch - 1) // 2)
    measured = min(MEASURED_STEPS, trainer.steps_per_epoch - 1)
    epoch_done = trainer.step % trainer.steps_per_epoch == 0
    if trainer.measured_from is None:
        if taken >= settling:
            trainer.mark_time()
    elif taken == measured or (epoch_done and not trainer.finished):
        trainer.plan()


def keep(trainer: Trainer, out: Path, checkpoint_steps: int) -> None:
    """Write log and checkpoint when they are due."""
    epoch_done = trainer.step % trainer.steps_per_epoch == 0
    if epoch_done:
        trainer.check_loss()
        trainer.finish_epoch()
        write_log(trainer.log, out / LOG)
    now = time.perf_counter()
    soon = trainer.saved_at is not None and now - trainer.saved_at < CHECKPOINT_S
    if not trainer.finished and (soon or (not epoch_done and trainer.step % checkpoint_steps)):
        return
    trainer.check_loss()
    trainer.elapsed_s, trainer.begun, trainer.saved_at = trainer.elapsed_s + now - trainer.begun, now, now
    save_atomically(trainer.state(), out / CHECKPOINT)
