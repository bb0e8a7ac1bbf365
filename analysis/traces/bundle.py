"""The traces that a run folder carries, so that the app's first page computes nothing. Imports torch when called."""

from __future__ import annotations

from pathlib import Path

from analysis.storage import load_run
from analysis.traces.compute import compute_traces
from analysis.traces.load import bundled_name
from analysis.traces.parquet import write_traces_parquet

BUNDLED = ("baseline", "pa")


def bundle_traces(folder: Path) -> None:
    """Add the test split's traces of the baseline and of `pa`, with default settings, to a run that is being written.

    A run without test samples, or one of probabilities, whose correction is another, gets what applies to it.

    Parameters
    ----------
    folder : a run folder that `load_run` opens; meant as `write_run`'s `bundle`
    """
    run = load_run(folder)
    if not len(run.positions("test")):
        return
    for predictor_id in BUNDLED if run.kind == "logits" else BUNDLED[:1]:
        traces = compute_traces(run, predictor_id, {})
        write_traces_parquet(
            traces.select(run.positions("test")), run, folder / bundled_name(predictor_id), split="test"
        )
