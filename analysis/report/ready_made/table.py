"""The table of ready-made figures. Its functions are imported when they are called."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from analysis.report.ready_made.measured import Measured


@dataclass(frozen=True)
class Made:
    """A figure, and the numbers that it draws, one row each, with the predictor's id."""

    figure: go.Figure
    table: pd.DataFrame


@dataclass(frozen=True)
class ReadyMade:
    """One figure.

    Attributes
    ----------
    id : str
    summary : str
        What it shows.
    function : str
        `module:name` of what makes it of `Measured`, for a height in pixels.
    """

    id: str
    summary: str
    function: str

    def make(self, numbers: Measured, height: int = 320) -> Made:
        """The figure.

        Raises
        ------
        ValueError
            It needs more exits than the run has.
        """
        module, name = self.function.split(":")
        return getattr(importlib.import_module(module), name)(numbers, height)


_HERE = "analysis.report.ready_made"
READY_MADE: dict[str, ReadyMade] = {
    row.id: row
    for row in (
        ReadyMade(
            "trajectories",
            "the true class's probability over the exits, of ten samples drawn at random, their mean in bold, before "
            "and after the correction",
            f"{_HERE}.trajectories:trajectories",
        ),
        ReadyMade(
            "accuracy",
            "accuracy over the exits and over cost, with the spread over seeds",
            f"{_HERE}.over_exits:accuracy",
        ),
        ReadyMade("falls", "percent of samples that fall by more than tau, over tau", f"{_HERE}.falls:falls"),
        ReadyMade(
            "entropy",
            "mean entropy over the exits, and percent of samples whose entropy rises by more than a threshold, with "
            "the spread over seeds",
            f"{_HERE}.over_exits:entropy",
        ),
    )
}


def find_figure(name: str) -> ReadyMade:
    """A ready-made figure by its id.

    Raises
    ------
    ValueError
        There is none of that name.
    """
    if name not in READY_MADE:
        raise ValueError(f"figure {name!r}: choose one of {', '.join(READY_MADE)}")
    return READY_MADE[name]
