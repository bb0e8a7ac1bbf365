"""The paper's ablation: three activations crossed with three ways to combine the exits, on any run.

Each cell is a predictor of the table with settings of its own. May import results, predictors and published numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from analysis.metrics.decrease import THRESHOLDS
from analysis.reference.published import ABLATION_NAMES
from analysis.results.results import results_of
from analysis.run import Run

ACTIVATIONS, COMBINATIONS = ABLATION_NAMES
OF, SIZES = ("true_class", "final_prediction"), ("absolute", "relative")
WITHIN = 1.0
"""Points of last-exit accuracy within which cells count as equally accurate."""


@dataclass(frozen=True)
class Cell:
    """An activation and a way to combine the exits, as a predictor.

    Attributes
    ----------
    activation : one of `ACTIVATIONS`
    combination : one of `COMBINATIONS`
    predictor, settings : what computes it; settings that differ from the predictor's defaults
    shown_as, shown_settings : the correction that shows the same on other pages, where the baseline is what a
        correction is compared with
    """

    activation: str
    combination: str
    predictor: str
    settings: Mapping[str, str] = field(default_factory=dict)
    shown_as: str = ""
    shown_settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """As `published_ablation` calls it."""
        return self.activation, self.combination

    @property
    def correction(self) -> tuple[str, Mapping[str, str]]:
        """The predictor and settings that show it on other pages."""
        return (self.shown_as, self.shown_settings) if self.shown_as else (self.predictor, self.settings)


CELLS = (
    Cell("softmax", "none", "baseline"),
    Cell("softmax", "mixture", "moe"),
    Cell("softmax", "product", "softmax-poe", {"combine": "mean"}),
    *(
        cell
        for activation, product in (("relu", "pa"), ("heaviside", "hard-poe"))
        for cell in (
            Cell(
                activation,
                "none",
                "baseline",
                {"activation": activation},
                "exit-ensemble",
                {"activation": activation, "weights": "latest"},
            ),
            Cell(activation, "mixture", "moe", {"activation": activation}),
            Cell(activation, "product", product),
        )
    ),
)
"""Activation by activation. The product of softmaxes is the geometric mean: the published falls are its, and not those
of the softmax of the sum of the logits (`combine=sum`), whose accuracy is the same."""


@dataclass(frozen=True, eq=False)
class CellNumbers:
    """What the ablation reports of a cell, over the samples with a label.

    Attributes
    ----------
    accuracy : (exits,), percent of samples
    percents : ('true_class' or 'final_prediction', 'absolute' or 'relative') -> (thresholds,), percent of samples that
        fall by more than each of `THRESHOLDS`
    samples : how many
    """

    accuracy: Float[np.ndarray, " exits"]
    percents: Mapping[tuple[str, str], Float[np.ndarray, " thresholds"]]
    samples: int

    def falling(self, of: str, size: str, threshold: float) -> float:
        """Percent of samples that fall by more than one of `THRESHOLDS`."""
        return float(self.percents[of, size][THRESHOLDS.index(threshold)])


def cell_numbers(run: Run, cell: Cell, split: str = "test") -> CellNumbers:
    """The numbers of one cell on a run.

    Raises
    ------
    ValueError
        No label is known; the cell needs logits, and the run holds probabilities.

    Examples
    --------
    >>> from analysis.storage import find_run, load_run
    >>> cell_numbers(load_run(find_run("msdnet-cifar100")), CELLS[5]).accuracy.round(1).tolist()
    [62.9, 67.9, 71.0, 72.0, 72.9, 73.4, 73.5]
    """
    found = results_of(run, cell.predictor, cell.settings, split)
    if not found.has_labels:
        raise ValueError("no sample has a known label: import the run again with --labels")
    known = found.labelled
    falls = {(of, size): known.falling_percent(THRESHOLDS, of, size) for of in OF for size in SIZES}
    return CellNumbers(100 * known.accuracy, falls, known.n_samples)


def steadiest(numbers: Mapping[tuple[str, str], CellNumbers], of: str, size: str, threshold: float) -> tuple[str, str]:
    """Of the cells whose last exit is about as accurate as the best, the one of which fewest samples fall.

    About as accurate: within `WITHIN` points. Of equals the more accurate one, then the first.
    """
    best = max(one.accuracy[-1] for one in numbers.values())
    able = [key for key, one in numbers.items() if one.accuracy[-1] >= best - WITHIN - 1e-9]
    return min(able, key=lambda key: (numbers[key].falling(of, size, threshold), -numbers[key].accuracy[-1]))
