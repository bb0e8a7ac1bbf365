"""What the fused kernel writes, for those who launch it and those who read it. Imports torch's types alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

INVALID, UNDECIDED = 1, 2
"""Flags of a sample: logits to be refused; left to the reference path."""
FLOAT_COLUMNS = (
    "log_true_class_prob",
    "true_class_prob",
    "max_prob",
    "final_prediction_prob",
    "sum_squared",
    "entropy",
    "margin",
)
INTEGER_COLUMNS = ("predicted", "rank", "support", "collapsed")


@dataclass(frozen=True)
class FusedColumns:
    """What the kernel wrote of one predictor, on the device."""

    floats: Tensor
    """float32 (`FLOAT_COLUMNS`, exits, samples)."""
    integers: Tensor
    """int32 (`INTEGER_COLUMNS`, exits, samples)."""
    fall_sizes: Tensor
    """float64 (falls in the order of `analysis.traces.table.FALLS`, samples)."""
    fall_exits: Tensor
    """int32 (from and to of each fall, samples)."""
    flags: Tensor
    """int32 (samples,): `INVALID` logits, or `UNDECIDED` by the kernel; 0 where the columns stand."""
