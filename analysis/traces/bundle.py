"""The traces that ship in a run folder: of `baseline` and `pa`, default settings, test split."""

from __future__ import annotations

from pathlib import Path

from analysis.predictors import usable_predictors
from analysis.storage import load_run
from analysis.traces.compute import compute_traces
from analysis.traces.load import bundled_name
from analysis.traces.parquet import write_traces_parquet

BUNDLED = ("baseline", "pa")


def bundle_traces(folder: Path) -> None:
    """Compute them from the logits in the folder and write them beside these: give it to `write_run` as `bundle`.

    Parameters
    ----------
    folder
        A run folder that can be loaded; traces that its kind does not allow are left out.
    """
    run = load_run(folder)
    usable = usable_predictors(run.kind)
    for predictor_id in (name for name in BUNDLED if name in usable):
        traces = compute_traces(run, predictor_id).select(run.positions("test"))
        write_traces_parquet(traces, run, folder / bundled_name(predictor_id), split="test")
