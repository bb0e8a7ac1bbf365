"""Train an early-exit network by a recipe, resumable to the step; on a CPU, a GPU, or several processes of torchrun.

Imports torch, recipes, objectives and datasets; `analysis.models.evaluation.network_to_run` makes the finished
network's run.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING, asdict, fields
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from analysis.images.datasets import Images
from analysis.images.image_files import digest_of
from analysis.models.evaluation.inference import channel_statistics, normalised, predict
from analysis.models.networks.aligned import aligned
from analysis.models.networks.architectures import architecture
from analysis.models.networks.checkpoints import read_checkpoint
from analysis.models.training.augmentation import crop_and_flip, draw_crops
from analysis.models.training.first_stage import FirstStage
from analysis.models.training.objectives import METHODS
from analysis.models.training.pace import MARGIN, Pace
from analysis.models.training.recipes import Recipe
from analysis.models.training.recorded_step import RecordedStep
from analysis.runtime.hardware import describe_device
from analysis.runtime.processes import ALONE, Processes

PHASES = ("data", "forward", "backward", "averaging", "optimiser")
"""Of a step: drawing and augmenting a batch; the network and its loss; their gradients; the mean of several processes'
gradients, with the wait for them; the new weights."""
TIMED_EVERY = 50
"""Steps between two whose phases are timed, from the middle between them: on CUDA that waits for the device after each,
and the first step of all compiles."""
UNNAMED = {"precision": "fp32", "compiled": False, "minutes": None} | {
    f.name: f.default for f in fields(Recipe) if f.default is not MISSING
}
"""What a setting was when a checkpoint does not name it, because it is newer than the checkpoint."""


class PhaseClock:
    """Seconds that the timed steps of an epoch spent in each phase."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.seconds = dict.fromkeys(PHASES, 0.0)
        self.last: float | None = None

    def begin(self, timed: bool) -> None:
        """A step begins; `timed` says whether its phases are timed."""
        self.last = self._now() if timed else None

    def lap(self, phase: str) -> None:
        """The phase is over; nothing happens in a step that is not timed."""
        if self.last is not None:
            now = self._now()
            self.seconds[phase] += now - self.last
            self.last = now

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()

    def shares(self) -> dict[str, float]:
        """Each phase's share of the timed steps, fractions of 1; none where none was timed. The next epoch begins."""
        total = sum(self.seconds.values())
        found = {f"share_{phase}": round(seconds / total, 4) for phase, seconds in self.seconds.items() if total}
        self.seconds = dict.fromkeys(PHASES, 0.0)
        return found


class Trainer:
    """The state of one training run: network, optimiser, random generator and position in the data.

    All randomness of a run after its initialisation comes from one generator, which draws the order, the crops and the
    flips of an epoch before it begins; both are saved with every checkpoint: a run that is killed and resumed takes the
    very steps that an undisturbed one takes (on CUDA as far as its kernels repeat themselves). A step reads its place
    in the epoch and its rate from the device and gives nothing back, so that it can be recorded as a CUDA graph.

    Of several processes each draws the same batch and the same crops, takes its share, and steps along the mean of the
    gradients, so that all hold the same weights. Batch norm sees the share: its statistics are those of each process,
    and the first process's are kept.

    Parameters
    ----------
    precision : of the network's layers: `fp32`, or `bf16` by autocast; parameters and loss are float32 in either
    compiled : whether `torch.compile` fuses the network and its loss
    recorded : whether a step is recorded as a CUDA graph, once it has run a few times; of one process on CUDA alone
    minutes : a limit on the wall time of training, in which the whole schedule is passed; `epochs` are the most then
    """

    def __init__(
        self,
        recipe: Recipe,
        train: Images,
        calibration: Images,
        *,
        epochs: int,
        seed: int,
        device: str = "cpu",
        precision: str = "fp32",
        compiled: bool = False,
        recorded: bool = False,
        minutes: float | None = None,
        processes: Processes = ALONE,
    ) -> None:
        if len(train) < recipe.batch:
            raise ValueError(f"{len(train)} training images do not fill one batch of {recipe.batch}: give more images")
        if recipe.batch % processes.count:
            raise ValueError(
                f"{processes.count} processes cannot share a batch of {recipe.batch}: start a number that divides it"
            )
        self.recipe, self.train, self.calibration = recipe, train, calibration
        self.digest = digest_of({"train": train}, labels=True)
        self.epochs, self.seed, self.device, self.processes = epochs, seed, torch.device(device), processes
        self.precision, self.compiled, self.recorded, self.minutes = precision, compiled, recorded, minutes
        # Tensor cores take channels last, and in eights; a CPU gains by neither, and normalises slower in the first.
        self.layout = torch.channels_last if self.device.type == "cuda" else torch.contiguous_format
        self.aligned = self.device.type == "cuda" and precision == "bf16" and compiled
        self.steps_per_epoch = len(train) // recipe.batch  # the incomplete last batch is dropped
        self.network, self.objective = self.build()
        self.trained = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        self.optimiser = torch.optim.SGD(
            self.trained,
            lr=recipe.lr,
            momentum=recipe.momentum,
            nesterov=recipe.nesterov,
            weight_decay=recipe.weight_decay,
            fused=True,
        )
        self.rate = torch.tensor(recipe.lr, device=self.device)
        self.optimiser.param_groups[0]["lr"] = self.rate  # read on the device
        for parameter in self.trained:  # a momentum of zeros is what the first step begins with
            self.optimiser.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
        self.generator = torch.Generator(self.device).manual_seed(seed)
        self.pixels = torch.from_numpy(train.pixels).to(self.device)
        self.labels = torch.from_numpy(train.labels).to(self.device)
        self.statistics = channel_statistics(recipe.dataset, self.device)
        self.step = 0
        self.stopped = False  # whether it trains no further than it has
        self.trained_as: dict[str, object] = {}  # settings of a stopped training that were another machine's
        self.pace = Pace(epochs, self.steps_per_epoch)
        # Of an epoch, drawn or computed before it begins; a recorded step reads them where they are now.
        self.order = torch.arange(len(train), device=self.device)
        self.crops = torch.zeros((3, len(train)), dtype=torch.int16, device=self.device)
        self.rates = torch.zeros(self.steps_per_epoch, device=self.device)
        self.position = torch.zeros(1, dtype=torch.int64, device=self.device)
        self.rows = torch.arange(recipe.batch, device=self.device)
        self.losses = torch.zeros((), dtype=torch.float64, device=self.device)  # of this epoch, summed
        self.run_step: Callable[[], None] | None = None
        self.seconds = 0.0
        self.elapsed_s = 0.0  # of wall time up to the last checkpoint: steps, evaluations, checkpoints
        self.begun = self.epoch_begun = time.perf_counter()
        self.saved_at: float | None = None
        self.measured_from: tuple[int, float] | None = None
        self.clock = PhaseClock(self.device)
        self.log: list[dict[str, float]] = []
        self.first_stage: dict[str, object] | None = None
        self.made_on: dict[str, str] | None = None  # what trained it, which need not be what writes its run

    def build(self) -> tuple[nn.Module, nn.Module]:
        """The recipe's network, initialised by the seed, and the objective that holds it."""
        torch.manual_seed(self.seed)
        method = METHODS[self.recipe.model]
        network = method.network(architecture(self.recipe.arch).config)
        objective = method.objective(network.to(self.device, memory_format=self.layout))
        if self.aligned:
            objective.network = aligned(network)
        return network, torch.compile(objective) if self.compiled else objective

    def begin_from(self, first_stage: FirstStage) -> None:
        """Put stage 1's weights under the new heads."""
        self.network.net.load_state_dict(first_stage.weights)
        self.first_stage = first_stage.facts

    @property
    def loss_sum(self) -> float:
        """The sum of this epoch's losses so far; waits for the device."""
        return float(self.losses)

    def settings(self) -> dict[str, object]:
        """What must agree for a checkpoint to be resumed."""
        here = {"epochs": self.epochs, "seed": self.seed, "images": len(self.train), "images_digest": self.digest}
        how = {"precision": self.precision, "compiled": self.compiled, "processes": self.processes.count}
        return {**asdict(self.recipe), **here, **how, "minutes": self.minutes} | self.trained_as

    def state(self) -> dict[str, object]:
        """All that a checkpoint keeps: tensors and plain values, from which `restore` goes on."""
        names = ("step", "order", "crops", "loss_sum", "seconds", "elapsed_s", "log", "first_stage", "made_on")
        return {
            "settings": self.settings(),
            "pace": self.pace.saved(),
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
            **{name: getattr(self, name) for name in names},
        }

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint.

        Raises
        ------
        ValueError : it is damaged, or was trained with other settings or on another kind of device
        """
        try:
            state = read_checkpoint(path, self.device)
            mine, theirs = self.settings(), {**UNNAMED, **state["settings"]}
        except (ValueError, TypeError, LookupError) as error:
            why = f" ({error})" if isinstance(error, ValueError) else ""
            raise ValueError(f"{path} is no checkpoint of train, or is damaged{why}: give another --out") from None
        theirs = {name: mine[name] for name in ("images_digest", "processes")} | theirs  # older ones do not say
        if self.stopped:
            self.trained_as = {name: theirs[name] for name in ("precision", "compiled", "processes", "minutes")}
            mine |= self.trained_as
        different = [key for key in mine if theirs.get(key) != mine[key]]
        if different:
            key = different[0]
            raise ValueError(
                f"{path} was trained with {key} = {theirs.get(key)}, not {mine[key]}: "
                "resume with the same settings, or give another --out"
            )
        self.pace = Pace(**state["pace"]) if "pace" in state else self.pace
        self.step = state["step"]
        try:
            self.generator.set_state(state["generator"].cpu())
        except RuntimeError:  # generators of different kinds have states of different sizes
            if not self.finished:  # what is can be evaluated anywhere
                raise ValueError(
                    f"{path} was not trained on {self.device.type}, and its random numbers cannot go on there: "
                    "resume with the same --device, or with --stop to keep the network as it is"
                ) from None
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        group = self.optimiser.param_groups[0]
        self.rate.fill_(group["lr"])
        group.update(lr=self.rate, fused=True)
        self.seconds, self.log = state["seconds"], state["log"]
        self.epoch_begun = time.perf_counter() - self.seconds
        self.order.copy_(state["order"])
        self.crops.copy_(state["crops"] if "crops" in state else draw_crops(len(self.train), self.generator))
        self.set_rates()
        self.losses.fill_(state["loss_sum"])
        self.first_stage = state.get("first_stage")
        self.elapsed_s = state.get("elapsed_s", sum(row["seconds"] for row in self.log) + self.seconds)
        self.made_on = state.get("made_on")

    @property
    def finished(self) -> bool:
        """Whether the last epoch is over, or training was stopped."""
        return self.stopped or self.step == self.pace.planned * self.steps_per_epoch

    @property
    def epochs_trained(self) -> int:
        """Epochs that are over."""
        return self.step // self.steps_per_epoch

    def set_rates(self) -> None:
        """The learning rate of every step of the epoch, on the device, and the place in it."""
        first = self.step - self.step % self.steps_per_epoch
        steps = range(first, first + self.steps_per_epoch)
        rates = [self.recipe.learning_rate(self.pace.at(s), self.steps_per_epoch, self.epochs) for s in steps]
        self.rates.copy_(torch.tensor(rates))
        self.position.fill_(self.step - first)

    def begin_epoch(self) -> None:
        """Draw the order of the images, their crops and flips."""
        self.order.copy_(torch.randperm(len(self.train), generator=self.generator, device=self.device))
        self.crops.copy_(draw_crops(len(self.train), self.generator))
        self.set_rates()
        self.losses.zero_()
        self.epoch_begun = time.perf_counter()

    def batch(self) -> tuple[Tensor, Tensor]:
        """This process's share of the next batch: augmented images in the device's layout, and their labels."""
        rows = self.position * self.recipe.batch + self.rows
        index, share = self.order[rows], self.processes.share
        images = crop_and_flip(normalised(self.pixels[index], *self.statistics), self.crops[:, rows])
        return share(images).contiguous(memory_format=self.layout), share(self.labels[index])

    def one_step(self) -> None:
        """A step on what is on the device, which reads nothing back."""
        self.rate.copy_(self.rates[self.position][0])
        images, labels = self.batch()
        self.clock.lap("data")
        with torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.precision == "bf16", cache_enabled=not self.recorded
        ):
            loss = self.objective(images, labels)
        self.clock.lap("forward")
        self.optimiser.zero_grad()
        loss.backward()
        loss = loss.detach()
        self.clock.lap("backward")
        self.processes.average([loss, *(parameter.grad for parameter in self.trained)])
        self.clock.lap("averaging")
        self.optimiser.step()
        self.clock.lap("optimiser")
        self.losses += loss
        self.position += 1

    def record(self) -> RecordedStep:
        """One step as a CUDA graph."""
        momenta = [state["momentum_buffer"] for state in self.optimiser.state.values()]
        weights = [*self.network.parameters(), *self.network.buffers()]
        return RecordedStep(self.one_step, [*weights, *momenta, self.losses, self.position])

    def train_step(self) -> None:
        """Take one step, before which a new epoch begins where the last one is over."""
        if self.step % self.steps_per_epoch == 0:
            self.begin_epoch()
        if not self.network.training:
            self.network.train()
        with tuned_convolutions():
            if self.run_step is None:
                self.run_step = self.record() if self.recorded else self.one_step
            if not self.recorded:  # within a graph nothing is timed
                middle = min(TIMED_EVERY, self.steps_per_epoch) // 2
                self.clock.begin(self.step % self.steps_per_epoch % TIMED_EVERY == middle)
            self.run_step()
        self.step += 1

    def check_loss(self) -> None:
        """Refuse to go on from a loss that is not finite; waits for the device.

        Raises
        ------
        ValueError : naming the step
        """
        if not np.isfinite(self.loss_sum):
            raise ValueError(f"the loss is not finite by step {self.step}: lower the recipe's learning rate")
        self.seconds = time.perf_counter() - self.epoch_begun

    def mark_time(self) -> None:
        """Remember step and time, from which the next plan measures; waits for the device."""
        self.check_loss()
        self.measured_from = self.step, time.perf_counter()

    def plan(self) -> None:
        """Choose anew how many epochs are trained before the time limit, by the speed since the last plan.

        Raises
        ------
        ValueError : not one epoch ends in time
        """
        self.check_loss()
        step, then = self.measured_from
        now = time.perf_counter()
        speed = (now - then) / (self.step - step)
        left = 60 * self.minutes - self.elapsed_s - (now - self.begun)
        if not self.pace.plan(self.step, left, speed):
            needed = (60 * self.minutes - left + MARGIN * (self.steps_per_epoch - self.step) * speed) / 60
            raise ValueError(
                f"--minutes {self.minutes:g}: one epoch and what comes before it take {needed:.1f} minutes on "
                f"{describe_device(self.device)}: give --minutes {math.ceil(needed)} or more"
            )
        self.measured_from = self.step, now

    def finish_epoch(self) -> dict[str, float]:
        """Evaluate the calibration images and add the epoch's row to the log; the row."""
        dtype = torch.bfloat16 if self.precision == "bf16" else torch.float32
        logits = predict(self.network, self.calibration, self.recipe.dataset, self.device, dtype=dtype)
        accuracy = (logits.argmax(axis=2) == self.calibration.labels).mean(axis=1)
        row = {
            "epoch": self.step // self.steps_per_epoch,
            "train_loss": round(self.loss_sum / self.steps_per_epoch, 4),
            "learning_rate": round(float(self.rate), 6),
            "seconds": round(self.seconds, 1),
            "images_per_s": round(self.steps_per_epoch * self.recipe.batch / self.seconds),
            **self.clock.shares(),
        }
        row |= {f"calibration_accuracy_exit_{i}": round(float(a), 4) for i, a in enumerate(accuracy, start=1)}
        self.log.append(row)
        return row


@contextmanager
def tuned_convolutions() -> Iterator[None]:
    """cuDNN tries its algorithms on the first batches and keeps the fastest: every batch has the same shape."""
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before
