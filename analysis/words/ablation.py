"""The ablation in words. Plain text; the numbers are those of `analysis.results.ablation`."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.results.ablation import WITHIN, CellNumbers, steadiest
from analysis.words.formats import percent, points

ACTIVATION = {"softmax": "softmax", "relu": "ReLU", "heaviside": "Heaviside"}
COMBINATION = {"none": "each exit alone", "mixture": "mixture of the exits", "product": "product of the exits"}


def cell_words(key: tuple[str, str]) -> str:
    """A cell in words.

    >>> cell_words(("relu", "product")), cell_words(("softmax", "none"))
    ('the product of ReLUs', 'the softmax of each exit alone')
    """
    activation, combination = ACTIVATION[key[0]], key[1]
    several = "softmaxes" if key[0] == "softmax" else "Heavisides" if key[0] == "heaviside" else "ReLUs"
    return f"the {activation} of each exit alone" if combination == "none" else f"the {combination} of {several}"


def accuracy_finding(numbers: Mapping[tuple[str, str], CellNumbers]) -> str:
    """What combining the exits gains at the last one, for the best cell."""
    last = {key: float(one.accuracy[-1]) for key, one in numbers.items()}
    best = max(last, key=last.get)
    said = f"Most accurate at the last exit is {cell_words(best)}, {percent(last[best])}"
    alone = last.get((best[0], "none"))
    if alone is None or best[1] == "none":
        return said
    return f"{said}: {points(last[best] - alone)} above its exits alone"


def falls_finding(numbers: Mapping[tuple[str, str], CellNumbers], of: str, size: str, threshold: float) -> str:
    """Which of the cells that are about as accurate as the best falls for the fewest samples."""
    key = steadiest(numbers, of, size, threshold)
    share = numbers[key].falling(of, size, threshold)
    return (
        f"Of what is within {WITHIN:g} point of the best at the last exit, {cell_words(key)} falls least: "
        f"{percent(share)} of samples by more than {threshold:g}"
    )
