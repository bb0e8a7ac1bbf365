"""How far along its schedule a training is, and how many epochs fit before a deadline. Plain numbers."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

MARGIN = 1.02
"""Epochs are planned as if each took 2% longer than the one before."""


@dataclass
class Pace:
    """Steps taken, and the positions on the schedule at which they are taken.

    Without a deadline the two agree. With one the whole schedule is walked through in fewer steps, each a longer way
    along it: the plan is renewed after every epoch, so that a card that others share, or no longer do, changes the
    number of epochs and not the end.

    Parameters
    ----------
    epochs : of the schedule, and the most that are trained
    steps_per_epoch : of the training
    """

    epochs: int
    steps_per_epoch: int
    planned: int = 0
    """Epochs that will have been trained at the end."""
    step: int = 0
    """Where the plan was last renewed."""
    position: float = 0.0
    """Steps along the schedule at that step."""

    def __post_init__(self) -> None:
        self.planned = self.planned or self.epochs

    def at(self, step: int) -> float:
        """Steps along the schedule when `step` steps were taken."""
        if step <= self.step:
            return self.position - (self.step - step)
        whole, left = self.epochs * self.steps_per_epoch, self.planned * self.steps_per_epoch - self.step
        return self.position + (step - self.step) * (whole - self.position) / left

    def plan(self, step: int, seconds_left: float, seconds_per_step: float) -> int:
        """Renew the plan; the number of epochs that are trained then, 0 where not even the first ends in time.

        The first epoch, in which the rate warms up, keeps the schedule's own pace where others follow it.

        Parameters
        ----------
        step : steps taken, fewer than are planned
        seconds_left : until training has to end
        seconds_per_step : of late, with its share of what is done between epochs
        """
        fitting = math.floor((step + seconds_left / (MARGIN * seconds_per_step)) / self.steps_per_epoch)
        if step < self.steps_per_epoch and fitting < 1:
            return 0
        to_end = step // self.steps_per_epoch + 1  # the epoch that goes on or begins is ended
        self.position, self.step = self.at(step), step
        self.planned = max(to_end, min(self.epochs, fitting))
        if step < self.steps_per_epoch and self.planned > 1:
            self.position, self.step = float(self.steps_per_epoch), self.steps_per_epoch
        return self.planned

    def saved(self) -> dict[str, float]:
        """What a checkpoint keeps."""
        return asdict(self)
