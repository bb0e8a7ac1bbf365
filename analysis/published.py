"""What the paper reports, by data set, architecture and predictor, from `published.json`, which names its source.

Accuracy per exit and the share of samples that fall by more than each threshold. Needs only NumPy.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float

COSTS = {("cifar10", "msdnet"): "msdnet7_cifar10", ("cifar100", "msdnet"): "msdnet7_cifar100"}
"""Where the file keeps the cumulative MACs of the networks whose results it has (not of ImageNet's: two fit)."""


@dataclass(frozen=True, eq=False)
class Published:
    """One predictor's published numbers on one network, means over seeds."""

    dataset: str
    model: str
    predictor: str
    accuracy: Float[np.ndarray, " exits"]
    """Fraction of 1."""
    accuracy_std: Float[np.ndarray, " exits"] | None
    """Population standard deviation over the seeds; None for a single checkpoint."""
    costs: tuple[float, ...] | None
    """Cumulative MACs of each exit, where the file has them."""
    percents: Mapping[str, Mapping[float, float]] = field(repr=False)
    """`true_class` and `final_prediction` -> threshold -> percent of samples."""

    def decrease(self, of: str, thresholds: Sequence[float | int] | np.ndarray) -> Float[np.ndarray, " thresholds"]:
        """Percent of samples whose probability falls by more than each threshold; NaN where the paper has no number.

        Parameters
        ----------
        of
            `true_class`, `final_prediction` or another quantity, for which nothing is published.
        """
        known = self.percents.get(of, {})
        return np.array([known.get(float(tau), np.nan) for tau in thresholds])


@functools.cache
def published_numbers() -> dict:
    """The whole file."""
    return json.loads(Path(__file__).with_name("published.json").read_text(encoding="utf-8"))


def published_for(dataset: str | None, model: str | None, n_exits: int | None = None) -> dict[str, Published]:
    """The published numbers of a network, by predictor id; empty where the paper has none.

    Parameters
    ----------
    dataset, model
        As a run names them: `cifar100`, `msdnet`; upper or lower case.
    n_exits
        Networks of another depth are not the paper's; None leaves that open.
    """
    dataset, model = (dataset or "").lower(), (model or "").lower()
    file = published_numbers()
    rows = file["results"].get(dataset, {}).get(model, {})
    costs = file["cumulative_macs"].get(COSTS.get((dataset, model)))
    return {
        predictor: Published(
            dataset,
            model,
            predictor,
            np.array(row["accuracy"]),
            np.array(row["accuracy_std"]) if "accuracy_std" in row else None,
            tuple(map(float, costs)) if costs else None,
            {
                of: dict(zip(map(float, file["thresholds"]), row[f"decrease_{of}"]))
                for of in ("true_class", "final_prediction")
            },
        )
        for predictor, row in rows.items()
        if n_exits in (None, len(row["accuracy"]))
    }
