"""Exitlens as a library: runs, predictors, traces, metrics, results and figures, usable without the app.

What notebooks need most is offered here, imported when it is asked for, so that this imports nothing and no torch:

>>> import analysis
>>> traces = analysis.load_traces(analysis.load_run(analysis.find_run("msdnet-cifar100")), "pa")
>>> traces.true_class_prob.shape  # (exits, samples)
(7, 10000)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.models import anytime, load_checkpoint
    from analysis.policies import read_rule, stops_now
    from analysis.results import (
        calibration_of,
        compare,
        difference_of,
        policy_of,
        results_of,
        sets_of,
        tuning_of,
    )
    from analysis.selection import SampleTable, Selection, Slice, Slices, slice_of
    from analysis.storage import find_run, load_run, write_run
    from analysis.traces import load_traces, trace_logits

__all__ = [
    "SampleTable",
    "Selection",
    "Slice",
    "Slices",
    "anytime",
    "calibration_of",
    "compare",
    "difference_of",
    "find_run",
    "load_checkpoint",
    "load_run",
    "load_traces",
    "policy_of",
    "read_rule",
    "results_of",
    "sets_of",
    "slice_of",
    "stops_now",
    "trace_logits",
    "tuning_of",
    "write_run",
]

_FACES = {
    "anytime": "analysis.models",
    "calibration_of": "analysis.results",
    "compare": "analysis.results",
    "difference_of": "analysis.results",
    "SampleTable": "analysis.selection",
    "Selection": "analysis.selection",
    "Slice": "analysis.selection",
    "Slices": "analysis.selection",
    "slice_of": "analysis.selection",
    "find_run": "analysis.storage",
    "load_checkpoint": "analysis.models",
    "load_run": "analysis.storage",
    "load_traces": "analysis.traces",
    "policy_of": "analysis.results",
    "read_rule": "analysis.policies",
    "results_of": "analysis.results",
    "sets_of": "analysis.results",
    "stops_now": "analysis.policies",
    "trace_logits": "analysis.traces",
    "tuning_of": "analysis.results",
    "write_run": "analysis.storage",
}
"""Name -> the package that offers it too."""


def __getattr__(name: str):
    if name not in _FACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_FACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
