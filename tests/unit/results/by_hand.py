"""Results of logits, or of numbers, that a test writes down."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.metrics.decrease import Fall
from analysis.predictors import resolve
from analysis.results import Difference, Results
from analysis.run import Run
from analysis.traces import FALLS, Traces, trace_logits
from analysis.traces.table import DTYPES, PER_EXIT


class LogitsInMemory:
    """An array as the logits of a run."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def read(self, start: int, stop: int) -> np.ndarray:
        return self.array[:, start:stop].copy()

    def take(self, positions: np.ndarray) -> np.ndarray:
        return self.array[:, positions]


def run_by_hand(logits: np.ndarray, labels: list[int], ids: list[str] | None = None, name: str = "by hand") -> Run:
    """A run in memory, all of its samples in the test split."""
    n_exits, n_samples, n_classes = logits.shape
    ids = [str(i) for i in range(n_samples)] if ids is None else ids
    samples = pd.DataFrame({"id": ids, "label": np.asarray(labels, np.int64), "split": "test", "image": -1})
    exits, classes = (
        tuple(f"{word} {i + 1}" for i in range(n)) for word, n in (("exit", n_exits), ("class", n_classes))
    )
    return Run(
        name,
        Path(name),
        "",
        None,
        None,
        "logits",
        exits,
        {},
        classes,
        samples,
        {},
        LogitsInMemory(logits),
        lambda: name,
    )


def results_by_hand(
    logits: np.ndarray,
    labels: list[int],
    predictor: str = "baseline",
    ids: list[str] | None = None,
    name: str = "by hand",
) -> Results:
    """The results of such a run."""
    run = run_by_hand(logits, labels, ids, name)
    traces = trace_logits(logits, labels, predictor)
    settings = resolve(predictor)
    return Results(run, predictor, settings, "test", (name, predictor), np.arange(run.n_samples), traces)


def told(
    falls: list[float], relative: list[float] = (), of: str = "true_class", n_exits: int = 2, **numbers
) -> Results:
    """Results that hold these falls and these numbers, whatever else is in them."""
    n_samples = len(falls)
    none = np.full(n_samples, -1, np.int16)
    sizes = {"absolute": falls, "relative": relative or falls}
    columns = {name: np.zeros((n_exits, n_samples), DTYPES.get(name, np.float32)) for name in PER_EXIT}
    traces = Traces(
        **columns,
        labels=np.full(n_samples, 0 if of == "true_class" else -1),
        falls={(whose, kind): Fall(np.array(sizes[kind], np.float32), none, none) for whose, kind in FALLS},
        n_classes=2,
    )
    run = run_by_hand(np.zeros((n_exits, n_samples, 2), np.float32), traces.labels)
    results = Results(run, "any", {}, "test", ("told",), np.arange(n_samples), traces)
    return given(results, **numbers)


def given(made: Results | Difference, **numbers: object) -> Results | Difference:
    """The same object with numbers that are written down in place of those that it would compute."""
    for name, value in numbers.items():
        assert name in dir(type(made)), name
        vars(made)[name] = np.array(value) if isinstance(value, list) else value
    return made
