"""The log of a training run, as `train` leaves it in a run's provenance: read with suspicion, since it is a file's."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

_ACCURACY = re.compile(r"calibration_accuracy_exit_(\d+)")


@dataclass(frozen=True)
class TrainingLog:
    """What was written down at the end of each epoch.

    Attributes
    ----------
    epoch : int, (epochs,)
        From 1.
    loss : float, (epochs,)
        Mean training loss, summed over the exits as the recipe weighs them; NaN where it is missing.
    accuracy : float, (exits, epochs)
        On the held-out calibration images, 0 to 1; NaN where it is missing.
    """

    epoch: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray


def training_log(provenance: Mapping[str, object]) -> TrainingLog | None:
    """The log in a run's provenance, or None where there is none that can be drawn: two epochs or more of losses.

    Examples
    --------
    >>> rows = [{"epoch": i, "train_loss": 3 - i, "calibration_accuracy_exit_1": i / 10} for i in (1, 2)]
    >>> training_log({"log": rows}).accuracy.tolist()
    [[0.1, 0.2]]
    >>> training_log({"log": "none kept"}) is None
    True
    """
    rows = provenance.get("log")
    if not isinstance(rows, list) or len(rows) < 2 or not all(isinstance(row, dict) for row in rows):
        return None
    exits = sorted({int(m[1]) for row in rows for name in row if (m := _ACCURACY.fullmatch(str(name)))})
    loss = _column(rows, "train_loss")
    epoch = _column(rows, "epoch")
    if not np.isfinite(epoch).all() or not np.isfinite(loss).any():
        return None
    accuracy = [_column(rows, f"calibration_accuracy_exit_{number}") for number in exits]
    return TrainingLog(
        epoch=epoch.astype(int),
        loss=loss,
        accuracy=np.stack(accuracy) if accuracy else np.empty((0, len(rows))),
    )


def _column(rows: list[dict], name: str) -> np.ndarray:
    return np.array([_number(row.get(name)) for row in rows], dtype=float)


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else np.nan
