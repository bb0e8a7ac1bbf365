"""The same samples under the baseline and under the chosen predictor: what the two panels of the picture draw."""

import numpy as np

from analysis.figures.trajectories import Trajectories
from analysis.predictors import Predictor, available_predictors
from analysis.report.trajectory_panels import panel_of
from analysis.results import Difference
from analysis.run import Run
from analysis.words import correction
from app.view import View


def both_panels(view: View, difference: Difference, drawn: np.ndarray) -> list[Trajectories]:
    """The baseline's panel and the chosen predictor's.

    Parameters
    ----------
    difference : Difference
        Of the chosen predictor and the baseline, on the samples whose means are drawn.
    drawn : int, (samples,)
        Places among its samples of those that are lines.
    """
    headings = "Baseline, each exit by itself", _headed(available_predictors()[view.predictor])
    return [
        panel_of(side, correction.mean_words(heading, side.mean_prob()), drawn)
        for side, heading in zip((difference.a, difference.b), headings)
    ]


def _headed(predictor: Predictor) -> str:
    """A predictor's full name at the head of a panel; a function's own name stays as it is written."""
    name = predictor.full_name
    return name if predictor.path else name[:1].upper() + name[1:]


def sample_names(run: Run, positions: np.ndarray) -> list[str]:
    """What samples are called in a figure, by their positions in the run: their labels."""
    labels = run.labels[positions]
    return [run.class_names[label] if label >= 0 else "label unknown" for label in labels]
