"""What a policy reads: the answer of every exit to every sample, in a few numbers. `analysis.traces.Traces` are such.

Needs only NumPy.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class Answers(Protocol):
    """Arrays (exits, samples) of one predictor, exits from 0; what they mean stands in `analysis.traces.Traces`."""

    max_prob: np.ndarray
    margin: np.ndarray
    entropy: np.ndarray
    predicted: np.ndarray
    correct: np.ndarray
    true_class_prob: np.ndarray
    final_prediction_prob: np.ndarray
    sum_squared: np.ndarray
    labels: np.ndarray
    n_classes: int

    @property
    def n_exits(self) -> int:
        """The number of exits."""

    @property
    def n_samples(self) -> int:
        """The number of samples."""
