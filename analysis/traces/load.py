"""The traces of a run from the cheapest place that has them: the run folder, the cache, or the logits.

No torch is imported for the first two.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from analysis.predictors import PREDICTORS, resolve, settings_key
from analysis.run import Run
from analysis.traces.cache import cache_path, read_cached, write_cached
from analysis.traces.compute import compute_traces
from analysis.traces.parquet import read_traces_parquet
from analysis.traces.table import Traces

log = logging.getLogger(__name__)
WORTH_KEEPING = 0.5
"""Seconds: what took less to compute is not written to the disk, which a setting that is dragged would fill."""


def bundled_name(predictor_id: str) -> str:
    """The file in a run folder that holds a predictor's traces with default settings on the test split."""
    return f"traces-{predictor_id}.parquet"


def bundled_file(run: Run, predictor_id: str, resolved: Mapping[str, object], split: str) -> Path | None:
    """The run's own traces file, if it holds what is asked for."""
    if split != "test" or predictor_id not in PREDICTORS:
        return None
    if settings_key(predictor_id, resolved) != settings_key(predictor_id):
        return None
    path = run.path / bundled_name(predictor_id)
    return path if path.is_file() else None


def at_hand(run: Run, predictor_id: str, settings: Mapping[str, object] | None = None, split: str = "test") -> bool:
    """Whether traces are in the run folder or in the cache, so that nothing has to be computed.

    Raises
    ------
    ValueError
        A setting or predictor that this run does not take.
    """
    resolved = resolve(predictor_id, settings or {}, kind=run.kind, n_exits=run.n_exits)
    if bundled_file(run, predictor_id, resolved, split) is not None:
        return True
    return cache_path(run, settings_key(predictor_id, resolved)).exists()


def load_traces(
    run: Run,
    predictor_id: str = "pa",
    settings: Mapping[str, object] | None = None,
    *,
    split: str = "test",
    progress: Callable[[int], None] | None = None,
) -> Traces:
    """The traces of a split's samples, in the run's order.

    The run's own file (test split, default settings), else the cache, else computed for all samples and, where that
    took long, cached. All three give the same numbers.

    Parameters
    ----------
    run
        The run.
    predictor_id
        An id of `available_predictors()`, or `path/to/file.py:function`.
    settings
        What differs from the predictor's defaults; values or text.
    split
        `test`, `calibration` or `all`.
    progress
        Told after each computed chunk how many more samples are done.

    Raises
    ------
    ValueError
        As `compute_traces`; an unknown split.
    """
    positions = run.positions(split)
    resolved = resolve(predictor_id, settings or {}, kind=run.kind, n_exits=run.n_exits)
    if (file := bundled_file(run, predictor_id, resolved, split)) is not None:
        try:
            return read_traces_parquet(file, run, split=split)
        except (ValueError, LookupError, TypeError, AttributeError, NotImplementedError) as error:  # Arrow's too
            log.warning("%s cannot be used: %s", file, error)
    path = cache_path(run, settings_key(predictor_id, resolved))
    traces = read_cached(path, run)
    if traces is None:
        started = time.perf_counter()
        traces = compute_traces(run, predictor_id, resolved, progress=progress)
        if time.perf_counter() - started >= WORTH_KEEPING:
            write_cached(path, traces)
    return traces if split == "all" else traces.select(positions)
