"""Ten samples' trajectories before and after the correction, their mean in bold: the picture that names the problem.

As in the paper's figure: the probability of the true class over the exits, 0 to 1 in both panels, the same samples left
under the network as it is and right under the correction, thin, and the mean of all samples, not of these ten, bold.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.figures.trajectories import Trajectories, trajectories_figure
from analysis.report.ready_made.measured import Measured
from analysis.report.ready_made.table import Made
from analysis.report.trajectory_panels import panel_of
from analysis.selection.thinning import thinned
from analysis.words import correction
from analysis.words.formats import QUANTITY, counted, exit_labels

DRAWN = 10
SEED = 0
"""Which samples are drawn: the same ones every time, and those of the app's first picture."""
MEAN_WIDTH = 3
NO_FALL = 1.0  # above which no stretch is drawn thicker: bold is the mean alone


def trajectories(numbers: Measured, height: int) -> Made:
    """The figure and its numbers."""
    before, after = (numbers.results[key].judged for key in ("baseline", numbers.predictor))
    drawn = thinned(before.n_samples, DRAWN, seed=SEED)
    run, names = numbers.run, exit_labels(numbers.run.exit_names)
    panels = [
        panel_of(before, "Before: the baseline", drawn),
        panel_of(after, f"After: {numbers.label()}", drawn),
    ]
    labels = run.labels[before.positions[drawn]]
    falling = tuple(int((one.fall > correction.THRESHOLD).sum()) for one in panels)
    what = QUANTITY[before.of]
    figure = trajectories_figure(
        panels,
        ids=before.ids[drawn].tolist(),
        names=[run.class_names[label] if label >= 0 else "label unknown" for label in labels],
        followed=None,
        exit_names=names,
        quantity=f"probability of the {what}",
        threshold=NO_FALL,
        title=correction.trajectories_title(falling, len(drawn), numbers.label()),
        subtitle=f"Thin: {counted(len(drawn), 'sample')} drawn at random. Bold: the mean of all {numbers.over()}.",
        height=height,
    )
    for trace in figure.data:
        if trace.name.startswith("mean, "):  # dashes grow with the line's width: narrower, they show between markers
            trace.update(line_width=MEAN_WIDTH, marker_size=6)
    parts = [_rows(one, before.ids[drawn], names) for one in panels]
    return Made(figure, pd.concat(parts, ignore_index=True))


def _rows(panel: Trajectories, ids: np.ndarray, exit_names: tuple[str, ...]) -> pd.DataFrame:
    exits = {"exit": range(1, len(exit_names) + 1), "exit_name": exit_names}
    lines = [("sample", identity, probs) for identity, probs in zip(ids, panel.samples.T)]
    lines.append(("mean of all", "", panel.mean))
    return pd.concat(
        [pd.DataFrame({"predictor": panel.predictor_id, "of": of, "sample_id": identity, **exits, "prob": probs})
         for of, identity, probs in lines],
        ignore_index=True,
    )  # fmt: skip
