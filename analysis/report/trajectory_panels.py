"""What a panel of trajectories draws of results. Imports figures."""

from __future__ import annotations

import numpy as np

from analysis.figures.trajectories import Trajectories
from analysis.results import Results


def panel_of(side: Results, heading: str, drawn: np.ndarray) -> Trajectories:
    """The panel of one predictor: some samples' trajectories, and the mean of all.

    Parameters
    ----------
    side : Results
        Of the samples whose mean is drawn.
    heading : str
        What stands above it.
    drawn : int, (samples,)
        Places among these samples of those that are lines.
    """
    fall = side.fall().select(drawn)
    return Trajectories(
        predictor_id=side.predictor,
        heading=heading,
        samples=side.probabilities[:, drawn],
        fall=fall.size,
        from_exit=fall.from_exit,
        to_exit=fall.to_exit,
        mean=side.mean_prob(),
    )
