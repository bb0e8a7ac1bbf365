"""What the paper reports, by data set, architecture and predictor, from `published.json`, which names its source.

Accuracy per exit and the share of samples that fall by more than each threshold, with their spread over seeds; for
some networks what overthinking costs and how often entropy rises. Needs only NumPy.
"""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float

COSTS = {("cifar10", "msdnet"): "msdnet7_cifar10", ("cifar100", "msdnet"): "msdnet7_cifar100"}
"""Where the file keeps the cumulative MACs of the networks whose results it has (not of ImageNet's: two fit)."""
ENTROPY = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "imagenet": "ImageNet"}
"""How the file names data sets where it counts rises of entropy. It names no network there: read as MSDNet's."""
ROWS = {
    "entropy": {"baseline": "baseline", "pa": "PA", "ca": "CA"},
    "overthinking": {"baseline": "MSDNet", "pa": "PA (ours)", "ca": "CA"},
}
"""How the file names predictors in these two tables."""


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
    percents_std: Mapping[str, Mapping[float, float]] = field(repr=False, default_factory=dict)
    """The same for the population standard deviation over the seeds; empty for a single checkpoint."""
    oracle_gap: float | None = None
    """Oracle accuracy (some exit is right) less the last exit's, a fraction of 1; None where not published."""
    entropy_rises: Mapping[float, float] = field(repr=False, default_factory=dict)
    """Threshold in nats -> percent of samples whose entropy rises by more; empty where not published."""

    def decrease(self, of: str, thresholds: Sequence[float | int] | np.ndarray) -> Float[np.ndarray, " thresholds"]:
        """Percent of samples whose probability falls by more than each threshold; NaN where the paper has no number.

        Parameters
        ----------
        of
            `true_class`, `final_prediction` or another quantity, for which nothing is published.
        """
        return _at(self.percents.get(of, {}), thresholds)

    def decrease_std(self, of: str, thresholds: Sequence[float | int] | np.ndarray) -> Float[np.ndarray, " thresholds"]:
        """Standard deviation over the seeds of `decrease`, in points; NaN where the paper has none."""
        return _at(self.percents_std.get(of, {}), thresholds)


def _at(known: Mapping[float, float], thresholds: Sequence[float | int] | np.ndarray) -> np.ndarray:
    return np.array([known.get(float(tau), np.nan) for tau in thresholds])


@dataclass(frozen=True, eq=False)
class PublishedCell:
    """One cell of the paper's ablation: an activation and a way to combine the exits, on one network of one seed."""

    accuracy: Float[np.ndarray, " exits"]
    """Percent of samples."""
    percents: Mapping[tuple[str, str], Float[np.ndarray, " thresholds"]] = field(repr=False)
    """(`true_class` or `final_prediction`, `absolute` or `relative`) -> percent of samples that fall by more than each
    of the file's thresholds."""


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
            _falls(file, row, ""),
            _falls(file, row, "_std"),
            _oracle_gap(file, dataset, model, predictor),
            _entropy_rises(file, dataset, model, predictor),
        )
        for predictor, row in rows.items()
        if n_exits in (None, len(row["accuracy"]))
    }


def _falls(file: Mapping, row: Mapping, suffix: str) -> dict[str, dict[float, float]]:
    return {
        of: dict(zip(map(float, file["thresholds"]), row[f"decrease_{of}{suffix}"]))
        for of in ("true_class", "final_prediction")
        if f"decrease_{of}{suffix}" in row
    }


def _oracle_gap(file: Mapping, dataset: str, model: str, predictor: str) -> float | None:
    row = file["overthinking"].get(f"{dataset}_{model}", {}).get(ROWS["overthinking"].get(predictor))
    return None if row is None else float(row[2])


def _entropy_rises(file: Mapping, dataset: str, model: str, predictor: str) -> dict[float, float]:
    if model != "msdnet":
        return {}
    row = file["entropy_increase_percent"].get(ENTROPY.get(dataset), {}).get(ROWS["entropy"].get(predictor), {})
    return {float(tau): float(percent) for tau, percent in row.items()}


ABLATION = ("cifar100", "msdnet", 7)
"""The network of the ablation, as a run must name it: data set, model, exits."""
ABLATION_NAMES = (("softmax", "relu", "heaviside"), ("none", "mixture", "product"))
"""Our names of the ablation's activations and combinations."""
_IN_THE_FILE = {"softmax": "softmax", "relu": "ReLU", "heaviside": "Heaviside"} | {
    "none": "/",
    "mixture": "MoE",
    "product": "PoE",
}
_ABLATION_FALLS = {
    ("true_class", "absolute"): "df_monotone_gt",
    ("true_class", "relative"): "df_monotone_gt_rel",
    ("final_prediction", "absolute"): "df_monotone",
    ("final_prediction", "relative"): "df_monotone_rel",
}


def published_ablation(dataset: str | None, model: str | None, n_exits: int) -> dict[tuple[str, str], PublishedCell]:
    """The paper's ablation by (activation, combination); empty for any network but its own.

    >>> float(published_ablation("cifar100", "msdnet", 7)["relu", "product"].accuracy[-1])
    75.59
    """
    if ((dataset or "").lower(), (model or "").lower(), n_exits) != ABLATION:
        return {}
    data = published_numbers()["ablation_msdnet_cifar100_seed0"]["data"]
    found = {}
    for activation, combination in itertools.product(*ABLATION_NAMES):
        row = f"{_IN_THE_FILE[activation]}+{_IN_THE_FILE[combination]}"
        falls = {of: np.array(data[name][row]) for of, name in _ABLATION_FALLS.items()}
        found[activation, combination] = PublishedCell(np.array(data["df_accuracy"][row]), falls)
    return found


def published_networks() -> list[tuple[str, str, int]]:
    """(data set, model, exits) of every network that has published numbers, as a run must name them."""
    return [
        (dataset, model, len(predictors["baseline"]["accuracy"]))
        for dataset, models in published_numbers()["results"].items()
        for model, predictors in models.items()
    ]
