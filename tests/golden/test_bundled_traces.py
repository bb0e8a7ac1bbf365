"""The traces that ship with the bundled runs, computed again from their logits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.metrics.decrease import decrease_percent
from analysis.storage import load_run
from analysis.traces import FALLS, bundled_name, compute_traces, read_traces_parquet
from analysis.traces.table import DTYPES, PER_EXIT

RUNS = sorted(file.parent for file in (Path(__file__).parents[2] / "cached_runs").glob("*/run.json"))


def test_runs_are_bundled():
    assert RUNS


@pytest.mark.parametrize("predictor_id", ["baseline", "pa"])
@pytest.mark.parametrize("folder", RUNS, ids=lambda folder: folder.name)
def test_bundled_traces_are_those_of_the_logits(folder, predictor_id):
    run = load_run(folder)
    bundled = read_traces_parquet(folder / bundled_name(predictor_id), run)
    computed = compute_traces(run, predictor_id).select(run.positions("test"))
    for name in PER_EXIT:
        ours, theirs = getattr(computed, name), getattr(bundled, name)
        if name in DTYPES:
            np.testing.assert_array_equal(ours, theirs, err_msg=name)
        else:
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6, err_msg=name)
    for key in FALLS:
        np.testing.assert_allclose(computed.falls[key].size, bundled.falls[key].size, rtol=1e-5, atol=1e-6)
        percents = [decrease_percent(traces.falls[key].size) for traces in (computed, bundled)]
        one_sample = 100 / computed.n_samples  # that is at a threshold may round to its other side on another processor
        np.testing.assert_allclose(*percents, atol=1.001 * one_sample)
